"""Is the caller done? A rule over the words heard and the types that are asked for.

The dialog knows more than any model of prosody: a phone number is whole at ten digits, a yes or no
at its first word, a date when it names a day. The rule, in order; the first that speaks decides:

1. Nothing heard: 0. A filler at the end ("um", "let me see"): the caller still looks for words.
2. A farewell or a courtesy ("please", "thank you", "never mind"): whole.
3. A comma, a dash or dots at the end, or a word that cannot end a sentence ("for", "my", "half"):
   more is coming. But a question may end with a preposition ("where are you from"), and an answer
   with a verb ("yes I am").
4. The type that is asked for: its own measure of being whole, below.
5. Another expected type that is whole: probably an answer to more than was asked.
6. Otherwise: as likely whole as most sentences that are followed by a pause; more so after a
   question mark or a full stop, from a recogniser that writes them.

The words are those of the call's language (`providers.embedded.turn_vocabulary`): English, German,
French, Spanish, or one's own. Of another language only punctuation and digits are known.
The result is a probability; how long to wait at which probability is the engine's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import Field

from providers.base import RecognitionContext
from providers.embedded.turn_vocabulary import Vocabulary, read_words, spoken_in
from providers.info import Options, ProviderInfo

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?::\d\d)?")
_UNFINISHED: Final = re.compile(r"(?:[,;:\u2013\u2014\u2026-]|\.\.)\W*$")
_FINISHED: Final = re.compile(r"([?.!\u3002\uff1f\uff01])[\"')\s]*$")


_DOMAINS: Final = frozenset(
    """com net org edu gov info biz io eu uk de fr es it nl at ch us ca au in""".split()  # noqa: SIM905
)

DONE: Final = 0.95
LIKELY: Final = 0.85
OPEN: Final = 0.65
"""Nothing speaks for or against: most pauses after such words are ends of turns."""
HALF: Final = 0.4
UNLIKELY: Final = 0.15
LOOKING: Final = 0.05
"""The caller is looking for a word."""

Words: TypeAlias = Sequence[str]


def probability(text: str, kinds: Sequence[str], spoken: Vocabulary | None = None) -> float:
    """Return how likely `text` is a whole turn, 0 to 1, when these types are asked for.

    Args:
        text: what was heard.
        kinds: the types of the open slots, the one that is asked for first.
        spoken: the words of the caller's language; English without any.
    """
    spoken = spoken or spoken_in("en")
    plain = text.lower().replace("\u2019", "'").replace("p.m", "pm").replace("a.m", "am")
    words = _WORD.findall(plain)
    if not words:
        return 0.0
    last = words[-1]
    if last in spoken.fillers or _ends(words, spoken.stalling):
        return LOOKING
    if _UNFINISHED.search(plain):
        return UNLIKELY
    if last in spoken.closers or _ends(words, spoken.closing):
        return DONE
    mark = _FINISHED.search(plain)
    if last in spoken.dangling and not _means_another(words, spoken):
        question = mark is not None and mark[1] in "?\uff1f"
        return 0.75 if question or _may_end(words, spoken) else UNLIKELY
    if kinds and (measure := _MEASURES.get(kinds[0])) is not None:
        own = measure(words, spoken)
        if own is not None:
            return own
    others = [m(words, spoken) for kind in kinds[1:] if (m := _MEASURES.get(kind)) is not None]
    if any(value is not None and value >= LIKELY for value in others):
        return 0.75
    if mark is not None:
        return 0.8
    return OPEN if kinds or len(words) > 2 else 0.55


def _ends(words: Words, phrases: Sequence[Words]) -> bool:
    return any(tuple(words[-len(phrase) :]) == tuple(phrase) for phrase in phrases)


def _means_another(words: Words, spoken: Vocabulary) -> bool:
    """Say whether the last word is a number or a domain here: "zéro un", "punto es"."""
    last, before = words[-1], words[-2:-1]
    if last in _DOMAINS and set(before) & spoken.dot:
        return True
    return last in spoken.units and all(map(spoken.is_number, before))


def _may_end(words: Words, spoken: Vocabulary) -> bool:
    """Say whether these words may end with one that most sentences cannot end with."""
    last = words[-1]
    if last in spoken.stranded:  # "what is it for", "that is what I am looking for"
        return any(word.removesuffix("'s") in spoken.asking for word in words[:-2])
    if last in spoken.objects:  # "I told you", but not "would you"
        return len(words) > 1 and words[-2] not in spoken.verbs
    short = len(words) <= 4 and words[0] in spoken.yes_no
    return short and last in spoken.verbs and words[-2] in spoken.pronouns  # "yes I am"


# --- one measure per type: a probability, or None for "these words are about something else" -----


def _yes_no(words: Words, spoken: Vocabulary) -> float | None:
    if words[0] not in spoken.yes_no:
        return None
    # "yes", "no thank you"; but after "no make it six" the words count, not the no.
    return DONE if len(words) <= 3 else OPEN


def _phone(words: Words, spoken: Vocabulary) -> float | None:
    digits = _digits(words, spoken)
    if digits == 0:
        return None
    if digits >= 10:
        return DONE
    return OPEN if digits >= 7 else 0.1


def _digit_string(words: Words, spoken: Vocabulary) -> float | None:
    digits = _digits(words, spoken)
    if digits == 0:
        return None
    return OPEN if digits >= 4 else 0.3


def _number(words: Words, spoken: Vocabulary) -> float | None:
    if not any(map(spoken.is_number, words)):
        return None
    return 0.7 if _goes_on(words[-1], spoken) else LIKELY  # "twenty" may become "twenty five"


def _goes_on(word: str, spoken: Vocabulary) -> bool:
    return word in spoken.tens and not spoken.joined_numbers


def _date(words: Words, spoken: Vocabulary) -> float | None:
    named = set(words)
    if _goes_on(words[-1], spoken) and not named & spoken.days:
        return 0.2  # "the twenty" of "the twenty first"
    if named & spoken.days:
        return LIKELY
    days = named & spoken.ordinals or any(map(spoken.is_number, words))
    if named & spoken.months:
        return LIKELY if days else UNLIKELY
    return 0.7 if named & spoken.ordinals else None


def _time(words: Words, spoken: Vocabulary) -> float | None:
    named = set(words)
    if named & spoken.moments or any(":" in word for word in words):
        return LIKELY
    if words[-1] in ("a", "p"):
        return UNLIKELY  # "seven p" of "seven p m"
    if words[-2:] in (["a", "m"], ["p", "m"]):
        return DONE
    numbers = [word for word in words if spoken.is_number(word)]
    if not numbers:
        return None
    return LIKELY if len(numbers) > 1 or named & spoken.clock else 0.75


def _date_and_time(words: Words, spoken: Vocabulary) -> float | None:
    date, time = _date(words, spoken), _time(words, spoken)
    if date is None and time is None:
        return None
    return HALF if date is None or time is None else min(date, time)


def _duration(words: Words, spoken: Vocabulary) -> float | None:
    if set(words) & spoken.spans:
        return LIKELY
    return 0.3 if any(map(spoken.is_number, words)) else None


def _email(words: Words, spoken: Vocabulary) -> float | None:
    sign = next((n for n, word in enumerate(words) if word in spoken.at), None)
    if sign is None:
        return UNLIKELY
    after = words[sign + 1 :]
    spelt = bool(spoken.dot & set(after)) and after[-1] not in spoken.dot
    return LIKELY if spelt or (len(after) > 1 and after[-1] in _DOMAINS) else UNLIKELY


def _free_text(words: Words, _spoken: Vocabulary) -> float | None:
    return LIKELY if len(words) >= 2 else OPEN


_MEASURES: Final[Mapping[str, Callable[[Words, Vocabulary], float | None]]] = {
    "yesno": _yes_no,
    "boolean": _yes_no,
    "phone": _phone,
    "digits": _digit_string,
    "integer": _number,
    "number": _number,
    "date": _date,
    "time": _time,
    "datetime": _date_and_time,
    "duration": _duration,
    "email": _email,
    "text": _free_text,
}


def _digits(words: Words, spoken: Vocabulary) -> int:
    """Count the digits these words spell: "double five" is two, "twelve" is two."""
    count = 0
    times = 1
    for word in words:
        if word in spoken.repeats:
            times = spoken.repeats[word]
            continue
        if word.isdigit():
            count += len(word)
        elif word in spoken.units:
            count += times
        elif spoken.is_number(word):
            count += 2
        times = 1
    return count


class TextTurnDetector:
    """The rule as a `TurnDetector`.

    Args:
        spoken: the words of the caller's language; English without any.
    """

    def __init__(self, spoken: Vocabulary | None = None) -> None:
        self._spoken = spoken

    async def predict(self, text: str, kinds: Sequence[str]) -> float:
        """Return the probability, 0 to 1, that `text` is a whole turn."""
        return probability(text, kinds, self._spoken)

    async def aclose(self) -> None:
        """Nothing is held."""


class TurnDetectorOptions(Options):
    """Whose words the rule goes by."""

    language: str = Field(
        default="",
        description="Tag of the language (`de`, `fr-CA`): English, German, French and Spanish are"
        " known. Without one that of `stt`, else English.",
        examples=["de"],
    )
    words: Path | None = Field(
        default=None,
        description="A JSON file with words of your own instead; docs/turn-detection.md says how.",
        examples=["turn_words.json"],
    )


def _make(options: TurnDetectorOptions, context: RecognitionContext) -> TextTurnDetector:
    if options.words is not None:
        return TextTurnDetector(read_words(options.words))
    return TextTurnDetector(spoken_in(options.language or context.language))


INFO = ProviderInfo(
    kind="turn_detector",
    name="embedded",
    summary="a rule over the words heard and the types that are asked for",
    options=TurnDetectorOptions,
    make=_make,
)
