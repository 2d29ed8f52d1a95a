"""A file of tests is judged against its flow as tests inside the flow are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from engine.cli.validate import Wanted, validate
from engine.testing.flow_tests.collect import collect
from engine.testing.flow_tests.runner import run_case

FLOW = """\
turnwise: 1
flow: shop
start: hello
slots: {size: {type: integer, ask: "How many do you want?"}}
tools:
  order: {use: python:shop.order, args: {size: integer}, effect: write, timeout: 2s}
handle: {error: {to: bye}, no_input: {to: bye}, no_match: {to: bye}}
listen: {no_input: ["Are you there?"], no_match: ["Sorry?"]}
states:
  hello: {say: Welcome., then: ask}
  ask: {collect: [size], then: sure}
  sure:
    confirm: Shall I order that?
    then:
      - {when: answer, to: order}
      - {to: gone}
  order: {run: order, args: {size: slots.size}, then: thanks}
  thanks: {say: It is on its way., end: hangup}
  gone: {say: Never mind., transfer: {to: $DESK}, handle: {error.transfer: {to: bye}}}
  bye: {say: Goodbye., end: leave}
"""
TESTS = "turnwise: 1\ntests:\n  one:\n    mock: {order: null}\n    talk: [%s]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(FLOW)
    return tmp_path


def found(*paths: str) -> list[str]:
    """The findings about tests."""
    out = io.StringIO()
    validate(paths, Wanted(output_format="concise", select=("TW9",)), out=out)
    return [line for line in out.getvalue().splitlines() if "TW9" in line]


def test_a_write_that_is_not_mocked_is_told_in_the_file_of_tests(folder: Path) -> None:
    text = TESTS.replace("    mock: {order: null}\n", "") % "user: two, at: thanks"
    (folder / "shop.tests.yaml").write_text(text)
    assert any(
        line.startswith("shop.tests.yaml:4:27: error[TW903]: this test calls `order`")
        for line in found("shop.tests.yaml")
    )


def test_states_that_no_test_shows_are_told_once(folder: Path) -> None:
    (folder / "shop.tests.yaml").write_text(TESTS % "user: two, at: thanks")
    assert found("shop.tests.yaml") == [
        "shop.tests.yaml:2:1: info[TW902]: no test shows that `gone` and `bye` are reached (add "
        "`- at: gone`, or see what is played: `turnwise test --coverage`)"
    ]


def test_a_state_on_every_way_to_another_is_reached_with_it(folder: Path) -> None:
    (folder / "shop.tests.yaml").write_text(TESTS % "user: two, ended: transfer")
    [told] = found("shop.tests.yaml")
    assert "`sure`" not in told
    assert "`ask`" not in told


def test_what_the_agent_must_have_said_shows_who_said_it(folder: Path) -> None:
    (folder / "shop.tests.yaml").write_text(TESTS % "user: two, agent: /on its .* way/")
    assert "`thanks`" not in found("shop.tests.yaml")[0]


def test_several_files_of_tests_count_together(folder: Path) -> None:
    (folder / "shop.tests.yaml").write_text(TESTS % "user: two, at: thanks")
    more = TESTS.replace("tests:", "flow: shop.yaml\ntests:", 1) % "at: gone, at: bye"
    (folder / "more.tests.yaml").write_text(more)
    assert found("shop.tests.yaml", "more.tests.yaml") == []


def test_tests_inside_the_flow_count_as_well(folder: Path) -> None:
    inside = "tests:\n  inner: {mock: {order: null}, talk: [at: thanks]}\n"
    (folder / "shop.yaml").write_text(FLOW + inside)
    assert len(found("shop.yaml")) == 1
    (folder / "shop.tests.yaml").write_text(TESTS % "at: gone, at: bye")
    assert found("shop.yaml", "shop.tests.yaml") == []


INNER = """\
turnwise: 1
flow: hall
start: seat
slots: {seat: {type: integer, ask: "Which seat?"}}
intents: {gives_up: {means: wants no seat, words: [never mind]}}
tools: {hold: {use: python:hall.hold, args: {seat: integer}, returns: {ok: boolean}, timeout: 1s}}
listen: {no_input: ["Hello?"], no_match: ["Pardon?"]}
handle: {no_input: END, no_match: END, error: END, intent.gives_up: END}
states:
  seat: {collect: [seat], then: hold}
  hold: {run: hold, args: {seat: slots.seat}, then: done}
  done: {end: return}
"""
OUTER = """\
turnwise: 1
flow: box
start: go
flows: {hall: ./hall.yaml}
handle: {no_input: bye, no_match: bye, error: bye}
states:
  go: {call: hall, then: bye}
  bye: {say: Goodbye., end: hangup}
tests:
  through_the_hall:
    mock: {hold: {ok: true}}
    talk:
      - at: seat
      - {user: the third one, heard: {slots: {seat: 3}}}
      - called: {hold: {seat: 3}}
      - ended: hangup
  never_mind:
    talk: [{user: never mind, heard: {intent: gives_up}}, {ended: hangup}]
"""


def test_a_test_in_a_flow_names_what_stands_in_a_called_flow(folder: Path) -> None:
    """As one in a file of its own may: both play the same call."""
    (folder / "hall.yaml").write_text(INNER)
    (folder / "box.yaml").write_text(OUTER)
    assert found("box.yaml") == []
    outcomes = [run_case(case) for case in collect([folder / "box.yaml"]).cases]
    assert [outcome.failure for outcome in outcomes] == [None, None]

    (folder / "box.yaml").write_text(OUTER.replace("at: seat", "at: saet"))
    assert [line.partition(" (")[0] for line in found("box.yaml")] == [
        "box.yaml:13:13: error[TW901]: no state named `saet`"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "turnwise: 1\ntests: {a: {talk: [{agnt: x}]}}\n",
            "error[TW101]: unknown key `agnt` in entry 1 of `talk` of test `a`"
            " (did you mean `agent`?)",
        ),
        (
            "turnwise: 1\ntests: {a: {tlk: [{at: ask}]}}\n",
            "error[TW101]: unknown key `tlk` in test `a` (did you mean `talk`?)",
        ),
        (
            "turnwise: 1\ntests: {a: {talk: [{silence: 3}]}}\n",
            "error[TW109]: `silence`: the duration 3 has no unit (write `3s` or `3ms`)",
        ),
        (
            "turnwise: 1\ntsts: {}\n",
            "error[TW101]: unknown key `tsts` in this file of tests (did you mean `tests`?)",
        ),
    ],
)
def test_the_shape_of_a_file_of_tests_is_told_in_the_words_for_flows(
    folder: Path, text: str, told: str
) -> None:
    (folder / "shop.tests.yaml").write_text(text)
    out = io.StringIO()
    assert validate(["shop.tests.yaml"], Wanted(output_format="concise"), out=out) == 1
    first, *more = out.getvalue().splitlines()
    assert first.partition(": ")[2] == told
    assert more[0].startswith("1 problem")
