"""Silence and misunderstanding (S8): line n for the n-th of a visit, then the question again.

After the last line the event goes to the author's handlers. The counters of a visit start over at
any turn that is understood; `tries` of the flow never do.
"""

from __future__ import annotations

from typing import Literal

from engine.core import lines
from engine.core.frames import Frame
from engine.core.scene import Scene
from engine.machine.compiled import Converse


def silent(scene: Scene, frame: Frame) -> None:
    """The caller said nothing for too long."""
    frame.visit.no_input += 1
    _climb(scene, frame, "no_input", frame.visit.no_input)


def misunderstood(scene: Scene, frame: Frame) -> None:
    """The caller said something nobody could make sense of here.

    While a tool or a transfer is at work nothing was asked, so nothing can be asked again.
    """
    if not frame.waiting:
        scene.outbox.note("no_match", state=frame.visit.state, count=0)
        scene.say(lines.WORKING, frame, "filler")
        return
    frame.visit.no_match += 1
    _climb(scene, frame, "no_match", frame.visit.no_match)


def understood(frame: Frame) -> None:
    """Start over: the caller is there, and we understand each other."""
    frame.visit.no_input = 0
    frame.visit.no_match = 0


def _climb(scene: Scene, frame: Frame, event: Literal["no_input", "no_match"], count: int) -> None:
    frame.tries[event] += 1
    scene.outbox.note(event, state=frame.visit.state, count=count)
    listen = frame.state.listen
    ladder = listen.no_input if event == "no_input" else listen.no_match
    if count > len(ladder):
        scene.raise_signal(event, frame, {"count": count})
        return
    line = scene.render(ladder[count - 1], frame, f"{event} line {count}")
    scene.say(line, frame, "ladder")
    # in free talk the line is the question: a model must not be made to talk by silence
    frame.visit.asks = not isinstance(frame.state.verb, Converse)
