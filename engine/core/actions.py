"""Carrying out the actions of transitions, entries and exits, in document order (S4)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.frames import Frame
from engine.core.scene import Scene
from engine.core.values import ShapeError, from_json, to_json
from engine.effects import SendKeys
from engine.flow.expressions import EvaluationError
from engine.machine.compiled import (
    Action,
    ClearAction,
    EmitAction,
    InterruptionPolicy,
    LogAction,
    PlayAction,
    SayAction,
    SendKeysAction,
    SetAction,
    SlotType,
)
from engine.machine.policies import changed

_KEYS = frozenset("0123456789*#ABCD")


def perform(
    scene: Scene, frame: Frame, actions: Iterable[Action], policy: InterruptionPolicy, where: str
) -> None:
    """Carry out actions; one that fails is reported and the rest go on.

    Args:
        scene: the dialog.
        frame: whose names the actions use.
        actions: what to do, in order.
        policy: who may interrupt what they say, but for lines with a policy of their own.
        where: for messages; the transition, or the state's `enter` or `exit`.
    """
    for action in actions:
        match action:
            case SetAction():
                _assign(scene, frame, action, where)
            case SayAction(text=text, change=change):
                line = scene.render(text, frame, where)
                scene.say(line, frame, policy=changed(policy, change))
            case PlayAction(file=file, change=change):
                scene.play(file, changed(policy, change))
            case SendKeysAction(keys=keys):
                _send_keys(scene, frame, scene.render(keys, frame, where), where)
            case ClearAction(names=names):
                _clear(scene, frame, names)
            case EmitAction(event=event) if event.partition(".")[0] == "error":
                scene.fail(event, f"raised by {where}", frame)
            case EmitAction(event=event):
                scene.raise_signal(event, frame)
            case LogAction(text=text):
                scene.outbox.note("log", text=scene.render(text, frame, where))


def _send_keys(scene: Scene, frame: Frame, text: str, where: str) -> None:
    keys = "".join(text.split())
    if keys and _KEYS.issuperset(keys):
        scene.outbox.emit(SendKeys(keys=keys))
    elif keys:  # its text may come from a slot, so it is not shown
        scene.fail("error.flow", f"{where}: send_dtmf takes the keys 0-9, *, #, A-D", frame)


def _assign(scene: Scene, frame: Frame, action: SetAction, where: str) -> None:
    memory = frame.memory
    try:
        value = scene.evaluate(action.value, frame)
        if value is not None:
            value = from_json(value, _declared(frame, action))
    except EvaluationError as error:
        scene.fail("error.flow", f"{where}: {error}", frame)
        return
    except ShapeError:  # its text names the value, which may be a sensitive one
        kind = _declared(frame, action).kind
        scene.fail("error.flow", f"{where}: {action.root}.{action.name} takes {kind}", frame)
        return
    if action.root == "slots":
        memory.assign(action.name, value)
        scene.note_slots(frame, [action.name])
    else:
        memory.variables[action.name] = value
        scene.outbox.note_values("vars", {action.name: to_json(value)})


def _declared(frame: Frame, action: SetAction) -> SlotType:
    if action.root == "slots":
        return frame.flow.slots[action.name].type
    return frame.flow.variables[action.name]


def _clear(scene: Scene, frame: Frame, names: Iterable[str]) -> None:
    for name in names:
        frame.memory.clear(name)
    scene.note_slots(frame, [name for name in names if name in frame.memory.slots])
