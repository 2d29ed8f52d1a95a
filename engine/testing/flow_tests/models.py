"""Who answers when a conversation asks a language model: here, the model itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, Protocol

from engine.effects import StartReply, Summarize, Understand
from engine.machine.compiled import CompiledFlow
from engine.pipeline import answers
from engine.pipeline.sentences import Cutter
from engine.pipeline.stage import describe
from engine.testing.flow_tests.coverage import flows_of
from engine.testing.flow_tests.world import Answer, Reply, in_thread
from providers import registry
from providers.base import (
    LanguageModel,
    ReplyChunk,
    ReplyRequest,
    ReplyText,
    ReportRequest,
    ToolOffer,
)


class Model(Protocol):
    """Answers what is asked of a model."""

    def report(self, effect: Understand) -> Reply:
        """Report what a turn meant: a mapping."""
        ...

    def talk(self, effect: StartReply) -> Reply:
        """Talk: a list of chunks, sentence by sentence."""
        ...

    def summarize(self, effect: Summarize) -> Reply:
        """Sum up the call: a text."""
        ...


class RealModel:
    """The models a flow names. Each question has a client of its own, for it has its own loop.

    Args:
        make: makes the provider of this name; of none, the flow's own.
    """

    def __init__(self, make: Callable[[str], LanguageModel]) -> None:
        self._make = make

    def report(self, effect: Understand) -> Reply:
        """Ask what a turn meant."""
        request = ReportRequest(
            text=effect.text, question=effect.question, schema=effect.schema, hints=effect.hints
        )
        return self._ask(
            lambda model: _reported(model, request), f"report {effect.turn}", effect.model
        )

    def talk(self, effect: StartReply) -> Reply:
        """Let it talk; the reply is there when it is whole."""
        offers = [
            ToolOffer(name=str(tool["name"]), description="", parameters=tool["parameters"])
            for tool in effect.tools
        ]
        request = ReplyRequest(
            instructions=effect.instructions,
            history=effect.history,
            report=effect.report,
            tools=tuple(offers),
        )
        return self._ask(
            lambda model: _whole(model, request), f"reply {effect.reply}", effect.model
        )

    def summarize(self, effect: Summarize) -> Reply:
        """Let it sum up the call."""
        request = ReplyRequest(
            instructions=effect.instructions, history=effect.history, purpose="summary"
        )
        return self._ask(lambda model: _written(model, request), f"summary {effect.summary}")

    def _ask(
        self, ask: Callable[[LanguageModel], Coroutine[Any, Any, Any]], name: str, named: str = ""
    ) -> Reply:
        async def answer() -> Any:
            model = self._make(named)
            try:
                return await ask(model)
            finally:
                await model.aclose()

        def work() -> Answer:
            try:
                return Answer(value=asyncio.run(answer()))
            except Exception as error:  # whatever a model's SDK raises, the flow decides
                return Answer(error=describe(error))

        return in_thread(work, name)


def model_of(flow: CompiledFlow) -> RealModel | None:
    """The language models a flow and its states name; None: they name none.

    Raises:
        ProviderError: one cannot be made here: a wrong option, a missing secret or package.
    """
    chosen: dict[str, Any] = {
        name: component.options
        for one in flows_of(flow)
        for name, component in one.components.items()
        if component.kind == "llm"
    }
    if flow.pipeline.get("llm"):
        chosen[""] = flow.pipeline["llm"]

    def make(name: str) -> LanguageModel:
        return registry.first_of(chosen[name], lambda one: registry.make("llm", one))

    for name in chosen:
        make(name)
    return RealModel(make) if chosen else None


async def _reported(model: LanguageModel, request: ReportRequest) -> dict[str, Any]:
    return answers.report(await model.report(request), "report")


async def _written(model: LanguageModel, request: ReplyRequest) -> str:
    """Gather the text of a reply."""
    chunks = await _whole(model, request)
    return " ".join(chunk.text for chunk in chunks if isinstance(chunk, ReplyText))


async def _whole(model: LanguageModel, request: ReplyRequest) -> list[ReplyChunk]:
    """Gather a reply: whole sentences, and what is reported or asked for between them."""
    cutter, gathered = Cutter(), list[ReplyChunk]()
    async with aclosing(model.converse(request)) as chunks:
        async for found in chunks:
            chunk = answers.piece(found)
            if isinstance(chunk, ReplyText):
                gathered += [ReplyText(text=sentence) for sentence in cutter.feed(chunk.text)]
            else:
                gathered.append(chunk)
    return gathered + [ReplyText(text=sentence) for sentence in cutter.rest()]
