"""The dialog machine: runs a compiled flow, one macrostep for each event.

Theory of operation. The *scene* holds where the call stands: the stack of flows, each with its
memory and the visit of its current state. An event from outside becomes signals in the scene's
queue; the *macrostep* drains the queue (selector: which transition; mover: leaving and entering)
and then lets the *verb* of the state on top act, until nothing is left to do. Only then does the
dialog wait for somebody: a human, a tool, a transfer or a model.

    dialog -> macrostep -> verbs -> form, tooling, transfer
                        -> moving -> actions, timers
           -> listening -> understanding (findings), form, ladders
           -> talking (a model's replies in free talk) -> listening, tooling

Everything that happens leaves through the outbox. Time, ids and words come in with the events, so
the same events give the same steps (S18).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from engine.core import form, ladders, lines, transfer
from engine.core.alarms import Alarms
from engine.core.aside import Aside
from engine.core.asking import Asking
from engine.core.awaited import Awaited
from engine.core.deadlines import Deadlines, lost
from engine.core.expecting import Expecting
from engine.core.frames import Frame
from engine.core.keying import Keying
from engine.core.listening import Listening, Reader
from engine.core.macrostep import Macrostep
from engine.core.moving import Fired, Mover
from engine.core.outbox import Outbox
from engine.core.scene import Scene
from engine.core.speaker import Speaker
from engine.core.talking import ReplyEvent, Talking
from engine.core.timers import Timers
from engine.core.tooling import Tools
from engine.core.understanding import understand
from engine.core.unhandled import Unhandled
from engine.core.verbs import Verbs
from engine.events import ReplyStarted, SessionStarted, ToolReturned, TransferEnded, Understood
from engine.machine.compiled import (
    Collect,
    CompiledFlow,
    Confirm,
    InterruptionPolicy,
    ListenPolicy,
    Rest,
    Run,
)
from engine.machine.moves import build_charts

MAX_TURNS = 1_000
"""User turns of a call until `error.limit` (S14)."""

_UNMOVED = (Collect, Confirm, Rest, Run)
"""Verbs to which it does not matter whether the agent still speaks."""


class Dialog:
    """One run of a flow: events in, effects into the outbox.

    Every method below takes one event, runs it to completion and returns at a stable point; the
    instant is always `outbox.at`. Before `begin` and after the end events change nothing.

    Args:
        flow: shared by every call of it.
        outbox: where everything goes.
        deadlines: the call's.
        speaker: its mouth.
        read: finds what a turn says; tests say it themselves.
        fired: told of every transition that fires; for those who measure what a test reaches.
    """

    def __init__(
        self,
        flow: CompiledFlow,
        outbox: Outbox,
        deadlines: Deadlines,
        speaker: Speaker,
        *,
        read: Reader = understand,
        fired: Fired | None = None,
    ) -> None:
        self._scene = scene = Scene(flow, outbox, deadlines, speaker)
        self._timers, self._tools = Timers(scene), Tools(scene)
        self._mover = Mover(scene, self._tools, self._timers, fired)
        self._listening = Listening(scene, self._tools, read)
        self._keying = Keying(scene)
        self._talking = Talking(scene, self._tools, self._listening)
        self._verbs = Verbs(scene, self._mover, self._tools, self._talking)
        unhandled = Unhandled(scene, self._mover, self._tools, self._listening.key)
        self._macrostep = Macrostep(
            scene, self._mover, self._verbs, self._tools, self._timers, unhandled
        )
        self._alarms = Alarms(
            scene, self._tools, self._timers, self._listening, self._talking, self._keying
        )
        self._expecting = Expecting(scene)
        self.recollection = self._talking.recollection
        self.aside = Aside(scene, self._tools, self._listening, self._talking)
        self.awaited = Awaited(self._listening, self._talking, self._tools)
        self.changes = 0
        """How often anything happened to it; equal: nothing has changed since."""
        self.ended: str | None = None
        """`hangup` or `leave` once the flow has ended, else None."""
        self.state = ""
        """Qualified id of the leaf state; `hours/tell` in a called flow; empty before the start."""
        self.waiting = False
        """True in collect, confirm and rest, but not between two keys: silence counts."""
        self.busy = False
        """True while a model or tool that the dialog waits for is at work."""
        self.listen: ListenPolicy
        """When the user's turn is over in this state."""
        self.interruptions: InterruptionPolicy
        """Who may interrupt the agent in this state."""
        self._show()
        build_charts(flow)

    # --- events ----------------------------------------------------------------------------------

    def start(self, event: SessionStarted) -> None:
        """Take the session's facts: clock, channel, caller, inputs. Nothing is spoken yet."""
        self._scene.start(event)

    def begin(self) -> None:
        """Enter the start state: the caller is there. A second call changes nothing."""
        if self._scene.stack.frames:
            return
        self._alarms.begin()
        self._mover.begin()
        self._run()

    def dismantle(self) -> None:
        """Part those who know each other; it is not used any more."""
        self._tools.answered = None
        self._scene.stack.dismantle()

    def lose(self) -> None:
        """Another process, or another flow, goes on: its recogniser was told nothing yet."""
        self._expecting.lose()

    def resume(self, *, killed: bool = True) -> None:
        """The caller is back: say so, and where we are.

        Args:
            killed: in another process than before; what was at work there is lost.
        """
        scene, top = self._scene, self._scene.stack.top
        over = scene.ended is not None
        line, where = top.state.resume, f"resume of {top.visit.state}"
        text = lines.RESUMED if line is None else scene.render(line, top, where)
        scene.say(text, top, "filler" if over else "line", last=over)
        if over:  # and there was more to say, or the call would not go on
            self._say_the_rest(top)
            return
        work = list(lost(scene.deadlines.as_dict())) if killed else []
        for error, subject in work:  # what then is said puts the question again by itself
            self.raise_event(error, {"subject": subject, "message": "the process was killed"})
        if not work:
            top.visit.asks = top.waiting and not self.busy
            self._run()

    def _say_the_rest(self, top: Frame) -> None:
        """Say again what ended the flow and was not heard to its end."""
        for text, file in self._scene.speaker.cut_off:
            if file:
                self._scene.speaker.play(file, policy=top.state.interruptions)
            else:
                self._scene.say(text, top, last=True)

    def end(self, kind: str) -> None:
        """Whoever runs the call ends it: nothing more is asked, what was ordered is still said."""
        if self._live():
            self._scene.ended = kind
            self._run()

    def user_turn(self, turn: str, text: str) -> None:
        """Take a committed user turn, spoken or typed. Empty text: words nobody can trust."""
        if not self._live():
            return
        self._scene.turns += 1
        self._scene.personal.heard(turn)
        self._keying.drop()
        if self._scene.turns > MAX_TURNS:
            self._scene.fail("error.limit", f"{MAX_TURNS} turns", self._scene.stack.top)
        else:
            self._talking.superseded()
            self._listening.turn(turn, text)
        self._run()

    def key_pressed(self, key: str) -> None:
        """Take one key of the keypad."""
        if self._live() and "dtmf" in self.listen.accept:
            top = self._scene.stack.top
            top.memory.new_turn()
            if not self._keying.press(top, key):
                self._scene.raise_signal(f"dtmf.{key}", top, {"key": key})
            self._run()

    def understood(self, event: Understood) -> None:
        """Take a model's report about a turn; a report nobody waits for is dropped."""
        if self._live():
            self._come(partial(self._listening.reported, event.turn, event.report))
        else:
            self._scene.outbox.note("late", turn=event.turn)

    def replied(self, event: ReplyEvent) -> None:
        """Take what a model that talks says, reports or asks for; a late one is dropped."""
        if not self._live():
            self._scene.outbox.note("late", reply=event.reply)
        elif type(event) is ReplyStarted:
            self._talking.happened(event)  # it only moves time limits
        else:
            self._come(partial(self._talking.happened, event))

    def interrupted(self) -> None:
        """The caller cut what the agent was saying."""
        if self._live() and self._talking.interrupted():
            self._run()

    def no_input(self) -> None:
        """The caller was silent for too long."""
        if self._live() and self.waiting and not self.busy:
            ladders.silent(self._scene, self._scene.stack.top)
            self._run()

    def tool_returned(self, event: ToolReturned) -> None:
        """A tool call ended. After the end of the dialog its result is only noted."""
        if self._live():
            self._come(partial(self._tools.returned, event))
        else:
            self._tools.returned(event)

    def transfer_ended(self, event: TransferEnded) -> None:
        """A transfer was carried out or failed."""
        if self._live():
            self._come(partial(transfer.ended, self._scene, event))
        else:
            self._scene.outbox.note("late", transfer=event.error)

    def raise_event(self, name: str, data: Mapping[str, Any] | None = None) -> None:
        """Something else happened: `agent.joined`, `error.stt`, `error.llm`, `app.X` ...

        The failure of a model or tool (`data["subject"]` names the turn or call) is taken where its
        result is waited for: the turn goes on without the model, the call has failed.
        """
        if not self._live():
            return
        if name.partition(".")[0] == "error":
            self._error(name, data or {})
        else:
            self._scene.raise_signal(name, self._scene.stack.top, data)
        self._run()

    def _error(self, name: str, data: Mapping[str, Any]) -> None:
        scene = self._scene
        subject, message = (str(data.get(part, "")) for part in ("subject", "message"))
        if name == "error.llm":
            if not self._talking.failed(subject, message):
                self._listening.failed(subject, message)
        elif name == "error.tool" and subject:
            self._tools.returned(ToolReturned(at=scene.at, call=subject, error=message))
        else:
            scene.report(name, message, scene.stack.top)
            scene.raise_signal(name, scene.stack.top, data)

    def deadline(self, name: str) -> None:
        """One of the dialog's own deadlines is due: understand tool retry filler timer ..."""
        if not self._live():
            return
        self._alarms.ring(name)
        self._run()

    def speech_over(self) -> bool:
        """Every line is over: a transfer or a talk may go on. Say whether that matters here."""
        matters = self._live() and not isinstance(self._scene.stack.top.state.verb, _UNMOVED)
        if matters:
            self._run()
        return matters

    def settle(self) -> None:
        """Come to rest, in a state that may be another than it was."""
        if self._live():
            self._run()

    # --- what the turn-taking half reads (and the attributes that `_show` sets) ------------------

    @property
    def asking(self) -> Asking:
        """Its way to a model."""
        return self._scene.asking

    def answering(self, turn: str) -> bool:
        """Say whether nothing has answered this turn yet: what is said now belongs to it."""
        return self._listening.answering(turn) or self._talking.answering(turn)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds that are asked for, open question first; `("yesno",)` for a yes/no question."""
        return form.kinds(self._scene.stack.top) if self.waiting else ()

    @property
    def yes_no_open(self) -> bool:
        """True while a yes/no question is open: its words are never mere back-channel."""
        return self.waiting and form.takes_yes_or_no(self._scene.stack.top)

    def expects(self, text: str) -> bool:
        """Say whether these words mean something here by themselves, without a model."""
        return self.waiting and self._listening.understands(self._scene.stack.top, text)

    @property
    def failed(self) -> str:
        """The error that has ended the flow (`error.tool` ...), else empty."""
        return self._scene.failed

    def see(self, agent: str, user: str) -> None:
        """Take the states of the other two machines: `agent.state` and `user.state` in guards."""
        self._scene.agent_state, self._scene.user_state = agent, user

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return everything that must survive, as JSON-like data. Deadlines are kept apart."""
        return {
            "scene": self._scene.to_dict(),
            "tools": self._tools.to_dict(),
            "timers": self._timers.to_dict(),
            "listening": self._listening.to_dict(),
            "talking": self._talking.to_dict(),
            "keying": self._keying.to_dict(),
            "overtime": self._alarms.to_dict(),
            "expecting": self._expecting.to_dict(),
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave, for the same flow."""
        self._scene.from_dict(data["scene"])
        self._tools.from_dict(data["tools"])
        self._timers.from_dict(data["timers"])
        self._listening.from_dict(data["listening"])
        self._talking.from_dict(data["talking"])
        self._keying.from_dict(data["keying"])
        self._alarms.from_dict(data["overtime"])
        self._expecting.from_dict(data["expecting"])
        self._show()

    # --- inside ----------------------------------------------------------------------------------

    def _live(self) -> bool:
        scene = self._scene
        return scene.ended is None and len(scene.stack.frames) > 0

    def _come(self, result: Callable[[], None]) -> None:
        """Let a result in; one nobody waits for is noted as late, and nothing follows from it."""
        result()
        notes = self._scene.outbox.notes
        if not (notes and notes[-1].kind == "late"):
            self._run()
        else:
            self._show()

    def _run(self) -> None:
        self.changes += 1
        self._macrostep.run()
        self._listening.check()
        self._talking.check()
        self._keying.check()
        self._expecting.check()
        if self._scene.personal.watches:
            self._scene.personal.check(self._scene.stack.top)
        self._show()

    def _show(self) -> None:
        """Read off what the turn-taking half asks for: far more often than it can change."""
        scene, stack = self._scene, self._scene.stack
        self.ended = scene.ended
        self.state = stack.where
        self.waiting = self.busy = False
        top = stack.top if stack.frames else None
        state = scene.flow.states[scene.flow.start] if top is None else top.state
        self.listen, self.interruptions = state.listen, state.interruptions
        if scene.ended is None and top is not None:
            self.waiting = top.waiting and self._keying.pending is None
            self.busy = (
                self._listening.thinking()
                or self._talking.working()
                or (top.visit.stage == "working" and isinstance(state.verb, Run))
            )
