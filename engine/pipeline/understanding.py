"""Asks a language model to report what a turn meant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from engine.events import ServiceFailed, Understood
from engine.pipeline import answers
from engine.pipeline.others import Others
from engine.pipeline.stage import Post, SessionTime, Stage
from providers.base import LanguageModel, ReportRequest
from providers.errors import ProviderError


class Understanding(Stage):
    """Carries questions to a model and its reports back, each bound to its turn.

    Args:
        model: that of the flow, closed with this stage; None: it names none.
        models: the same, and those that states have of their own. Where there is none, every
            question fails at once.
        post: the way into the mailbox.
        time: the session's time.
    """

    def __init__(
        self,
        model: LanguageModel | None,
        models: Others[LanguageModel],
        post: Post,
        time: SessionTime,
    ) -> None:
        super().__init__("llm", post, time)
        self._model = model
        self._models = models
        self._asking: dict[str, asyncio.Task[None]] = {}

    def ask(self, turn: str, request: ReportRequest, model: str = "") -> None:
        """Start asking about a turn; answered by `Understood` or `ServiceFailed`.

        Args:
            turn: its name.
            request: what the model is asked.
            model: its name; empty: the flow's own.
        """
        if not self._models.known(model):
            message = "no language model is configured"
            self.post(
                ServiceFailed(at=self.time.now(), service="llm", message=message, subject=turn)
            )
            return
        self.forget(turn)
        task = self.tasks.start_early(self._report(model, turn, request), f"report {turn}")
        self._asking[turn] = task

    def forget(self, turn: str) -> None:
        """Drop the question about this turn, if one is under way."""
        task = self._asking.pop(turn, None)
        if task is not None:
            self.tasks.cancel(task)

    async def aclose(self) -> None:
        """Drop all questions and close the provider."""
        await super().aclose()
        await self._models.aclose()
        if self._model is not None:
            await self._model.aclose()

    async def _report(self, model: str, turn: str, request: ReportRequest) -> None:
        try:
            report = await _reported(await self._models.get(model), request)
        except Exception as error:  # whatever a model's SDK raises, the flow decides
            self.fail(error, turn)
            return
        self.post(Understood(at=self.time.now(), turn=turn, report=report))


async def _reported(model: LanguageModel, request: ReportRequest) -> Mapping[str, Any]:
    """Ask, and once more if that may help; the time for both is kept by the conversation."""
    try:
        return answers.report(await model.report(request), "report")
    except ProviderError as error:
        if not error.retryable:
            raise
    return answers.report(await model.report(request), "report")
