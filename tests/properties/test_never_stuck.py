"""Every call ends by itself, whatever fails: the real flow, an unruly caller, unreliable services.

The caller does what he likes for a while and is then silent for good. Voice, tools and transfers
work, fail, are late or never answer. However it went, the agent must come to an end on its own, in
bounded time, and must never be silent for long without something being under way.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.effects import (
    CallTool,
    HangUp,
    PauseSpeech,
    ResumeSpeech,
    Say,
    StartReply,
    StopSpeech,
    Transfer,
    Understand,
)
from engine.events import (
    Event,
    KeyPressed,
    Millis,
    ParticipantJoined,
    PlayoutFinished,
    PlayoutStarted,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
    ServiceFailed,
    SessionStarted,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
    TransferEnded,
    Understood,
)
from engine.machine.compiled import CompiledFlow
from engine.testing.golden import load_flow

FLOWS = Path(__file__).parents[2] / "flows"

PATIENCE: Millis = 240_000
"""How long after the caller's last sign of life every call must be over: three reminders, two
tries of a slow tool, two dead lines and a transfer that nobody takes are well below that."""

SENTENCES = [
    "",
    "uh",
    "okay",
    "yes",
    "no",
    "stop",
    "four people tomorrow at seven",
    "make it five people",
    "my name is ann",
    "zero three zero one two three four five six seven",
    "are you open on sundays",
    "never mind",
    "can i speak to a person",
    "the rain in spain",
    "a large funghi for bob",
]
TOOL_VALUES: list[Any] = [
    {"status": "free", "others": []},
    {"status": "full", "others": ["18:00"]},
    {"booking_id": "B17"},
    "nonsense",
    None,
]

REPORTS: list[Any] = [
    {"slots": {"pizza": "funghi", "size": "large", "name": "Bob"}, "intent": "none"},
    {"slots": {"size": "huge", "name": 7}, "intent": "asks_waiting_time"},
    {"slots": None, "intent": "gives_up"},
    {},
]


class World:
    """Voice, tools and transfers, as reliable as the test draws them."""

    def __init__(self, flow: CompiledFlow, draw: Callable[[Any], Any]) -> None:
        self.conversation = Conversation(flow)
        self.draw = draw
        self.now: Millis = 0
        self.steps: list[Step] = []
        self.over: Millis | None = None
        self._heap: list[tuple[Millis, int, Event]] = []
        self._count = 0
        self._queue: list[tuple[str, str]] = []
        self._playing: tuple[str, Millis, Millis] | None = None
        self._paused = False

    def later(self, after: Millis, event: Callable[[Millis], Event]) -> None:
        self._count += 1
        at = self.now + after
        heapq.heappush(self._heap, (at, self._count, event(at)))

    def run(self, until: Millis) -> None:
        """Let everything happen that happens until then, in order of time."""
        while self.over is None:
            due = self.conversation.next_deadline
            following = self._heap[0][0] if self._heap else None
            at = min((t for t in (due, following) if t is not None), default=None)
            if at is None or at > until:
                break
            self.now = max(self.now, at)
            if following == at:
                event = heapq.heappop(self._heap)[2]
                if self._still_true(event):
                    self.take(self.conversation.receive(event))
            else:
                self.take(self.conversation.advance(at))
        self.now = max(self.now, until)

    def take(self, steps: list[Step]) -> None:
        for step in steps:
            self.steps.append(step)
            for effect in step.effects:
                self._obey(effect)
        self._play()

    def happens(self, event: Event) -> None:
        if self.over is None:
            self.take(self.conversation.receive(event))

    def restart(self) -> None:
        """Go on from a snapshot, as another process would."""
        data = json.loads(json.dumps(snapshot.take(self.conversation)))
        self.conversation = snapshot.restore(self.conversation.flow, data)

    # --- services

    def _obey(self, effect: Any) -> None:
        if isinstance(effect, HangUp):
            self.over = self.now
        elif isinstance(effect, Say):
            self._queue.append((effect.utterance, effect.text))
        elif isinstance(effect, StopSpeech):
            for utterance in effect.utterances:
                self._stop(utterance)
        elif isinstance(effect, PauseSpeech | ResumeSpeech):
            self._paused = isinstance(effect, PauseSpeech)
            if not self._paused and self._playing is not None:
                self._ends(self._playing[0], 1_000)
        elif isinstance(effect, StartReply):
            self._talk(effect.reply)
        else:
            self._serve(effect)

    def _serve(self, effect: Any) -> None:
        if isinstance(effect, CallTool):
            self._work(
                lambda at: ToolReturned(
                    at=at, call=effect.call, value=self.draw(st.sampled_from(TOOL_VALUES))
                ),
                lambda at: ToolReturned(at=at, call=effect.call, error="it broke"),
            )
        elif isinstance(effect, Transfer):
            self._work(
                lambda at: TransferEnded(at=at, error="nobody"),
                lambda at: ServiceFailed(at=at, service="transfer", message="no line"),
            )
        elif isinstance(effect, Understand):
            self._work(
                lambda at: Understood(at=at, turn=effect.turn, report={}),
                lambda at: ServiceFailed(at=at, service="llm", message="gone", subject=effect.turn),
            )

    def _talk(self, reply: str) -> None:
        """A model that says, reports and asks for things in any order, and may stop anywhere."""
        pieces = self.draw(
            st.lists(st.sampled_from(["text", "text", "report", "tool"]), max_size=4)
        )
        end = self.draw(st.sampled_from(["finish", "finish", "finish", "fails", "hangs"]))
        after = self.draw(st.sampled_from([50, 400, 3_000]))
        self.later(after, lambda at: ReplyStarted(at=at, reply=reply))
        for piece in pieces:
            after += self.draw(st.sampled_from([0, 200, 2_000]))
            self.later(after, self._piece(reply, piece))
        if end == "finish":
            self.later(after + 10, lambda at: ReplyFinished(at=at, reply=reply))
        elif end == "fails":
            self.later(
                after + 10,
                lambda at: ServiceFailed(at=at, service="llm", message="gone", subject=reply),
            )

    def _piece(self, reply: str, piece: str) -> Callable[[Millis], Event]:
        if piece == "text":
            return lambda at: ReplyDelta(at=at, reply=reply, text="Let me tell you something.")
        if piece == "report":
            report = self.draw(st.sampled_from(REPORTS))
            return lambda at: ReplyReported(at=at, reply=reply, report=report)
        args = self.draw(st.sampled_from([{"pizza": "funghi", "size": "large"}, {"x": 1}]))
        return lambda at: ReplyToolCalled(at=at, reply=reply, id="c", tool="price", args=args)

    def _work(self, good: Callable[[Millis], Event], bad: Callable[[Millis], Event]) -> None:
        how = self.draw(st.sampled_from(["good", "good", "good", "late", "bad", "never"]))
        if how != "never":
            self.later(9_000 if how == "late" else 300, bad if how == "bad" else good)

    def _play(self) -> None:
        """Start the line at the head of the queue, if the voice is willing."""
        if self._playing is not None or not self._queue or self._paused:
            return
        utterance, text = self._queue[0]
        how = self.draw(st.sampled_from(["good"] * 12 + ["fails", "no audio", "no end"]))
        length = 60 * len(text)
        self._playing = (utterance, self.now, length)
        if how == "fails":
            self.later(
                50,
                lambda at: ServiceFailed(at=at, service="tts", message="x", subject=utterance),
            )
            return
        if how == "no audio":
            return
        self.later(100, lambda at: PlayoutStarted(at=at, utterance=utterance))
        self.later(110, lambda at: SpeechPrepared(at=at, utterance=utterance, duration=length))
        if how == "good":
            self._ends(utterance, length + 100)

    def _ends(self, utterance: str, after: Millis) -> None:
        self.later(
            after,
            lambda at: PlayoutFinished(at=at, utterance=utterance, played=after, complete=True),
        )

    def _still_true(self, event: Event) -> bool:
        """What was to come of a line that is gone, or of held audio, does not come."""
        if isinstance(event, ServiceFailed) and event.service == "tts":
            if self._playing is None or self._playing[0] != event.subject:
                return False
            self._gone(event.subject)
            return True
        if not isinstance(event, PlayoutStarted | PlayoutFinished):
            return True
        if isinstance(event, PlayoutFinished) and not event.complete:
            return True
        if self._paused or self._playing is None or self._playing[0] != event.utterance:
            return False
        if isinstance(event, PlayoutFinished):
            self._gone(event.utterance)
        return True

    def _stop(self, utterance: str) -> None:
        self._gone(utterance)
        if self.draw(st.sampled_from([True, True, True, False])):
            self.later(
                20,
                lambda at: PlayoutFinished(at=at, utterance=utterance, played=300, complete=False),
            )

    def _gone(self, utterance: str) -> None:
        self._queue = [item for item in self._queue if item[0] != utterance]
        if self._playing is not None and self._playing[0] == utterance:
            self._playing = None

    # --- the caller

    def somebody_speaks(self, text: str, length: Millis, heard: str) -> None:
        start = self.now
        self.happens(SpeechStarted(at=start, participant="c", edge=max(0, start - 60)))
        self.run(start + length)
        if heard in ("partial", "final"):
            self._words(text, final=False)
        self.run(start + length + 200)
        self.happens(SpeechEnded(at=self.now, participant="c", edge=start + length))
        self.run(self.now + 50)
        if heard in ("final", "untrusted"):
            self._words(text, final=True, accepted=heard == "final")

    def _words(self, text: str, *, final: bool, accepted: bool = True) -> None:
        self.happens(
            TranscriptReceived(
                at=self.now, participant="c", text=text, final=final, accepted=accepted
            )
        )


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from([0, 100, 700, 2_500, 7_000]),
        st.one_of(
            st.tuples(
                st.just("speaks"),
                st.sampled_from(SENTENCES),
                st.sampled_from([100, 600, 2_000]),
                st.sampled_from(["final", "final", "final", "partial", "untrusted", "nothing"]),
            ),
            st.tuples(st.just("types"), st.sampled_from(SENTENCES)),
            st.tuples(st.just("presses"), st.sampled_from("0159#")),
            st.tuples(st.just("hearing fails")),
            st.tuples(st.just("the process restarts")),
        ),
    ),
    max_size=14,
)


def act(world: World, action: tuple[Any, ...]) -> None:
    if action[0] == "speaks":
        world.somebody_speaks(*action[1:])
    elif action[0] == "types":
        world.happens(TextReceived(at=world.now, participant="c", text=action[1]))
    elif action[0] == "presses":
        world.happens(KeyPressed(at=world.now, participant="c", key=action[1]))
    elif action[0] == "the process restarts":
        world.restart()
    else:
        world.happens(ServiceFailed(at=world.now, service="stt", message="gone"))


@pytest.fixture(scope="module", params=["book_table", "order_pizza"])
def flow(request) -> CompiledFlow:
    return load_flow(FLOWS / f"{request.param}.yaml")


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data(), actions=ACTIONS)
def test_every_call_ends_by_itself(flow, data, actions):
    world = World(flow, data.draw)
    world.happens(SessionStarted(at=0, seed=1, started_at="2026-05-01T12:00:00+02:00"))
    world.happens(ParticipantJoined(at=0, participant="c"))
    for pause, action in actions:
        world.run(world.now + pause)
        act(world, action)
    silent_since = world.now
    world.run(silent_since + PATIENCE)

    assert world.over is not None, world.conversation.states
    assert world.conversation.closed
