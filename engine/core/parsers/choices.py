"""Yes and no, and the values of an enumeration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from engine.core.parsers.words import Match, Strength, find_phrase, phrase, phrases, word_set

YES: Final = phrases(
    "yes,yeah,yep,yup,yes please,yeah sure,sure,of course,certainly,absolutely,definitely,correct,"
    "that's correct,that is correct,that's right,that is right,right,exactly,okay,alright,fine,"
    "that's fine,that is fine,perfect,sounds good,that sounds good,sounds great,sounds right,"
    "that sounds right,that works,great,good,that's good,please do,do it,let's do it,book it,"
    "go ahead,please go ahead,i do,i am,it is,yes it is,that's it,all good,please,sure thing,"
    "you bet,affirmative,indeed,that would be great,why not,all correct,it's correct,it's right,"
    "uh-huh,mm-hmm,mhm,i think so,i guess so,nothing is wrong,everything is right"
)
NO: Final = phrases(
    "no,nope,nah,no thanks,no thank you,not really,not quite,wrong,that's wrong,that is wrong,"
    "incorrect,that's incorrect,that is incorrect,is incorrect,that's not right,that is not right,"
    "that isn't right,is not right,isn't right,not right,not correct,that's not correct,"
    "that isn't correct,that is not correct,is not correct,isn't correct,is wrong,are wrong,"
    "it's wrong,it is wrong,don't,do not,please don't,please do not,never,negative,not yet,"
    "i don't,i do not,i'm not,i am not,it isn't,it is not,it's not,no it isn't,that's not it,"
    "that's not what i said,that is not what i said,no way,not at all,not okay,not fine,not good,"
    "absolutely not,definitely not,certainly not,of course not,rather not,i'd rather not,"
    "don't do it,please don't do it,don't book it,do not book it,i don't think so,"
    "i do not think so,that won't work,that doesn't work"
)
UNDECIDED: Final = phrases(
    "i don't know,i do not know,don't know,not sure,i'm not sure,i am not sure,i'm not certain,"
    "no idea,maybe,perhaps,hold on,wait,let me think,one moment,i don't understand,"
    "i do not understand,i didn't get that"
)
_PHRASES: Final[Mapping[tuple[str, ...], bool | None]] = {
    **dict.fromkeys(YES, True),
    **dict.fromkeys(NO, False),
    **dict.fromkeys(UNDECIDED, None),
}
_CLEAR = word_set("yes yeah yep yup no nope nah")
"""Single words that answer wherever they stand first; the others need the rest to be filler."""


def find_answers(words: Sequence[str]) -> list[Match]:
    """Find phrases that say yes (True), no (False) or neither (None), in order of the words.

    Where they overlap the longest wins: "that's not right" is one no.
    """
    found: list[Match] = []
    index = 0
    while index < len(words):
        match = next(
            (
                Match(index, index + size, _PHRASES[key], _sureness(key))
                for size in range(min(_LONGEST, len(words) - index), 0, -1)
                if (key := tuple(words[index : index + size])) in _PHRASES
            ),
            None,
        )
        if match:
            found.append(match)
        index = match.end if match else index + 1
    return found


def find_values(words: Sequence[str], values: Mapping[str, Iterable[str]]) -> list[Match]:
    """Find values by the phrases that mean them; where they overlap the longest phrase wins."""
    matches = [
        Match(start, start + len(wanted), value)
        for value, others in values.items()
        for text in (value.replace("_", " "), *others)
        if (wanted := phrase(text)) and wanted[0] in words  # as few are
        for start in find_phrase(words, wanted)
    ]
    matches.sort(key=lambda match: (-match.size, match.start))
    chosen: list[Match] = []
    for match in matches:
        if not any(match.overlaps(other) for other in chosen):
            chosen.append(match)
    return sorted(chosen, key=lambda match: match.start)


def _sureness(words: tuple[str, ...]) -> Strength:
    return Strength.CLEAR if len(words) > 1 or words[0] in _CLEAR else Strength.LIKELY


_LONGEST = max(len(words) for words in _PHRASES)
