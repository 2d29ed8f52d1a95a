"""Asks a turn detector whether the user is done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.events import EndOfTurnPredicted
from engine.pipeline.stage import Post, SessionTime, Stage
from providers.base import TurnDetector


class Prediction(Stage):
    """One question at a time: a newer text makes the older question worthless."""

    def __init__(self, detector: TurnDetector, post: Post, time: SessionTime) -> None:
        super().__init__("turn_detector", post, time)
        self._detector = detector
        self._asking: asyncio.Task[None] | None = None

    def ask(self, turn: str, text: str, kinds: Sequence[str]) -> None:
        """Start asking; answered by `EndOfTurnPredicted` or `ServiceFailed`.

        Args:
            turn: the user turn the text belongs to.
            text: the words so far.
            kinds: the types that are asked for, the open question first.
        """
        if self._asking is not None:
            self._asking.cancel()
        self._asking = self.tasks.start(self._predict(turn, text, kinds), f"predict {turn}")

    async def aclose(self) -> None:
        """Forget the question under way and close the provider."""
        await super().aclose()
        await self._detector.aclose()

    async def _predict(self, turn: str, text: str, kinds: Sequence[str]) -> None:
        try:
            probability = await self._detector.predict(text, kinds)
        except Exception as error:  # a broken detector costs a slower answer, never the call
            self.fail(error, turn)
            return
        self.post(
            EndOfTurnPredicted(
                at=self.time.now(),
                turn=turn,
                text=text,
                probability=probability,
            )
        )
