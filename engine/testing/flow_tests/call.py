"""One call as text, on virtual time: the bare core with a perfect caller, voice and world.

    call = TextCall(flow, Mocks(flow, {"find_table": {"status": "free", "others": []}}))
    call.start()
    call.rest()                       # until the agent has spoken and only the caller can go on
    call.types("a table for four")
    call.rest()
    call.said[-1].text

No audio, no network, no clock: a call of eight minutes takes milliseconds. Only a tool that really
runs takes real time.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from engine import effects as do
from engine.core import snapshot
from engine.core.conversation import Conversation, DialogFactory
from engine.core.reload import move
from engine.core.step import Step
from engine.core.values import unpack
from engine.errors import TurnwiseError
from engine.events import (
    EndOfTurnPredicted,
    Event,
    FlowReplaced,
    KeyPressed,
    Millis,
    ParticipantJoined,
    PlayoutFinished,
    SessionStarted,
    SpeechEnded,
    SpeechStarted,
    TextReceived,
    TranscriptReceived,
)
from engine.machine.compiled import CompiledFlow
from engine.pipeline.data import plain_map
from engine.testing.flow_tests.answers import REPLY, REPORT, SUMMARY, TRANSFER, events_of
from engine.testing.flow_tests.models import Model
from engine.testing.flow_tests.replies import Replies, own_question
from engine.testing.flow_tests.said import Called, Line
from engine.testing.flow_tests.staged import StagedDialog, staged
from engine.testing.flow_tests.voice import WORD, TextVoice
from engine.testing.flow_tests.world import Never, Reply, World
from engine.wording import writable_record

CALLER = "caller"
KEY_PAUSE: Millis = 200
"""Between two keys."""
HANGOVER: Millis = 200
"""Until the end of the caller's voice is noticed."""
TRANSCRIPT: Millis = 50
"""From there to the final transcript."""
PATIENCE: Millis = 15 * 60_000
"""A conversation that goes on by itself for so long never comes to rest."""

_WORKING = (
    "end_of_turn",
    "transcript",
    "interrupt",
    "false_alarm",
    "tool",
    "retry",
    "transfer",
    "understand",
    "reply",
    "keys",
    "first_audio",
    "playout",
)
"""Kinds of deadlines that are not the caller's: somebody else will still do something."""


class NeverAtRestError(TurnwiseError):
    """The conversation goes on and on without the caller."""


