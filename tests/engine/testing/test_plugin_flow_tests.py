"""Tests of flows run under pytest: files of tests by themselves, flows when they are named."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

FLOW = """\
turnwise: 1
flow: tiny
start: ask
slots: {name: {type: text, ask: What is your name?}}
states:
  ask: {collect: [name], then: bye}
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
tests:
  inline: {talk: [user: Ann, ended: hangup]}
"""
TESTS = """\
turnwise: 1
tests:
  passes: {talk: [user: Ann, agent: Goodbye Ann.]}
  fails: {talk: [user: Ann, agent: Hello Ann.]}
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    (pytester.path / "tiny.yaml").write_text(FLOW)
    (pytester.path / "tiny.tests.yaml").write_text(TESTS)
    return pytester


def test_a_file_of_tests_is_collected_by_itself(folder: pytest.Pytester) -> None:
    result = folder.runpytest_inprocess("-q")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["fails (step 2)", '* = expected: the agent to say "Hello Ann."', "what happened, *"]
    )


def test_a_flow_that_is_named_brings_its_tests_and_those_beside_it(
    folder: pytest.Pytester,
) -> None:
    folder.runpytest_inprocess("-q", "tiny.yaml").assert_outcomes(passed=2, failed=1)


def test_k_chooses_a_test(folder: pytest.Pytester) -> None:
    folder.runpytest_inprocess("-q", "-k", "passes").assert_outcomes(passed=1, deselected=1)


def test_a_file_that_cannot_be_read_is_an_error_of_the_collection(
    folder: pytest.Pytester,
) -> None:
    (folder.path / "tiny.tests.yaml").write_text("turnwise: 1\ntests: {a: {talk: []}}\n")

    result = folder.runpytest_inprocess("-q")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*tiny.tests.yaml:2: `talk` is empty*"])


def test_other_yaml_that_is_named_is_left_to_others(folder: pytest.Pytester) -> None:
    (folder.path / "other.yaml").write_text("key: value\n")

    folder.runpytest_inprocess("-q", "other.yaml").assert_outcomes()
