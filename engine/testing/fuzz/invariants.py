"""What must hold in every call, whatever happens: each promise a named check.

A check sees every step, looks at the conversation when it has come to rest, and once more when the
call is over. What it finds broken it raises as `Broken`, with its own name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.core import agent, snapshot, user
from engine.core.step import Deadline, Note, Step
from engine.effects import (
    CallTool,
    CancelTool,
    HangUp,
    PauseSpeech,
    ReportError,
    ResumeSpeech,
    Say,
    StopSpeech,
)
from engine.events import (
    Event,
    Millis,
    PlayoutFinished,
    PlayoutStarted,
    ServiceFailed,
    SessionResumed,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
)
from engine.machine.chart import Chart

if TYPE_CHECKING:
    from engine.testing.fuzz.world import World


class Broken(AssertionError):
    """A promise does not hold.

    Attributes:
        promise: its name.
    """

    def __init__(self, promise: str, message: str) -> None:
        super().__init__(f"{promise}: {message}")
        self.promise = promise


class Check:
    """One promise, watched through one call."""

    promise = ""

    def __init__(self, world: World) -> None:
        self.world = world

    def step(self, step: Step) -> None:
        """Look at a step, before its effects are carried out."""

    def rest(self) -> None:
        """Look at the conversation between two events."""

    def end(self) -> None:
        """Look at the call as a whole, when nothing is to come any more."""

    def demand(self, holds: object, message: str | Callable[[], str]) -> None:
        """Raise `Broken` unless it holds."""
        if not holds:
            told = message if isinstance(message, str) else message()
            raise Broken(self.promise, f"at {self.world.now} ms: {told}")


class _StepsInOrder(Check):
    """Steps are numbered without a gap and never go back in time; nothing overtakes."""

    promise = "steps in order"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._seq = self._at = 0

    def step(self, step: Step) -> None:
        self.demand(step.seq == self._seq + 1, f"step {step.seq} follows on {self._seq}")
        self.demand(step.at >= self._at, f"step {step.seq} is older than the one before it")
        self._seq, self._at = step.seq, step.at


class _NoDeadlineInThePast(Check):
    """After everything that happened, no deadline is due already."""

    promise = "no deadline in the past"

    def rest(self) -> None:
        conversation = self.world.conversation
        due = conversation.next_deadline
        late = due is not None and due <= conversation.now
        self.demand(not late, lambda: f"{due} is over: {conversation.pending}")


class _LegalMoves(Check):
    """The three machines are in known states, and each came there by a row of its table."""

    promise = "legal moves"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._states = {"user": user.IDLE, "agent": agent.STARTING, "dialog": ""}
        self._edge: Millis = 0
        self._rows = {"user": _pairs(user.CHART), "agent": _pairs(agent.CHART)}

    def step(self, step: Step) -> None:
        for move in step.moves:
            told = f"{move.machine} {move.old} -> {move.new} because of {move.because}"
            self.demand(move.old == self._states[move.machine], f"{told}: it was elsewhere")
            rows = self._rows.get(move.machine)
            self.demand(rows is None or (move.old, move.new) in rows, f"{told}: no such row")
            if move.machine == "user":
                self.demand(self._edge <= move.at <= step.at, f"{told}: at {move.at}")
                self._edge = move.at
            self._states[move.machine] = move.new
        now = step.states
        self.demand(self._states["user"] == now.user, "the user moved and nobody told")
        self.demand(self._states["agent"] == now.agent, "the agent moved and nobody told")
        busy = now.agent in (agent.SPEAKING, agent.THINKING)  # held before its first sample, too
        self.demand(not now.paused or busy, "paused, and there is no line")


def _pairs(chart: Chart) -> frozenset[tuple[str, str]]:
    return frozenset((row.source, row.dest) for row in chart.rows)


class _OneVoice(Check):
    """A line is ordered once, stopped once at most, and never let out against a caller."""

    promise = "one voice"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._open: set[str] = set()
        self._seen: set[str] = set()
        self._paused = False

    def step(self, step: Step) -> None:
        if isinstance(step.cause, PlayoutFinished):
            self._open.discard(step.cause.utterance)
        if isinstance(step.cause, SessionResumed):
            self._open.clear()
            self._paused = False
        for effect in step.effects:
            self._order(effect)
        if any(isinstance(effect, Say) for effect in step.effects):
            holding = step.states.agent == agent.LISTENING
            self.demand(not holding, "a line is let out while the caller has the floor")
        if step.states.agent == agent.SPEAKING:
            self.demand(self._open, "the agent is speaking, and no line is open")

    def _order(self, effect: Any) -> None:
        match effect:
            case Say(utterance=name):
                self.demand(name not in self._seen, f"{name} is said again")
                self._seen.add(name)
                self._open.add(name)
            case StopSpeech(utterances=names):
                for name in names:
                    self.demand(name in self._seen, f"{name} is stopped and was never ordered")
                    self._seen.discard(name)
                self._seen.update(f"{name} stopped" for name in names)
                self._open.difference_update(names)
            case PauseSpeech() | ResumeSpeech():
                held = isinstance(effect, PauseSpeech)
                self.demand(held != self._paused, f"{type(effect).__name__} twice")
                self._paused = held


class _OneEnd(Check):
    """The call is ended once, by the last effect; nothing is ordered afterwards."""

    promise = "one end"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._over = False

    def step(self, step: Step) -> None:
        for effect in step.effects:
            self.demand(not self._over, f"{type(effect).__name__} after the end")
            self._over = isinstance(effect, HangUp)
        closing = step.states.agent == agent.CLOSING
        self.demand(closing == self._over, "CLOSING and HangUp do not go together")


class _HeardWasPlayed(Check):
    """The history holds of each line only words that were played: a beginning of it, once."""

    promise = "heard was played"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._lines: dict[str, str] = {}
        self._started: set[str] = set()
        self._heard: set[str] = set()

    def step(self, step: Step) -> None:
        if isinstance(step.cause, PlayoutStarted):
            self._started.add(step.cause.utterance)
        for effect in step.effects:
            if isinstance(effect, Say):
                self._lines[effect.utterance] = effect.text
        for note in step.notes:
            if note.kind == "heard":
                self._is_heard(note)

    def _is_heard(self, note: Note) -> None:
        name, text = note.data["utterance"], note.data["text"]
        line = self._lines.get(name, "")
        self.demand(line.startswith(text), lambda: f"{name}: {text!r} is no beginning of {line!r}")
        self.demand(not text or name in self._started, f"{name} was heard and never played")
        self.demand(name not in self._heard, f"{name} was heard twice")
        self._heard.add(name)

    def end(self) -> None:
        for item in self.world.conversation.history:
            if item.role == "assistant":
                line = self._lines[item.id]
                self.demand(line.startswith(item.text), f"history of {item.id}: {item.text!r}")
                self.demand(item.id in self._started, f"{item.id} stands in the history")


class _WordsAreNotLost(Check):
    """What the caller said is taken as a turn, or it is noted what became of it."""

    promise = "words are not lost"

    _FATES = ("turn", "blocked", "backchannel", "late", "early")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._open: list[str] = []

    def step(self, step: Step) -> None:
        cause = step.cause
        spoken = isinstance(cause, TranscriptReceived) and cause.final
        if spoken or isinstance(cause, TextReceived):
            self._said(cause.text.strip(), step)  # type: ignore[union-attr]
        for note in step.notes:
            kept = note.data.get("action") == "keep"
            if note.kind in self._FATES and not kept:
                told = str(note.data.get("text") or note.data.get("transcript") or "")
                self._open = [text for text in self._open if text not in told]

    def _said(self, text: str, step: Step) -> None:
        unheard = any(note.kind in ("late", "early") for note in step.notes)
        if text and not (unheard or step.states.agent == agent.CLOSING):
            self._open.append(text)

    def end(self) -> None:
        self.demand(not self._open, lambda: f"nobody knows what became of {self._open}")


class _FailuresAreTold(Check):
    """Every failure, and every deadline that was missed, leaves an error or is known to be late."""

    promise = "failures are told"

    _DEADLINES = frozenset(
        {"understand", "first_token", "token_gap", "reply", "first_audio", "transfer"}
    )

    _NOTES = frozenset({"error", "late", "ahead_failed", "held"})

    def step(self, step: Step) -> None:
        cause = step.cause
        failed = isinstance(cause, ServiceFailed) or (
            isinstance(cause, Deadline) and cause.name.partition(":")[0] in self._DEADLINES
        )
        if not failed or step.states.agent in (agent.CLOSING, agent.STARTING):
            return
        told = any(isinstance(effect, ReportError) for effect in step.effects)
        told = told or any(note.kind in self._NOTES for note in step.notes)
        self.demand(told, lambda: f"{cause} passed in silence")


class _SilenceHasACause(Check):
    """While nobody is heard, something is waited for, and a deadline says until when."""

    promise = "silence has a cause"

    _ALIBIS = frozenset({"timer", "limit", "close", "summary"})
    """Deadlines that end no silence."""

    def rest(self) -> None:
        world = self.world
        conversation, states = world.conversation, world.conversation.states
        if conversation.closed or states.agent == agent.STARTING or world.voice.audible:
            return
        causes = [n for n in conversation.pending if n.partition(":")[0] not in self._ALIBIS]
        self.demand(causes, lambda: f"nothing is waited for: {states}, {conversation.pending}")


class _ToolsBelongToSomebody(Check):
    """A call is ordered once; only a call under way is cancelled, and once."""

    promise = "tools belong to somebody"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._open: dict[str, bool] = {}

    def step(self, step: Step) -> None:
        if isinstance(step.cause, ToolReturned):
            self._open.pop(step.cause.call, None)
        for effect in step.effects:
            if isinstance(effect, CallTool):
                self.demand(effect.call not in self._open, f"{effect.call} is called again")
                self._open[effect.call] = True
            elif isinstance(effect, CancelTool):
                under_way = self._open.pop(effect.call, False)
                self.demand(under_way, f"{effect.call} is cancelled and not under way")


class _AlwaysOver(Check):
    """When the caller says nothing any more, the call comes to its end by itself."""

    promise = "never stuck"

    def end(self) -> None:
        world = self.world
        states, pending = world.conversation.states, world.conversation.pending
        self.demand(world.over is not None, f"the call is not over: {states}, {pending}")


CHECKS: tuple[type[Check], ...] = (
    _AlwaysOver,
    _StepsInOrder,
    _NoDeadlineInThePast,
    _LegalMoves,
    _OneVoice,
    _OneEnd,
    _HeardWasPlayed,
    _WordsAreNotLost,
    _FailuresAreTold,
    _SilenceHasACause,
    _ToolsBelongToSomebody,
)
"""Every promise that is watched in every call."""


def changes_nothing(world: World, event: Event) -> None:
    """Tell the conversation of something nobody waits for: nothing may come of it but a note.

    Raises:
        Broken: something did.
    """
    conversation = world.conversation
    before = _essence(conversation)
    (step,) = world.happens(event)
    if step.moves or step.effects:
        raise Broken("late results change nothing", f"{event} led to {step}")
    if _essence(conversation) != before:
        raise Broken("late results change nothing", f"{event} left something behind")


def _essence(conversation: Any) -> str:
    data = snapshot.take(conversation)["conversation"]
    return json.dumps({k: v for k, v in data.items() if k not in ("seq", "now")}, sort_keys=True)
