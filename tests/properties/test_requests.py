"""Whatever a program asks for, and whatever the caller does meanwhile: every request ends, once."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.effects import (
    CallTool,
    CancelReply,
    HangUp,
    PlayFile,
    Say,
    StartReply,
    StopSpeech,
    Transfer,
)
from engine.events import (
    Event,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    PlayoutStarted,
    ReplyDelta,
    ReplyFinished,
    ReplyStarted,
    ServiceFailed,
    SessionStarted,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
    TransferEnded,
)
from engine.requests import (
    EndRequested,
    InterruptRequested,
    ReplyRequested,
    SayRequested,
    TransferRequested,
)
from tests.engine.core.conftest import FLOW, FakeDialog

LENGTH = 1_500
"""Milliseconds of every line."""

PROTECTED = st.sampled_from([None, None, True, False])
WHAT = st.one_of(
    st.tuples(st.just("say"), PROTECTED),
    st.tuples(st.just("reply"), PROTECTED),
    st.tuples(st.just("interrupt"), st.booleans()),
    st.tuples(st.just("stop_last"), st.booleans()),
    st.tuples(st.just("speech"), st.sampled_from(["", "hello there", "stop", "look it up"])),
    st.tuples(st.just("typed"), st.sampled_from(["hello", "bye"])),
    st.tuples(st.just("transfer"), st.sampled_from([None, "busy"])),
    st.tuples(st.just("away"), st.sampled_from([500, 20_000])),
    st.tuples(st.just("end"), st.just(None)),
)
PLANS = st.lists(st.tuples(st.sampled_from([0, 1, 200, 900, 2_500]), WHAT), max_size=14)
MODELS = st.sampled_from(["talks", "fails", "silent", "never"])


@dataclass
class World:
    """A voice, a model and a desk for one conversation, and the order in which things happen."""

    model: str
    conversation: Conversation = field(default_factory=lambda: Conversation(FLOW, FakeDialog))
    steps: list[Step] = field(default_factory=list)
    coming: list[tuple[int, int, Event]] = field(default_factory=list)
    number: Any = field(default_factory=itertools.count)
    queue: list[str] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)
    at: int = 0
    refusal: str | None = None

    def later(self, delay: int, event: type[Event], **fields: Any) -> None:
        at = self.at + delay
        heapq.heappush(self.coming, (at, next(self.number), event(at=at, **fields)))

    def until(self, limit: int) -> None:
        """Let everything happen that is due until then, in its order: events and deadlines."""
        while True:
            due = self.conversation.next_deadline
            event = self.coming[0][0] if self.coming else None
            first = min((at for at in (due, event) if at is not None), default=limit + 1)
            if first > limit:
                break
            if event == first:
                self.take(first, heapq.heappop(self.coming)[2])
            else:
                self.at = first
                self.did(self.conversation.advance(first))
        self.at = limit

    def take(self, at: int, event: Event) -> None:
        self.at = at
        if isinstance(event, PlayoutFinished) and event.complete:
            self.queue.remove(event.utterance)
            self.begin_next()
        self.did(self.conversation.receive(event))

    def did(self, steps: list[Step]) -> None:
        for step in steps:
            self.steps.append(step)
            for effect in step.effects:
                self.carry_out(effect)

    def carry_out(self, effect: Any) -> None:
        match effect:
            case Say() | PlayFile():
                self.queue.append(effect.utterance)
                self.begin_next()
            case StopSpeech():
                for name in effect.utterances:
                    self.cut(name)
            case StartReply():
                self.talk(effect.reply)
            case CancelReply():
                self.drop(lambda event: getattr(event, "reply", "") == effect.reply)
            case CallTool():
                self.later(1_000, ToolReturned, call=effect.call, value=1)
            case Transfer():
                self.later(3_000, TransferEnded, error=self.refusal)

    def begin_next(self) -> None:
        """The voice speaks one line after the other."""
        if not self.queue or self.queue[0] in self.begun:
            return
        line = {"utterance": self.queue[0]}
        self.begun[self.queue[0]] = self.at + 100
        self.later(100, PlayoutStarted, **line)
        self.later(100, SpeechPrepared, **line, duration=LENGTH)
        self.later(100 + LENGTH, PlayoutFinished, **line, played=LENGTH, complete=True)

    def cut(self, name: str) -> None:
        if name not in self.queue:
            return
        self.queue.remove(name)
        self.drop(lambda event: getattr(event, "utterance", "") == name)
        played = max(0, self.at - self.begun.get(name, self.at))
        self.later(1, PlayoutFinished, utterance=name, played=played, complete=False)
        self.begin_next()

    def drop(self, unwanted: Any) -> None:
        self.coming = [item for item in self.coming if not unwanted(item[2])]
        heapq.heapify(self.coming)

    def talk(self, reply: str) -> None:
        if self.model == "fails":
            self.later(300, ServiceFailed, service="llm", message="down", subject=reply)
        elif self.model != "never":
            self.later(300, ReplyStarted, reply=reply)
            if self.model == "talks":
                self.later(400, ReplyDelta, reply=reply, text="One.")
                self.later(900, ReplyDelta, reply=reply, text="Two.")
            self.later(1_000, ReplyFinished, reply=reply)


def play(world: World, plan: list[tuple[int, tuple[str, Any]]]) -> dict[str, bool | None]:
    """Carry out a plan; return what was asked for, with its protection."""
    asked: dict[str, bool | None] = {}
    for delay, (what, how) in plan:
        world.until(world.at + delay)
        name, at = f"q{len(asked) + 1}", world.at
        match what:
            case "say":
                asked[name] = how
                event: Event = SayRequested(at=at, request=name, text="A line.", interruptible=how)
            case "reply":
                asked[name] = how
                event = ReplyRequested(at=at, request=name, instructions="x", interruptible=how)
            case "interrupt":
                event = InterruptRequested(at=at, force=how)
            case "stop_last":
                last = f"q{len(asked)}" if asked else "q0"
                event = InterruptRequested(at=at, request=last, force=how)
            case "transfer":
                asked[name] = None
                world.refusal = how
                event = TransferRequested(at=at, request=name, to="desk")
            case "typed":
                event = TextReceived(at=at, participant="caller", text=how)
            case "away":
                world.later(how, ParticipantJoined, participant="caller")
                event = ParticipantLeft(at=at, participant="caller", reason="lost", grace=10_000)
            case "end":
                event = EndRequested(at=at, reason="done")
            case _:
                world.later(700, SpeechEnded, participant="caller", edge=at + 500)
                world.later(750, TranscriptReceived, participant="caller", text=how, final=True)
                event = SpeechStarted(at=at, participant="caller", edge=at)
        world.take(at, event)
    return asked


LOST_WITHIN_A_WORD = [(2_500, ("say", False)), (202, ("away", 500))]


@example(plan=LOST_WITHIN_A_WORD, model="never", joined=True)
@given(PLANS, MODELS, st.booleans())
def test_every_request_ends_once_and_tells_what_was_heard(
    plan: list[tuple[int, tuple[str, Any]]], model: str, joined: bool
) -> None:
    world = World(model=model)
    world.take(0, SessionStarted(at=0, seed=7, started_at="2026-05-01T12:00:00+02:00"))
    if joined:
        world.take(0, ParticipantJoined(at=0, participant="caller"))
    asked = play(world, plan)
    if not joined:
        world.take(world.at, ParticipantJoined(at=world.at, participant="caller"))
    for _ in range(20):  # whatever is under way comes to its end, and then the call
        world.until(world.at + 10_000)
    world.take(world.at, EndRequested(at=world.at, reason="over"))
    for _ in range(20):
        world.until(world.at + 10_000)

    assert [type(e) for s in world.steps for e in s.effects].count(HangUp) == 1
    ended = [n.data for s in world.steps for n in s.notes if n.kind == "request"]
    late = sum(n.data.get("event", "").endswith("Requested") for s in world.steps for n in s.notes)
    assert len({data["request"] for data in ended}) == len(ended), "each ends once"
    assert {data["request"] for data in ended} <= asked.keys()
    assert len(ended) >= len(asked) - late, "and each one that came before the end does"
    for data in ended:
        if data["heard"] == "" and asked[data["request"]] is not None:
            assert data["interrupted"] or data["error"]
    data = snapshot.take(world.conversation)["conversation"]["requests"]
    assert data["asked"] == []


@given(PLANS)
def test_nothing_but_force_cuts_a_protected_line(plan: list[tuple[int, tuple[str, Any]]]) -> None:
    calm = [
        (delay, (what, False if what in ("interrupt", "stop_last") else how))
        for delay, (what, how) in plan
        if what not in ("away", "end", "transfer") and how != "bye"
    ]
    world = World(model="talks")
    world.take(0, SessionStarted(at=0, seed=7, started_at="2026-05-01T12:00:00+02:00"))
    world.take(0, ParticipantJoined(at=0, participant="caller"))
    asked = play(world, calm)
    for _ in range(20):
        world.until(world.at + 10_000)

    protected = {
        effect.utterance
        for step in world.steps
        for effect in step.effects
        if isinstance(effect, Say) and not effect.interruptible
    }
    stopped = {
        name
        for step in world.steps
        for effect in step.effects
        if isinstance(effect, StopSpeech)
        for name in effect.utterances
    }
    assert not protected & stopped
    ended = {n.data["request"]: n.data for s in world.steps for n in s.notes if n.kind == "request"}
    for name, protection in asked.items():
        if protection is False:
            assert not ended[name]["interrupted"], ended[name]


@given(PLANS, MODELS, st.integers(0, 12))
def test_a_copy_of_the_call_decides_the_same(
    plan: list[tuple[int, tuple[str, Any]]], model: str, cut: int
) -> None:
    """Taken anywhere, through JSON-like data, it answers the next events as the original does."""
    world = World(model=model)
    world.take(0, SessionStarted(at=0, seed=7, started_at="2026-05-01T12:00:00+02:00"))
    world.take(0, ParticipantJoined(at=0, participant="caller"))
    play(world, plan[:cut])
    copy = snapshot.restore(FLOW, snapshot.take(world.conversation), FakeDialog)

    for event in (
        SayRequested(at=world.at, request="q90", text="More."),
        ReplyRequested(at=world.at + 5, request="q91", instructions="x"),
        InterruptRequested(at=world.at + 10, request="q90"),
        TextReceived(at=world.at + 20, participant="caller", text="hello"),
    ):
        assert copy.receive(event) == world.conversation.receive(event)
