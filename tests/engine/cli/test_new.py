"""Whatever `new` writes is valid, formatted, and passes its own tests."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from engine.cli.new import TEMPLATES, NewFlowError, new
from engine.cli.validate import known_providers
from engine.flow.formatter import format_text
from engine.flow.loader import check_file
from engine.testing.flow_tests.collect import collect
from engine.testing.flow_tests.coverage import Coverage
from engine.testing.flow_tests.runner import explain, run_case


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_clean_and_formatted(template: str, tmp_path: Path) -> None:
    written = new("my_flow", template, tmp_path)
    result = check_file(written.flow, known_providers())

    assert [found.message for found in result.diagnostics if found.severity != "info"] == []
    assert result.flow is not None
    assert result.flow.flow == "my_flow"
    for path in (written.flow, written.tests):
        text = path.read_text(encoding="utf-8")
        assert format_text(text) == text
        assert f"{template}.yaml" not in text


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_passes_its_tests_and_they_reach_every_state_and_way(
    template: str, tmp_path: Path
) -> None:
    written = new("my_flow", template, tmp_path)
    found = collect([written.flow])
    assert found.problems == []
    coverage = Coverage()
    for subject in found.subjects:
        coverage.add_flow(subject.flow)
    outcomes = [run_case(case, coverage) for case in found.cases]

    assert [explain(outcome) for outcome in outcomes if not outcome.ok] == []
    assert coverage.missing("states") == []
    assert coverage.missing("transitions") == []


def test_every_template_is_offered() -> None:
    shipped = files("flows").joinpath("templates").iterdir()
    names = {Path(entry.name).name.split(".")[0] for entry in shipped}

    assert names == set(TEMPLATES)


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.tests.yaml").write_text("mine")

    with pytest.raises(NewFlowError, match="--force"):
        new("a", "minimal", tmp_path)
    assert not (tmp_path / "a.yaml").exists()
    new("a", "minimal", tmp_path, force=True)
    assert (tmp_path / "a.yaml").exists()


@pytest.mark.parametrize(("name", "meant"), [("My-Flow", "my_flow"), ("9", ""), ("../x", "x")])
def test_a_name_that_is_no_id_is_refused(name: str, meant: str, tmp_path: Path) -> None:
    with pytest.raises(NewFlowError, match=f"did you mean {meant}" if meant else "is no id"):
        new(name, "minimal", tmp_path)


def test_the_schema_of_a_project_is_named(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "flow-v1.json").write_text("{}")
    (tmp_path / "pyproject.toml").write_text("")
    written = new("a", "minimal", tmp_path / "flows")
    first = written.flow.read_text(encoding="utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=../schemas/flow-v1.json"
