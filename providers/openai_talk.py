"""Free talk over the chat completions protocol: the request, and the stream that answers it.

The arguments of a function call come in pieces; a call is complete when the next one begins or the
stream ends. `report` is one of the functions, and told apart here: for the engine it is no tool.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers.base import (
    ReplyChunk,
    ReplyReport,
    ReplyRequest,
    ReplyText,
    ReplyToolCall,
)
from providers.errors import ProviderAnswerError
from providers.formats import openai_chat

REPORT: Final = "report"
LONGEST_ARGUMENTS: Final = 64 * 1024
"""Characters of one call; a report of one turn has some hundred."""


def talk_body(request: ReplyRequest, *, strict: bool) -> dict[str, Any]:
    """Return what the request adds to a call of the service: messages and functions."""
    functions = [
        _function(tool.name, tool.description, tool.parameters, strict) for tool in request.tools
    ]
    if request.report:
        told = "Report what the caller said in their last turn; null for what they did not say."
        functions.append(_function(REPORT, told, request.report, strict))
    talk = openai_chat.payload(request.instructions, request.history)
    body: dict[str, Any] = {**talk, "stream": True}
    return {**body, "tools": functions} if functions else body


def _function(
    name: str, description: str, parameters: Mapping[str, Any], strict: bool
) -> dict[str, Any]:
    function: dict[str, Any] = {
        "name": name,
        "description": description,
        "parameters": dict(parameters),
    }
    return {"type": "function", "function": function | ({"strict": True} if strict else {})}


@dataclass(slots=True)
class _Call:
    """A function call while its arguments come in."""

    id: str
    name: str
    arguments: str = ""

    def chunk(self) -> ReplyChunk:
        try:
            arguments = json.loads(self.arguments or "{}")
        except ValueError as error:
            message = f"the arguments of {self.name!r} are no JSON: {error}"
            raise ProviderAnswerError(message) from error
        if not isinstance(arguments, dict):
            raise ProviderAnswerError(f"the arguments of {self.name!r} are no object")
        if self.name == REPORT:
            return ReplyReport(report=arguments)
        return ReplyToolCall(id=self.id, name=self.name, args=arguments)


async def reply_chunks(stream: AsyncIterator[Any]) -> AsyncGenerator[ReplyChunk, None]:
    """Turn the service's stream into pieces of a reply.

    Raises:
        ProviderAnswerError: a call cannot be read, or the service withheld the answer.
    """
    call: _Call | None = None
    place: int | None = None
    async for event in stream:
        choice = event.choices[0] if event.choices else None
        if choice is None:  # usage and keep-alives have no choice
            continue
        if choice.delta is not None and choice.delta.content:
            yield ReplyText(text=choice.delta.content)
        for part in (choice.delta.tool_calls if choice.delta is not None else None) or ():
            if call is None or (part.index is not None and part.index != place):
                if call is not None:
                    yield call.chunk()
                call, place = _Call(part.id or "", ""), part.index
            _extend(call, part)
        if choice.finish_reason == "content_filter":
            raise ProviderAnswerError("the service withheld the answer")
    if call is not None:
        yield call.chunk()


def _extend(call: _Call, part: Any) -> None:
    call.id = call.id or part.id or ""
    if part.function is not None:
        call.name += part.function.name or ""
        call.arguments += part.function.arguments or ""
    if len(call.arguments) > LONGEST_ARGUMENTS:
        raise ProviderAnswerError(f"the arguments of {call.name[:40]!r} are far too long")
