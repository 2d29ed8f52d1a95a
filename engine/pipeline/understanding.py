"""Asks a language model to report what a turn meant."""

from __future__ import annotations

import asyncio

from engine.effects import Understand
from engine.events import ServiceFailed, Understood
from engine.pipeline.stage import Post, SessionTime, Stage
from providers.base import LanguageModel, ReportRequest


class Understanding(Stage):
    """Carries questions to a model and its reports back, each bound to its turn.

    Args:
        model: None when the flow names no model: every question then fails at once.
    """

    def __init__(self, model: LanguageModel | None, post: Post, time: SessionTime) -> None:
        super().__init__("llm", post, time)
        self._model = model
        self._asking: dict[str, asyncio.Task[None]] = {}

    def ask(self, question: Understand) -> None:
        """Start asking; answered by `Understood` or `ServiceFailed`."""
        if self._model is None:
            message = "no language model is configured"
            self.post(
                ServiceFailed(
                    at=self.time.now(), service="llm", message=message, subject=question.turn
                )
            )
            return
        self.forget(question.turn)
        task = self.tasks.start(self._report(self._model, question), f"report {question.turn}")
        self._asking[question.turn] = task

    def forget(self, turn: str) -> None:
        """Drop the question about this turn, if one is under way."""
        task = self._asking.pop(turn, None)
        if task is not None:
            task.cancel()

    async def aclose(self) -> None:
        """Drop all questions and close the provider."""
        await super().aclose()
        if self._model is not None:
            await self._model.aclose()

    async def _report(self, model: LanguageModel, question: Understand) -> None:
        request = ReportRequest(
            text=question.text,
            question=question.question,
            schema=question.schema,
            hints=question.hints,
        )
        try:
            report = await model.report(request)
        except Exception as error:  # whatever a model's SDK raises, the flow decides
            self.fail(error, question.turn)
            return
        self.post(Understood(at=self.time.now(), turn=question.turn, report=report))
