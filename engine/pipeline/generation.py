"""Lets a language model talk: pieces of text in, whole sentences out, and reports and calls.

A sentence is posted as soon as it is complete, so that the first one is spoken while the rest is
still being written. A report is posted before the text that is not complete yet: what it decides
comes before speech.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeAlias

from engine.events import (
    Event,
    Millis,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
    ServiceFailed,
    Summarized,
)
from engine.pipeline import answers
from engine.pipeline.others import Others
from engine.pipeline.sentences import Cutter
from engine.pipeline.stage import Post, SessionTime, Stage
from providers.base import (
    LanguageModel,
    ReplyChunk,
    ReplyReport,
    ReplyRequest,
    ReplyText,
)

_Work: TypeAlias = Callable[[str, str, ReplyRequest], Coroutine[Any, Any, None]]

NO_MODEL = "no language model is configured"


class Generation(Stage):
    """Carries requests to a model that talks, and its replies back, each under its name.

    Args:
        models: that of the flow, and those that states have of their own. Where there is none,
            every reply fails at once. Whoever else uses them closes them.
        post: the way into the mailbox.
        time: the session's time.
    """

    def __init__(self, models: Others[LanguageModel], post: Post, time: SessionTime) -> None:
        super().__init__("llm", post, time)
        self._models = models
        self._talking: dict[str, asyncio.Task[None]] = {}

    def start(self, reply: str, request: ReplyRequest, model: str = "") -> None:
        """Start a reply; its last event is `ReplyFinished` or `ServiceFailed`.

        Args:
            reply: its name.
            request: what the model is given.
            model: its name; empty: the flow's own.
        """
        self._begin(self._talk, reply, request, model)

    def summarize(self, summary: str, request: ReplyRequest) -> None:
        """Start a summary; its only event is `Summarized` or `ServiceFailed`."""
        self._begin(self._sum_up, summary, request, "")

    def _begin(self, work: _Work, name: str, request: ReplyRequest, model: str) -> None:
        if not self._models.known(model):
            at = self.time.now()
            self.post(ServiceFailed(at=at, service="llm", message=NO_MODEL, subject=name))
            return
        self._talking[name] = self.tasks.start_early(work(model, name, request), f"reply {name}")

    def cancel(self, reply: str) -> None:
        """Stop a reply or a summary, if it is under way."""
        task = self._talking.pop(reply, None)
        if task is not None:
            self.tasks.cancel(task)

    async def _talk(self, model: str, reply: str, request: ReplyRequest) -> None:
        cutter, begun = Cutter(), False
        try:
            talker = await self._models.get(model)
            chunks = talker.converse(request)
            try:
                async for chunk in chunks:
                    at = self.time.now()
                    if not begun:
                        begun = True
                        self.post(ReplyStarted(at=at, reply=reply))
                    self._pass_on(at, reply, answers.piece(chunk), cutter)
            finally:
                await chunks.aclose()
            for sentence in cutter.rest():
                self.post(ReplyDelta(at=self.time.now(), reply=reply, text=sentence))
        except Exception as error:  # whatever a model's SDK raises, the flow decides
            self.fail(error, reply)
            return
        finally:
            self._talking.pop(reply, None)
        self.post(ReplyFinished(at=self.time.now(), reply=reply))

    async def _sum_up(self, model: str, summary: str, request: ReplyRequest) -> None:
        pieces = list[str]()
        try:
            talker = await self._models.get(model)
            async with aclosing(talker.converse(request)) as chunks:
                async for found in chunks:
                    chunk = answers.piece(found)
                    if isinstance(chunk, ReplyText):
                        pieces.append(chunk.text)
        except Exception as error:  # whatever a model's SDK raises, the conversation decides
            self.fail(error, summary)
            return
        finally:
            self._talking.pop(summary, None)
        self.post(Summarized(at=self.time.now(), summary=summary, text="".join(pieces)))

    def _pass_on(self, at: Millis, reply: str, chunk: ReplyChunk, cutter: Cutter) -> None:
        if isinstance(chunk, ReplyText):
            for sentence in cutter.feed(chunk.text):
                self.post(ReplyDelta(at=at, reply=reply, text=sentence))
            return
        event: Event
        if isinstance(chunk, ReplyReport):
            event = ReplyReported(at=at, reply=reply, report=chunk.report)
        else:
            event = ReplyToolCalled(
                at=at, reply=reply, id=chunk.id, tool=chunk.name, args=chunk.args
            )
        self.post(event)
