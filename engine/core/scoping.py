"""What may be understood at this point: slots, intents, yes or no. And what a model is told of it.

In a form that is the open question first, then the rest of the form, then every filled slot, which
may be corrected. In free talk it is what the talk may fill, then every filled slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core import form
from engine.core.findings import NO_TIME, Scope
from engine.core.frames import Frame
from engine.core.intents import NO_INTENTS, intents_of
from engine.core.parsers.slots import RELATIVE
from engine.core.report import report_schema
from engine.core.scene import Scene
from engine.core.tooling import Tools
from engine.machine.compiled import (
    Collect,
    CompiledFlow,
    CompiledState,
    Converse,
    Run,
    SlotSpec,
    TransferTo,
)

_SCHEMAS = 64
"""Schemas that are kept of one state: its talk fills a few slots, one after the other."""


def scope_of(scene: Scene, tools: Tools, frame: Frame, *, settled: bool = False) -> Scope:
    """Return what may be understood now in this frame; no intents where one is `settled`."""
    filled: Mapping[str, Any] = {}
    slots: tuple[SlotSpec, ...] = ()
    now = NO_TIME
    if frame.flow.slots:
        filled = frame.memory.filled if frame.waiting or not _closed(tools, frame) else {}
        slots = _slots(frame, filled)
        if frame.moves.once(_counts_from_now, frame.state):
            now = scene.now
    return Scope(
        slots=slots,
        filled=filled,
        open_slot=frame.visit.open_slot or None,
        yes_no=form.yes_no_open(frame),
        intents=NO_INTENTS if settled else frame.moves.once(intents_of, frame.state),
        now=now,
    )


def schema_of(frame: Frame, scope: Scope) -> Mapping[str, Any]:
    """Return the schema of a report of this scope, or of what is left of it without its intents.

    It is a matter of the state, of which slots there are, and of whether there are intents and a
    question; so it is made once for all these, and shared by all calls.
    """
    made = frame.moves.once(_schemas, frame.state)
    key = (*[spec.name for spec in scope.slots], bool(scope.intents), scope.yes_no)
    schema = made.get(key)
    if schema is None:
        if len(made) >= _SCHEMAS:
            made.clear()
        schema = made[key] = report_schema(scope)
    return schema


def _counts_from_now(flow: CompiledFlow, state: CompiledState) -> bool:
    return any(spec.type.kind in RELATIVE for spec in flow.slots.values())


def _schemas(flow: CompiledFlow, state: CompiledState) -> dict[object, Mapping[str, Any]]:
    return {}


def hints(scope: Scope) -> dict[str, Any]:
    """Return what a model is told about the names in the schema."""
    return {
        "slots": {spec.name: spec.about for spec in scope.slots if spec.about},
        "intents": {
            spec.name: {
                "means": spec.means,
                "examples": list(spec.examples),
                "not": list(spec.avoid),
            }
            for spec in scope.intents
        },
    }


def _closed(tools: Tools, frame: Frame) -> bool:
    """Say whether corrections come too late: what is written or handed over is decided."""
    verb = frame.state.verb
    if isinstance(verb, Run):
        return tools.writing(frame)
    return isinstance(verb, TransferTo)


def _slots(frame: Frame, filled: Mapping[str, Any]) -> tuple[SlotSpec, ...]:
    """The open question first, then the rest of the form, then every filled slot."""
    verb = frame.state.verb
    form_slots: tuple[str, ...] = ()
    if isinstance(verb, Collect):
        form_slots = verb.slots
    elif isinstance(verb, Converse):
        form_slots = verb.fills
    first = (frame.visit.open_slot,) if frame.visit.open_slot else ()
    names = dict.fromkeys((*first, *form_slots, *filled))
    return tuple(frame.flow.slots[name] for name in names)
