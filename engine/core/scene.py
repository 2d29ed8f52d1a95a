"""What the parts of the dialog share: where the call stands, and the three ways to act on it.

A part may `raise_signal` (an internal event, handled in this macrostep, S2), `say` something, and
`fail` (report an error and raise it). Parts never call each other's decisions through here: what
follows from a signal is decided by the macrostep alone.
"""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.core.asking import Asking
from engine.core.clock import WallClock
from engine.core.deadlines import Deadlines
from engine.core.frames import Frame, Stack
from engine.core.outbox import Outbox
from engine.core.personal import Personal
from engine.core.speaker import Purpose, Speaker
from engine.core.view import View
from engine.effects import ReportError
from engine.events import Millis, SessionStarted
from engine.flow.expressions import EvaluationError, Expression
from engine.flow.templates import Template
from engine.machine.compiled import CompiledFlow, InterruptionPolicy, Transition
from engine.machine.selector import first_enabled

_OWN_ERRORS = frozenset({"error.flow", "error.timeout", "error.tool", "error.transfer"})
_EPOCH = datetime.datetime(1970, 1, 1)
_NO_MORE: Mapping[str, Any] = {}


@dataclass(slots=True)
class Signal:
    """An event inside a macrostep."""

    name: str
    frame: int
    """The frame it belongs to; handlers are looked for there, then in the frames under it."""
    data: Mapping[str, Any]

    def is_error(self) -> bool:
        """True for `error` and everything below it."""
        return self.name == "error" or self.name.startswith("error.")

    def is_own_error(self) -> bool:
        """True for errors of a flow's own work; the others concern every flow of the call."""
        return self.name in _OWN_ERRORS

    def is_private(self) -> bool:
        """True for what the flows below are not told: their slots and work are their own (S9)."""
        return self.is_own_error() or self.name.partition(".")[0] in ("corrected", "invalid")


