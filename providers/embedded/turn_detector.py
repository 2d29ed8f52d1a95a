"""Is the caller done? A rule over the words heard and the types that are asked for.

The dialog knows more than any model of prosody: a phone number is whole at ten digits, a yes or no
at its first word, a date when it names a day. The rule, in order; the first that speaks decides:

1. Nothing heard: 0. A filler at the end ("um"): the caller is still looking for words.
2. A farewell or a courtesy ("please", "thank you"): whole.
3. A word that cannot end a sentence ("for", "my", "half"): more is coming.
4. The type that is asked for: its own measure of being whole, below.
5. Another expected type that is whole: probably an answer to more than was asked.
6. Otherwise: as likely whole as most sentences that are followed by a pause.

The result is a probability; how long to wait at which probability is the engine's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from providers.base import RecognitionContext
from providers.info import Options, ProviderInfo

_WORD: Final = re.compile(r"[a-z']+|\d+(?::\d\d)?")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FILLERS: Final = _set("um uh er erm hmm well so like")
_DANGLING: Final = _set(
    """a an the and or but because if when for to at on in of with from by my your our their his
    her its is are was were am be been i i'd i'll i'm we we're we'd you you'd can could would should
    will do does did has had want need under around near half quarter next any not
    between until than into it's there's"""
)
_CLOSERS: Final = _set("please thanks goodbye bye")
_YES_NO: Final = _set("yes yeah yep yup no nope nah sure okay ok correct right exactly")

_UNITS: Final = _set("zero oh one two three four five six seven eight nine")
_TEENS: Final = _set(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS: Final = _set("twenty thirty forty fifty sixty seventy eighty ninety")
_REPEATS: Final[Mapping[str, int]] = {"double": 2, "triple": 3}
_DAYS: Final = _set(
    """today tonight tomorrow monday tuesday wednesday thursday friday saturday sunday weekend
    christmas easter"""
)
_MONTHS: Final = _set(
    """january february march april may june july august september october november
    december"""
)
_ORDINALS: Final = _set(
    """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"""
)
_SPANS: Final = _set("second seconds minute minutes hour hours day days week weeks month months")
_MOMENTS: Final = _set("noon midnight o'clock morning afternoon evening night pm am")

DONE: Final = 0.95
LIKELY: Final = 0.85
OPEN: Final = 0.65
"""Nothing speaks for or against: most pauses after such words are ends of turns."""
HALF: Final = 0.4
UNLIKELY: Final = 0.15
LOOKING: Final = 0.05
"""The caller is looking for a word."""

Words: TypeAlias = Sequence[str]


def probability(text: str, kinds: Sequence[str]) -> float:
    """Return how likely `text` is a whole turn, 0 to 1, when these types are asked for."""
    words = _WORD.findall(text.lower().replace("p.m", "pm").replace("a.m", "am"))
    if not words:
        return 0.0
    last = words[-1]
    if last in _FILLERS:
        return LOOKING
    if last in _CLOSERS or words[-2:] == ["thank", "you"]:
        return DONE
    if last in _DANGLING:
        return UNLIKELY
    if kinds and (measure := _MEASURES.get(kinds[0])) is not None:
        own = measure(words)
        if own is not None:
            return own
    others = [m(words) for kind in kinds[1:] if (m := _MEASURES.get(kind)) is not None]
    if any(value is not None and value >= LIKELY for value in others):
        return 0.75
    return OPEN if kinds or len(words) > 2 else 0.55


# --- one measure per type: a probability, or None for "these words are about something else" -----


def _yes_no(words: Words) -> float | None:
    if words[0] not in _YES_NO:
        return None
    # "yes", "no thank you"; but after "no make it six" the words count, not the no.
    return DONE if len(words) <= 3 else OPEN


def _phone(words: Words) -> float | None:
    digits = _digits(words)
    if digits == 0:
        return None
    if digits >= 10:
        return DONE
    return OPEN if digits >= 7 else 0.1


def _digit_string(words: Words) -> float | None:
    digits = _digits(words)
    if digits == 0:
        return None
    return OPEN if digits >= 4 else 0.3


def _number(words: Words) -> float | None:
    if not any(map(_is_number, words)):
        return None
    return 0.7 if words[-1] in _TENS else LIKELY  # "twenty" may become "twenty five"


def _date(words: Words) -> float | None:
    if words[-1] in _TENS and not set(words) & _DAYS:
        return 0.2  # "the twenty" of "the twenty first"
    if _names_a_day(words):
        return LIKELY
    months = set(words) & _MONTHS
    days = set(words) & _ORDINALS or any(map(_is_number, words))
    if months:
        return LIKELY if days else UNLIKELY
    return 0.7 if set(words) & _ORDINALS else None


def _time(words: Words) -> float | None:
    if set(words) & _MOMENTS or any(":" in word for word in words):
        return LIKELY
    if words[-1] in ("a", "p"):
        return UNLIKELY  # "seven p" of "seven p m"
    if words[-2:] in (["a", "m"], ["p", "m"]):
        return DONE
    numbers = [word for word in words if _is_number(word)]
    if not numbers:
        return None
    return LIKELY if len(numbers) > 1 or "past" in words or "to" in words else 0.75


def _date_and_time(words: Words) -> float | None:
    date, time = _date(words), _time(words)
    if date is None and time is None:
        return None
    return HALF if date is None or time is None else min(date, time)


def _duration(words: Words) -> float | None:
    if set(words) & _SPANS:
        return LIKELY
    return 0.3 if any(map(_is_number, words)) else None


def _email(words: Words) -> float | None:
    if "at" not in words:
        return UNLIKELY
    after = words[words.index("at") + 1 :]
    return LIKELY if "dot" in after and after[-1] != "dot" else UNLIKELY


def _free_text(words: Words) -> float | None:
    return LIKELY if len(words) >= 2 else OPEN


_MEASURES: Final[Mapping[str, Callable[[Words], float | None]]] = {
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


def _digits(words: Words) -> int:
    """Count the digits these words spell: "double five" is two, "twelve" is two."""
    count = 0
    times = 1
    for word in words:
        if word in _REPEATS:
            times = _REPEATS[word]
            continue
        if word.isdigit():
            count += len(word)
        elif word in _UNITS:
            count += times
        elif word in _TEENS or word in _TENS:
            count += 2
        times = 1
    return count


def _is_number(word: str) -> bool:
    return word[0].isdigit() or word in _UNITS or word in _TEENS or word in _TENS


def _names_a_day(words: Words) -> bool:
    return bool(set(words) & _DAYS)


class TextTurnDetector:
    """The rule as a `TurnDetector`."""

    async def predict(self, text: str, kinds: Sequence[str]) -> float:
        """Return the probability, 0 to 1, that `text` is a whole turn."""
        return probability(text, kinds)

    async def aclose(self) -> None:
        """Nothing is held."""


class TurnDetectorOptions(Options):
    """The rule has no options."""


def _make(_options: TurnDetectorOptions, _context: RecognitionContext) -> TextTurnDetector:
    return TextTurnDetector()


INFO = ProviderInfo(
    kind="turn_detector",
    name="embedded",
    summary="a rule over the words heard and the types that are asked for",
    options=TurnDetectorOptions,
    make=_make,
)
