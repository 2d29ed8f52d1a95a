"""A call on the bare core in which every line is heard the moment it is ordered."""

from __future__ import annotations

from typing import Any

from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.effects import Effect, Say
from engine.events import (
    Event,
    Millis,
    ParticipantJoined,
    PlayoutFinished,
    PlayoutStarted,
    SessionStarted,
)
from engine.machine.compiled import CompiledFlow


class InstantCall:
    """Takes events and keeps every step; in `answer` a test says what else answers at once."""

    def __init__(self, flow: CompiledFlow) -> None:
        self.conversation = Conversation(flow)
        self.steps: list[Step] = []
        self.at: Millis = 0
        self.take(SessionStarted(at=0, seed=7, started_at="2026-05-01T12:00:00+02:00"))
        self.take(ParticipantJoined(at=0, participant="ann"))

    def take(self, event: Event) -> None:
        self._look_at(self.conversation.receive(event))

    def wait(self, millis: Millis) -> None:
        self.at += millis
        self._look_at(self.conversation.advance(self.at))

    def of(self, kind: type[Effect]) -> list[Any]:
        return [e for step in self.steps for e in step.effects if isinstance(e, kind)]

    def answer(self, effect: Effect) -> None:
        if isinstance(effect, Say):
            name = effect.utterance
            self.take(PlayoutStarted(at=self.at, utterance=name))
            self.take(PlayoutFinished(at=self.at, utterance=name, played=9_999, complete=True))

    def _look_at(self, steps: list[Step]) -> None:
        self.steps += steps
        for effect in [e for step in steps for e in step.effects]:
            self.answer(effect)
