"""Every code that is reported has a page, and what the page shows is true."""

from __future__ import annotations

import io
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.explain import command, explain, page
from engine.flow.catalogue import Catalogue, Parameter, Signature
from engine.flow.codes import CODES
from engine.flow.loader import check_file, judge
from engine.flow.source import read_source

CATALOGUE = Catalogue(
    providers={"tts": ("embedded",)},
    environment=frozenset(),
    signatures={
        "python:corpus_tools.find": Signature(
            parameters={"size": Parameter(annotation="int"), "date": Parameter(annotation="date")}
        ),
        "python:corpus_tools.nothing": Signature(failure="`corpus_tools` has no `nothing`"),
    },
    without_model=True,
)
SHOWN = [code for code in CODES if code not in ("TW000", "TW107")]
"""All but those no text by itself can show: a file that is not there, a key renamed later."""


def told(topic: str | None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return explain(topic, out, err), out.getvalue(), err.getvalue()


def check(tmp_path: Path, code: str, text: str) -> set[str]:
    found = page(code)
    for name, other in found.others.items():
        (tmp_path / name).write_text(other, encoding="utf-8")
    (tmp_path / "flow.yaml").write_text(text, encoding="utf-8")
    flow = tmp_path / "flow.yaml"
    older = judge(read_source(found.others.get("before.yaml", ""), "before.yaml"))[0]
    catalogue = replace(
        CATALOGUE,
        before={str(flow): older} if older is not None else {},
        started=code == "TW111",
    )
    return {finding.code for finding in check_file(flow, catalogue).diagnostics}


def test_there_is_a_page_for_each_code_and_no_other() -> None:
    folder = files("engine.flow").joinpath("explanations")
    assert sorted(entry.name for entry in folder.iterdir()) == [f"{code}.md" for code in CODES]


@pytest.mark.parametrize("code", SHOWN)
def test_the_bad_example_has_the_finding(code: str, tmp_path: Path) -> None:
    found = page(code)
    assert found.bad
    assert code in check(tmp_path, code, found.bad)


@pytest.mark.parametrize("code", SHOWN)
def test_the_good_example_has_not(code: str, tmp_path: Path) -> None:
    found = page(code)
    assert found.good
    findings = check(tmp_path, code, found.good)
    assert code not in findings
    assert not any(CODES[other].severity == "error" for other in findings)


@pytest.mark.parametrize("topic", ["TW101", "tw101", "unknown-key"])
def test_a_code_is_explained_by_number_or_name(topic: str) -> None:
    code, text, _ = told(topic)
    assert code == 0
    assert text.startswith("TW101 unknown-key (error)\n\n")
    assert "# bad" in text


def test_a_key_is_explained_with_its_default_and_examples() -> None:
    code, text, _ = told("silence")
    assert code == 0
    assert "silence: a key of `listen`" in text
    assert "default: 6s" in text
    assert "example: silence: 6s" in text


def test_a_dotted_key_names_one_place() -> None:
    _, text, _ = told("end_of_turn.min")
    assert text.count("a key of") == 1
    assert "default: 500ms" in text


def test_an_unknown_topic_is_answered_with_the_nearest() -> None:
    code, text, error = told("slience")
    assert (code, text) == (2, "")
    assert "did you mean silence?" in error


def test_without_a_topic_the_codes_are_listed() -> None:
    code, text, _ = told(None)
    assert code == 0
    assert all(entry in text for entry in CODES)


def test_the_command_explains() -> None:
    result = CliRunner().invoke(command, ["TW002"], standalone_mode=False)
    assert result.return_value == 0
    assert result.output.startswith("TW002 duplicate-key")


def test_an_unknown_code_names_its_family() -> None:
    err = io.StringIO()
    assert explain("TW999", io.StringIO(), err) == 2
    assert "codes of that family are TW901 to TW905" in err.getvalue()
