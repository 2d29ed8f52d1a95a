"""The bare core on simulated time: a heap of what will happen, and a perfect shell around it.

No event loop, no stage and no provider is involved: effects are turned into the events a perfect
shell would send, by the rules of the script. Only the pure playout buffer is shared with the real
shell. A timeline made here must equal the one of the real session (`engine.testing.golden`).

Times inside are microseconds, because the room's beat stands 0.3 ms beside whole milliseconds:

- Voice: the room gives and takes a block of 20 ms at 0.3, 20.3, 40.3 ms ... An edge of speech is
  reported with the first block that carries enough audio behind it (`VAD_START`, `voice_end`). A
  line starts and ends with blocks. The offset keeps beats apart from everything that is counted in
  whole milliseconds (deadlines, tools, the script), so that no order depends on chance; reported
  instants are rounded and stay whole multiples of 20 ms.
- Words: a final transcript comes `stt_delay` after the reported end, partials after the reported
  start, and the turn detector answers at once.
- Lines: one is made at a time, sentence by sentence, `first_audio` each, at most one ahead.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from engine import effects as do
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.events import (
    CloseRequested,
    EndOfTurnPredicted,
    Event,
    KeyPressed,
    Millis,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    SessionStarted,
    SpeechEnded,
    SpeechStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
    TransferEnded,
)
from engine.machine.compiled import CompiledFlow
from engine.pipeline.data import plain_map
from engine.testing.script import Happening, Script
from engine.testing.simulated_model import SimulatedModel
from engine.testing.simulated_voice import SimulatedVoice

Micros: TypeAlias = int

BEAT: Micros = 20_000
BEAT_OFFSET: Micros = 300
VAD_START: Millis = 60
CALLER = "caller1"
TOOL_GRACE: Millis = 3_000
"""So long running tools may take when the session closes."""
NO_DESK = "TurnwiseError: this room has no way to transfer a call"
LIMIT: Micros = 3_600_000_000


class Simulator:
    """Plays one script against one conversation."""

    def __init__(self, flow: CompiledFlow, script: Script) -> None:
        self._conversation = Conversation(flow)
        self._script = script
        self._now: Micros = 0
        self._heap: list[tuple[Micros, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._mailbox: deque[Event] = deque()
        self._steps: list[Step] = []
        self._voice = SimulatedVoice(script.voice, self._post, self._at, self._later)
        self._model = SimulatedModel(script, self._post, self._at, self._later)
        self._over = False
        self._present = True
        self._calls: dict[str, int] = {}
        self._running: set[str] = set()
        self._edges: deque[tuple[Micros, Callable[[], None]]] = deque()
        self._stretch: tuple[Happening, deque[str]] | None = None
        self._probabilities = {h.user: h.done for h in script.script if h.user is not None}

    def run(self) -> list[Step]:
        """Play the call to its end and return its steps.

        Raises:
            RuntimeError: nothing can happen any more, and the call is not over.
        """
        script = self._script
        started = SessionStarted(
            at=0,
            seed=script.seed,
            started_at=script.now,
            channel="loopback",
            inputs=plain_map(script.inputs, "inputs"),
        )
        self._receive(started)
        self._schedule_script()
        self._later(BEAT_OFFSET, lambda: self._post(ParticipantJoined(at=0, participant=CALLER)))
        self._later(BEAT_OFFSET, self._beat)
        while not self._over:
            self._advance()
        self._finish()
        return self._steps

    # --- time ------------------------------------------------------------------------------------

    def _at(self) -> Millis:
        return round(self._now / 1000)

    def _later(self, delay: Micros, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self._now + delay, next(self._count), action))

    def _post(self, event: Event) -> None:
        self._mailbox.append(event)

    def _advance(self) -> None:
        """Take one event, else let the next thing happen: a deadline or what was scheduled."""
        if self._mailbox:
            self._receive(self._mailbox.popleft())
            return
        due = self._conversation.next_deadline
        if self._heap and (due is None or self._heap[0][0] < due * 1000):
            self._now, _, action = heapq.heappop(self._heap)
            action()
        elif due is not None:
            self._now = max(self._now, due * 1000)
            self._take(self._conversation.advance(due))
        if self._now > LIMIT or (due is None and not self._heap):
            raise RuntimeError(f"the call does not end; now at {self._now / 1e6:.3f} s")

    def _receive(self, event: Event) -> None:
        self._take(self._conversation.receive(event))

    def _take(self, steps: list[Step]) -> None:
        for step in steps:
            self._steps.append(step)
            for effect in step.effects:
                self._carry_out(effect)

    def _finish(self) -> None:
        """What the session still learns while it closes."""
        self._voice.silence()
        end = self._now + TOOL_GRACE * 1000
        self._drain()
        while self._running and self._heap and self._heap[0][0] <= end:
            self._now, _, action = heapq.heappop(self._heap)
            action()
            self._drain()

    def _drain(self) -> None:
        while self._mailbox:
            event = self._mailbox.popleft()
            if isinstance(event, PlayoutFinished | ToolReturned):
                self._steps += self._conversation.receive(event)

    # --- the caller ------------------------------------------------------------------------------

    def _schedule_script(self) -> None:
        for happening in self._script.script:
            if happening.voiced:
                self._schedule_speech(happening)
            else:
                self._later(happening.at * 1000, self._act(happening))

    def _act(self, happening: Happening) -> Callable[[], None]:
        at = happening.at

        def leave() -> None:
            self._present = False
            reason = happening.leaves or ""
            self._post(ParticipantLeft(at=at, participant=CALLER, reason=reason, last=True))

        if happening.key is not None:
            event: Event = KeyPressed(at=at, participant=CALLER, key=happening.key)
        elif happening.types is not None:
            event = TextReceived(at=at, participant=CALLER, text=happening.types)
        elif happening.close is not None:
            event = CloseRequested(at=at, reason=happening.close)
        else:
            return leave
        return lambda: self._post(event)

    def _schedule_speech(self, speech: Happening) -> None:
        begun = reported(speech.at + VAD_START)
        ended = reported(speech.end + self._script.voice_end)

        parts = deque((speech.user or "", *speech.rest))

        def start() -> None:
            self._stretch = speech, parts
            self._post(SpeechStarted(at=self._at(), participant=CALLER, edge=speech.at))

        def end() -> None:
            self._stretch = None
            self._post(SpeechEnded(at=self._at(), participant=CALLER, edge=speech.end))

        def final() -> None:
            self._words(parts[0], speech)

        def partly(text: str) -> None:
            if len(parts) > len(speech.rest):  # else the stretch was closed before
                self._words(text, None)

        self._edges += [(begun, start), (ended, end)]
        for after, text in speech.partials.items():
            if begun + after * 1000 < ended:
                self._later(begun + after * 1000, partial(partly, text))
        if speech.words_after is not None:
            self._later((speech.end + speech.words_after) * 1000, final)
        elif speech.stt_delay is not None:
            self._later(ended + speech.stt_delay * 1000, final)

    def _close_stretch(self) -> None:
        """The voice goes on, and its words so far are due."""
        if self._stretch is None:
            return
        speech, parts = self._stretch
        if speech.stt_delay is not None and len(parts) > 1:
            part = parts.popleft()
            self._later(speech.stt_delay * 1000, partial(self._words, part, speech))

    def _words(self, text: str, final: Happening | None) -> None:
        self._post(
            TranscriptReceived(
                at=self._at(),
                participant=CALLER,
                text=text,
                final=final is not None,
                confidence=final.confidence if final else 1.0,
                accepted=final.accepted if final else True,
            )
        )

    def _beat(self) -> None:
        """Carry one block both ways, as the room does: first the caller's, then the agent's."""
        while self._edges and self._edges[0][0] <= self._now:
            self._edges.popleft()[1]()
        if self._present:
            self._voice.beat()
        self._later(BEAT, self._beat)

    # --- effects ---------------------------------------------------------------------------------

    def _carry_out(self, effect: do.Effect) -> None:  # noqa: C901  (flat: one line a case)
        match effect:
            case do.Say():
                self._voice.say(effect.utterance, effect.text)
            case do.StopSpeech():
                self._voice.stop(effect.utterances, effect.fade)
            case do.PauseSpeech():
                self._voice.pause()
            case do.ResumeSpeech():
                self._voice.resume()
            case do.CloseStretch():
                self._close_stretch()
            case do.PredictEndOfTurn():
                self._predict(effect)
            case do.Understand():
                self._model.ask(effect)
            case do.CancelUnderstanding():
                self._model.forget(effect.turn)
            case do.StartReply():
                self._model.talk(effect)
            case do.Summarize():
                self._model.sum_up(effect)
            case do.CancelReply():
                self._model.forget_talk(effect.reply)
            case do.CallTool():
                self._call(effect)
            case do.CancelTool():
                self._running.discard(effect.call)
            case do.Transfer():
                self._transfer()
            case do.HangUp():
                self._over = True

    def _predict(self, effect: do.PredictEndOfTurn) -> None:
        probability = self._probabilities.get(effect.text, 1.0)
        self._later(
            0,
            lambda: self._post(
                EndOfTurnPredicted(
                    at=self._at(), turn=effect.turn, text=effect.text, probability=probability
                )
            ),
        )

    def _call(self, effect: do.CallTool) -> None:
        answers = self._script.tools.get(effect.tool, ())
        if not answers:
            raise KeyError(f"the script has no answer for tool {effect.tool!r}")
        number = self._calls.get(effect.tool, 0)
        self._calls[effect.tool] = number + 1
        answer = answers[min(number, len(answers) - 1)]
        self._running.add(effect.call)
        if answer.never:
            return
        error = None if answer.error is None else f"RuntimeError: {answer.error}"

        def reply() -> None:
            if effect.call in self._running:
                self._running.discard(effect.call)
                value = answer.returns if error is None else None
                event = ToolReturned(at=self._at(), call=effect.call, value=value, error=error)
                self._post(event)

        self._later(answer.after * 1000, reply)

    def _transfer(self) -> None:
        desk = self._script.transfer
        error: str | None = NO_DESK
        if desk is not None:
            error = None if desk.error is None else f"RuntimeError: {desk.error}"
        delay = 0 if desk is None else desk.after * 1000
        self._later(delay, lambda: self._post(TransferEnded(at=self._at(), error=error)))


def reported(at: Millis) -> Micros:
    """Return the beat that carries the audio up to this instant."""
    return -(-at * 1000 // BEAT) * BEAT + BEAT_OFFSET
