"""`turnwise test --live`, with a local server that speaks the chat completions protocol.

The server is no model: it proves that the turns reach one, and that its reports are compared.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.main import main

pytest.importorskip("openai", reason="pip install 'turnwise[openai]'")

FLOW = """\
turnwise: 1
flow: desk
start: ask
pipeline: {{llm: {{use: openai, model: any, base_url: "{url}", key: $DESK_KEY}}}}
slots: {{size: {{type: integer, ask: "For how many?"}}}}
listen: {{no_match: [Pardon?]}}
handle: {{no_match: {{to: bye}}, no_input: {{to: bye}}, error: {{to: bye}}}}
states:
  ask: {{collect: [size], then: bye}}
  bye: {{say: "For {{{{ slots.size }}}}.", end: hangup}}
tests:
  in_other_words:
    talk: [{{user: my parents and both my sisters, heard: {{slots: {{size: 4}}}}}}, ended: hangup]
  in_plain_words:
    talk: [{{user: four people, heard: {{slots: {{size: 4}}}}}}, ended: hangup]
"""


class Service(ThreadingHTTPServer):
    """Answers every question with one report, and keeps the questions."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.size: int | None = 4
        self.status = 200
        self.asked: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.asked.append(json.loads(self.rfile.read(length)))
        report = json.dumps({"slots": {"size": self.server.size}})
        call = {"id": "c", "type": "function", "function": {"name": "report", "arguments": report}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
        answer: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 1}
        answer |= {"model": "any", "choices": [choice]}
        if self.server.status != 200:
            answer = {"error": {"message": "no", "type": "invalid_request_error", "code": None}}
        body = json.dumps(answer).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def live(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch, key: bool = True) -> Result:
    monkeypatch.setenv("DESK_KEY", "k")
    if not key:
        monkeypatch.delenv("DESK_KEY")
    path = folder / "desk.yaml"
    path.write_text(text)
    return CliRunner().invoke(main, ["test", str(path), "--live"], standalone_mode=False)


def test_a_model_that_understands_agrees(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the words tell is not asked: a call would not ask it either."""
    result = live(tmp_path, FLOW.format(url=service.url), monkeypatch)

    assert result.return_value == 0, result.output
    assert '= "my parents and both my sisters": heard slots.size=4 (model)' in result.output
    assert '= "four people": heard slots.size=4 (words)' in result.output
    assert "2 of 2 turns with `heard` were understood as declared (100 %)" in result.output
    assert len(service.asked) == 1
    told = json.dumps(service.asked[0]["messages"])
    assert "my parents and both my sisters" in told
    assert "For how many?" in told


def test_another_answer_is_shown_and_the_test_goes_on(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.size = 5

    result = live(tmp_path, FLOW.format(url=service.url), monkeypatch)

    assert result.return_value == 1
    assert "ok    in_other_words" in result.output
    assert "heard slots.size=4; the model told slots.size=5" in result.output
    assert "1 of 2 turns" in result.output


def test_a_model_that_fails_is_no_agreement(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.status = 401

    result = live(tmp_path, FLOW.format(url=service.url), monkeypatch)

    assert result.return_value == 1
    assert "the model failed: " in result.output


@pytest.mark.parametrize("without", ["pipeline", "key"])
def test_a_model_that_cannot_be_asked_is_said_before_any_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    lines = FLOW.format(url="http://127.0.0.1:1/v1").splitlines(keepends=True)
    kept = [line for line in lines if without != "pipeline" or not line.startswith("pipeline")]

    result = live(tmp_path, "".join(kept), monkeypatch, key=without != "key")

    assert "desk" in str(result.exception)
    assert type(result.exception).__name__ == "ConfigurationError"
    assert "ok " not in result.output
