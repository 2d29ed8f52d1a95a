"""A recorded call becomes a test that goes the same way."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from engine.core.step import Step
from engine.effects import Say
from engine.machine.compiled import CompiledFlow
from engine.observe.journal import Header, JournalWriter
from engine.testing.flow_tests.collect import Case, collect
from engine.testing.flow_tests.recorded import recorded_test
from engine.testing.flow_tests.runner import explain, run_case

ROOT = Path(__file__).parents[4]
CASES = [
    case
    for case in collect([ROOT / "flows" / "book_table.yaml"]).cases
    if all(step.heard is None and step.interrupt is None for step in case.test.talk)
]
"""What is declared as heard is in no journal, and how a line was cut is not kept."""


def journal(flow: CompiledFlow, steps: tuple[Step, ...], fingerprint: str = "") -> list[str]:
    stream = io.StringIO()
    header = Header(
        flow=flow.id,
        version=flow.version,
        fingerprint=fingerprint or flow.fingerprint,
        started_at="2026-05-01T12:00:00+02:00",
        seed=0,
        turnwise="0",
    )
    writer = JournalWriter(stream, header)
    for step in steps:
        writer.append(step)
    return stream.getvalue().splitlines()


def said(steps: tuple[Step, ...]) -> list[object]:
    effects = [effect for step in steps for effect in step.effects]
    return [e.text if isinstance(e, Say) else type(e) for e in effects]


def test_there_are_calls_to_record() -> None:
    assert len(CASES) > 5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_recording_of_a_test_passes_as_a_test(case: Case, tmp_path: Path) -> None:
    flow = case.subject.flow
    steps = run_case(case).steps
    text = recorded_test(flow, journal(flow, steps))
    path = tmp_path / "call.tests.yaml"
    flow_file = ROOT / "flows" / "book_table.yaml"
    path.write_text(text.replace("turnwise: 1\n", f"turnwise: 1\nflow: {flow_file}\n", 1))

    found = collect([path])
    assert [str(problem) for problem in found.problems] == [], text
    outcome = run_case(found.cases[0])

    assert outcome.ok, f"{text}\n{explain(outcome)}"
    assert said(outcome.steps) == said(steps)


def test_sensitive_arguments_are_left_out() -> None:
    case = next(case for case in CASES if case.name == "in_one_sentence")

    text = recorded_test(case.subject.flow, journal(case.subject.flow, run_case(case).steps))

    assert "called: {book_table: {size: 4" in text
    assert '"0301234567"' not in text


def test_a_flow_that_has_changed_is_said() -> None:
    case = CASES[0]

    text = recorded_test(case.subject.flow, journal(case.subject.flow, (), "another"))

    assert "# The flow has changed since" in text
