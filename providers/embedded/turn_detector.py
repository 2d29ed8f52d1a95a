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

The words are English. Of a text in another language only the punctuation and the numbers are known.
The result is a probability; how long to wait at which probability is the engine's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from providers.base import RecognitionContext
from providers.info import Options, ProviderInfo

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?::\d\d)?")
_UNFINISHED: Final = re.compile(r"(?:[,;:\u2013\u2014\u2026-]|\.\.)\W*$")
_FINISHED: Final = re.compile(r"([?.!\u3002\uff1f\uff01])[\"')\s]*$")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _phrases(listed: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in listed.split(","))


_FILLERS: Final = _set("um uh er erm hmm well so like")
_STALLING: Final = _phrases(
    """hold on, hang on, let me see, let me think, let me look, let me check, one moment,
    one second, just a moment, just a second, a moment, wait a second, wait a minute,
    give me a second, give me a minute, you know, i mean, let's say, first of all,
    was thinking, and then, the thing is"""
)
"""What is said to keep the floor."""
_DANGLING: Final = _set(
    """a an the and or but because if when for to at on in of with from by my your our their his
    her its is are was were am be been i i'd i'll i'm we we're we'd you you'd can could would should
    will do does did has had want need under around near half quarter next any not
    between until than into it's there's about past whether either maybe quite also called named
    spelled depends"""
)
_STRANDED: Final = _set("for to at on in of with from by about near under around into")
"""Prepositions a question or a clause may end with ..."""
_ASKING: Final = _set("what where who whom which how when why")
"""... if one of these stands before."""
_PRONOUNS: Final = _set("i you he she it we they that this there")
_VERBS: Final = _set("is are was were am can could would should will do does did has have had")
_CLOSERS: Final = _set("please thanks goodbye bye stop cancel")
_CLOSING: Final = _phrases("thank you, never mind, forget it, that's all, that's it")
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

_DOMAINS: Final = _set("com net org edu gov info biz io eu uk de fr es it nl at ch us ca au in")

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
    plain = text.lower().replace("\u2019", "'").replace("p.m", "pm").replace("a.m", "am")
    words = _WORD.findall(plain)
    if not words:
        return 0.0
    last = words[-1]
    if last in _FILLERS or _ends(words, _STALLING):
        return LOOKING
    if _UNFINISHED.search(plain):
        return UNLIKELY
    if last in _CLOSERS or _ends(words, _CLOSING):
        return DONE
    mark = _FINISHED.search(plain)
    if last in _DANGLING:
        return 0.75 if _may_end(words, mark is not None and mark[1] in "?\uff1f") else UNLIKELY
    if kinds and (measure := _MEASURES.get(kinds[0])) is not None:
        own = measure(words)
        if own is not None:
            return own
    others = [m(words) for kind in kinds[1:] if (m := _MEASURES.get(kind)) is not None]
    if any(value is not None and value >= LIKELY for value in others):
        return 0.75
    if mark is not None:
        return 0.8
    return OPEN if kinds or len(words) > 2 else 0.55


def _ends(words: Words, phrases: Sequence[Words]) -> bool:
    return any(tuple(words[-len(phrase) :]) == tuple(phrase) for phrase in phrases)


def _may_end(words: Words, question: bool) -> bool:
    """Say whether these words may end with one that most sentences cannot end with."""
    last = words[-1]
    if question:
        return True
    if last in _STRANDED:  # "what is it for", "that is what I am looking for"
        return any(word.removesuffix("'s") in _ASKING for word in words[:-2])
    if last == "you":  # "I told you", but not "would you"
        return len(words) > 1 and words[-2] not in _VERBS
    short = len(words) <= 4 and words[0] in _YES_NO
    return short and last in _VERBS and words[-2] in _PRONOUNS  # "yes I am"


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
    spelt = "dot" in after and after[-1] != "dot"
    return LIKELY if spelt or (len(after) > 1 and after[-1] in _DOMAINS) else UNLIKELY


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
