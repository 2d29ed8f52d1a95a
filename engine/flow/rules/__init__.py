"""The rules: what can be wrong with a flow whose shape is right (codes TW2xx and up).

Each pass is a function from a `Checked` to findings; passes know nothing of each other and run in
the order of `PASSES`. A pass never raises for anything an author can write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.flow.catalogue import Catalogue
from engine.flow.diagnostics import Diagnostic
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


Pass: TypeAlias = Callable[[Checked], Iterable[Diagnostic]]

PASSES: tuple[Pass, ...] = ()
"""All passes, in the order of their codes."""


def check(
    flow: Flow,
    source: Source,
    subflows: Mapping[str, Flow],
    catalogue: Catalogue,
    *,
    called: bool = False,
) -> list[Diagnostic]:
    """Run every pass over one flow."""
    checked = Checked(
        flow=flow, source=source, subflows=subflows, catalogue=catalogue, called=called
    )
    return [found for rule in PASSES for found in rule(checked)]
