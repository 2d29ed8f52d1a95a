"""`graph --trace` lights a recorded call, `graph --coverage` what the tests reach."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from engine.cli.graph import command, traced
from engine.core.step import Deadline, Move, States, Step
from engine.machine.compiled import CompiledFlow
from engine.observe.journal import Header, JournalWriter
from engine.worker.flows import load_flow

FLOW = """\
turnwise: 1
flow: hello
start: ask
listen: {no_input: ["Hello?"], no_match: ["Pardon?"]}
handle: {no_input: bye, no_match: bye}
states:
  ask:
    confirm: "Shall I go on?"
    then:
      - {when: answer, to: more}
      - {to: bye}
  more: {say: "More.", then: bye}
  bye: {say: "Goodbye.", end: hangup}
tests:
  no: {talk: [{user: "no", heard: {answer: false}}, {ended: hangup}]}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hello.yaml"
    path.write_text(FLOW)
    return path


def journal(path: Path, flow: CompiledFlow, moves: list[tuple[str, str, str]]) -> Path:
    stream = io.StringIO()
    header = Header(
        flow=flow.id, version=flow.version, fingerprint=flow.fingerprint,
        started_at="2026-05-01T12:00:00+00:00", seed=1, turnwise="1",
    )  # fmt: skip
    writer = JournalWriter(stream, header)
    made = tuple(Move(machine="dialog", old=a, new=b, because=c, at=0) for a, b, c in moves)
    cause = Deadline(name="silence", at=0)
    states = States(user="IDLE", agent="IDLE", dialog="bye")
    writer.append(Step(seq=1, at=0, cause=cause, moves=made, notes=(), effects=(), states=states))
    path.write_text(stream.getvalue())
    return path


def drawn(*args: str) -> str:
    done = CliRunner().invoke(command, ("hello.yaml", *args), standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.stdout


def lit(svg: str) -> list[str]:
    space = "{http://www.w3.org/2000/svg}"
    groups = ElementTree.fromstring(svg).iter(f"{space}g")
    found = [g.findtext(f"{space}text") for g in groups if "node lit" in g.get("class", "")]
    return [name for name in found if name]


def test_a_trace_lights_what_the_call_visited(file: Path) -> None:
    moves = [("", "ask", "begin"), ("ask", "more", "ask.then[0]"), ("more", "bye", "more.then[0]")]
    path = journal(file.parent / "j.jsonl", load_flow(file), moves)

    assert lit(drawn("--format", "svg", "--trace", str(path))) == ["ask", "more", "bye"]


def test_states_of_a_sub_flow_are_lit_on_its_own_drawing(file: Path) -> None:
    flow = load_flow(file)
    caller = file.parent / "caller.yaml"
    caller.write_text(FLOW.replace("flow: hello", "flow: caller"))
    moves = [
        ("", "ask", "begin"), ("ask", "inner/ask", "call inner"), ("inner/ask", "inner/bye", "x"),
    ]  # fmt: skip
    path = journal(file.parent / "j.jsonl", load_flow(caller), moves)

    overlay = traced(path, flow, io.StringIO())

    assert dict(overlay.states) == {"ask": 1, "bye": 1}


def test_coverage_lights_what_the_tests_reach(file: Path) -> None:
    assert lit(drawn("--format", "svg", "--coverage")) == ["ask", "bye"]
    assert "class ask,bye lit" in drawn("--coverage")


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    "args", [("--coverage", "--trace", "j"), ("--format", "json", "--coverage")]
)
def test_what_makes_no_sense_together_is_refused(args: tuple[str, ...]) -> None:
    import click

    with pytest.raises(click.UsageError):
        drawn(*args)
