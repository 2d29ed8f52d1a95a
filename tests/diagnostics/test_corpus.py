"""Every file in `bad/` prints exactly the text beside it; every file in `ok/` prints nothing.

A case is named after the code it must show: `bad/TW101_misspelt_key.yaml`, with the expected text
in `bad/TW101_misspelt_key.out`. After a change of wording, `UPDATE_DIAGNOSTICS=1 pytest
tests/diagnostics` writes the texts anew; read the difference before committing it. Plain pairs and
not a snapshot library, so that the case and what it prints lie side by side.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.render import as_text
from engine.flow.catalogue import Catalogue, Parameter, Signature
from engine.flow.codes import CODES
from engine.flow.loader import LoadResult, check_file, judge
from engine.flow.source import read_source
from engine.worker.files import find_file

HERE = Path(__file__).parent
BAD = sorted(path.stem for path in (HERE / "bad").glob("*.yaml"))
OK = sorted(path.stem for path in (HERE / "ok").glob("*.yaml"))
CATALOGUE = Catalogue(
    providers=dict.fromkeys(("stt", "llm", "tts", "vad", "turn_detector"), ("embedded", "scripted"))
)

SIGNATURES = {
    "python:corpus_tools.find": Signature(
        parameters={"size": Parameter(annotation="int"), "date": Parameter(annotation="date")}
    ),
    "python:corpus_tools.nothing": Signature(failure="`corpus_tools` has no `nothing`"),
}


def catalogue(name: str) -> Catalogue:
    """What a case may know of the outside; most know of providers only."""
    found = replace(CATALOGUE, signatures=SIGNATURES)
    older = HERE / "bad" / "parts" / f"{name}.before.yaml"
    if older.exists():
        flow, _ = judge(read_source(older.read_text(encoding="utf-8"), older.name))
        assert flow is not None
        return replace(found, before={f"bad/{name}.yaml": flow})
    environment = frozenset[str]() if name.startswith("TW802") else None
    return replace(
        found,
        environment=environment,
        without_model=name.startswith("TW707"),
        started=name.startswith(("TW111", "TW608_provider")),
        find_file=find_file if name.startswith("TW608") else None,
    )


def printed(result: LoadResult, code: str = "") -> str:
    """All findings; of mere advice, what the case is about."""
    told = [found for found in result.diagnostics if found.severity != "info" or found.code == code]
    return "\n".join("\n".join(as_text(found, result.sources)) + "\n" for found in told)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_prints_exactly_this(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    result = check_file(f"bad/{name}.yaml", catalogue(name))
    assert name[:5] in {found.code for found in result.diagnostics}
    expected = HERE / "bad" / f"{name}.out"
    if os.environ.get("UPDATE_DIAGNOSTICS"):
        expected.write_text(printed(result, name[:5]), encoding="utf-8")
    assert printed(result, name[:5]) == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OK)
def test_a_good_file_prints_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    result = check_file(f"ok/{name}.yaml", CATALOGUE)
    assert printed(result) == ""
    assert result.ok


def test_every_code_that_is_reported_has_a_case() -> None:
    """All but TW000, about files that are not there, and TW107: no key has been renamed yet."""
    assert CODES.keys() - {"TW000", "TW107"} <= {name[:5] for name in BAD}
