"""What may be understood at this point: slots, intents, yes or no. And what a model is told of it.

In a form that is the open question first, then the rest of the form, then every filled slot, which
may be corrected. In free talk it is what the talk may fill, then every filled slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core import form
from engine.core.findings import Scope
from engine.core.frames import Frame
from engine.core.intents import intents_of
from engine.core.scene import Scene
from engine.core.tooling import Tools
from engine.machine.compiled import Collect, Converse, Run, SlotSpec, TransferTo


def scope_of(scene: Scene, tools: Tools, frame: Frame) -> Scope:
    """Return what may be understood now in this frame."""
    filled = {} if _closed(tools, frame) else frame.memory.filled
    now = scene.now
    return Scope(
        slots=_slots(frame, filled),
        filled=filled,
        open_slot=frame.visit.open_slot or None,
        yes_no=form.yes_no_open(frame),
        intents=frame.moves.once(intents_of, frame.state),
        today=now.date(),
        now=now,
    )


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
