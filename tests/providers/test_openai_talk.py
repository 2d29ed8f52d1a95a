"""Free talk against a local server that streams the chat completions protocol over HTTP.

The server proves the wire: the request, server-sent events cut anywhere, calls in pieces, a client
that goes away. It is no model.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from providers.base import ReplyReport, ReplyRequest, ReplyText, ReplyToolCall, ToolOffer
from providers.errors import ProviderAnswerError, ProviderRefused, ProviderUnavailable
from providers.openai_compatible import ModelOptions, OpenAICompatibleModel

pytest.importorskip("openai", reason="pip install 'turnwise[openai]'")

Run = Callable[[Coroutine[Any, Any, Any]], Any]
KEY = "sk-very-secret"
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
REQUEST = ReplyRequest(
    instructions="Be kind.",
    history=(
        {"role": "user", "text": "Is seven free?"},
        {"role": "tool", "id": "call_1", "name": "look", "args": {"at": "19:00"}, "output": "no"},
        {"role": "assistant", "text": "Seven is taken."},
    ),
    report=SCHEMA,
    tools=(ToolOffer(name="look", description="Look it up.", parameters=SCHEMA),),
)


def text(content: str) -> dict[str, Any]:
    return {"content": content}


def call(index: int, arguments: str, name: str | None = None, id_: str | None = None) -> Any:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"tool_calls": [{"index": index, "function": function} | ({"id": id_} if id_ else {})]}


def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    chunk = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


class Stream:
    """Streams its events in pieces of a few bytes, and remembers the requests."""

    def __init__(self, *deltas: dict[str, Any], finish: str = "stop", status: int = 200) -> None:
        self.body = b"".join(event(delta) for delta in deltas) + event({}, finish)
        self.body += b"data: [DONE]\n\n"
        self.status = status
        self.hold = asyncio.Event()
        self.left = asyncio.Event()
        self.holds = False
        self.requests: list[dict[str, Any]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        if self.status != 200:
            error = {"message": f"not with {KEY}", "type": "x", "code": None}
            return web.json_response({"error": error}, status=self.status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            for start in range(0, len(self.body), 50):
                await response.write(self.body[start : start + 50])
                if self.holds and start > len(self.body) // 2:
                    await self.hold.wait()
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise
        return response


@asynccontextmanager
async def served(stream: Stream) -> AsyncIterator[OpenAICompatibleModel]:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", stream.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    options = {"model": "m", "base_url": url, "key": KEY}
    model = OpenAICompatibleModel(ModelOptions.model_validate(options))
    try:
        yield model
    finally:
        await model.aclose()
        await runner.cleanup()


async def talk(stream: Stream, request: ReplyRequest = REQUEST) -> list[Any]:
    async with served(stream) as model, aclosing(model.converse(request)) as chunks:
        return [chunk async for chunk in chunks]


def test_text_comes_piece_by_piece(real: Run) -> None:
    stream = Stream(text("Seven "), text("is "), text("taken."))

    chunks = real(talk(stream))

    assert chunks == [ReplyText(text="Seven "), ReplyText(text="is "), ReplyText(text="taken.")]
    (body,) = stream.requests
    assert body["stream"] is True
    assert "tool_choice" not in body
    assert [f["function"]["name"] for f in body["tools"]] == ["look", "report"]
    assert all(f["function"]["strict"] for f in body["tools"])


def test_history_keeps_calls_with_their_results(real: Run) -> None:
    stream = Stream(text("Eight?"))

    real(talk(stream))

    roles = [message["role"] for message in stream.requests[0]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant"]
    asked, told = stream.requests[0]["messages"][2:4]
    assert asked["tool_calls"][0]["id"] == told["tool_call_id"] == "call_1"
    assert json.loads(asked["tool_calls"][0]["function"]["arguments"]) == {"at": "19:00"}
    assert told["content"] == "no"


def test_a_report_and_a_call_in_pieces_are_put_together(real: Run) -> None:
    stream = Stream(
        text("Let me look."),
        call(0, "", "report", "a"),
        call(0, '{"slots": '),
        call(0, '{"size": 4}}'),
        call(1, '{"at"', "look", "b"),
        call(1, ': "20:00"}'),
        finish="tool_calls",
    )

    chunks = real(talk(stream))

    assert chunks[1:] == [
        ReplyReport(report={"slots": {"size": 4}}),
        ReplyToolCall(id="b", name="look", args={"at": "20:00"}),
    ]


@pytest.mark.parametrize("arguments", ["{not json", "[1]", '"' + "x" * 70_000 + '"'])
def test_a_call_nobody_can_read_is_an_error(real: Run, arguments: str) -> None:
    with pytest.raises(ProviderAnswerError):
        real(talk(Stream(call(0, arguments, "report", "a"))))


def test_an_answer_the_service_withholds_is_an_error(real: Run) -> None:
    with pytest.raises(ProviderAnswerError, match="withheld"):
        real(talk(Stream(text("I "), finish="content_filter")))


@pytest.mark.parametrize(("status", "kind"), [(401, ProviderRefused), (503, ProviderUnavailable)])
def test_errors_are_told_apart_and_hold_no_key(real: Run, status: int, kind: Any) -> None:
    with pytest.raises(kind) as raised:
        real(talk(Stream(status=status)))

    assert KEY not in str(raised.value)


def test_without_anything_to_call_no_function_is_offered(real: Run) -> None:
    stream = Stream(text("Hello."))

    real(talk(stream, ReplyRequest(instructions="Be kind.")))

    assert "tools" not in stream.requests[0]


def test_closing_the_reply_closes_the_connection(real: Run) -> None:
    stream = Stream(*(text(f"word{n} ") for n in range(20)))
    stream.holds = True

    async def go() -> bool:
        async with served(stream) as model:
            async with aclosing(model.converse(REQUEST)) as chunks:
                await anext(chunks)
            async with asyncio.timeout(2):
                return await stream.left.wait()

    assert real(go())
