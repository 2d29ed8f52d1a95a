"""Answers of the world as the events a conversation takes, in their order."""

from __future__ import annotations

from collections.abc import Iterator

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
    ToolReturned,
    TransferEnded,
    Understood,
)
from engine.testing.flow_tests.world import TIMEOUT, Answer
from providers.base import ReplyReport, ReplyText

TRANSFER = "transfer"
REPORT = "report:"
REPLY = "reply:"
SUMMARY = "summary:"
"""What an answer is to: a transfer, or by name a report, a reply, a summary; anything else is a
tool call."""


def events_of(key: str, answer: Answer, at: Millis) -> Iterator[Event]:
    """Yield what the conversation is told."""
    if key == TRANSFER:
        yield TransferEnded(at=at, error=answer.error)
        return
    if not key.startswith((REPORT, REPLY, SUMMARY)):
        yield ToolReturned(at=at, call=key, value=answer.value, error=answer.error)
        return
    subject = key.partition(":")[2]
    if key.startswith(REPLY) and answer.value:
        yield from _reply(subject, answer, at)
    if answer.error is not None:
        if answer.error != TIMEOUT:
            yield ServiceFailed(at=at, service="llm", message=answer.error, subject=subject)
    elif key.startswith(REPORT):
        yield Understood(at=at, turn=subject, report=answer.value)
    elif key.startswith(SUMMARY):
        yield Summarized(at=at, summary=subject, text=answer.value)
    else:
        yield ReplyFinished(at=at, reply=subject)


def _reply(reply: str, answer: Answer, at: Millis) -> Iterator[Event]:
    yield ReplyStarted(at=at, reply=reply)
    for chunk in answer.value:
        if isinstance(chunk, ReplyText):
            yield ReplyDelta(at=at, reply=reply, text=chunk.text)
        elif isinstance(chunk, ReplyReport):
            yield ReplyReported(at=at, reply=reply, report=chunk.report)
        else:
            yield ReplyToolCalled(at=at, reply=reply, id=chunk.id, tool=chunk.name, args=chunk.args)
