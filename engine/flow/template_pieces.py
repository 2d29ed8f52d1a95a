"""Templates of nothing but text and names, as in "A table for {{ slots.party_size }}, right?".

Most lines are such, and a call says one at every turn: to fill in names takes no program, and to
read them no Jinja, which takes its time to load. Whatever is written otherwise, and what is missing
or not as it should be, is left to the program of the template (`template_running`), which says so.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.flow.expression_judge import ROOTS
from engine.flow.problems import NameUse, Problem
from engine.flow.spoken import spell, spoken

if TYPE_CHECKING:
    from engine.flow.template_running import Program

_LONGEST_SOURCE = 1_000
"""Characters; a longer text is no line anybody says often."""

_HOLE: Final = re.compile(
    r"\{\{\s*(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\s*"
    r"(?:\|\s*(?P<filter>spoken|spell)\s*)?\}\}"
)
_BRACES: Final = re.compile(r"\{[{%#]|[}%#]\}")

_FAILURES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Hole:
    """A name to be filled in."""

    name: NameUse
    spelled: bool
    root: str
    parts: tuple[str, ...]


class Filled:
    """What a source of text and names means.

    Args:
        source: the text.
        pieces: what `pieces_of` gave for it.
        longest: characters it may produce.
    """

    problems: tuple[Problem, ...] = ()

    def __init__(self, source: str, pieces: tuple[str | Hole, ...], longest: int) -> None:
        self.source = source
        self.constant: str | None = None
        self.names = tuple(piece.name for piece in pieces if isinstance(piece, Hole))
        self._pieces = pieces
        self._longest = longest

    @functools.cached_property
    def program(self) -> Program:
        """The template as Jinja runs it."""
        from engine.flow.template_running import Program

        return Program(self.source, self._longest)

    def render(self, names: Mapping[str, Any]) -> str:
        """Produce the text, its white space as it comes.

        Raises:
            EvaluationError: as `engine.flow.templates.Template.render`.
        """
        try:
            text = _filled_in(self._pieces, names)
        except _FAILURES:
            return self.program.render(names)
        return text if len(text) <= self._longest else self.program.render(names)


def pieces_of(source: str) -> tuple[str | Hole, ...] | None:
    """Return text and names, in order; None: it is more than that, or not right."""
    if len(source) > _LONGEST_SOURCE:
        return None
    pieces: list[str | Hole] = []
    end = 0
    for hole in _HOLE.finditer(source):
        chain = tuple(hole["name"].split("."))
        if chain[0] not in ROOTS or not _text(pieces, source[end : hole.start()], before=True):
            return None
        name = NameUse(chain, hole.start("name"), hole.end("name"))
        pieces.append(Hole(name, hole["filter"] == "spell", chain[0], chain[1:]))
        end = hole.end()
    return tuple(pieces) if _text(pieces, source[end:], before=False) else None


def _text(pieces: list[str | Hole], text: str, *, before: bool) -> bool:
    """Add what stands around names; False: with these braces it may mean something else."""
    inside = (before and text.endswith("{")) or (bool(pieces) and text.startswith("}"))
    if inside or _BRACES.search(text):
        return False
    if text:
        pieces.append(text)
    return True


def _filled_in(pieces: tuple[str | Hole, ...], names: Mapping[str, Any]) -> str:
    """Return the text with what the names mean; a part of null is null.

    Raises:
        LookupError: a part is missing.
        TypeError: what should have parts has none.
    """
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        value = names[piece.root]
        for part in piece.parts:
            if value is None:
                break
            value = value[part]
        if piece.spelled:
            text += spell(value)
        else:
            text += value if isinstance(value, str) else spoken(value)
    return text
