"""Repairs: the edits that findings carry, made in the text by span, until there is nothing to do.

A repair may uncover what it hid (a syntax error hides every rule), and two repairs may want the
same place; so the text is checked again after each round. A round that makes the file worse is
taken back and its repairs are tried one by one. Comments and layout stay, because nothing but the
edits changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from engine.flow.diagnostics import Diagnostic, Edit, Fix
from engine.flow.edits import apply_edits
from engine.flow.loader import LoadResult

MAX_ROUNDS = 20
"""More rounds than a file needs: each one repairs everything that does not overlap."""

Check: TypeAlias = Callable[[str], LoadResult]
_Weight: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of a text."""

    text: str
    applied: tuple[Diagnostic, ...]
    """The findings that were repaired, in the order of the repairs."""
    result: LoadResult
    """Of the text as it is now."""


def fix_text(text: str, check: Check, *, unsafe: bool = False) -> Fixed:
    """Repair what can be repaired.

    Args:
        text: the file.
        check: finds everything that is wrong with a text of this file.
        unsafe: also repairs that may not be what the author meant.
    """
    result = check(text)
    applied: list[Diagnostic] = []
    refused: set[tuple[Edit, ...]] = set()
    for _ in range(MAX_ROUNDS):
        wanted = _compatible(result, refused, unsafe=unsafe)
        if not wanted:
            break
        better = _attempt(result, wanted, check)
        if better is None:
            # Together they do harm: the first that does none alone, and the others again later.
            alone = ((one, _attempt(result, [one], check)) for one in wanted)
            for one, better in alone:
                if better is not None:
                    wanted = [one]
                    break
                refused.add(one[1].edits)
            else:
                break
        applied += [found for found, _ in wanted]
        result = better
    return Fixed(result.source.text, tuple(applied), result)


def _attempt(
    result: LoadResult, wanted: list[tuple[Diagnostic, Fix]], check: Check
) -> LoadResult | None:
    """The file with these repairs; None if they make it worse or change nothing."""
    after = check(apply_edits(result.source, [edit for _, fix in wanted for edit in fix.edits]))
    helps = after.source.text != result.source.text and _weight(after) <= _weight(result)
    return after if helps else None


def _compatible(
    result: LoadResult, refused: Iterable[tuple[Edit, ...]], *, unsafe: bool
) -> list[tuple[Diagnostic, Fix]]:
    """The repairs of this file that do not touch each other, in the order of the text."""
    taken: list[Edit] = []
    chosen: list[tuple[Diagnostic, Fix]] = []
    seen = set(refused)
    for found in result.diagnostics:
        fix = found.fix
        if fix is None or found.span.file != result.source.file or not (fix.safe or unsafe):
            continue
        if fix.edits in seen or any(_overlap(a, b) for a in fix.edits for b in taken):
            continue
        seen.add(fix.edits)
        taken += fix.edits
        chosen.append((found, fix))
    return chosen


def _overlap(a: Edit, b: Edit) -> bool:
    """They share a character, or insert at the same place."""
    first, second = a.span, b.span
    if first == second:
        return True
    ends = (first.end_line, first.end_column), (second.end_line, second.end_column)
    starts = (first.line, first.column), (second.line, second.column)
    return starts[0] < ends[1] and starts[1] < ends[0]


def _weight(result: LoadResult) -> _Weight:
    """How bad a file is. Errors of an earlier judge weigh more: they hide those of later ones."""
    errors = [found.code for found in result.diagnostics if found.is_error]
    syntax = sum(code.startswith("TW0") for code in errors)
    shape = sum(code.startswith("TW1") for code in errors)
    return syntax, shape, len(errors) - syntax - shape
