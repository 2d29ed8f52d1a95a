"""Findings inside one expression or template; the rules place them in the file."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a part of an expression or template, in code points from its start."""

    start: int
    end: int
    code: str
    message: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name that is read: `("slots", "party_size")`, and where it stands in the text."""

    chain: tuple[str, ...]
    start: int
    end: int


def suggest(word: str, candidates: Sequence[str]) -> str:
    """A help text naming the nearest candidate, or an empty string."""
    near = difflib.get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""