class TextCall:
    """One call.

    Args:
        flow: what it runs.
        world: answers tools and transfers.
        now: the caller's local time at the start, ISO 8601.
        inputs: of the flow.
        make_dialog: as for `Conversation`.
        model: answers what is asked of a language model; by default the flow's own questions.
    """

    def __init__(
        self,
        flow: CompiledFlow,
        world: World,
        *,
        now: str = "2026-05-01T12:00",
        inputs: Mapping[str, Any] | None = None,
        make_dialog: DialogFactory = StagedDialog,
        model: Model | None = None,
    ) -> None:
        self.flow = flow
        self.now: Millis = 0
        self.steps: list[Step] = []
        self.said: list[Line] = []
        self.calls: list[Called] = []
        self.over: do.HangUp | None = None
        self.transferred = False
        self._started_at = now
        self._inputs = plain_map(inputs, "inputs")
        self._world = world
        self._model = model or Replies(None, self.own_question)
        self._make_dialog = make_dialog
        self._conversation = Conversation(flow, make_dialog)
        self._voice = TextVoice(self._post, lambda: self.now, self._later)
        self._heap: list[tuple[Millis, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._mailbox: deque[Event] = deque()
        self._replies: dict[str, Reply] = {}
        self._unheard = 0
        """Utterances of the caller that are still on their way."""

    # --- what can be read ------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """Qualified id of the dialog's state: `hours/tell` inside a called flow."""
        return self._conversation.states.dialog

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The stack of flows, the first call at the bottom, as the snapshot shows it."""
        frames: list[dict[str, Any]] = self._conversation.to_dict()["dialog"]["scene"]["frames"]
        return frames

    def slots(self) -> dict[str, Any]:
        """Return the slots of the flow on top, then of those below; typed values, None: empty."""
        found: dict[str, Any] = {}
        for frame in reversed(self.frames):
            found = {**unpack(frame["memory"]["slots"]), **found}
        return found

    def own_question(self) -> str:
        """Return what the author would ask next in free talk."""
        return own_question(self.flow, self.state, self.slots())

    @property
    def listens(self) -> bool:
        """Nothing is owed any more but by the caller; the agent may still be speaking."""
        waits = (name.partition(":")[0] for name in self._conversation.pending)
        speech = ("first_audio", "playout")
        return not (
            self._mailbox
            or self._replies
            or self._unheard
            or any(kind in _WORKING and kind not in speech for kind in waits)
        )

    @property
    def quiet(self) -> bool:
        """The agent has said everything, and only the caller or time can change anything."""
        if self.over is not None:
            return True
        return self.listens and not self._voice.busy and not self._heap

    # --- what can happen -------------------------------------------------------------------------

    def start(self) -> None:
        """Open the call: the flow is entered."""
        started = SessionStarted(
            at=0, seed=0, started_at=self._started_at, channel="text", inputs=self._inputs
        )
        self._receive(started)
        self._receive(ParticipantJoined(at=self.now, participant=CALLER))

    def types(self, text: str) -> None:
        """The caller says a whole turn."""
        self._receive(TextReceived(at=self.now, participant=CALLER, text=text))

    def presses(self, keys: str) -> None:
        """The caller presses keys, one after the other."""
        for n, key in enumerate(keys):
            if n:
                self.pass_time(KEY_PAUSE)
            if self.over is None:
                self._receive(KeyPressed(at=self.now, participant=CALLER, key=key))

    def speaks(self, text: str, after: Millis = 0) -> None:
        """The caller speaks aloud from `after` ms on, at the speed of speech; words come late."""
        self._unheard += 1
        begin, words = self.now + after, text.split()
        end = begin + len(words) * WORD
        self._later(
            begin,
            lambda: self._post(SpeechStarted(at=self.now, participant=CALLER, edge=begin)),
        )
        for n in range(1, len(words)):
            part = " ".join(words[:n])
            self._later(begin + n * WORD, lambda part=part: self._hear(part))  # type: ignore[misc]
        self._later(
            end + HANGOVER,
            lambda: self._post(SpeechEnded(at=self.now, participant=CALLER, edge=end)),
        )
        self._later(end + HANGOVER + TRANSCRIPT, lambda: self._hear(text, final=True))

    def happens(self, event: str) -> None:
        """Let any event happen: `app.paid`, `timer.long_call`, `error.stt`."""
        self._receive(staged(event, self.now))

    # --- time ------------------------------------------------------------------------------------

    def rest(self) -> None:
        """Go on until the call is quiet. Raises `NeverAtRestError`."""
        self.go_on(lambda: self.quiet)

    def go_on(self, until: Callable[[], bool]) -> bool:
        """Go on until something is so, or the call is quiet; return whether it is so.

        Raises:
            NeverAtRestError: neither comes.
        """
        limit = self.now + PATIENCE
        while not until():
            if self.quiet:
                return False
            if not self._advance(limit):
                minutes = PATIENCE // 60_000
                raise NeverAtRestError(f"after {minutes} minutes the agent is still not at rest")
        return True

    def pass_time(self, length: Millis) -> None:
        """Let so many milliseconds pass, with everything that happens in them."""
        end = self.now + length
        while self.over is None and self._advance(end):
            pass
        self.now = max(self.now, end) if self.over is None else self.now

    def _advance(self, limit: Millis) -> bool:
        """Let the next thing happen that is due until `limit`; False when there is none."""
        due = self._conversation.next_deadline
        times = [t for t in (due, self._heap[0][0] if self._heap else None) if t is not None]
        until = min([limit, *times])
        if self._answered(max(0, until - self.now)):
            return True
        if not times or until < min(times):
            return False
        self.now = max(self.now, until)
        if self._heap and self._heap[0][0] <= until:
            heapq.heappop(self._heap)[2]()
            self._drain()
        else:
            self._take(self._conversation.advance(until))
            self._drain()
        return True

    def _answered(self, limit: Millis) -> bool:
        """Take the first answer that comes within `limit` ms of virtual time."""
        for call, reply in list(self._replies.items()):
            found = reply.wait(limit)
            if found is not None:
                elapsed, answer = found
                self.now += elapsed
                del self._replies[call]
                if call == TRANSFER:
                    self.transferred = answer.error is None
                for event in events_of(call, answer, self.now):
                    self._post(event)
                self._drain()
                return True
        return False

    def _later(self, at: Millis, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at, next(self._count), action))

    def _post(self, event: Event) -> None:
        self._mailbox.append(writable_record(event))  # as the mailbox of a real call

    def _hear(self, text: str, *, final: bool = False) -> None:
        self._unheard -= final
        self._post(TranscriptReceived(at=self.now, participant=CALLER, text=text, final=final))

    # --- steps -----------------------------------------------------------------------------------

    def _receive(self, event: Event) -> None:
        self._post(event)
        self._drain()

    def _drain(self) -> None:
        while self._mailbox:
            self._take(self._conversation.receive(self._mailbox.popleft()))

    def _take(self, steps: list[Step]) -> None:
        for step in steps:
            self.steps.append(step)
            if isinstance(step.cause, PlayoutFinished):
                self._finished(step.cause)
            for effect in step.effects:
                self._carry_out(effect)

    def _finished(self, event: PlayoutFinished) -> None:
        for line in reversed(self.said):
            if line.utterance == event.utterance:
                line.whole = event.complete
                return

    def _carry_out(self, effect: do.Effect) -> None:
        match effect:
            case do.Say():
                self.said.append(Line(effect.utterance, effect.text, self.now, effect.purpose))
                self._voice.say(effect.utterance, effect.text)
            case do.StopSpeech():
                self._voice.stop(effect.utterances)
            case do.PauseSpeech():
                self._voice.pause()
            case do.ResumeSpeech():
                self._voice.resume()
            case do.HangUp():
                self.over = effect
            case _:
                self._ask(effect)

    def _ask(self, effect: do.Effect) -> None:
        """Carry out what is answered."""
        match effect:
            case do.PredictEndOfTurn(turn=turn, text=text):
                done = EndOfTurnPredicted(at=self.now, turn=turn, text=text, probability=1.0)
                self._post(done)
            case do.Understand(turn=turn):
                self._await(REPORT + turn, self._model.report(effect))
            case do.CancelUnderstanding(turn=turn):
                self._replies.pop(REPORT + turn, None)
            case do.StartReply(reply=reply):
                self._await(REPLY + reply, self._model.talk(effect))
            case do.Summarize(summary=summary):
                self._await(SUMMARY + summary, self._model.summarize(effect))
            case do.CancelReply(reply=reply):
                self._replies.pop(REPLY + reply, None)
                self._replies.pop(SUMMARY + reply, None)
            case do.CallTool(call=call):
                self.calls.append(Called(effect.tool, effect.args, self.now))
                self._await(call, self._world.call(effect))
            case do.CancelTool(call=call):
                self._replies.pop(call, None)
            case do.Transfer():
                self._await(TRANSFER, self._world.transfer())

    def _await(self, call: str, reply: Reply) -> None:
        if not isinstance(reply, Never):  # nobody waits for that but the conversation's deadline
            self._replies[call] = reply

    # --- snapshots -------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the conversation as data. Only while the call is quiet: no work is kept."""
        return {"now": self.now, "conversation": snapshot.take(self._conversation)}

    def go_on_with(self, flow: CompiledFlow) -> None:
        """Go on with another version of the flow. Raises as `engine.core.reload.move`."""
        self._conversation = move(snapshot.take(self._conversation), flow, self._make_dialog)
        self.flow = flow
        replaced = FlowReplaced(at=self.now, version=flow.version, fingerprint=flow.fingerprint)
        self._receive(replaced)

    def restore(self, data: Mapping[str, Any]) -> None:
        """Go back to what `snapshot` saw."""
        conversation = snapshot.restore(self.flow, data["conversation"], self._make_dialog)
        self.now = data["now"]
        self.over = None
        self._conversation = conversation
        self._voice = TextVoice(self._post, lambda: self.now, self._later)
        self._heap.clear()
        self._mailbox.clear()
        self._replies.clear()
        self._unheard = 0
