"""One conversation, the agenda of what is still to come to it, and the checks that watch.

Events that were put on the agenda happen in order of time, deadlines of the conversation between
them, as in the session: an event and a deadline of one instant happen in the order in which the
conversation takes them.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.effects import Expect, HangUp, PauseSpeech, ResumeSpeech, Say, StopSpeech
from engine.events import (
    Event,
    Millis,
    ParticipantJoined,
    SessionResumed,
    SessionStarted,
)
from engine.machine.compiled import CompiledFlow
from engine.testing.fuzz.cases import Case, Fates
from engine.testing.fuzz.services import Services
from engine.testing.fuzz.vocabulary import vocabulary
from engine.testing.fuzz.voice import Voice

if TYPE_CHECKING:
    from engine.testing.fuzz.invariants import Check

STARTED_AT = "2026-05-01T12:00:00+02:00"


class World:
    """Everything around one conversation."""

    def __init__(self, flow: CompiledFlow, case: Case, checks: Sequence[Check] = ()) -> None:
        self.flow = flow
        self.case = case
        self.fates = Fates(case)
        self.conversation = Conversation(flow)
        self.checks = checks
        self.now: Millis = 0
        self.events = 0
        self.over: Millis | None = None
        """When the conversation hung up."""
        self.voice = Voice(self)
        self.services = Services(self)
        self.asked_for = ""
        """The kind of value the open question asks for."""
        self.phrases = tuple(dict.fromkeys(vocabulary(flow)))
        """Everything that means something in the flow."""
        self._agenda: list[tuple[Millis, int, int, Callable[[], None]]] = []
        self._count = 0
        self._life = 0
        """Of the process: what a dead one had ordered does not happen."""

    def begin(self) -> None:
        """Open the call."""
        seed = self.case.seed
        self.happens(SessionStarted(at=self.now, seed=seed, started_at=STARTED_AT))
        self.happens(ParticipantJoined(at=self.now, participant="c"))

    # --- time ------------------------------------------------------------------------------------

    def later(self, after: Millis, action: Callable[[], None]) -> None:
        """Put something on the agenda."""
        self._count += 1
        heapq.heappush(self._agenda, (self.now + after, self._count, self._life, action))

    def run(self, until: Millis) -> None:
        """Let everything happen that happens until then, in order of time."""
        while True:
            due = self.conversation.next_deadline
            following = self._agenda[0][0] if self._agenda else None
            at = min((t for t in (due, following) if t is not None), default=None)
            if at is None or at > until:
                break
            self.now = max(self.now, at)
            if following == at:
                _, _, life, action = heapq.heappop(self._agenda)
                if life == self._life:
                    action()
            else:
                self._take(self.conversation.advance(at))
        self.now = max(self.now, until)

    def happens(self, event: Event) -> list[Step]:
        """Tell the conversation; returns what it did."""
        steps = self.conversation.receive(event)
        self._take(steps)
        return steps

    def _take(self, steps: list[Step]) -> None:
        for step in steps:
            self.events += 1
            for check in self.checks:
                check.step(step)
            for effect in step.effects:
                self._obey(effect)
        for check in self.checks:
            check.rest()

    def _obey(self, effect: Any) -> None:
        match effect:
            case HangUp():
                self.over = self.now
                self.voice.hang_up()
            case Expect(kinds=kinds):
                self.asked_for = kinds[0] if kinds else ""
            case Say():
                self.voice.say(effect)
            case StopSpeech(utterances=utterances):
                self.voice.stop(utterances)
            case PauseSpeech():
                self.voice.pause()
            case ResumeSpeech():
                self.voice.resume()
            case _:
                self.services.serve(effect)

    def die(self) -> None:
        """From now on nothing answers any more: no voice, model, tool, detector or transfer."""
        self.fates.dead = True
        self._life += 1

    # --- crashes ---------------------------------------------------------------------------------

    def restart(self) -> None:
        """Put a conversation that was stored and read again in the place of this one."""
        data = json.loads(json.dumps(snapshot.take(self.conversation)))
        self.conversation = snapshot.restore(self.flow, data)

    def crash(self) -> None:
        """The process dies and another goes on; its caller comes back."""
        if self.over is not None:
            return
        self.restart()
        self._life += 1
        self.voice.lose()
        self.services.lose()
        self.happens(SessionResumed(at=self.now))
        self.happens(ParticipantJoined(at=self.now, participant="c"))
