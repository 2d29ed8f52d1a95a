"""Golden conversations run under pytest: they pass, differ, or say what is wrong."""

import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

GOLDEN = Path(__file__).parents[2] / "golden" / "hello"


@pytest.fixture
def case(pytester):
    """A folder with the smallest golden conversation in it."""
    for name in ("hello.yaml", "greeting.conversation.yaml", "greeting.timeline"):
        shutil.copy(GOLDEN / name, pytester.path / name)
    return pytester


def test_a_case_that_goes_as_stored_passes(case):
    case.runpytest_inprocess("-q").assert_outcomes(passed=1)


def test_a_case_without_a_stored_timeline_fails_until_it_is_stored(case):
    (case.path / "greeting.timeline").unlink()

    case.runpytest_inprocess("-q").stdout.fnmatch_lines(["*no greeting.timeline is stored*"])
    case.runpytest_inprocess("-q", "--timeline-update").assert_outcomes(passed=1)
    assert (case.path / "greeting.timeline").read_text() == (
        GOLDEN / "greeting.timeline"
    ).read_text()


def test_a_changed_line_is_shown_as_a_difference(case):
    flow = case.path / "hello.yaml"
    flow.write_text(flow.read_text().replace("What is your name?", "What is your full name?"))
    script = case.path / "greeting.conversation.yaml"
    script.write_text(script.read_text().replace('  - {says: "What is your name?"}\n', ""))

    result = case.runpytest_inprocess("-q")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['-*a1.1 "What is your name?"*', '+*"What is your full name?"*'])


def test_an_expectation_that_does_not_come_true_is_named(case):
    script = case.path / "greeting.conversation.yaml"
    script.write_text(script.read_text() + "  - {says: /never/}\n")

    result = case.runpytest_inprocess("-q")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["never came true: {'says': '/never/'}"])


def test_a_flow_with_errors_is_refused_with_its_findings(case):
    flow = case.path / "hello.yaml"
    flow.write_text(flow.read_text().replace("start: ask", "begin: ask"))

    result = case.runpytest_inprocess("-q")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*hello.yaml has errors: TW1*"])
