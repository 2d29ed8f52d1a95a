"""`turnwise test`: what it prints, and its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner, Result

from engine.cli.test import command
from engine.testing.flow_tests.collect import chosen, collect
from engine.testing.flow_tests.runner import run_case

FLOW = """\
turnwise: 1
flow: tiny
start: ask
slots: {name: {type: text, ask: What is your name?}}
listen: {no_input: [Hello?]}
handle: {no_input: {to: bye}}
states:
  ask: {collect: [name], then: bye}
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
tests:
  says_goodbye:
    talk: [user: Ann, agent: Goodbye Ann., ended: hangup]
"""
FAILING = """\
turnwise: 1
tests:
  says_hello:
    talk:
      - user: Ann
      - agent: Hello Ann.
"""


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    path.write_text(FLOW, encoding="utf-8")
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(
        command, [str(arg) for arg in args], standalone_mode=False, catch_exceptions=False
    )


def test_a_flow_whose_tests_pass(flow: Path) -> None:
    result = run("tiny.yaml")

    assert result.return_value == 0
    assert result.output.startswith("tiny.yaml\n  ok    says_goodbye\n\n1 passed.")


def test_a_failure_shows_the_step_and_what_happened(flow: Path) -> None:
    Path("tiny.tests.yaml").write_text(FAILING, encoding="utf-8")

    result = run("tiny.yaml")

    assert result.return_value == 1
    shown = result.output.split("FAIL says_hello", 1)[1]
    assert shown.startswith(
        """ (step 2)
 --> tiny.tests.yaml:6:9
  |
6 |       - agent: Hello Ann.
  |         ^^^^^^^^^^^^^^^^^
  |
  = expected: the agent to say "Hello Ann."
  = found:    "Goodbye Ann."

what happened, with the steps of the test at the left:
        0.000  state  ask  (begin)
        0.000  agent  "What is your name?"
   1    1.600  caller "Ann"
        1.600  heard  name=Ann
        1.600  state  ask -> bye  (ask.then[0])
        1.600  agent  "Goodbye Ann."
        2.400  agent  hangs up (flow)

