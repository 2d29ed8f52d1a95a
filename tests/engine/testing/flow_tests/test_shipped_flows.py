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


def test_the_tests_of_book_table_reach_everything_in_it() -> None:
    coverage = Coverage()
    cases = [case for case in FOUND.cases if case.subject.flow.id == "book_table"]
    coverage.add_flow(cases[0].subject.flow)
    for case in cases:
        run_case(case, coverage)

    assert coverage.missing() == []


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
