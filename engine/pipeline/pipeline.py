"""All stages of one call: built from the services at hand, opened together, closed in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ConfigurationError
from engine.events import EndOfTurnPredicted
from engine.pipeline.ears import Ears
from engine.pipeline.floor import FloorPolicy
from engine.pipeline.generation import Generation
from engine.pipeline.others import MakeComponent, Others
from engine.pipeline.playout import Playout
from engine.pipeline.prediction import Prediction
from engine.pipeline.recognition import Recognition
from engine.pipeline.stage import Post, SessionTime, Stage, describe
from engine.pipeline.synthesis import Synthesis, TextVoice
from engine.pipeline.tools import Tools
from engine.pipeline.understanding import Understanding
from media.frames import Samples
from media.tasks import TaskOwner
from providers.base import (
    AudioTurnDetector,
    LanguageModel,
    Recognizer,
    Synthesizer,
    TurnDetector,
    VoiceActivityDetector,
)

_OPEN_LIMIT = 30.0
"""Seconds all providers together may take to get ready; a recogniser loads its models in one."""

_CLOSE_LIMIT = 10.0
"""Seconds one stage may take to close; longer than the grace of running tools."""

_log = logging.getLogger("turnwise.pipeline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The providers of one call. Whatever is missing is done without.

    Without `tts` a line counts as spoken at once; without `vad` or `stt` nobody is heard, but typed
    turns and keys are; without `llm` every question to a model fails at once.
    """

    vad: VoiceActivityDetector | None = None
    another_vad: Callable[[], VoiceActivityDetector] | None = None
    """Makes a detector for each further participant; None: one at a time is listened to."""
    stt: Recognizer | None = None
    turn_detector: TurnDetector | None = None
    turn_listener: AudioTurnDetector | None = None
    """Judges the end of a turn by the voice, beside `turn_detector`, which reads the words."""
    tts: Synthesizer | None = None
    llm: LanguageModel | None = None
    component: MakeComponent | None = None
    """Makes what states have of their own, by the name in `CompiledFlow.components`; it is opened
    when a call first comes there. None: nobody does, and such an order fails."""


class Pipeline:
    """The stages between the room and the mailbox.

    Args:
        services: the providers, made for this call.
        functions: tools by their `use` string, beside those that can be imported.
        post: the way into the mailbox.
        time: the session's time.
        floor: who of several participants is listened to.
    """

    def __init__(
        self,
        services: Services,
        functions: Mapping[str, Callable[..., Any]],
        post: Post,
        time: SessionTime,
        floor: FloorPolicy = "first_speaker",
    ) -> None:
        self._post, self._time = post, time
        self.playout = Playout(post, time)
        self.tools = Tools(functions, post, time)
        self._models = Others(services.llm, services.component)
        self.understanding = Understanding(services.llm, self._models, post, time)
        self.generation = Generation(self._models, post, time)
        self.prediction: Prediction | None = None
        self.recognition: Recognition | None = None
        self.voice: Synthesis | TextVoice = TextVoice(post, time)
        stages: list[Stage] = []
        if services.tts is not None:
            self.voice = Synthesis(services.tts, self.playout, post, time, services.component)
            stages.append(self.voice)
        if services.stt is not None:
            self.recognition = Recognition(services.stt, post, time, services.component)
        words, voice = services.turn_detector, services.turn_listener
        if words is not None or voice is not None:
            self.prediction = Prediction(words, post, time, voice)
        witness = self.prediction if voice is not None else None
        self.ears = Ears(
            services.vad, services.another_vad, self.recognition, floor, post, time, witness
        )
        hearing = (self.ears, self.recognition, self.prediction)
        stages += [stage for stage in hearing if stage is not None]
        # Closing order: first what makes sound and hears, the tools last, they may need a moment.
        self._stages = [*stages, self.generation, self.understanding, self.tools]

    async def open(self) -> None:
        """Open all stages at the same time.

        Raises:
            ConfigurationError: one of them cannot; names the service and its reason. The caller
                still has to close the pipeline.
        """
        owner = TaskOwner(lambda _: None)  # what they raise is told below
        opening = [owner.start(one.open(), f"open {one.service}") for one in self._stages]
        try:
            _, late = await asyncio.wait(opening, timeout=_OPEN_LIMIT)
        finally:
            await owner.aclose()
        if late:
            raise ConfigurationError(f"the providers were not ready after {_OPEN_LIMIT:g} s")
        for stage, task in zip(self._stages, opening, strict=True):
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            if error is not None:
                message = f"{stage.service} cannot start: {describe(error)}"
                raise ConfigurationError(message) from error

    async def aclose(self) -> None:
        """Close every stage, each within a limit; one that fails does not keep the others open."""
        closing = TaskOwner(lambda _: None)  # nobody is left to decide: what it raises is told here
        try:
            for stage in self._stages:
                task = closing.start(stage.aclose(), f"close {stage.service}")
                await asyncio.wait([task], timeout=_CLOSE_LIMIT)
                if problem := _unclean(task):
                    _log.warning("%s did not close cleanly: %s", stage.service, problem)
        finally:
            await closing.aclose()

    def hear(self, participant: str, samples: Samples, at: float) -> None:
        """Take a block of a participant's audio; `at`: the clock's instant of its end, seconds."""
        self.ears.hear(participant, samples, at)

    def left(self, participant: str) -> None:
        """Somebody is gone."""
        self.ears.left(participant)

    def begin(self) -> bool:
        """Let what was ordered begin, the voice first; return whether there is something to say."""
        speaks = isinstance(self.voice, Stage) and self.voice.begin()
        self.generation.begin()
        self.understanding.begin()
        return speaks

    def expect(self, grammar: str, recogniser: str = "") -> None:
        """Tell the recogniser what is expected from now on, and which one hears it."""
        if self.recognition is not None:
            self.recognition.expect(grammar, recogniser)

    def remake(self, component: MakeComponent | None) -> None:
        """The flow is another: what its states have of their own is made by this from now on."""
        for stage in (self._models, self.voice, self.recognition):
            if stage is not None:
                stage.remake(component)

    def relearn(self, services: Services) -> None:
        """Hear with another recogniser of the same kind, once it is ready: it knows other words."""
        if self.recognition is not None and services.stt is not None:
            self.recognition.renew(services.stt, services.component)

    def close_stretch(self) -> None:
        """Take the stretch of speech in progress for over, and what follows for another."""
        if self.recognition is not None:
            self.recognition.split()

    def predict(self, turn: str, text: str, kinds: Sequence[str]) -> None:
        """Ask the turn detector; without one every text is a whole turn, at once."""
        if self.prediction is not None:
            self.prediction.ask(turn, text, kinds)
            return
        event = EndOfTurnPredicted(at=self._time.now(), turn=turn, text=text, probability=1.0)
        self._post(event)

    def silence(self) -> None:
        """End every line that is not over; each is answered with what was played of it."""
        self.playout.stop(self.playout.track.utterances)


def _unclean(closing: asyncio.Task[None]) -> str | None:
    """Return what went wrong when a stage was closed, or None."""
    if not closing.done():
        return f"it still closes after {_CLOSE_LIMIT:g} s"
    if closing.cancelled():
        return "it was cancelled"
    error = closing.exception()
    return describe(error) if error is not None else None
