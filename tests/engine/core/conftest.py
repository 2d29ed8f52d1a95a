"""A conversation whose dialog does what the test says: for turn-taking, which is about time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from engine.core.aside import Briefing
from engine.core.asking import Asking
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.effects import CallTool, Effect
from engine.events import (
    Event,
    Millis,
    ParticipantJoined,
    PlayoutFinished,
    PlayoutStarted,
    SessionStarted,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    ToolReturned,
    TranscriptReceived,
)
from engine.machine.compiled import CompiledFlow, InterruptionPolicy, ListenPolicy

FLOW = CompiledFlow(
    id="play",
    version="1",
    fingerprint="f00d",
    start="talk",
    states=MappingProxyType({}),
    groups=MappingProxyType({}),
    slots=MappingProxyType({}),
    intents=MappingProxyType({}),
    tools=MappingProxyType({}),
    variables=MappingProxyType({}),
    inputs=MappingProxyType({}),
    outputs=MappingProxyType({}),
    timers=(),
    flows=MappingProxyType({}),
    grammars=MappingProxyType({}),
)


class FakeRecollection:
    """Nothing was ever asked, no summary is ever written."""

    log = ()

    def summarized(self, event) -> None:
        raise AssertionError("nobody has asked for a summary")

    def failed(self, subject: str, message: str) -> bool:
        return False

    def late(self, subject: str) -> None:
        raise AssertionError("nobody has asked for a summary")

    def lose(self) -> None:
        """There is nothing to lose."""


class FakeAside:
    """Tells a model its task and what was said; there are no tools."""

    def __init__(self, dialog: Any) -> None:
        self.dialog = dialog

    def asks(self, call: str) -> bool:
        return call == "t1"

    def unknown(self, names: Sequence[str] | None) -> Sequence[str]:
        return names or ()

    def briefing(self, task: str, names: Sequence[str] | None = ()) -> Briefing:
        said = tuple({"role": i.role, "text": i.text} for i in self.dialog.speaker.history)
        return Briefing(instructions=task, history=said)

    def drop(self, calls: Sequence[str]) -> None:
        """There are none."""


class FakeDialog:
    """Answers every turn with the lines a test gave it, and remembers what it was told."""

    def __init__(self, flow, outbox, deadlines, speaker) -> None:
        self.outbox, self.deadlines, self.speaker = outbox, deadlines, speaker
        self.asking, self.changes = Asking(outbox, has_model=False), 0
        self.agent_state = self.user_state = "IDLE"
        self.state = "talk"
        self.waiting = True
        self.busy = False
        self.interruptions = InterruptionPolicy()
        self.listen = ListenPolicy()
        self.kinds: tuple[str, ...] = ()
        self.yes_no_open = False
        self.expected: tuple[str, ...] = ()
        self.ended: str | None = None
        self.told: list[tuple[Any, ...]] = []
        self.greeting: tuple[str, ...] = ()
        self.answers: dict[str, tuple[str, ...]] = {}
        self.answer: tuple[str, ...] = ("All right.",)
        self.tool_line: tuple[str, ...] = ("Here is the result.",)
        self.no_input_line: tuple[str, ...] = ("Are you there?",)
        self.states_seen: list[str] = []
        self.aside = FakeAside(self)

    def say(self, *lines: str, purpose: str = "line", **policy: Any) -> None:
        for line in lines:
            self.speaker.say(line, purpose=purpose, policy=replace(self.interruptions, **policy))

    def see(self, agent: str, user: str) -> None:
        self.agent_state, self.user_state = agent, user

    def start(self, event) -> None:
        self.told.append(("start", event.seed))

    def begin(self) -> None:
        self.told.append(("begin",))
        self.say(*self.greeting)

    def user_turn(self, turn: str, text: str) -> None:
        self.told.append(("user_turn", turn, text))
        self.states_seen.append(self.agent_state)
        if text == "bye":
            self.say("Goodbye.")
            self.ended = "hangup"
        elif text == "look it up":
            self.busy = True
            self.waiting = False
            self.outbox.emit(
                CallTool(call="t1", tool="look", use="test", args={}, idempotency_key="k")
            )
        else:
            self.say(*self.answers.get(text, self.answer))

    def key_pressed(self, key: str) -> None:
        self.told.append(("key", key))

    def understood(self, event) -> None:
        self.told.append(("understood", event.turn))

    def replied(self, event) -> None:
        self.told.append(("replied", event.reply))

    def interrupted(self) -> None:
        """A form has nothing to stop when its line is cut."""

    failed = ""
    recollection = FakeRecollection()
    awaited: frozenset[str] = frozenset()
    """Nothing is waited for that could come at a bad moment."""

    def answering(self, turn: str) -> bool:
        return self.deadlines.get(f"understand:{turn}") is not None

    def expects(self, text: str) -> bool:
        return text in self.expected

    def no_input(self) -> None:
        self.told.append(("no_input", self.outbox.at))
        self.say(*self.no_input_line, purpose="ladder")

    def tool_returned(self, event: ToolReturned) -> None:
        self.told.append(("tool", event.call))
        self.busy, self.waiting = False, True
        self.say(*self.tool_line)

    def transfer_ended(self, event) -> None:
        self.told.append(("transfer", event.error))

    def raise_event(self, name: str, data: Mapping[str, Any] | None = None) -> None:
        self.told.append(("event", name))
        if name.startswith("error."):
            self.say("Sorry, something went wrong.", purpose="error")

    def deadline(self, name: str) -> None:
        self.told.append(("deadline", name))

    def end(self, kind: str) -> None:
        self.ended = self.ended or kind

    def lose(self) -> None:
        """It has nothing that only its process knew."""

    def resume(self, *, killed: bool = True) -> None:
        self.told.append(("resume", killed))
        self.say("Welcome back.")

    def speech_over(self) -> bool:
        self.told.append(("speech_over", self.outbox.at))
        return True

    def to_dict(self) -> dict[str, Any]:
        return {
            "waiting": self.waiting,
            "busy": self.busy,
            "ended": self.ended,
            "told": [list(t) for t in self.told],
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        self.waiting, self.busy, self.ended = data["waiting"], data["busy"], data["ended"]
        self.told = [tuple(t) for t in data["told"]]


class Call:
    """A conversation, and short words for what may happen in it. Instants in milliseconds."""

    def __init__(self) -> None:
        self.dialog: FakeDialog = None  # type: ignore[assignment]
        self.conversation = Conversation(FLOW, self._make)
        self.steps: list[Step] = []

    def _make(self, *args: Any) -> Any:
        self.dialog = FakeDialog(*args)
        return self.dialog

    # --- what happens

    def take(self, event: Event) -> None:
        self.steps += self.conversation.receive(event)

    def until(self, at: Millis) -> None:
        self.steps += self.conversation.advance(at)

    def open(self, *greeting: str, at: Millis = 0, **policy: Any) -> None:
        if policy:
            self.dialog.interruptions = replace(self.dialog.interruptions, **policy)
        self.dialog.greeting = greeting
        self.take(SessionStarted(at=at, seed=7, started_at="2026-05-01T12:00:00+02:00"))
        self.take(ParticipantJoined(at=at, participant="caller"))

    def voice(self, edge: Millis, at: Millis | None = None, confidence: float = 1.0) -> None:
        at = edge if at is None else at
        self.take(SpeechStarted(at=at, participant="caller", edge=edge, confidence=confidence))

    def silent(self, edge: Millis, at: Millis | None = None) -> None:
        self.take(SpeechEnded(at=edge + 500 if at is None else at, participant="caller", edge=edge))

    def words(self, at: Millis, text: str, *, final: bool = True, **more: Any) -> None:
        self.take(TranscriptReceived(at=at, participant="caller", text=text, final=final, **more))

    def says(self, start: Millis, end: Millis, text: str, **more: Any) -> None:
        """The caller speaks from edge to edge: transcript 0.2 s, voice activity 0.5 s later."""
        self.voice(start)
        self.words(end + 200, text, **more)
        self.silent(end)

    def plays(self, at: Millis, utterance: str, duration: Millis | None = None) -> None:
        self.take(PlayoutStarted(at=at, utterance=utterance))
        if duration is not None:
            self.take(SpeechPrepared(at=at, utterance=utterance, duration=duration))

    def played(self, at: Millis, utterance: str, played: Millis, complete: bool = True) -> None:
        self.take(PlayoutFinished(at=at, utterance=utterance, played=played, complete=complete))

    # --- what came of it

    @property
    def agent(self) -> str:
        return self.conversation.states.agent

    @property
    def user(self) -> str:
        return self.conversation.states.user

    def effects(self, *kinds: type[Effect]) -> list[tuple[Millis, Effect]]:
        return [
            (step.at, effect)
            for step in self.steps
            for effect in step.effects
            if not kinds or isinstance(effect, kinds)
        ]

    def moves(self, machine: str) -> list[tuple[Millis, str]]:
        return [(m.at, m.new) for s in self.steps for m in s.moves if m.machine == machine]

    def notes(self, *kinds: str) -> list[tuple[Millis, dict[str, Any]]]:
        return [(s.at, n.data) for s in self.steps for n in s.notes if n.kind in kinds]

    def history(self) -> list[tuple[str, str]]:
        return [(item.role, item.text) for item in self.conversation.history]


@pytest.fixture
def call() -> Call:
    return Call()


@pytest.fixture
def make_call() -> Callable[[], Call]:
    return Call
