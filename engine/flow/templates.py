"""Speech with braces, as Jinja reads it, in a sandbox (`template_running`).

What is only text and names, as most lines are, is read as Jinja would (`template_pieces`).
Inside `{{ }}` stand the same names, functions and meanings as in guards (`expressions`): null is
smaller and larger than nothing, a missing part of a name equals null. What is printed is made
speakable, also without a filter: a date as a date, `true` as "yes", a list as an enumeration.
Null prints nothing; a missing name does not print, it raises.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from engine.flow.problems import NameUse, Problem
from engine.flow.template_pieces import Filled, pieces_of

__all__ = ["MAX_OUTPUT", "Template", "parse_template"]

MAX_OUTPUT = 2_000
"""Characters a template may produce: about two minutes of speech."""

_BRACES: Final = re.compile(r"\{[{%#]")


@dataclass(frozen=True, slots=True)
class Template:
    """An accepted template. Equal and hashed by its source; shared by all calls of a flow.

    Raises:
        ValueError: for a source that is not accepted; `parse_template` says what is wrong.
    """

    source: str
    names: tuple[NameUse, ...] = field(init=False, compare=False, repr=False)
    """The names it reads, in the order of the text, with their offsets."""
    _program: _Program = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        program = _program(self.source)
        if program.problems:
            problem = program.problems[0]
            raise ValueError(f"not a template: {self.source!r}: {problem.message}")
        object.__setattr__(self, "names", program.names)
        object.__setattr__(self, "_program", program)

    @property
    def constant(self) -> bool:
        """Whether it says the same whatever the names are."""
        return self._program.constant is not None

    def render(self, names: Mapping[str, Any]) -> str:
        """Produce the text; runs of white space become one space.

        Args:
            names: as for expressions.

        Raises:
            EvaluationError: for a name without a value, values that do not fit, or a text
                longer than `MAX_OUTPUT`.
        """
        constant = self._program.constant
        return " ".join(self._program.render(names).split()) if constant is None else constant

    def __reduce__(self) -> tuple[type[Template], tuple[str]]:
        return Template, (self.source,)


def parse_template(source: str) -> tuple[Template | None, list[Problem]]:
    """Read `source`. Never raises: either a template, or problems in text order."""
    problems = _program(source).problems
    return (None, list(problems)) if problems else (Template(source), [])


# --- what a source means -------------------------------------------------------------------------


class _Program(Protocol):
    constant: str | None
    names: tuple[NameUse, ...]
    problems: tuple[Problem, ...]

    def render(self, names: Mapping[str, Any]) -> str: ...


class _Plain:
    """A text without braces says itself."""

    names: tuple[NameUse, ...] = ()

    def __init__(self, source: str) -> None:
        self.constant: str | None = " ".join(source.split())
        self.problems: tuple[Problem, ...] = ()
        if len(source) > MAX_OUTPUT:
            message = f"the text has {len(source)} characters; {MAX_OUTPUT} are allowed"
            self.problems = (Problem(0, len(source), "TW410", message),)

    def render(self, names: Mapping[str, Any]) -> str:
        return self.constant or ""


@functools.lru_cache(maxsize=4_096)
def _program(source: str) -> _Program:
    """Cached, because rules and the compiler read the same texts."""
    if _BRACES.search(source) is None:
        return _Plain(source)
    pieces = pieces_of(source)
    if pieces is not None:
        return Filled(source, pieces, MAX_OUTPUT)
    from engine.flow.template_running import Program  # with it comes Jinja

    return Program(source, MAX_OUTPUT)
