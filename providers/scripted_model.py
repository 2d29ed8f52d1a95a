"""The deterministic double of a language model; see `providers.scripted`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.base import (
    ReplyChunk,
    ReplyReport,
    ReplyRequest,
    ReplyText,
    ReplyToolCall,
    ReportRequest,
)
from providers.errors import ProviderError, ProviderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model does with one request."""

    report: Mapping[str, Any] | None = None
    """The arguments it reports; None with no error: it never answers."""
    error: ProviderError | None = None
    delay: float = 0.3
    """Seconds until the report or the error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What the model does with one request to talk."""

    text: str = ""
    """Comes word by word."""
    report: Mapping[str, Any] | None = None
    """Reported after the text."""
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Tools asked for after that, each with its arguments."""
    error: ProviderError | None = None
    """Raised after everything else."""
    hangs: bool = False
    """After everything else nothing comes, not even the end."""
    first: float = 0.3
    """Seconds until the first piece."""
    gap: float = 0.017
    """Seconds between two words."""


class ScriptedModel:
    """Answers the n-th request with the n-th line of its script; talks by a script of its own.

    A bare mapping is a report, a bare error a failure, a bare text a reply; after the last line it
    fails. Summaries of a call have a script of their own, so that they disturb neither.
    """

    def __init__(
        self,
        script: Iterable[Answer | Mapping[str, Any] | ProviderError] = (),
        replies: Iterable[Talk | str] = (),
        summaries: Iterable[Talk | str] = (),
    ) -> None:
        self.requests: list[ReportRequest] = []
        self.talks: list[ReplyRequest] = []
        self.summed_up: list[ReplyRequest] = []
        self._replies = _talks(replies)
        self._summaries = _talks(summaries)
        self.cancelled = 0
        self.closed = False
        self._script = [_answer(line) for line in script]

    async def report(self, request: ReportRequest) -> Mapping[str, Any]:
        """Return or raise what the script says, after its delay."""
        number = len(self.requests)
        self.requests.append(request)
        if number >= len(self._script):
            raise ProviderUnavailable(f"the scripted model has no answer number {number + 1}")
        answer = self._script[number]
        try:
            await asyncio.sleep(answer.delay)
            if answer.error is not None:
                raise answer.error
            if answer.report is None:
                await asyncio.get_running_loop().create_future()  # never answers
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return answer.report or {}

    async def converse(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        """Talk as the script says."""
        talk = self._next(request)
        pause = talk.first
        try:
            for chunk in talk_chunks(talk):
                await asyncio.sleep(pause)
                pause = talk.gap if isinstance(chunk, ReplyText) else 0.0
                yield chunk
            await asyncio.sleep(pause)
            if talk.error is not None:
                raise talk.error
            if talk.hangs:
                await asyncio.get_running_loop().create_future()
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise

    def _next(self, request: ReplyRequest) -> Talk:
        asked, script = self.talks, self._replies
        if request.purpose == "summary":
            asked, script = self.summed_up, self._summaries
        asked.append(request)
        if len(asked) > len(script):
            kind = f"{request.purpose} number {len(asked)}"
            raise ProviderUnavailable(f"the scripted model has no {kind}")
        return script[len(asked) - 1]

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def talk_chunks(talk: Talk) -> list[ReplyChunk]:
    """Return what a scripted reply is made of, in order."""
    words = re.findall(r"\S+\s*", talk.text)
    chunks: list[ReplyChunk] = [ReplyText(text=word) for word in words]
    if talk.report is not None:
        chunks.append(ReplyReport(report=talk.report))
    calls = enumerate(talk.calls, 1)
    return chunks + [ReplyToolCall(id=f"c{n}", name=name, args=args) for n, (name, args) in calls]


def _talks(lines: Iterable[Talk | str]) -> list[Talk]:
    return [Talk(text=line) if isinstance(line, str) else line for line in lines]


def _answer(line: Answer | Mapping[str, Any] | ProviderError) -> Answer:
    if isinstance(line, Answer):
        return line
    return Answer(error=line) if isinstance(line, ProviderError) else Answer(report=line)
