"""SARIF, JUnit and Markdown say what the text says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from engine.cli.validate import command

FLOW = """\
turnwise: 1
flow: f
start: ask
slots:
  name: {type: text, ask: Who are you?}
listen: {no_input: ["Hello?"], no_match: ["Pardon?"]}
handle: {no_input: bye, no_match: bye}
states:
  ask:
    collect: [name]
    then: bye
  bye: {say: "Goodbye.", end: hangup}
  # turnwise: ignore[TW301] for later
  spare: {say: "Never heard.", end: hangup}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a flow.yaml").write_text(FLOW)
    (tmp_path / "bad.yaml").write_text(FLOW.replace("then: bye", "then: by"))
    return tmp_path


def shown(output_format: str, *files: str) -> str:
    done = CliRunner().invoke(command, (*files, "--format", output_format), standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.stdout


def sarif(*files: str) -> dict[str, Any]:
    (run,) = json.loads(shown("sarif", *files))["runs"]
    return run  # type: ignore[no-any-return]


def test_sarif_names_rules_places_and_repairs() -> None:
    run = sarif("a flow.yaml", "bad.yaml")
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]

    assert rules == sorted(set(rules))
    assert all(rules[found["ruleIndex"]] == found["ruleId"] for found in run["results"])
    by_code = {found["ruleId"]: found for found in run["results"]}
    target = by_code["TW201"]
    assert target["level"] == "error"
    place = target["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "bad.yaml"
    assert place["region"] == {"startLine": 11, "startColumn": 11, "endLine": 11, "endColumn": 13}
    (change,) = target["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == "bye"
    quoting = by_code["TW005"]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert quoting["uri"] in ("a%20flow.yaml", "bad.yaml")


def test_sarif_keeps_what_is_ignored_as_suppressed() -> None:
    found = {one["ruleId"]: one for one in sarif("a flow.yaml")["results"]}

    assert found["TW301"]["suppressions"] == [{"kind": "inSource"}]
    assert "suppressions" not in found["TW005"]


def test_a_fingerprint_does_not_move_with_its_line(folder: Path) -> None:
    def prints() -> list[str]:
        results = sarif("a flow.yaml")["results"]
        return [one["partialFingerprints"]["turnwise/v1"] for one in results]

    before = prints()
    (folder / "a flow.yaml").write_text("# more\n" + FLOW)

    assert prints() == before
    assert len(set(before)) == len(before)


def test_sarif_shows_a_witness_as_a_flow_of_places(folder: Path) -> None:
    spinning = FLOW.replace("    collect: [name]\n    then: bye", "    then: spin").replace(
        "  bye: {say", "  spin: {then: ask}\n  bye: {say"
    )
    (folder / "bad.yaml").write_text(spinning)
    found = next(one for one in sarif("bad.yaml")["results"] if one["ruleId"] == "TW304")
    steps = found["codeFlows"][0]["threadFlows"][0]["locations"]

    assert [step["location"]["message"]["text"] for step in steps][:2] == ["ask", "spin"]
    lines = [s["location"]["physicalLocation"]["region"]["startLine"] for s in steps]
    assert lines[:2] == [9, 11]


def test_junit_has_a_suite_for_each_file() -> None:
    root = ElementTree.fromstring(shown("junit", "a flow.yaml", "bad.yaml").encode())
    suites = {suite.get("name"): suite for suite in root}

    assert list(suites) == ["a flow.yaml", "bad.yaml"]
    failures = suites["bad.yaml"].findall("testcase/failure")
    assert {"error", "warning"} == {failure.get("type") for failure in failures}
    assert suites["bad.yaml"].get("failures") == str(len(failures))


def test_junit_tells_of_a_clean_file(folder: Path) -> None:
    (folder / "good.yaml").write_text(
        'turnwise: 1\nflow: f\nstart: bye\nstates: {bye: {say: "Goodbye.", end: hangup}}\n'
    )
    root = ElementTree.fromstring(shown("junit", "good.yaml").encode())

    assert root[0].get("failures") == "0"
    assert len(root[0].findall("testcase")) >= 1


def test_markdown_is_a_table_that_text_cannot_break(folder: Path) -> None:
    (folder / "bad.yaml").write_text(FLOW.replace("then: bye", 'then: "a|b<c"'))
    lines = shown("markdown", "bad.yaml").splitlines()

    assert lines[0] == "### `bad.yaml`"
    rows = [line for line in lines if line.startswith("| ")]
    assert all(row.replace("\\|", "").count("|") == 6 for row in rows)
    assert any("TW105" in row for row in rows)
    assert not any("<c" in row for row in rows)
