"""`turnwise replay`: what it prints, where it looks for the flow, how it leaves."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.demo import demo
from engine.cli.main import main

ROOT = Path(__file__).parents[3]
FLOW = ROOT / "flows" / "book_table.yaml"


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """The journal of the demo's call, typed."""
    runs = tmp_path_factory.mktemp("runs")
    with (runs / "out").open("w") as out:
        assert demo(text=True, runs=runs, out=out) == 0
    return next(runs.glob("*/journal.jsonl"))


def run(*args):
    result = CliRunner().invoke(main, ["replay", *map(str, args)], standalone_mode=False)
    return result.return_value, result.output, result.exception


def changed(journal, tmp_path, old, new):
    text = journal.read_text(encoding="utf-8")
    assert old in text
    copy = tmp_path / "journal.jsonl"
    copy.write_text(text.replace(old, new), encoding="utf-8")
    return copy


def test_the_demo_replays_to_itself(journal):
    code, output, _ = run(journal)

    assert code == 0
    assert "byte for byte the recorded ones" in output


def test_the_first_difference_is_shown_with_the_timeline_before_it(journal, tmp_path):
    code, output, _ = run(changed(journal, tmp_path, "On what name?", "Your name?"))

    assert code == 1
    assert "is the first that differs" in output
    assert '-            <  Say                   a4.1 "Your name?" purpose=question' in output
    assert '+            <  Say                   a4.1 "On what name?" purpose=question' in output
    assert "ToolReturned" in output
    assert 'effects[0].text:\n  - "Your name?"\n  + "On what name?"' in output


def test_a_changed_flow_is_refused_and_replayed_only_by_force(journal, tmp_path):
    flow = tmp_path / "book_table.yaml"
    flow.write_text(FLOW.read_text().replace("On what name", "On which name"))
    for beside in FLOW.parent.glob("*.*"):
        if beside != FLOW and beside.is_file():
            shutil.copy(beside, tmp_path)

    _, _, refused = run(journal, "--flow", flow)
    code, output, _ = run(journal, "--flow", flow, "--force")

    assert "--force" in str(refused)
    assert code == 1
    assert '"On which name?"' in output


def test_the_flow_is_found_beside_the_journal(journal, tmp_path):
    copy = changed(journal, tmp_path, '"flow":"book_table"', '"flow":"book_table"')
    for beside in FLOW.parent.glob("*.*"):
        if beside.is_file():
            shutil.copy(beside, tmp_path)

    assert run(copy)[0] == 0


def test_a_flow_that_is_not_found_says_where_it_was_looked_for(journal, tmp_path):
    copy = changed(journal, tmp_path, '"fingerprint":"', '"fingerprint":"0')

    _, _, error = run(copy)

    assert "book_table 1.0.0, fingerprint 0" in str(error)
    assert "--flow FILE" in str(error)


def test_a_line_cut_by_a_crash_is_left_out(journal, tmp_path):
    copy = tmp_path / "journal.jsonl"
    copy.write_text(journal.read_text(encoding="utf-8")[:9_000], encoding="utf-8")

    code, output, _ = run(copy)

    assert code == 0
    assert "cut off" in output
    assert "not over" in output


def test_what_is_no_journal_is_named(tmp_path):
    bad = tmp_path / "journal.jsonl"
    bad.write_text("hello\n")

    assert "journal.jsonl:1: this is no JSON" in str(run(bad)[2])
    assert "cannot read" in str(run(tmp_path / "none")[2])
