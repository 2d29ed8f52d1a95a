"""The rules: what can be wrong with a flow whose shape is right (codes TW2xx and up).

First a book of the flow is made: what is declared where, every text and every way in it. Each pass
is a function from that book to findings; passes know nothing of each other and run in the order of
`PASSES`. A pass never raises for anything an author can write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from engine.flow.catalogue import Catalogue
from engine.flow.diagnostics import Diagnostic
from engine.flow.model import Flow
from engine.flow.rules import (
    answers,
    branches,
    components,
    crossings,
    declarations,
    files,
    flowing,
    handlers,
    loops,
    names,
    outside,
    prompts,
    references,
    secrets,
    services,
    speech,
    spelling,
    surroundings,
    talks,
    tested,
    types,
    unspeakable,
    unused,
    versions,
    ways,
)
from engine.flow.rules.book import Book
from engine.flow.rules.checked import Checked
from engine.flow.source import Source

__all__ = ["PASSES", "Checked", "Pass", "check"]

Pass: TypeAlias = Callable[[Book], Iterable[Diagnostic]]

PASSES: tuple[Pass, ...] = (
    *references.PASSES,
    *components.PASSES,
    *files.PASSES,
    *names.PASSES,
    *ways.PASSES,
    *loops.PASSES,
    *flowing.PASSES,
    *handlers.PASSES,
    *types.PASSES,
    *declarations.PASSES,
    *services.PASSES,
    *speech.PASSES,
    *unspeakable.PASSES,
    *answers.PASSES,
    *surroundings.PASSES,
    *unused.PASSES,
    *secrets.PASSES,
    *talks.PASSES,
    *spelling.PASSES,
    *branches.PASSES,
    *crossings.PASSES,
    *prompts.PASSES,
    *outside.PASSES,
    *tested.PASSES,
    *versions.PASSES,
)
"""All passes, roughly in the order of their codes."""


def check(
    flow: Flow,
    source: Source,
    subflows: Mapping[str, Flow],
    catalogue: Catalogue,
    *,
    called: bool = False,
    chains: Mapping[str, tuple[str, ...]] | None = None,
    within: tuple[Flow, ...] = (),
) -> list[Diagnostic]:
    """Run every pass over one flow."""
    checked = Checked(
        flow=flow,
        source=source,
        subflows=subflows,
        catalogue=catalogue,
        called=called,
        chains=chains or {},
        within=within,
    )
    book = Book(checked)
    return [found for rule in PASSES for found in rule(book)]