1 passed, 1 failed."""
    )


def test_k_chooses_by_name(flow: Path) -> None:
    Path("tiny.tests.yaml").write_text(FAILING, encoding="utf-8")

    assert run("tiny.yaml", "-k", "goodbye").return_value == 0
    assert run("tiny.yaml", "-k", "not goodbye").return_value == 1
    assert run("tiny.yaml", "-k", "nothing").return_value == 2


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("silence", True),
        ("SILENCE", True),
        ("not silence", False),
        ("silence and goodbye", True),
        ("silence and not goodbye", False),
        ("other or (silence and goodbye)", True),
    ],
)
def test_an_expression_is_judged(expression: str, expected: bool) -> None:
    assert chosen("book.yaml::silence_says_goodbye", expression) is expected


@pytest.mark.parametrize("expression", ["(a", "a b", "and", "a or", ")"])
def test_a_wrong_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"word is missing|unexpected|not closed"):
        chosen("name", expression)


def test_a_folder_brings_every_test_below_it(flow: Path) -> None:
    inner = flow.parent / "more" / "tiny.tests.yaml"
    inner.parent.mkdir()
    inner.write_text(FAILING.replace("turnwise: 1", "turnwise: 1\nflow: ../tiny.yaml"))
    (flow.parent / ".hidden").mkdir()
    (flow.parent / ".hidden" / "x.tests.yaml").write_text("no tests")

    result = run(".")

    assert result.return_value == 1
    assert "1 passed, 1 failed." in result.output


def test_coverage_tells_what_is_not_reached(flow: Path) -> None:
    result = run("tiny.yaml", "--coverage")

    assert "states            2 of 2     100.0 %" in result.output
    assert "handler      tiny: flow.handle.no_input[0]  (tiny.yaml:6)" in result.output
    assert "ladder line  tiny: no_input: Hello?" in result.output


def test_too_little_coverage_fails(flow: Path) -> None:
    assert run("tiny.yaml", "--fail-under", "90").return_value == 1
    assert run("tiny.yaml", "--fail-under", "50").return_value == 0


def test_junit_holds_every_test(flow: Path) -> None:
    Path("tiny.tests.yaml").write_text(FAILING, encoding="utf-8")
    run("tiny.yaml", "--junit", "report.xml")

    suite = Xml.parse("report.xml").getroot()[0]

    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.get("name") for case in suite] == ["says_goodbye", "says_hello"]
    assert "expected the agent to say" in str(suite[1][0].get("message"))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.tests.yaml", "turnwise: 1\ntests: {a: {talk: []}}", "x.tests.yaml:2: `talk` is empty"),
        ("x.tests.yaml", "turnwise: 1\ntests: {a: {tlk: [at: b]}}", "x.tests.yaml:2: "),
        ("x.tests.yaml", "turnwise: 1\ntests: {a: {talk: [at: b]}}", "no file `x.yaml`"),
        ("x.tests.yaml", "turnwise: [", "x.tests.yaml:1: "),
        ("x.yaml", "turnwise: 1\nflow: x\n", "turnwise validate x.yaml"),
        ("x.yaml", FLOW.split("tests:")[0].replace("tiny", "x"), "No tests were found"),
    ],
)
def test_what_cannot_be_tested_is_told(flow: Path, name: str, text: str, told: str) -> None:
    Path(name).write_text(text, encoding="utf-8")

    result = run(name)

    assert result.return_value == 2
    assert told in result.output


def test_missing_conversations_are_tests_that_run(flow: Path) -> None:
    """A stub is completed by hand, but it can be read and played as it is."""
    found = run("tiny.yaml", "--paths").output
    stubs = found.split("`tests:`\n", 1)[1].split("\n\n1 passed", 1)[0]
    Path("tiny.tests.yaml").write_text(f"turnwise: 1\ntests:\n{stubs}\n", encoding="utf-8")

    cases = collect([Path("tiny.tests.yaml")]).cases

    assert [case.name for case in cases] == ["reaches_flow_handle_no_input_0"]
    assert run_case(cases[0]).ok


def test_a_recorded_call_becomes_a_test_that_passes(flow: Path) -> None:
    from engine.observe.journal import Header, JournalWriter

    outcome = run_case(collect([flow]).cases[0])
    compiled = outcome.case.subject.flow
    header = Header(
        flow="tiny",
        version=compiled.version,
        fingerprint=compiled.fingerprint,
        started_at="2026-05-01T12:00:00+02:00",
        seed=0,
        turnwise="0",
    )
    with Path("journal.jsonl").open("w", encoding="utf-8") as stream:
        writer = JournalWriter(stream, header)
        for step in outcome.steps:
            writer.append(step)

    text = run("tiny.yaml", "--from", "journal.jsonl").output
    Path("tiny.tests.yaml").write_text(text, encoding="utf-8")

    assert "- user: Ann" in text
    assert "- ended: hangup" in text
    assert run("tiny.tests.yaml").return_value == 0


def test_from_takes_one_flow(flow: Path) -> None:
    Path("journal.jsonl").write_text(json.dumps({"journal": 1}))

    with pytest.raises(Exception, match="one flow FILE"):
        run(".", "--from", "journal.jsonl")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("turnwise: 1\ntests: {a: {talk: [at: ask]}}\n", "No problems."),
        ("turnwise: 1\ntests: {a: {talk: [at: aks]}}\n", "error[TW901]: no state named `aks`"),
        ("turnwise: 1\ntests: {a: {talk: []}}\n", "error[TW110]: `talk` is empty"),
        ("turnwise: 1\nflow: ./no.yaml\ntests: {a: {talk: [at: a]}}\n", "error[TW207]"),
        ("turnwise: 1\ntests: {a: {talk: [agent: /(/]}}\n", "/(/ is no regular expression"),
    ],
)
def test_validate_knows_files_of_tests(flow: Path, text: str, told: str) -> None:
    from engine.cli.validate import validate

    Path("tiny.tests.yaml").write_text(text, encoding="utf-8")
    out = io.StringIO()

    code = validate(["tiny.tests.yaml"], out=out)

    assert told in out.getvalue()
    assert code == (0 if told == "No problems." else 1)


def test_the_schema_of_tests_can_be_printed() -> None:
    from engine.cli.schema import command as schema

    result = CliRunner().invoke(schema, ["--of", "tests"], standalone_mode=False)

    assert json.loads(result.output)["title"] == "Turnwise tests of a flow, language version 1"


def test_missing_conversations_are_written_for_a_flow_without_tests(flow: Path) -> None:
    Path("new.yaml").write_text(FLOW.split("tests:")[0].replace("tiny", "new"), encoding="utf-8")

    result = run("new.yaml", "--paths")

    assert result.return_value == 0
    assert "  reaches_ask_then_0:\n" in result.output
