"""What the rules promise: no exception, places inside the file, and no error means it compiles."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from engine.flow.catalogue import Catalogue
from engine.flow.loader import LoadResult, check_text
from engine.machine.compiler import compile_loaded
from engine.machine.export import to_mermaid
from engine.machine.moves import moves_of

ROOT = Path(__file__).parents[4]
FLOWS = ROOT / "flows"
CATALOGUE = Catalogue(providers=dict.fromkeys(("stt", "tts"), ("embedded",)))
KEPT = ("turnwise", "flow", "flows")

Path_ = tuple[str | int, ...]


def seeds() -> list[dict[str, Any]]:
    files = [FLOWS / "book_table.yaml", FLOWS / "opening_hours.yaml"]
    files += sorted((ROOT / "tests" / "diagnostics" / "ok").glob("*.yaml"))
    found = [YAML(typ="safe", pure=True).load(path.read_text("utf-8")) for path in files]
    return [json.loads(json.dumps(flow, default=str)) for flow in found]


SEEDS = seeds()


def inside(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else ()
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for key, inner in pairs:
        if path or key not in KEPT:
            yield from inside(inner, (*path, key))


def at(value: Any, path: Path_) -> Any:
    for step in path:
        value = value[step]
    return value


def mutate(flow: dict[str, Any], draw: random.Random) -> None:
    """One small thing goes wrong, as it does for people: lost, doubled, exchanged, misspelt."""
    places = list(inside(flow))
    path, other = draw.choice(places), draw.choice(places)
    owner, key = at(flow, path[:-1]), path[-1]
    match draw.choice(KINDS):
        case "alike":
            alike = [place for place in places if place[-1] == key]
            owner[key] = copy.deepcopy(at(flow, draw.choice(alike)))
        case "drop":
            del owner[key]
        case "copy":
            owner[key] = copy.deepcopy(at(flow, other))
        case "rename" if isinstance(owner, dict):
            owner[str(other[-1])] = owner.pop(key)
        case "misspell" if isinstance(owner[key], str) and owner[key]:
            letters = list(owner[key])
            letters[draw.randrange(len(letters))] = draw.choice("abz_. {}\"'")
            owner[key] = "".join(letters)
        case "move" if isinstance(at(flow, other), dict):
            at(flow, other)[str(key)] = copy.deepcopy(owner[key])
        case _:
            owner[key] = draw.choice(WORDS)


KINDS = ("drop", "copy", "rename", "misspell", "move", "word", *("alike",) * 8)

WORDS: tuple[Any, ...] = (
    "STAY", "REPEAT", "RESUME", "BACK", "END", "reserve", "details", "check", "bye", "greet",
    "reserve.details", "check.bye", "slots.date", "result.status", "date", "time", "integer",
    "text?", "list(time)", "null", "true", True, 3, 2.5, "19:00", "2026-05-02", "3s", "hours",
    "today()", "answer", "visits < 3", "{{ slots.name }}", "{{ value }}", "find_table", "hangup",
    "return", ["date"], {"to": "bye"}, [{"to": "STAY"}], {"states": {}}, [], {}, "", "$PHONE",
    "error.timeout", "app.x", "*", "a table for {date}",
)  # fmt: skip


def mutated(seed: int, times: int) -> tuple[str, LoadResult]:
    draw = random.Random(seed)
    flow = copy.deepcopy(draw.choice(SEEDS[:1] * 3 + SEEDS))
    for _ in range(times):
        mutate(flow, draw)
    text = json.dumps(flow, indent=1, ensure_ascii=False)
    return text, check_text(text, "flow.yaml", CATALOGUE, folder=FLOWS)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(seed=st.integers(0, 2**32), times=st.integers(1, 3))
def test_a_flow_without_errors_compiles(seed: int, times: int) -> None:
    """And its states can be drawn and stepped through; whatever else it is, it has a finding."""
    text, result = mutated(seed, times)
    lines = text.split("\n")
    for found in result.diagnostics:
        assert found.message
        if found.span.file == "flow.yaml":
            assert 1 <= found.span.line <= len(lines)
            assert found.span.column <= len(lines[found.span.line - 1]) + 1
    if result.ok:
        compiled = compile_loaded(result)
        moves_of(compiled)
        assert to_mermaid(compiled)


@pytest.mark.parametrize("index", range(len(SEEDS)))
def test_the_examples_are_clean_to_begin_with(index: int) -> None:
    text = json.dumps(SEEDS[index], indent=1)
    folder = FLOWS if index < 2 else ROOT / "tests" / "diagnostics" / "ok"
    result = check_text(text, "flow.yaml", CATALOGUE, folder=folder)
    assert [found for found in result.diagnostics if found.is_error] == []
