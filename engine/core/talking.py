"""Free talk (`converse`): a model talks, within bounds, and never decides where the call goes.

Theory of operation. A reply begins when the state is entered without a line of its own, after each
turn of the caller, and when a tool has answered. It comes sentence by sentence, and each is ordered
as a line. Within it the model may *report* what the caller's turn meant: the report is judged and
applied at once, before anything further is said; if it leads out of the state, what is not yet
audible of the reply is dropped. The model may ask for tools: those the state lists, with arguments
of the declared types; their results are told in a further round of the same turn.

Words come first: what parsers and exact phrases understand needs no report. A turn of which neither
the words nor the reply told anything is asked about beside the reply, as in any other state.

`until` is judged after each turn's findings. The last turn of `max_turns` is understood but not
answered: it completes the state, or raises `no_match`.

A reply that fails or is late (first token, gap, whole) is an `error.llm`, and by default one spoken
line; after it only the caller's next turn starts another. So nothing is ever silent or stuck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, TypeAlias

from engine.core import prompting
from engine.core.consulting import consult
from engine.core.frames import Frame
from engine.core.listening import Listening
from engine.core.recollection import Recollection
from engine.core.scene import Scene
from engine.core.scoping import schema_of
from engine.core.tooling import Tools
from engine.effects import CancelReply, StartReply
from engine.events import (
    Millis,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
)
from engine.flow.expressions import EvaluationError
from engine.machine.compiled import Converse

ReplyEvent: TypeAlias = ReplyStarted | ReplyDelta | ReplyReported | ReplyToolCalled | ReplyFinished

FIRST_TOKEN: Millis = 4_000
"""Until anything of a reply comes; a caller takes longer silence for a dead line."""
TOKEN_GAP: Millis = 4_000
"""Between two sentences of one."""
WHOLE_REPLY: Millis = 30_000
"""Until its end; nobody listens to more."""
MAX_ROUNDS = 4
"""Replies to one turn, each but the first about results of tools; the last may only speak."""
MAX_CALLS = 8
"""Tools one reply may ask for."""
LONGEST_REPLY = 3_000
"""Characters: about three minutes of speech."""
_LATE: Mapping[str, str] = {
    "first_token": "the model did not begin to answer in time",
    "token_gap": "the model stopped in the middle of its answer",
    "reply": "the model does not come to an end",
}


@dataclass(slots=True)
class _Reply:
    """One answer of the model: under way, or over with lines that may still be unheard."""

    id: str
    turn: str
    frame: int
    visit: int
    reports: bool
    """It may report."""
    round: int = 1
    running: bool = True
    reported: bool = False
    length: int = 0
    calls: int = 0
    lines: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    """Lines of the earlier rounds to the same turn."""


class Talking:
    """Lets a model talk for a dialog."""

    def __init__(self, scene: Scene, tools: Tools, listening: Listening) -> None:
        self._scene = scene
        self._tools = tools
        self._listening = listening
        self._reply: _Reply | None = None
        self._round = 0
        self.recollection = Recollection(scene)
        self._log = self.recollection.log
        tools.answered = self._tool_answered

    def working(self) -> bool:
        """Say whether a reply is under way, or a tool it asked for."""
        reply = self._reply
        return (reply is not None and reply.running) or self._asked_for() > 0

    @property
    def writing(self) -> bool:
        """True while a reply is under way."""
        return self._running is not None

    def awaits(self, name: str) -> bool:
        """Say whether this reply is under way."""
        reply = self._running
        return reply is not None and reply.id == name

    def answering(self, turn: str) -> bool:
        """Say whether a reply to this turn is under way and nothing of it was ordered yet."""
        reply = self._running
        return reply is not None and reply.turn == turn and not reply.lines

    # --- the state -------------------------------------------------------------------------------

    def settle(self, frame: Frame, verb: Converse) -> bool:
        """Do what the state asks for now; True when it is complete."""
        visit = frame.visit
        if self._complete(frame, verb):
            return True
        if self._running is not None:
            return False  # whatever is due comes after it
        if verb.max_turns is not None and visit.turns >= verb.max_turns:
            self._last_turn(frame)
        elif visit.asks and not visit.halted:
            visit.asks = False
            self._start(frame, verb)
        return False

    def _complete(self, frame: Frame, verb: Converse) -> bool:
        if not frame.visit.turns:
            return False
        if verb.until is None:
            if not verb.fills:
                return False
            values, slots = frame.memory.slots, frame.flow.slots
            needed = [name for name in verb.fills if not slots[name].type.optional]
            return bool(needed) and all(values[name] is not None for name in needed)
        try:
            return self._scene.evaluate(verb.until, frame) is True
        except EvaluationError as error:
            name = f"until of {frame.visit.state}"
            if name not in self._scene.blamed:
                self._scene.blamed.add(name)
                self._scene.fail("error.flow", f"{name}: {error}", frame)
            return False

    def _last_turn(self, frame: Frame) -> None:
        """Understand it; if that completes nothing, the talk has failed."""
        visit = frame.visit
        if visit.used_up == visit.turns or self._listening.thinking():
            return
        if visit.turn:
            self._ask_beside(frame)
        if not self._listening.thinking():
            visit.asks = False
            visit.used_up = visit.turns
            self._scene.raise_signal("no_match", frame, {"count": visit.turns})

    def _start(self, frame: Frame, verb: Converse) -> None:
        """Order a reply."""
        scene, visit = self._scene, frame.visit
        self._round += 1
        scope = self._listening.reportable(frame)
        last = self._round >= MAX_ROUNDS
        told = self._reply is not None and self._round > 1 and self._reply.reported
        reports = bool(visit.turns and (scope.slots or scope.intents)) and not told and not last
        before = [] if self._reply is None else [*self._reply.before, *self._reply.lines]
        turn = str(scene.turn["id"]) if visit.turns else ""
        order = partial(
            StartReply,
            turn=turn,
            instructions=prompting.instructions(scene, frame, verb, scope if reports else None),
            history=self.recollection.told(frame),
            report=schema_of(frame, scope) if reports else {},
            tools=() if last else frame.moves.once(prompting.standing_of, frame.state).tools,
            model=frame.state.components.get("llm", ""),
        )
        reply = self._reply = _Reply(
            id=scene.asking.talk(order),
            turn=turn,
            frame=frame.number,
            visit=visit.number,
            reports=reports,
            round=self._round,
            reported=told,
            before=before,
        )
        at = scene.outbox.at
        scene.deadlines.set(f"first_token:{reply.id}", at + FIRST_TOKEN)
        scene.deadlines.set(f"reply:{reply.id}", at + WHOLE_REPLY)
        self.recollection.review(frame)

    # --- what comes back -------------------------------------------------------------------------

    def happened(self, event: ReplyEvent) -> None:
        """Take an event of a reply; one nobody waits for is dropped."""
        reply = self._running
        if reply is None or reply.id != event.reply:
            self._scene.outbox.note("late", reply=event.reply)
            return
        deadlines = self._scene.deadlines
        deadlines.cancel(f"first_token:{reply.id}")
        deadlines.set(f"token_gap:{reply.id}", self._scene.at + TOKEN_GAP)
        if isinstance(event, ReplyStarted):
            return  # it is alive: that is all there is to know
        frame = self._scene.stack.alive(reply.frame)
        match event:
            case ReplyDelta(text=text):
                self._said(reply, frame, text)
            case ReplyReported(report=report):
                self._report(reply, frame, report)
            case ReplyToolCalled():
                self._tool_called(reply, frame, event)
            case ReplyFinished():
                self._finished(reply, frame)

    def _said(self, reply: _Reply, frame: Frame, text: str) -> None:
        line = self._scene.say(text.strip(), frame, "reply")
        if line:
            reply.lines.append(line)
            reply.length += len(text)
        if reply.length > LONGEST_REPLY:
            self._scene.outbox.note("reply_cut", reply=reply.id, length=reply.length)
            self._scene.outbox.emit(CancelReply(reply=reply.id))
            self._finished(reply, frame)

    def _report(self, reply: _Reply, frame: Frame, report: Mapping[str, Any]) -> None:
        if not reply.reports or reply.reported:
            self._scene.outbox.note("late", reply=reply.id)
            return
        reply.reported = True
        self._log.add(reply.turn, "report", report, "noted")
        self._listening.told(frame, report)
        frame.visit.turn = ""

    def _finished(self, reply: _Reply, frame: Frame) -> None:
        self._stop(reply)
        visit, more = frame.visit, reply.round < MAX_ROUNDS
        if reply.calls and more:
            visit.asks = visit.asks or not self._asked_for()  # another round tells what they gave
        elif not reply.lines and reply.reported and more:
            visit.asks = True  # it has only reported: the caller still waits for an answer
        elif not reply.lines:
            self._failed(reply, frame, "the model said nothing")
            return
        visit.failures = 0
        if visit.turn and not (reply.calls and more):
            self._ask_beside(frame)

    def _ask_beside(self, frame: Frame) -> None:
        """Let the turn be understood that nothing is known of, while the reply is heard."""
        visit = frame.visit
        turn, text = visit.turn, visit.text
        visit.turn = visit.text = ""
        self._listening.ask_beside(frame, turn, text)

    # --- failures --------------------------------------------------------------------------------

    def failed(self, subject: str, message: str) -> bool:
        """The model failed. False: not in the reply that is under way."""
        reply = self._running
        if reply is None or reply.id != subject:
            return False
        self._stop(reply)
        self._failed(reply, self._scene.stack.alive(reply.frame), message)
        return True

    def late(self, kind: str, subject: str) -> None:
        """A deadline of a reply passed: `first_token`, `token_gap` or `reply`."""
        if self._running is not None and self._running.id == subject:
            self._scene.outbox.emit(CancelReply(reply=subject))
            self.failed(subject, _LATE[kind])

    def _failed(self, reply: _Reply, frame: Frame, message: str) -> None:
        visit = frame.visit
        visit.failures += 1
        visit.halted, visit.asks = True, False
        visit.turn = visit.text = ""
        self._scene.fail("error.llm", message, frame, reply=reply.id)

    # --- the caller, and the end -----------------------------------------------------------------

    def interrupted(self) -> bool:
        """The caller cut the reply: nothing is added to it, but its turn is still understood.

        Returns:
            Whether there was one under way.
        """
        reply = self._running
        if reply is None:
            return False
        self._cancel(reply)
        frame = self._scene.stack.visited(reply.frame, reply.visit)
        if frame is not None and frame.visit.turn and not self._listening.thinking():
            self._ask_beside(frame)
        return True

    def superseded(self) -> None:
        """The caller has taken another turn: what they were being told is out of date."""
        reply = self._reply
        self._round = 0
        if reply is None:
            return
        if reply.running:
            frame = self._scene.stack.visited(reply.frame, reply.visit)
            unheard = not reply.lines and reply.round == 1 and bool(reply.turn)
            if unheard and frame is not None:
                frame.visit.turns -= 1  # it was one turn, said in two breaths
            self._cancel(reply)
        if self._scene.speaker.speaking:  # else all its lines are over
            self._scene.speaker.retract((*reply.before, *reply.lines))
        self._reply = None

    def check(self) -> None:
        """Drop a reply whose state was left, at the end of a macrostep; audible speech stays."""
        reply = self._reply
        if reply is None:
            return
        top = self._scene.stack.top
        if self._scene.ended or (top.number, top.visit.number) != (reply.frame, reply.visit):
            if reply.running:
                self._cancel(reply)
            self._scene.speaker.retract((*reply.before, *reply.lines))
            self._reply, self._round = None, 0

    # --- tools -----------------------------------------------------------------------------------

    def _tool_called(self, reply: _Reply, frame: Frame, event: ReplyToolCalled) -> None:
        verb = frame.state.verb
        reply.calls += 1
        few = reply.calls <= MAX_CALLS and reply.round < MAX_ROUNDS
        allowed = verb.tools if isinstance(verb, Converse) and few else ()
        args = event.args
        consult(self._scene, self._tools, self._log, frame, event.tool, args, allowed=allowed)

    def _tool_answered(
        self, frame: Frame, id_: str, value: Any, error: str | None, aside: bool
    ) -> None:
        """A tool a model asked for gave a value, or failed: it is told, in words of ours."""
        self._log.answered(id_, value, failed=error is not None)
        if not aside:
            frame.visit.asks = frame.visit.asks or not self._tools.asked_for(frame)

    def _asked_for(self) -> int:
        top = self._scene.stack.top
        return self._tools.asked_for(top) if isinstance(top.state.verb, Converse) else 0

    # --- inside ----------------------------------------------------------------------------------

    @property
    def _running(self) -> _Reply | None:
        reply = self._reply
        return reply if reply is not None and reply.running else None

    def _cancel(self, reply: _Reply) -> None:
        self._scene.outbox.emit(CancelReply(reply=reply.id))
        self._stop(reply)

    def _stop(self, reply: _Reply) -> None:
        reply.running = False
        for kind in _LATE:
            self._scene.deadlines.cancel(f"{kind}:{reply.id}")

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        return {
            "reply": None if self._reply is None else asdict(self._reply),
            "round": self._round,
            "recollection": self.recollection.to_dict(),
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        stored = data["reply"]
        self._reply = None if stored is None else _Reply(**stored)
        self._round = data["round"]
        self.recollection.from_dict(data["recollection"])
