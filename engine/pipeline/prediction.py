"""Asks whether the user is done: a detector that reads their words, one that hears their voice.

The words are asked about at once and answer first; the voice answers when it can, and its judgement
is combined with that of the words and reported again. So a slow or broken one costs nothing: the
conversation goes by the latest answer it has, and by none if there is none in time.

The two are taken as independent witnesses: their odds multiply, over the odds of a pause being the
end of a turn at all (`PRIOR`). A text that says neither leaves the word to the voice, and the other
way round; a phone number of four digits stays unfinished in whatever tone it is said.

The voice is judged when words come. Where they come before speech has ended, it is judged then too.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.events import EndOfTurnPredicted
from engine.pipeline import answers
from engine.pipeline.stage import Post, SessionTime, Stage
from media.frames import Samples
from providers.base import AudioTurnDetector, TurnDetector, VoiceEdge

PRIOR = 0.65
"""How likely a pause after words is the end of a turn, when nothing else is known of it."""

_SURE = 0.001
"""No witness is surer than this: a probability of 1 would silence the other."""


ANSWER = "the answer of a turn detector"


def combined(text: float, audio: float) -> float:
    """Return the probability that two witnesses of one pause give together.

    Args:
        text: the probability, 0 to 1, by the words.
        audio: the probability, 0 to 1, by the voice.
    """
    logit = _logit(text) + _logit(audio) - _logit(PRIOR)
    return 1 / (1 + math.exp(-logit))


def _logit(probability: float) -> float:
    inside = min(1 - _SURE, max(_SURE, probability))
    return math.log(inside / (1 - inside))


@dataclass(frozen=True, slots=True)
class _Question:
    turn: str
    text: str
    kinds: tuple[str, ...]


class Prediction(Stage):
    """One question at a time: newer words make the older question worthless.

    Args:
        words: judges the words; None: only the voice is judged.
        voice: judges the user's audio, if there is one that can.
        post: the way into the mailbox.
        time: the session's time.
    """

    def __init__(
        self,
        words: TurnDetector | None,
        post: Post,
        time: SessionTime,
        voice: AudioTurnDetector | None = None,
    ) -> None:
        super().__init__("turn_detector", post, time)
        self._words = words
        self._voice = voice
        self._tasks: list[asyncio.Task[None]] = []
        self._speaking = self._early = False
        self._question: _Question | None = None
        self._by_words: float | None = None
        self._recent: deque[Samples] = deque()
        self._kept = 0

    def ask(self, turn: str, text: str, kinds: Sequence[str]) -> None:
        """Start asking; answered by `EndOfTurnPredicted`, perhaps twice, or `ServiceFailed`.

        Args:
            turn: the user turn the text belongs to.
            text: the words so far.
            kinds: the types that are asked for, the open question first.
        """
        self._question, self._by_words = _Question(turn, text, tuple(kinds)), None
        self._early = self._speaking
        for task in self._tasks:
            self.tasks.cancel(task)
        self._tasks = [self.tasks.start(self._read(self._question), f"predict {turn}")]
        self._listen()

    @property
    def sample_rate(self) -> int:
        """The rate at which the voice is judged."""
        assert self._voice is not None, "nobody listens"
        return self._voice.sample_rate

    def hear(self, samples: Samples) -> None:
        """Take the user's audio, at the rate of the detector that hears; the latest is kept."""
        assert self._voice is not None, "nobody listens"
        self._recent.append(samples)
        self._kept += len(samples)
        wanted = round(self._voice.seconds * self._voice.sample_rate)
        while self._kept - len(self._recent[0]) >= wanted:
            self._kept -= len(self._recent.popleft())

    def edge(self, edge: VoiceEdge) -> None:
        """The user begins or ends to speak; the end tells more than the words before it."""
        self._speaking = edge.kind == "start"
        if self._early and not self._speaking:
            self._early = False
            self._listen()

    async def aclose(self) -> None:
        """Forget the questions under way and close the providers."""
        await super().aclose()
        for detector in (self._words, self._voice):
            if detector is not None:
                await detector.aclose()

    def _listen(self) -> None:
        if self._voice is None or self._question is None:
            return
        wanted = round(self._voice.seconds * self._voice.sample_rate)
        audio = np.concatenate([np.zeros(0, np.int16), *self._recent])[-wanted:]
        judging = self._judge(self._voice, audio, self._question)
        self._tasks.append(self.tasks.start(judging, f"hear {self._question.turn}"))

    async def _read(self, question: _Question) -> None:
        if self._words is None:
            return
        try:
            found = await self._words.predict(question.text, question.kinds)
            self._by_words = answers.probability(found, ANSWER)
        except Exception as error:  # a broken detector costs a slower answer, never the call
            self.fail(error, question.turn)
            return
        self._answer(question, self._by_words)

    async def _judge(self, voice: AudioTurnDetector, audio: Samples, question: _Question) -> None:
        try:
            found = await voice.predict(audio, question.text, question.kinds)
            by_voice = answers.probability(found, ANSWER)
        except Exception as error:  # the words alone must do
            self.fail(error, question.turn)
            return
        if question is self._question:
            words = self._by_words
            self._answer(question, by_voice if words is None else combined(words, by_voice))

    def _answer(self, question: _Question, probability: float) -> None:
        self.post(
            EndOfTurnPredicted(
                at=self.time.now(),
                turn=question.turn,
                text=question.text,
                probability=probability,
            )
        )
