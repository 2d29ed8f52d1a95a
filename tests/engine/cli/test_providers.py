"""`providers` lists what is installed and says what is missing; that is never a failure."""

from __future__ import annotations

import io
import json

import pytest

from engine.cli.providers import list_providers
from providers import registry
from providers.registry import Status

ROWS = (
    Status(kind="stt", name="embedded", state="ready", detail=""),
    Status(
        kind="tts",
        name="embedded",
        state="missing program",
        detail="pip install 'turnwise[espeak]', or install the program espeak-ng",
    ),
)


def listed(output_format: str) -> str:
    out = io.StringIO()
    assert list_providers(output_format, out) == 0
    return out.getvalue()


def test_every_default_is_listed_as_such() -> None:
    text = listed("text")

    for kind, name in registry.DEFAULTS.items():
        (line,) = [row for row in text.splitlines() if row.split()[:2] == [kind, name]]
        assert "(default)" in line


def test_what_is_missing_is_told_whole_and_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brackets are text here, not markup, and no line is cut at the width of a terminal."""
    monkeypatch.setattr(registry, "status", lambda: ROWS)

    assert listed("text") == (
        "kind  name                state            detail\n"
        "stt   embedded (default)  ready\n"
        "tts   embedded (default)  missing program  "
        "pip install 'turnwise[espeak]', or install the program espeak-ng\n"
    )


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(registry, "status", lambda: ROWS)
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    list_providers("text", out)

    assert "\x1b[32mready\x1b[0m" in out.getvalue()
    assert "\x1b[" not in listed("text")


def test_json_has_one_record_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "status", lambda: ROWS)

    assert json.loads(listed("json")) == [
        {"kind": row.kind, "name": row.name, "state": row.state, "detail": row.detail}
        for row in ROWS
    ]
