"""Findings: a bad file is a value. The codes are in `codes.py`; printing is elsewhere.

A finding says what was found, what was expected, where the other half of the story stands, and
what to do. One cause gives one finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.flow.codes import CODES, Severity

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in the document: `("states", "check", "then", 1, "to")`."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file: 1-based lines and columns in code points; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that belongs to the finding, and what it has to do with it."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of a span."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that repairs the cause."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False
    """Safe: the meaning of the file is surely what the author wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding."""

    code: str
    """A key of `engine.flow.codes.CODES`."""
    message: str
    """One line, without a full stop; names in backticks."""
    span: Span
    label: str = ""
    """What stands behind the carets."""
    help: str = ""
    """What to do."""
    notes: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    path: tuple[str, ...] = ()
    """Witness: the states of a way that shows the problem."""
    where: Path = ()
    """The value's place in the document; follow-ups below it are silenced."""
    fix: Fix | None = None

    @property
    def name(self) -> str:
        """The code in words: `undefined-target`."""
        return CODES[self.code].name

    @property
    def severity(self) -> Severity:
        """How bad it is; fixed for each code."""
        return CODES[self.code].severity

    @property
    def is_error(self) -> bool:
        """The flow does not load."""
        return self.severity == "error"


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file, place, code and text: the same input always gives the same order. Twins are one."""
    unique = dict.fromkeys(diagnostics)
    return tuple(sorted(unique, key=lambda found: (found.span, found.code, found.message)))


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that the author most probably meant, or None.

    The same word in another case or with another separator, a word at most a third of whose letters
    differ (two letters exchanged count as one), or the only one that it begins.
    """
    names = sorted(set(candidates))
    folded = {_fold(name): name for name in reversed(names)}
    meant = _fold(word)
    if meant in folded:
        return folded[meant]
    allowed = max(len(meant), 3) // 3
    distances = [(edit_distance(meant, name, allowed), name) for name in sorted(folded)]
    best = min(distances, default=(allowed + 1, ""))
    if best[0] <= allowed:
        return folded[best[1]]
    longer = [name for name in names if len(meant) > 3 and _fold(name).startswith(f"{meant}_")]
    return longer[0] if len(longer) == 1 else None


def edit_distance(left: str, right: str, limit: int) -> int:
    """Letters inserted, dropped, replaced or exchanged with a neighbour; at most `limit` + 1."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, previous, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
    return min(row[-1], limit + 1)


def listing(names: Iterable[str], limit: int = 8, join: Literal["and", "or"] = "or") -> str:
    """`a`, `b` or `c`; long lists end in "and N more"."""
    shown = [f"`{name}`" for name in names]
    if len(shown) > limit:
        return f"{', '.join(shown[:limit])} and {len(shown) - limit} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {join} {shown[-1]}"


def _fold(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")
