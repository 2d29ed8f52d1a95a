"""What the rules are given, and the words all of them use to report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.flow.catalogue import Catalogue
from engine.flow.diagnostics import Diagnostic, Edit, Fix, Path, Related, Span, nearest
from engine.flow.model import Flow
from engine.flow.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One flow, its text, and what it may refer to."""

    flow: Flow
    source: Source
    subflows: Mapping[str, Flow]
    """The sub-flows that loaded, by the name this flow calls them."""
    catalogue: Catalogue
    called: bool = False
    """It was loaded as a sub-flow of another file."""
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The longest chain of flows that each sub-flow begins, itself included, by their ids."""
    within: tuple[Flow, ...] = ()
    """The flows this one goes through, at any depth, each once."""

    # --- places -----------------------------------------------------------------------------------

    def data(self, path: Path) -> Any:
        """What the file holds at a path; None if there is nothing."""
        value = self.source.data
        for step in path:
            inside = (isinstance(value, dict) and step in value) or (
                isinstance(value, list) and isinstance(step, int) and step < len(value)
            )
            if not inside:
                return None
            value = value[step]
        return value

    def item(self, path: Path, index: int) -> Path:
        """The path of an item of a list that may also be written as one value without a list."""
        return (*path, index) if isinstance(self.data(path), list) else path

    # --- findings ---------------------------------------------------------------------------------

    def find(
        self, code: str, where: Path, message: str, *, span: Span | None = None, **more: Any
    ) -> Diagnostic:
        """A finding about the value at `where`; `span` marks another place than all of it."""
        place = self.source.span(where) if span is None else span
        return Diagnostic(code=code, message=message, span=place, where=where, **more)

    def key(self, path: Path) -> Span:
        """Where the key of a value stands."""
        return self.source.key_span(path)

    def see(self, path: Path, label: str) -> Related:
        """A second place: the key of the value at `path`."""
        return Related(self.source.key_span(path), label)

    def meant(self, word: str, candidates: Iterable[str], span: Span) -> dict[str, Any]:
        """`help` and `fix` for a misspelt word at `span`; empty if nothing is near."""
        found = nearest(word, candidates)
        if found is None:
            return {}
        fix = Fix(f"write `{found}`", (Edit(span, found),))
        return {"help": f"did you mean `{found}`?", "fix": fix}


def plural(count: int, noun: str) -> str:
    """`1 state`, `2 states`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
