"""Who gets which words: the claims of slots on the words of one turn.

Every slot in scope claims what could be its value. Claims are weighed one against the other: the
clearer wins, then the longer, then the order of the scope, the open question counting one step
more. No word is used twice and a slot gets one value. Words that two filled slots claim with equal
right ("make it five", of a party or an hour) go to neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.core.findings import Scope
from engine.core.parsers.slots import find_slot, label
from engine.core.parsers.texts import FILLERS, is_question
from engine.core.parsers.words import (
    Match,
    Phrases,
    Strength,
    Utterance,
    ends_with,
    find_phrase,
    phrases,
    word_set,
)
from engine.machine.compiled import SlotSpec

_CUES: Final = Phrases(
    phrases(
        "make it,make that,change it to,change that to,change to,i mean,i meant,actually,no,rather,"
        "sorry,instead,better,i said,it should be,should be,not,to,but,it's,it is,except,only"
    )
)
_STRONG_CUES: Final = word_set("make change actually no nope instead rather wrong sorry not")
_REPAIRS: Final = phrases("no,sorry,i mean,i meant,actually,or rather,make it,make that")
_LINKS: Final = word_set("is to should be at for on the will now it")
_HEDGES: Final = FILLERS | word_set(
    "i think it will be is maybe about around we would say guess i'd that's it's the a probably"
    " let's let me see make there are of them but and to be ish my answer want choose take"
)
_MOST_UNEXPLAINED: Final = 3
"""A bare word answers the open question only when at most so many other words are unexplained."""


class _Claim(NamedTuple):
    """A slot's claim on some words."""

    spec: SlotSpec
    match: Match
    order: int
    cued: bool


def share_out(said: Utterance, scope: Scope, taken: Sequence[Match]) -> dict[str, Match]:
    """Give words to slots: the clearest claim first, no word twice, one value a slot."""
    slots = unique(scope.slots)
    total = [spec.type.kind for spec in slots].count("integer") == 1
    claims: list[_Claim] = []
    for order, spec in enumerate(slots):
        claims += _claims(said, scope, spec, order, total=total)
    if len(claims) > 1:  # one alone has no rival
        claims = _without_ties(claims, scope)
        claims.sort(key=lambda claim: _rank(claim, scope))
    given: dict[str, Match] = {}
    used = list(taken)
    for claim in claims:
        name = claim.spec.name
        if name in given or (used and any(claim.match.overlaps(match) for match in used)):
            continue
        if claim.match.strength is Strength.BARE and not _is_answer(said, claim.match, used):
            continue
        given[name] = claim.match
        used.append(claim.match)
    return given


def _rank(claim: _Claim, scope: Scope) -> tuple[int, int, bool, bool, int, int]:
    is_open = claim.spec.name == scope.open_slot
    strength = claim.match.strength + is_open
    filled = claim.spec.name in scope.filled
    return (-strength, -claim.match.size, not is_open, filled, claim.order, claim.match.start)


def _claims(
    said: Utterance, scope: Scope, spec: SlotSpec, order: int, *, total: bool
) -> list[_Claim]:
    matches = find_slot(spec, said, scope.now, total=total)
    if not matches:
        return []
    claims: list[_Claim] = []
    for found in _repaired(said, matches):
        match, cued = _carried(said, spec, found)
        if _may_take(said, scope, spec, match, cued):
            claims.append(_Claim(spec, match, order, cued))
    return claims


def _may_take(said: Utterance, scope: Scope, spec: SlotSpec, match: Match, cued: bool) -> bool:
    if spec.name == scope.open_slot:
        return True
    if match.strength < Strength.LIKELY:
        return False
    if spec.name not in scope.filled:
        return True
    free = scope.yes_no or scope.open_slot is None  # nothing else is asked that it could answer
    if cued or free or not _STRONG_CUES.isdisjoint(said.words):
        return True
    carries = spec.type.kind not in ("enum", "text")  # these say nothing like "correction"
    return carries and match.strength is Strength.CLEAR


def _carried(said: Utterance, spec: SlotSpec, match: Match) -> tuple[Match, bool]:
    """Strengthen a match that the slot's own name or a cue announces; tell if it was a cue."""
    start = match.start
    if not start:
        return match, False
    while start and said.words[start - 1] in _LINKS:
        start -= 1
    if size := ends_with(said.words, start, [label(spec)]):
        return Match(start - size, match.end, match.value), False
    if _CUES.ends(said.words, match.start):
        strength = max(match.strength, Strength.LIKELY)
        return Match(match.start, match.end, match.value, strength), True
    return match, False


def _repaired(said: Utterance, matches: list[Match]) -> list[Match]:
    """Drop what was taken back at once: "at seven, no, at eight", "not saturday but sunday"."""
    kept: list[Match] = []
    for match in matches:
        if match.start and said.words[match.start - 1] in ("not", "isn't"):
            continue
        if kept and any(
            _contains(said.words[kept[-1].end : match.start], repair) for repair in _REPAIRS
        ):
            kept.pop()
        kept.append(match)
    return kept


def _without_ties(claims: list[_Claim], scope: Scope) -> list[_Claim]:
    """Drop claims of several slots to the same cued word: "make it five" of a size or a time.

    A slot whose bounds the value would break is no rival: "make it twelve" is a size where the
    kitchen is closed at noon. Without a rival it stays, so that the caller is told why not.
    """

    def rivals(claim: _Claim) -> list[_Claim]:
        return [
            other
            for other in claims
            if other.spec is not claim.spec
            and other.cued
            and other.match.overlaps(claim.match)
            and other.match.strength is claim.match.strength
            and other.match.size == claim.match.size
            and (other.spec.name in scope.filled) == (claim.spec.name in scope.filled)
            and _in_bounds(other)
        ]

    return [
        claim
        for claim in claims
        if not claim.cued
        or claim.spec.name == scope.open_slot
        or claim.match.strength is Strength.CLEAR
        or not rivals(claim)
    ]


def _in_bounds(claim: _Claim) -> bool:
    low, high, value = claim.spec.min, claim.spec.max, claim.match.value
    try:
        return (low is None or value >= low) and (high is None or value <= high)
    except TypeError:  # a bound of another type is the author's error; it does not decide here
        return True


def _is_answer(said: Utterance, match: Match, used: Sequence[Match]) -> bool:
    """A bare word answers the open question only when little else was said."""
    if is_question(said.words):
        return False
    explained = {index for other in (match, *used) for index in range(other.start, other.end)}
    rest = [
        word
        for index, word in enumerate(said.words)
        if index not in explained and word not in _HEDGES
    ]
    return len(rest) <= _MOST_UNEXPLAINED


def unique(slots: Sequence[SlotSpec]) -> list[SlotSpec]:
    """A slot may stand in the form and among the filled ones: its first place counts."""
    if len(slots) < 2:
        return [*slots]
    return list({spec.name: spec for spec in reversed(slots)}.values())[::-1]


def _contains(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return next(find_phrase(words, wanted), None) is not None
