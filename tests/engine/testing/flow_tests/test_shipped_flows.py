"""The tests that come with the flows pass, and reach everything in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from engine.testing.flow_tests.collect import Case, collect
from engine.testing.flow_tests.coverage import Coverage
from engine.testing.flow_tests.model import schema_of_tests, schema_text_of_tests
from engine.testing.flow_tests.runner import explain, run_case

ROOT = Path(__file__).parents[4]
FOUND = collect([ROOT / "flows"])


def test_every_file_of_tests_can_be_read() -> None:
    assert [str(problem) for problem in FOUND.problems] == []
    assert FOUND.cases


@pytest.mark.parametrize("case", FOUND.cases, ids=lambda case: case.name)
def test_a_shipped_test_passes(case: Case) -> None:
    outcome = run_case(case)

    assert outcome.ok, explain(outcome)


@pytest.mark.parametrize(
    "name", sorted(path.name.split(".")[0] for path in (ROOT / "flows").rglob("*.tests.yaml"))
)
def test_the_tests_of_a_flow_reach_everything_in_it(name: str) -> None:
    coverage = Coverage()
    cases = [case for case in FOUND.cases if case.subject.flow.id == name]
    coverage.add_flow(cases[0].subject.flow)
    for case in cases:
        run_case(case, coverage)

    assert coverage.missing() == []


def test_what_a_flow_takes_from_its_fragment_is_not_counted_there() -> None:
    """`ivr_menu` says `corrected` itself, so that of the fragment never fires."""
    coverage = Coverage()
    menu = next(case.subject.flow for case in FOUND.cases if case.subject.flow.id == "ivr_menu")
    coverage.add_flow(menu)

    names = {item.name for item in coverage.items}
    assert "flow.handle.corrected[0]" in names
    assert "include.common.handle.error[0]" in names
    assert "include.common.handle.corrected[0]" not in names


def test_the_stored_schema_is_the_generated_one() -> None:
    stored = (ROOT / "schemas" / "test-v1.json").read_text(encoding="utf-8")

    assert stored == schema_text_of_tests()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "flows").glob("*.tests.yaml")), ids=lambda p: p.name
)
def test_the_schema_accepts_shipped_tests(path: Path) -> None:
    data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))

    errors = list(Draft7Validator(schema_of_tests()).iter_errors(json.loads(json.dumps(data))))

    assert errors == []
