"""Asks a turn detector whether the user is done."""

from __future__ import annotations

import asyncio

from engine.effects import PredictEndOfTurn
from engine.events import EndOfTurnPredicted
from engine.pipeline.stage import Post, SessionTime, Stage
from providers.base import TurnDetector


class Prediction(Stage):
    """One question at a time: a newer text makes the older question worthless."""

    def __init__(self, detector: TurnDetector, post: Post, time: SessionTime) -> None:
        super().__init__("turn_detector", post, time)
        self._detector = detector
        self._asking: asyncio.Task[None] | None = None

    def ask(self, question: PredictEndOfTurn) -> None:
        """Start asking; answered by `EndOfTurnPredicted` or `ServiceFailed`."""
        if self._asking is not None:
            self._asking.cancel()
        self._asking = self.tasks.start(self._predict(question), f"predict {question.turn}")

    async def aclose(self) -> None:
        """Forget the question under way and close the provider."""
        await super().aclose()
        await self._detector.aclose()

    async def _predict(self, question: PredictEndOfTurn) -> None:
        try:
            probability = await self._detector.predict(question.text, question.kinds)
        except Exception as error:  # a broken detector costs a slower answer, never the call
            self.fail(error, question.turn)
            return
        self.post(
            EndOfTurnPredicted(
                at=self.time.now(),
                turn=question.turn,
                text=question.text,
                probability=probability,
            )
        )
