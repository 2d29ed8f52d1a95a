"""Yes and no, and the values of an enumeration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from engine.core.parsers.words import Match, Strength, find_phrase, phrase, word_set

YES: Final = (
    *("yes", "yeah", "yep", "yup", "yes please", "yeah sure", "sure", "of course", "certainly"),
    *("absolutely", "definitely", "correct", "that's correct", "that is correct", "that's right"),
    *("that is right", "right", "exactly", "okay", "alright", "fine", "that's fine", "perfect"),
    *("sounds good", "that sounds good", "that works", "great", "good", "please do", "do it"),
    *("go ahead", "please go ahead", "i do", "i am", "it is", "that's it", "all good", "please"),
    *("sure thing", "you bet", "affirmative", "indeed", "that would be great", "why not"),
    *("that's good", "that is fine", "sounds great", "yes it is", "all correct", "it's correct"),
    *(
        "it's right",
        "uh-huh",
        "mm-hmm",
        "mhm",
        "let's do it",
        "book it",
        "i think so",
        "i guess so",
    ),
)
NO: Final = (
    *("no", "nope", "nah", "no thanks", "no thank you", "not really", "not quite", "wrong"),
    *("that's wrong", "that is wrong", "incorrect", "that's incorrect", "that's not right"),
    *("that is not right", "not right", "not correct", "that's not correct", "that isn't right"),
    *("that is not correct", "that isn't correct", "don't", "do not", "please don't", "never"),
    *("please do not", "negative", "not yet", "i don't", "i do not", "i'm not", "i am not"),
    *("it isn't", "it is not", "it's not", "that's not it", "no way", "not at all", "don't do it"),
    *("it's wrong", "it is wrong", "no it isn't", "not okay", "not fine", "not good"),
    *("absolutely not", "definitely not", "certainly not", "of course not", "rather not"),
    *("i'd rather not", "don't book it", "do not book it", "please don't do it"),
    *("i don't think so", "i do not think so", "that won't work", "that doesn't work"),
)
UNDECIDED: Final = (
    *("i don't know", "i do not know", "not sure", "i'm not sure", "i am not sure", "no idea"),
    *("don't know", "maybe", "perhaps", "hold on", "wait", "let me think", "one moment"),
    *("i don't understand", "i do not understand", "i didn't get that", "i'm not certain"),
)
_PHRASES: Final[dict[tuple[str, ...], bool | None]] = {
    **{phrase(text): True for text in YES},
    **{phrase(text): False for text in NO},
    **{phrase(text): None for text in UNDECIDED},
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
        for value, phrases in values.items()
        for text in (value.replace("_", " "), *phrases)
        if (wanted := phrase(text))
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
