"""The intents of a state, and the phrases that mean them: read once, looked up at every turn.

A state's intents are those somebody handles there, or those its talk names, and the built-in ones.
What the author wrote of them is the same in every call, so are the words to look for.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from engine.core import lines
from engine.core.parsers.texts import FILLERS
from engine.core.parsers.words import Phrases, find_phrase, phrase, phrases
from engine.machine.compiled import CompiledFlow, CompiledState, Converse, IntentSpec
from engine.machine.declarations import BUILT_IN_INTENTS

_Words: TypeAlias = tuple[str, ...]

_TALKED_ABOUT = frozenset({"off_topic"})
"""Built-in intents free talk has no use for: the model answers by itself."""
_ASKS_FOR: Final = Phrases(
    phrases(
        "i want to,i would like to,i'd like to,i need to,can you,could you,can i,could i,let's,"
        "let me"
    )
)
"""What may stand before an intent's phrase without changing it."""


class Intents(tuple[IntentSpec, ...]):
    """Intents in scope, in the order in which they are found; the phrases are read when needed."""

    @functools.cached_property
    def _wholes(self) -> tuple[dict[_Words, int], dict[_Words, int]]:
        """All phrases in full, and without politeness, each with the place of its intent."""
        full: dict[_Words, int] = {}
        bare: dict[_Words, int] = {}
        for place, intent in enumerate(self):
            for words in map(phrase, (*intent_phrases(intent), *intent.examples)):
                full.setdefault(words, place)
                bare.setdefault(without_politeness(words), place)
        return full, bare

    @functools.cached_property
    def _longer(self) -> dict[_Words, list[tuple[int, int, _Words]]]:
        """Phrases that mean an intent wherever they stand: a single word may mean much else.

        By their first two words, each behind the place of its intent and its own place there.
        """
        found: dict[_Words, list[tuple[int, int, _Words]]] = {}
        for place, intent in enumerate(self):
            for number, words in enumerate(map(phrase, intent_phrases(intent))):
                if len(words) > 1:
                    found.setdefault(words[:2], []).append((place, number, words))
        return found

    @functools.cached_property
    def told(self) -> str:
        """All with their examples and counter-examples, as a model is told of them."""
        told = [
            f"- {spec.name}: {spec.means}"
            + (f" For example: {'; '.join(spec.examples)}." if spec.examples else "")
            + (f" But not: {'; '.join(spec.avoid)}." if spec.avoid else "")
            for spec in self
        ]
        return "\n".join(["Intents:", *told]) if told else ""

    def whole(self, words: _Words, bare: _Words) -> IntentSpec | None:
        """Return the first intent a phrase or example of which these words are.

        Args:
            words: of the turn.
            bare: the same without politeness.
        """
        full, polite = self._wholes
        last = len(self)
        place = min(full.get(words, last), polite.get(bare, last))
        return self[place] if place < last else None

    def contained(self, words: _Words) -> tuple[IntentSpec, int, int] | None:
        """Return the first intent that is told somewhere in these words, and where."""
        longer = self._longer
        if longer.keys().isdisjoint(pairwise(words)):  # as in most turns
            return None
        pairs = longer.keys() & set(pairwise(words))
        for place, _, wanted in sorted(one for pair in pairs for one in longer[pair]):
            intent = self[place]
            for start in find_phrase(words, wanted):
                if not any(_contains(words, phrase(text)) for text in intent.avoid):
                    return intent, start, start + len(wanted)
                break
        return None


NO_INTENTS: Final = Intents()


def intents_of(flow: CompiledFlow, state: CompiledState) -> Intents:
    """Return the intents of a talk that names them, else those somebody handles; the built-in."""
    declared, verb = flow.intents, state.verb
    talking = isinstance(verb, Converse)
    if isinstance(verb, Converse) and verb.intents is not None:
        found = {name: declared[name] for name in verb.intents if name in declared}
    else:
        found = _handled(flow, state)
    for spec in lines.BUILT_IN_INTENTS:
        if not (talking and spec.name in _TALKED_ABOUT):
            found.setdefault(spec.name, declared.get(spec.name, spec))
    return Intents(found.values())


def _handled(flow: CompiledFlow, state: CompiledState) -> dict[str, IntentSpec]:
    """The intents somebody handles here, innermost scope first."""
    declared, found = flow.intents, dict[str, IntentSpec]()
    for scope in state.scopes:
        for handler in scope.handlers:
            head, _, name = handler.event.partition(".")
            if head == "intent" and name in declared:
                found.setdefault(name, declared[name])
            elif handler.event == "intent":
                found |= {n: spec for n, spec in declared.items() if n not in found}
    return found


def intent_phrases(intent: IntentSpec) -> tuple[str, ...]:
    """The exact phrases of an intent; a built-in one has its own when the author gave none."""
    built_in = BUILT_IN_INTENTS.get(intent.name)
    return intent.words or (built_in.words if built_in else ())


def without_politeness(words: Sequence[str]) -> _Words:
    """The words without politeness around them."""
    start, end = 0, len(words)
    while start < end and words[start] in FILLERS:
        start += 1
    while end > start and words[end - 1] in FILLERS:
        end -= 1
    kept = tuple(words[start:end])
    asked = _ASKS_FOR.starts(kept, 0)
    return kept[asked:] if asked < len(kept) else kept


def _contains(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return next(find_phrase(words, wanted), None) is not None
