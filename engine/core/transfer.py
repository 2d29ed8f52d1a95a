"""Handing the caller over (verb `transfer`).

The order goes out when the agent has said what it had to say (or was cut: S11, a decision is not
undone by a barge-in). From then on it cannot be recalled. The call ends when the transfer succeeds;
otherwise, and when nobody answers in time, `error.transfer` is raised.
"""

from __future__ import annotations

from engine.core.frames import Frame
from engine.core.scene import Scene
from engine.effects import Transfer
from engine.events import TransferEnded
from engine.flow.expressions import EvaluationError
from engine.machine.compiled import TransferTo

TIME_LIMIT = 30_000
"""Milliseconds until nobody took the call: about six rings."""

_DEADLINE = "transfer"


def order_when_silent(scene: Scene, frame: Frame) -> None:
    """Give the order of this frame's `transfer` state, if nothing is being said."""
    verb, visit = frame.state.verb, frame.visit
    if not isinstance(verb, TransferTo) or visit.stage != "working" or scene.speaker.speaking:
        return
    try:
        names = scene.names(frame)
        to = verb.to.render(names).strip()
        brief = verb.brief.render(names).strip() if verb.brief is not None else ""
    except EvaluationError as error:
        _failed(scene, frame, str(error))
        return
    if not to:
        _failed(scene, frame, "the transfer has no destination")
        return
    visit.stage = "sent"
    scene.outbox.emit(Transfer(to=to, kind=verb.kind, brief=brief))
    scene.deadlines.set(_DEADLINE, scene.at + TIME_LIMIT)


def ended(scene: Scene, event: TransferEnded) -> None:
    """Take the outcome of a transfer. One that succeeds ends the call, wherever the flow is."""
    scene.deadlines.cancel(_DEADLINE)
    if event.error is None:
        scene.ended = "leave"
        return
    frame = _transferring(scene)
    if frame is None:
        scene.outbox.note("late", transfer=event.error)
    else:
        _failed(scene, frame, event.error)


def timed_out(scene: Scene) -> None:
    """Nobody took the call in time."""
    frame = _transferring(scene)
    if frame is not None:
        _failed(scene, frame, f"nobody answered within {TIME_LIMIT} ms")


def left(scene: Scene) -> None:
    """A state is left: an order that was given stands, but nobody waits for it any more."""
    scene.deadlines.cancel(_DEADLINE)


def _transferring(scene: Scene) -> Frame | None:
    return next((f for f in reversed(scene.stack.frames) if f.visit.stage == "sent"), None)


def _failed(scene: Scene, frame: Frame, message: str) -> None:
    scene.deadlines.cancel(_DEADLINE)
    frame.visit.stage = "failed"
    scene.fail("error.transfer", message, frame)
