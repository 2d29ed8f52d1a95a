"""The model adapter against a local server that speaks the chat completions protocol over HTTP.

The server proves the wire: path, headers, the forced function call, error codes. It is no model,
and says nothing about how well one understands.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from providers.base import ReportRequest
from providers.errors import (
    ProviderAnswerError,
    ProviderConfigurationError,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from providers.openai_compatible import INFO, ModelOptions, OpenAICompatibleModel
from providers.registry import check, make

pytest.importorskip("openai", reason="pip install 'turnwise[openai]'")

Run = Callable[[Coroutine[Any, Any, Any]], Any]
SCHEMA = {
    "type": "object",
    "properties": {"slots": {"type": "object"}},
    "required": ["slots"],
    "additionalProperties": False,
}
REQUEST = ReportRequest(
    text="four of us", question="For how many people?", schema=SCHEMA, hints={"today": "2026-05-02"}
)
KEY = "sk-very-secret"


class Service:
    """Answers every request with what it was given, and remembers the requests."""

    def __init__(self, answer: Any, status: int = 200, delay: float = 0.0) -> None:
        self.answer, self.status, self.delay = answer, status, delay
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, dict(request.headers), await request.json()))
        await asyncio.sleep(self.delay)
        return web.json_response(self.answer, status=self.status)


def completion(arguments: str, name: str = "report") -> dict[str, Any]:
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }


def failure(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": None}}


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def ask(service: Service, **options: Any) -> Coroutine[Any, Any, Any]:
    async def call() -> Any:
        async with served(service) as url:
            given = {"model": "m", "base_url": url, "key": KEY, **options}
            model = OpenAICompatibleModel(ModelOptions.model_validate(given))
            try:
                return await model.report(REQUEST)
            finally:
                await model.aclose()

    return call()


def test_reports_the_arguments_of_one_forced_strict_call(real: Run) -> None:
    service = Service(completion('{"slots": {"party_size": 4}}'))

    report = real(ask(service))

    assert report == {"slots": {"party_size": 4}}
    ((path, headers, body),) = service.requests
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert body["tool_choice"] == {"type": "function", "function": {"name": "report"}}
    function = body["tools"][0]["function"]
    assert (function["strict"], function["parameters"]) == (True, SCHEMA)
    assert body["temperature"] == 0
    told = json.loads(body["messages"][1]["content"])
    assert told["caller"] == "four of us"
    assert told["hints"] == {"today": "2026-05-02"}


def test_a_server_without_strict_schemas_is_not_asked_for_them(real: Run) -> None:
    service = Service(completion("{}"))

    real(ask(service, strict=False, key=None))

    assert "strict" not in service.requests[0][2]["tools"][0]["function"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ProviderRefused), (400, ProviderRefused), (429, ProviderUnavailable)]
    + [(500, ProviderUnavailable), (503, ProviderUnavailable)],
)
def test_errors_of_the_service_are_told_apart_and_asked_once(
    real: Run, status: int, kind: type[ProviderError]
) -> None:
    service = Service(failure(f"no, not with {KEY}"), status=status)

    with pytest.raises(kind) as raised:
        real(ask(service))

    assert KEY not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.retryable is (kind is ProviderUnavailable)
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        completion("{not json"),
        completion("[1, 2]"),
        completion("{}", name="order_pizza"),
        completion('{"text": "' + "x" * 70_000 + '"}'),
        {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": []},
    ],
)
def test_an_answer_without_a_report_is_an_error(real: Run, answer: dict[str, Any]) -> None:
    with pytest.raises(ProviderAnswerError):
        real(ask(Service(answer)))


def test_a_slow_answer_times_out(real: Run) -> None:
    with pytest.raises(ProviderTimeout, match=r"0\.05 s"):
        real(ask(Service(completion("{}"), delay=0.5), timeout="50ms"))


def test_a_closed_port_is_told(real: Run) -> None:
    options = ModelOptions(model="m", base_url="http://127.0.0.1:9/v1")

    async def call() -> None:
        model = OpenAICompatibleModel(options)
        try:
            await model.report(REQUEST)
        finally:
            await model.aclose()

    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        real(call())


def test_options_are_checked_before_any_call() -> None:
    assert check("llm", {"use": "openai", "model": "m", "base_url": "localhost:8000"})
    assert check("llm", {"use": "openai", "model": "m", "base_url": "http://a:b@c/v1"})
    assert check("llm", {"use": "openai"}) == ("llm openai: `model`: Field required",)
    with pytest.raises(ProviderConfigurationError, match="OPENAI_API_KEY"):
        make("llm", {"use": "openai", "model": "m"})
    assert "report" in INFO.capabilities