class Scene:
    """The shared state of one dialog.

    Attributes:
        flow: the flow the call runs.
        asking: the way to a model.
        clock: the caller's.
        stack: the frames.
        queue: internal events, first in, first out.
        ended: None, `hangup` or `leave`.
        error: the last one that was reported.
        failed: the error that ended the call; empty: it goes on, or the flow has ended it.
        turns: user turns of the whole call.
        agent_state: the agent's machine, as guards see it.
        user_state: the user's machine, as guards see it.
        turn: id and text of the latest user turn, as guards see it.
        event: the event that is handled, as guards see it.
        handling_error: a handler for an error is at work: a failure of it is final (S15).
        doomed: ... and it did fail.
        personal: which words, keys and lines tell a sensitive value.
        blamed: transitions whose guard failed in this macrostep; each is reported once (S3).
    """

    def __init__(
        self, flow: CompiledFlow, outbox: Outbox, deadlines: Deadlines, speaker: Speaker
    ) -> None:
        self.flow = flow
        self.outbox = outbox
        self.deadlines = deadlines
        self.speaker = speaker
        # the services of a call are its first flow's
        self.asking = Asking(outbox, has_model=bool(flow.pipeline.get("llm")))
        self.stack = Stack()
        self.personal = Personal(outbox, flow)
        self.queue: deque[Signal] = deque()
        self.ended: str | None = None
        self.error = ""
        self.failed = ""
        self.turns = 0
        self.session = ""
        self.clock = WallClock(_EPOCH)
        self.channel: str = ""
        self.caller: str = ""
        self.inputs: dict[str, Any] = {}
        self.agent_state: str = "IDLE"
        self.user_state: str = "IDLE"
        self.turn: dict[str, Any] = {"id": "", "text": ""}
        self.event: dict[str, Any] = {"name": ""}
        self.handling_error = False
        self.doomed = False
        self.blamed: set[str] = set()
        self._numbers = 0

    def start(self, event: SessionStarted) -> None:
        """Take the session's facts. The wall clock is the caller's: its offset is dropped."""
        began = datetime.datetime.fromisoformat(event.started_at)
        self.clock = WallClock(began.replace(tzinfo=None))
        self.session = f"{event.started_at}/{event.seed}"
        self.channel = event.channel
        self.caller = event.caller
        self.inputs = dict(event.inputs)

    def number(self) -> int:
        """Return a number never given before in this call."""
        self._numbers += 1
        return self._numbers

    # --- time ------------------------------------------------------------------------------------

    @property
    def at(self) -> Millis:
        """The instant of the step."""
        return self.outbox.at

    @property
    def now(self) -> datetime.datetime:
        """The caller's wall time at this instant, without zone."""
        return self.clock.now(self.outbox.at)

    # --- evaluating ------------------------------------------------------------------------------

    def names(self, frame: Frame, more: Mapping[str, Any] = _NO_MORE) -> Mapping[str, Any]:
        """Return what expressions and templates of this frame may read, as it is when read."""
        if more:
            return View(self, frame, more)
        kept = frame.names
        if kept is None:
            kept = frame.names = View(self, frame, more)
        return kept

    def evaluate(self, expression: Expression, frame: Frame, **more: Any) -> Any:
        """Return the value of an expression. Raises `EvaluationError`."""
        return expression.evaluate(self.names(frame, more))

    def first_enabled(self, transitions: Sequence[Transition], frame: Frame) -> Transition | None:
        """Return the transition that fires; a guard nobody can judge is reported once (S3)."""
        return first_enabled(transitions, self.names(frame), self._blame, frame)

    def _blame(self, frame: Frame, transition: Transition, error: EvaluationError) -> None:
        if transition.id not in self.blamed:
            self.blamed.add(transition.id)
            self.fail("error.flow", f"guard of {transition.id}: {error}", frame)

    def render(self, template: Template, frame: Frame, where: str, **more: Any) -> str:
        """Return a template as text; one that cannot be rendered is empty, and reported."""
        names = self.names(frame, more)
        try:
            text = template.render(names)
        except EvaluationError as error:
            self.fail("error.flow", f"{where}: {error}", frame)
            return ""
        if self.personal.watches:
            self.personal.rendered(text, template, frame, names)
        return text

    # --- acting ----------------------------------------------------------------------------------

    def say(
        self,
        text: str,
        frame: Frame,
        purpose: Purpose = "line",
        policy: InterruptionPolicy | None = None,
        *,
        last: bool = False,
    ) -> str:
        """Order a line, unless it is empty; the policy is the state's if none is given.

        After the end nothing is said but what is `last`: what was on its way when it came.

        Returns:
            The id of the utterance; empty when nothing was ordered.
        """
        if not text or (self.ended is not None and not last):
            return ""
        policy = frame.state.interruptions if policy is None else policy
        voice = frame.state.components.get("tts", "")
        utterance = self.speaker.say(text, purpose=purpose, policy=policy, voice=voice)
        if self.personal.watches:
            self.personal.said(utterance, text, self.stack.frames)
        return utterance

    def play(self, file: str, policy: InterruptionPolicy) -> None:
        """Order an audio file; the dialog goes on as if it were a line."""
        if self.ended is None:
            self.speaker.play(file, policy=policy)

    def raise_signal(self, name: str, frame: Frame, data: Mapping[str, Any] | None = None) -> None:
        """Queue an internal event."""
        self.queue.append(Signal(name, frame.number, data or {}))

    def fail(self, name: str, message: str, frame: Frame, **data: Any) -> None:
        """Report an error and raise it as an event of this frame."""
        self.report(name, message, frame)
        if self.handling_error:
            self.doomed = True
            return
        details = {"message": message, "state": frame.visit.state, **data}
        self.queue.append(Signal(name, frame.number, details))

    def report(self, name: str, message: str, frame: Frame | None = None) -> None:
        """Make an error visible outside, without raising it."""
        self.error = name
        subject = frame.visit.state if frame is not None else ""
        self.outbox.emit(ReportError(name=name, message=message, subject=subject))
        self.outbox.note("error", name=name, message=message)

    def note_slots(self, frame: Frame, names: list[str]) -> None:
        """Leave the new values of these slots in the timeline, sensitive ones masked."""
        if names:
            self.outbox.note_values("slots", frame.memory.shown(names))

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data; at a stable point the queue is empty."""
        return {
            "frames": self.stack.to_list(),
            "ended": self.ended,
            "failed": self.failed,
            "turns": self.turns,
            "session": self.session,
            "started_at": self.clock.started_at.isoformat(),
            "channel": self.channel,
            "caller": self.caller,
            "inputs": dict(self.inputs),
            "turn": dict(self.turn),
            "numbers": self._numbers,
            "personal": self.personal.to_dict(),
            "asking": self.asking.to_dict(),
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self.stack.restore(self.flow, data["frames"])
        self.ended, self.failed = data["ended"], data["failed"]
        self.turns = data["turns"]
        self.session = data["session"]
        self.clock = WallClock(datetime.datetime.fromisoformat(data["started_at"]))
        self.channel = data["channel"]
        self.caller = data["caller"]
        self.inputs = dict(data["inputs"])
        self.turn = dict(data["turn"])
        self._numbers = data["numbers"]
        self.personal.from_dict(data["personal"])
        self.asking.from_dict(data["asking"])
