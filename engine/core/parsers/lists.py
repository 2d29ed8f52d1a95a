"""Several values in one breath: "at six, half past seven and eight"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from engine.core.parsers.words import Match, Strength, word_set

FindItem: TypeAlias = Callable[[Sequence[str]], list[Match]]
"""Finds single values in some words."""

_JOINTS: Final = word_set("and or plus also then a an the some")
_LONGEST_ITEM: Final = 8
"""Words of one item; a date with its weekday and year has about as many."""
_MOST_WORDS: Final = 60
"""Words that are looked at; nobody lists more in one breath."""


def find_lists(words: Sequence[str], find_item: FindItem) -> list[Match]:
    """Find stretches that are nothing but values, with "and" between them or nothing.

    Each value takes as many words as it can: commas are gone, so "twenty one" is one number.
    """
    words = words[:_MOST_WORDS]
    found: list[Match] = []
    run: list[Match] = []
    index = 0
    while index < len(words):
        item = _longest_item(words, index, find_item)
        if item is not None:
            run.append(item)
            index = item.end
            continue
        if not (run and words[index] in _JOINTS):
            found += _closed(run)
            run = []
        index += 1
    return found + _closed(run)


def _longest_item(words: Sequence[str], start: int, find_item: FindItem) -> Match | None:
    for size in range(min(_LONGEST_ITEM, len(words) - start), 0, -1):
        for match in find_item(words[start : start + size]):
            if match.start == 0 and match.size == size:
                return Match(start, start + size, match.value, match.strength)
    return None


def _closed(run: Sequence[Match]) -> list[Match]:
    """The items of one stretch as one value; two and more say by themselves that it is a list."""
    if not run:
        return []
    strength = Strength.CLEAR if len(run) > 1 else run[0].strength
    return [Match(run[0].start, run[-1].end, [item.value for item in run], strength)]
