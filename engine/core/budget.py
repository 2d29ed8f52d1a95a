"""How much of a talk fits: the estimate of its size, and where to cut. One rule for all who cut.

No model's own counter is asked, so that a replay needs none.
"""

from __future__ import annotations

from collections.abc import Sequence

CHARACTERS = 4
"""Of one token, about, in the languages of the model vendors' own estimates."""
AROUND = 4
"""Tokens that frame each message."""
IMAGE = 300
"""Tokens of one picture, about: services count between 85 and 1,600."""


def tokens(text: str, images: int = 0) -> int:
    """Estimate the tokens of one message with this text and so many pictures."""
    return -(-len(text) // CHARACTERS) + AROUND + images * IMAGE


def first_kept(
    costs: Sequence[int], bound: Sequence[bool], *, items: int | None, total: int | None
) -> int:
    """Return where a talk begins that keeps to the limits; counted from the latest backwards.

    Args:
        costs: tokens of each item, oldest first.
        bound: for each, whether it means nothing without what precedes it: no talk begins with it.
        items: at most so many.
        total: at most so many tokens; the latest item stays, whatever it costs.
    """
    count = len(costs)
    start, left = count, total
    while start > 0 and (items is None or count - start < items):
        if left is not None:
            left -= costs[start - 1]
            if left < 0 and start < count:
                break
        start -= 1
    while start < count - 1 and bound[start]:
        start += 1
    return start
