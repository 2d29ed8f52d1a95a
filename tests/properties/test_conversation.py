"""What holds for every call, whatever the caller, the voice and the services do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from engine.core import agent, snapshot, user
from engine.core.asking import Asking
from engine.core.conversation import Conversation
from engine.core.deadlines import ORDER
from engine.core.step import Deadline, Step
from engine.effects import (
    CallTool,
    HangUp,
    PauseSpeech,
    ResumeSpeech,
    Say,
    StopSpeech,
    Understand,
)
from engine.events import (
    CloseRequested,
    EndOfTurnPredicted,
    Event,
    KeyPressed,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    PlayoutStarted,
    ServiceFailed,
    SessionStarted,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
)
from engine.machine.compiled import CompiledFlow, InterruptionPolicy, ListenPolicy
from tests.engine.core.conftest import FakeRecollection

FLOW = CompiledFlow(
    id="any",
    version="1",
    fingerprint="f",
    start="s",
    states={},
    groups={},
    slots={},
    intents={},
    tools={},
    variables={},
    inputs={},
    outputs={},
    timers=(),
    flows={},
    grammars={},
)

POLICIES = st.builds(
    InterruptionPolicy,
    allow=st.sampled_from([True, True, True, False]),
    mode=st.sampled_from(["vad", "stt", "hybrid"]),
    min_time=st.sampled_from([0, 60, 500]),
    min_words=st.sampled_from([0, 1, 2]),
    phrases=st.just(("stop",)),
    ignore=st.just(("okay", "right")),
    blocked=st.sampled_from(["keep", "discard"]),
    false_alarm_pause=st.sampled_from([0, 1_200, 2_000]),
    false_alarm_resume=st.booleans(),
    fade=st.sampled_from([0, 80]),
    echo_guard=st.sampled_from([0, 0, 300, 5_000]),
)
LISTENING = st.builds(
    ListenPolicy,
    end_of_turn=st.sampled_from(["fixed", "adaptive", "dynamic"]),
    min_wait=st.sampled_from([0, 300, 500]),
    max_wait=st.sampled_from([500, 1_200]),
    silence=st.sampled_from([500, 6_000]),
    transcript_timeout=st.sampled_from([0, 2_000]),
    max_turn=st.sampled_from([1_000, 60_000]),
)
PAUSES = st.sampled_from(
    [0, 1, 20, 59, 60, 200, 299, 300, 499, 500, 501, 1_200, 2_000, 6_000, 10_000]
)
TEXTS = st.sampled_from(
    ["", "uh", "okay", "stop", "no", "yes please", "look it up", "bye", "a b c"]
)
LINES = st.lists(
    st.sampled_from(["Hello.", "For how many people?", "One two three four."]), max_size=3
)


class PlayDialog:
    """A dialog that answers from a list of its own: what it says is data of the test."""

    def __init__(self, flow, outbox, deadlines, speaker) -> None:
        self.outbox, self.speaker = outbox, speaker
        self.asking, self.changes = Asking(outbox, has_model=False), 0
        self.agent_state = self.user_state = ""
        self.state, self.kinds, self.yes_no_open = "s", (), False
        self.waiting, self.busy, self.ended = True, False, None
        self.interruptions, self.listen = InterruptionPolicy(), ListenPolicy()
        self.lines: tuple[str, ...] = ("Well.",)
        self.turns: list[str] = []
        self.errors = 0
        self.mixed = False

    def say(self, purpose="line") -> None:
        for number, line in enumerate(self.lines or ("Hm.",)):
            protected = replace(self.interruptions, allow=False)
            policy = protected if self.mixed and number == 1 else self.interruptions
            self.speaker.say(line, purpose=purpose, policy=policy)

    def see(self, agent: str, user: str) -> None:
        self.agent_state, self.user_state = agent, user

    def start(self, event) -> None: ...

    def begin(self) -> None:
        self.say()

    def user_turn(self, turn: str, text: str) -> None:
        assert self.ended is None
        assert self.agent_state in (agent.THINKING, agent.LISTENING, agent.SPEAKING)
        assert turn not in self.turns
        self.turns.append(turn)
        if text == "bye":
            self.say()
            self.ended = "hangup"
        elif text == "look it up":
            self.busy, self.waiting = True, False
        else:
            self.say()

    def tool_returned(self, event) -> None:
        self.busy, self.waiting = False, True
        self.say()

    def replied(self, event) -> None: ...

    def interrupted(self) -> None: ...

    failed = ""
    recollection = FakeRecollection()
    awaited: frozenset[str] = frozenset()
    """Nothing is waited for that could come at a bad moment."""

    def answering(self, turn: str) -> bool:
        return False

    def expects(self, text: str) -> bool:
        return text == "no"

    def no_input(self) -> None:
        assert not self.speaker.speaking
        assert self.waiting
        self.say("ladder")

    def raise_event(self, name, data=None) -> None:
        if name == "call.ended" and self.ended is not None:
            return  # who hangs up during the goodbye: nothing is left to be told
        assert self.ended is None
        self.errors += 1
        if name.startswith("error.") and self.errors > 3:
            self.ended = "hangup"
        self.say("error")

    def key_pressed(self, key) -> None: ...

    def understood(self, event) -> None: ...

    def transfer_ended(self, event) -> None: ...

    def deadline(self, name) -> None:
        raise AssertionError(name)

    def speech_over(self) -> bool:
        assert not self.speaker.speaking
        return False

    def to_dict(self) -> dict[str, Any]:
        return {
            name: getattr(self, name)
            for name in ("waiting", "busy", "ended", "lines", "turns", "errors", "mixed")
        }

    def from_dict(self, data) -> None:
        for name, value in data.items():
            setattr(self, name, value)
        self.lines, self.turns = tuple(self.lines), list(self.turns)


@dataclass
class Voice:
    """What the audio side does with the lines: the physics the events must obey."""

    queue: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    audible: str | None = None
    owed: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    paused: bool = False

    def obey(self, effect: Any) -> None:
        if isinstance(effect, Say):
            assert effect.utterance not in self.texts
            assert effect.turn not in {u.split(".")[0] for u in self.stopped}
            self.queue.append(effect.utterance)
            self.texts[effect.utterance] = effect.text
        elif isinstance(effect, StopSpeech):
            for utterance in effect.utterances:
                assert utterance not in self.stopped
                self.stopped.add(utterance)
                self.queue = [u for u in self.queue if u != utterance]
                if self.audible == utterance:
                    self.audible = None
                self.owed.append(utterance)
        elif isinstance(effect, PauseSpeech):
            assert not self.paused
            self.paused = True
        elif isinstance(effect, ResumeSpeech):
            assert self.paused
            self.paused = False


class UnrulyCaller(RuleBasedStateMachine):
    """Speaks, stops, types, and lets everything else go wrong; the invariants must hold."""

    @initialize(policy=POLICIES, listen=LISTENING, lines=LINES, mixed=st.booleans())
    def begin(self, policy, listen, lines, mixed):
        self.policy, self.listen = policy, listen
        self.dialogs: list[PlayDialog] = []
        self.conversation, self.twin = self.make(), self.make()
        self.sliced = self.make()
        self.events: list[Event] = []
        self.steps: list[Step] = []
        self.twin_steps: list[Step] = []
        self.sliced_steps: list[Step] = []
        self.voice = Voice()
        self.now = 0
        self.speaking = False
        self.tool = False
        self.over = False
        for dialog in self.dialogs:
            dialog.lines, dialog.mixed = tuple(lines), mixed
        self.take(SessionStarted(at=0, seed=1, started_at="2026-05-01T12:00:00+02:00"))
        self.take(ParticipantJoined(at=0, participant="c"))

    def make(self) -> Conversation:
        def build(*args: Any) -> Any:
            dialog = PlayDialog(*args)
            dialog.interruptions, dialog.listen = self.policy, self.listen
            self.dialogs.append(dialog)
            return dialog

        self.build = build
        return Conversation(FLOW, build)

    def take(self, event: Event) -> None:
        self.record(self.conversation.receive(event))
        self.twin_steps += self.twin.receive(event)
        self.sliced_steps += self.sliced.receive(event)

    def record(self, steps: list[Step]) -> None:
        for step in steps:
            assert not self.over or not step.effects, "nothing follows a HangUp"
            for effect in step.effects:
                assert not self.over
                self.over = isinstance(effect, HangUp)
                self.voice.obey(effect)
                self.tool = self.tool or isinstance(effect, CallTool | Understand)
        self.steps += steps

    # --- what happens

    @rule(pause=PAUSES)
    def time_passes(self, pause):
        """Three ways through the same time: at once, as events come, and in slices."""
        self.now += pause
        self.record(self.conversation.advance(self.now))
        self.twin_steps += self.twin.advance(self.now)
        for at in range(self.now - min(pause, 600), self.now + 1, 7):
            self.sliced_steps += self.sliced.advance(at)
        self.sliced_steps += self.sliced.advance(self.now)

    @precondition(lambda self: not self.speaking)
    @rule(before=st.sampled_from([0, 100]))
    def speech_starts(self, before):
        self.speaking = True
        self.take(SpeechStarted(at=self.now, participant="c", edge=self.now - before))

    @precondition(lambda self: self.speaking)
    @rule(before=st.sampled_from([0, 300, 500]))
    def speech_ends(self, before):
        self.speaking = False
        self.take(SpeechEnded(at=self.now, participant="c", edge=self.now - before))

    @rule(text=TEXTS, final=st.booleans(), accepted=st.sampled_from([True, True, False]))
    def words(self, text, final, accepted):
        self.take(
            TranscriptReceived(
                at=self.now, participant="c", text=text, final=final, accepted=accepted
            )
        )

    @precondition(lambda self: not self.speaking)
    @rule(text=TEXTS, length=PAUSES, accepted=st.sampled_from([True, True, False]))
    def somebody_says(self, text, length, accepted):
        """As it usually goes: voice, its end, and in between a partial and the final words."""
        self.speech_starts(0)
        self.time_passes(length)
        self.words(text, False, accepted)
        self.time_passes(200)
        self.words(text, True, accepted)
        self.time_passes(300)
        self.speech_ends(500)

    @rule(probability=st.sampled_from([0.0, 0.5, 1.0]), text=TEXTS)
    def end_of_turn_is_predicted(self, probability, text):
        self.take(EndOfTurnPredicted(at=self.now, turn="u1", text=text, probability=probability))

    @rule(text=TEXTS)
    def text_is_typed(self, text):
        self.take(TextReceived(at=self.now, participant="c", text=text))

    @rule()
    def a_key_is_pressed(self):
        self.take(KeyPressed(at=self.now, participant="c", key="1"))

    @precondition(
        lambda self: self.voice.queue and not self.voice.audible and not self.voice.paused
    )
    @rule(duration=st.sampled_from([None, 0, 400, 3_000]))
    def a_line_becomes_audible(self, duration):
        self.voice.audible = self.voice.queue[0]
        self.take(PlayoutStarted(at=self.now, utterance=self.voice.audible))
        if duration is not None:
            self.take(SpeechPrepared(at=self.now, utterance=self.voice.audible, duration=duration))

    @precondition(lambda self: self.voice.audible and not self.voice.paused)
    @rule(played=st.sampled_from([0, 200, 5_000]))
    def a_line_ends(self, played):
        done = self.voice.queue.pop(0)
        self.voice.audible = None
        self.take(PlayoutFinished(at=self.now, utterance=done, played=played, complete=True))

    @precondition(lambda self: self.voice.owed)
    @rule(played=st.sampled_from([0, 200, 5_000]))
    def a_stopped_line_ends(self, played):
        done = self.voice.owed.pop(0)
        self.take(PlayoutFinished(at=self.now, utterance=done, played=played, complete=False))

    @precondition(
        lambda self: self.voice.queue and not self.voice.audible and not self.voice.paused
    )
    @rule(duration=st.sampled_from([400, 3_000]))
    def a_line_is_heard(self, duration):
        """As it usually goes: audible, then over, unless it is held or cut."""
        self.a_line_becomes_audible(duration)
        self.time_passes(duration)
        if self.voice.audible and not self.voice.paused:
            self.a_line_ends(duration)

    @precondition(lambda self: self.voice.queue and not self.voice.audible)
    @rule(pause=PAUSES)
    def everything_is_heard(self, pause):
        for _ in range(len(self.voice.queue)):
            if self.voice.queue and not self.voice.audible and not self.voice.paused:
                self.a_line_is_heard(400)
        self.time_passes(pause)

    @rule(call=st.sampled_from(["t1", "t9"]))
    def a_tool_returns(self, call):
        self.take(ToolReturned(at=self.now, call=call))

    @rule(name=st.sampled_from(["a1.1", "a9.9", ""]))
    def the_audio_side_speaks_of_dead_lines(self, name):
        """Late results change nothing: neither states, nor effects, nor deadlines."""
        if name in self.voice.texts and name not in self.voice.stopped:
            return
        before, due = self.conversation.states, self.conversation.next_deadline
        count = len(self.steps)
        self.take(PlayoutStarted(at=self.now, utterance=name))

        mine = [s for s in self.steps[count:] if isinstance(s.cause, PlayoutStarted)]
        assert [s.effects for s in mine] == [()]
        if len(self.steps) == count + 1:
            assert (self.conversation.states, self.conversation.next_deadline) == (before, due)

    @rule(service=st.sampled_from([""] * 9 + ["stt", "vad", "turn_detector"]))
    def a_service_fails(self, service):
        if not service:
            return
        if service == "vad":
            self.speaking = False
        self.take(ServiceFailed(at=self.now, service=service, message="x"))

    @precondition(lambda self: self.voice.queue)
    @rule(how=st.sampled_from(["not"] * 6 + ["one line", "all"]))
    def the_voice_fails(self, how):
        if how == "not":
            return
        if how == "all":
            lost, self.voice.queue = self.voice.queue, []
            self.take(ServiceFailed(at=self.now, service="tts", message="x"))
        else:
            lost = [self.voice.queue.pop(0)]
            self.take(ServiceFailed(at=self.now, service="tts", message="x", subject=lost[0]))
        self.voice.audible = None
        for name in lost:
            self.take(PlayoutFinished(at=self.now, utterance=name, played=0, complete=False))

    @precondition(lambda self: len(self.steps) > 40)
    @rule(end=st.sampled_from([0] * 9 + [1, 2]))
    def the_call_is_ended_from_outside(self, end):
        if end == 1:
            self.take(CloseRequested(at=self.now, reason="drain"))
        elif end == 2:
            self.take(ParticipantLeft(at=self.now, participant="c"))

    @rule()
    def the_process_is_restarted(self):
        """The call goes on from a snapshot in a new object; nobody can tell."""
        data = json.loads(json.dumps(snapshot.take(self.conversation)))
        self.conversation = snapshot.restore(FLOW, data, self.build)

    # --- what must hold

    @invariant()
    def the_same_events_give_the_same_steps(self):
        assert self.steps == self.twin_steps
        assert self.steps == self.sliced_steps
        assert self.conversation.history == self.twin.history

    @invariant()
    def no_deadline_lies_in_the_past(self):
        due = self.conversation.next_deadline
        assert due is None or due > self.conversation.now

    @invariant()
    def steps_are_in_order(self):
        keys = [
            (s.at, ORDER.index(s.cause.name.split(":")[0]))
            for s in self.steps
            if isinstance(s.cause, Deadline)
        ]
        assert [s.seq for s in self.steps] == list(range(1, len(self.steps) + 1))
        assert [s.at for s in self.steps] == sorted(s.at for s in self.steps)
        assert [k[0] for k in keys] == sorted(k[0] for k in keys)

    @invariant()
    def all_machines_are_in_known_states(self):
        states = self.conversation.states
        assert states.agent in agent.STATES
        assert states.user in user.STATES
        assert states.agent != agent.STARTING
        assert (states.agent == agent.CLOSING) == self.conversation.closed == self.over

    @invariant()
    def states_say_what_is_the_case(self):
        states = self.conversation.states
        if self.over:
            return
        if states.agent == agent.SPEAKING:
            assert self.voice.queue, "SPEAKING without a line"
        if self.voice.audible:
            assert states.agent == agent.SPEAKING
        if states.agent == agent.LISTENING:
            assert not self.voice.queue, "LISTENING while a line is under way"
        if states.agent == agent.THINKING:
            busy = self.dialogs_busy()
            assert self.voice.queue or busy, "THINKING without work"
        assert states.paused == self.voice.paused
        assert self.voice.queue or not states.paused, "nothing is held, and nothing will be heard"
        assert (states.user == user.LISTENING) <= (states.agent == agent.SPEAKING)

    def dialogs_busy(self) -> bool:
        return self.dialogs[1].busy

    @invariant()
    def nothing_is_stuck(self):
        """A conversation that is not over waits for somebody who is bound by a deadline."""
        if self.over:
            return
        waiting_for_tool = self.dialogs_busy()
        voice = self.speaking
        assert self.conversation.next_deadline is not None or waiting_for_tool or voice

    @invariant()
    def history_holds_what_was_heard(self):
        said = [i for i in self.conversation.history if i.role == "assistant"]
        for item in said:
            assert self.voice.texts[item.id].startswith(item.text)
            assert item.interrupted == (item.id in self.voice.stopped) or not item.interrupted
        assert len({i.id for i in self.conversation.history}) == len(self.conversation.history)


UnrulyCaller.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestUnrulyCaller = UnrulyCaller.TestCase
