"""What may be understood at this point: slots, intents, yes or no. And what a model is told of it.

In a form that is the open question first, then the rest of the form, then every filled slot, which
may be corrected. In free talk it is what the talk may fill, then every filled slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core import form, lines
from engine.core.findings import Scope
from engine.core.frames import Frame
from engine.core.scene import Scene
from engine.core.tooling import Tools
from engine.machine.compiled import Collect, Converse, IntentSpec, Run, SlotSpec, TransferTo

_TALKED_ABOUT = frozenset({"off_topic"})
"""Built-in intents free talk has no use for: the model answers by itself."""


def scope_of(scene: Scene, tools: Tools, frame: Frame) -> Scope:
    """Return what may be understood now in this frame."""
    filled = {} if _closed(tools, frame) else frame.memory.filled
    now = scene.now
    return Scope(
        slots=_slots(frame, filled),
        filled=filled,
        open_slot=frame.visit.open_slot or None,
        yes_no=form.yes_no_open(frame),
        intents=_intents(frame),
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


def _intents(frame: Frame) -> tuple[IntentSpec, ...]:
    """The intents of a talk that names them, else those somebody handles; then the built-in."""
    declared, verb = frame.flow.intents, frame.state.verb
    talking = isinstance(verb, Converse)
    if isinstance(verb, Converse) and verb.intents is not None:
        found = {name: declared[name] for name in verb.intents if name in declared}
    else:
        found = _handled(frame)
    for spec in lines.BUILT_IN_INTENTS:
        if not (talking and spec.name in _TALKED_ABOUT):
            found.setdefault(spec.name, declared.get(spec.name, spec))
    return tuple(found.values())


def _handled(frame: Frame) -> dict[str, IntentSpec]:
    """The intents somebody handles here, innermost scope first."""
    declared, found = frame.flow.intents, dict[str, IntentSpec]()
    for scope in frame.state.scopes:
        for handler in scope.handlers:
            head, _, name = handler.event.partition(".")
            if head == "intent" and name in declared:
                found.setdefault(name, declared[name])
            elif handler.event == "intent":
                found |= {n: spec for n, spec in declared.items() if n not in found}
    return found
