"""The words by which a caller's turn is judged: one JSON file for each language, or one's own.

Every key is optional; a text is words with a space between them, a list is phrases.

    fillers     said while one looks for words: "um"
    stalling    phrases said to keep the floor: "let me see"
    dangling    words that end no sentence: "for", "my", "and"
    stranded    those of them that may, if ...
    asking      ... one of these stands before: "what is it for", "wenn das möglich ist"
    pronouns    with `verbs`: a short yes or no may end with them ("yes I am")
    verbs
    objects     end a sentence, but not behind one of `verbs`: "I told you"
    closers     words after which nothing comes: "thanks"
    closing     phrases: "that's all"
    yes_no      what answers a yes/no question
    units teens tens repeats ordinals days months spans moments clock     numbers, dates, times
    at dot      how an e-mail address is spoken
    joined_numbers   true: numbers are written in one word, the tens last ("einundzwanzig")
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from providers.errors import ProviderConfigurationError

LANGUAGES = ("de", "en", "es", "fr")
"""Those whose words come with Turnwise."""

Phrases = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What is known of one language; the module's text says what each is for."""

    fillers: frozenset[str] = frozenset()
    stalling: Phrases = ()
    dangling: frozenset[str] = frozenset()
    stranded: frozenset[str] = frozenset()
    asking: frozenset[str] = frozenset()
    pronouns: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    closers: frozenset[str] = frozenset()
    closing: Phrases = ()
    yes_no: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    teens: frozenset[str] = frozenset()
    tens: frozenset[str] = frozenset()
    repeats: Mapping[str, int] = field(default_factory=dict)
    ordinals: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()
    spans: frozenset[str] = frozenset()
    moments: frozenset[str] = frozenset()
    clock: frozenset[str] = frozenset()
    at: frozenset[str] = frozenset()
    dot: frozenset[str] = frozenset()
    joined_numbers: bool = False

    def is_number(self, word: str) -> bool:
        """Say whether a word is a number, in digits or spelled."""
        if word[0].isdigit() or word in self.units or word in self.teens or word in self.tens:
            return True
        return self.joined_numbers and any(word.endswith(ten) for ten in self.tens)


@cache
def spoken_in(language: str) -> Vocabulary:
    """Return the words of a language tag (`de`, `de-AT`); of one that is not known, none."""
    name = language.replace("_", "-").partition("-")[0].lower()
    if name not in LANGUAGES:
        return Vocabulary()
    text = (files("providers.embedded") / "turn_words" / f"{name}.json").read_text("utf-8")
    return parsed(text, name)


def read_words(path: Path) -> Vocabulary:
    """Read words of one's own.

    Raises:
        ProviderConfigurationError: the file cannot be read, or is not what it should be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProviderConfigurationError(f"the words for ends of turns: {error}") from error
    return parsed(text, path.name)


def parsed(text: str, name: str) -> Vocabulary:
    """Make a vocabulary of JSON; `name` tells in errors where it comes from.

    Raises:
        ProviderConfigurationError: it is no JSON object, has a key that nothing is known of, or
            one of another kind.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ProviderConfigurationError(f"{name} is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise ProviderConfigurationError(f"{name}: expected one object of word lists")
    defaults = {one.name: getattr(Vocabulary(), one.name) for one in fields(Vocabulary)}
    unknown = sorted(data.keys() - defaults.keys())
    if unknown:
        raise ProviderConfigurationError(f"{name}: there is no list {unknown[0]!r}")
    try:
        return Vocabulary(**{key: _made(defaults[key], value) for key, value in data.items()})
    except (TypeError, ValueError, AttributeError) as error:
        raise ProviderConfigurationError(f"{name}: {error}") from error


def _made(default: Any, value: Any) -> Any:
    """Give a JSON value the kind of the field it is for."""
    match default:
        case bool():
            return bool(value)
        case tuple():
            return tuple(tuple(phrase.lower().split()) for phrase in value)
        case Mapping():
            return {str(word).lower(): int(times) for word, times in value.items()}
    return frozenset(value.lower().split())
