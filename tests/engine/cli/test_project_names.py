"""Which file declares a name, and which places of a project mean that very one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.project_names import ProjectNames
from engine.flow.source import read_source

ROOT = Path("/project")
FILES = {
    "desk.yaml": """\
turnwise: 1
flow: desk
start: ask
include: [./parts/shared.yaml]
flows: {hours: ./hours.yaml}
slots: {name: {type: text, ask: Who?}}
states:
  ask: {collect: [name, phone], then: open}
  open: {call: hours, args: {day: slots.name}, then: human}
  human: {say: "{{ slots.phone }}", end: hangup}
tests:
  inside: {talk: [{at: tell}]}
""",
    "desk.tests.yaml": """\
turnwise: 1
tests:
  a: {talk: [{user: x, heard: {slots: {phone: 1}, intent: help}}, {at: tell}, {slots: {name: A}}]}
""",
    "hours.yaml": """\
turnwise: 1
flow: hours
start: tell
inputs: {day: {type: text}}
states:
  tell: {say: "{{ inputs.day }}", then: done}
  done: {end: return}
""",
    "parts/shared.yaml": """\
turnwise: 1
fragment: shared
slots: {phone: {type: phone, ask: Number?}}
intents: {help: {means: wants help}}
handle: {intent.help: {to: human}, app.x: {set: {slots.phone: null}, to: STAY}}
""",
    "shop.yaml": """\
turnwise: 1
flow: shop
start: ask
include: [./parts/shared.yaml]
slots: {name: {type: text, ask: Who?}}
states:
  ask: {collect: [phone, name], then: human}
  human: {end: hangup}
""",
}


def project(**changed: str) -> ProjectNames:
    texts = {ROOT / name: text for name, text in FILES.items()}
    texts |= {ROOT / f"{name}.yaml": text for name, text in changed.items()}
    return ProjectNames(iter(texts), lambda path: read_source(texts[path], str(path)))


def places(names: ProjectNames, file: str, kind: str, name: str) -> list[tuple[str, int]]:
    found = names.find(ROOT / file, kind, name)  # type: ignore[arg-type]
    return [(Path(source.file).name, m.span.line) for source, m in found.mentions]


@pytest.mark.parametrize(
    "asked", ["desk.yaml", "parts/shared.yaml", "shop.yaml", "desk.tests.yaml"]
)
def test_a_slot_of_a_fragment_is_the_same_wherever_it_is_asked_about(asked: str) -> None:
    assert places(project(), asked, "slot", "phone") == [
        ("desk.tests.yaml", 3), ("desk.yaml", 8), ("desk.yaml", 10),
        ("shared.yaml", 3), ("shared.yaml", 5), ("shop.yaml", 7),
    ]  # fmt: skip


def test_a_slot_of_a_flow_is_not_that_of_another() -> None:
    assert places(project(), "desk.yaml", "slot", "name") == [
        ("desk.tests.yaml", 3), ("desk.yaml", 6), ("desk.yaml", 8), ("desk.yaml", 9),
    ]  # fmt: skip


def test_a_state_of_a_sub_flow_is_named_in_the_tests_of_its_callers() -> None:
    expected = [("desk.tests.yaml", 3), ("desk.yaml", 12), ("hours.yaml", 3), ("hours.yaml", 6)]

    assert places(project(), "hours.yaml", "state", "tell") == expected
    assert places(project(), "desk.tests.yaml", "state", "tell") == expected


def test_an_input_of_a_sub_flow_is_given_by_its_callers() -> None:
    assert places(project(), "hours.yaml", "input", "day") == [
        ("desk.yaml", 9), ("hours.yaml", 4), ("hours.yaml", 6),
    ]  # fmt: skip


def test_a_fragment_that_means_two_states_is_told_apart_by_nobody() -> None:
    """It leads to `human`, which both flows have: to rename one would break the other."""
    found = project().find(ROOT / "desk.yaml", "state", "human")

    assert (
        found.doubt
        == "shared.yaml is included by shop.yaml too, where it means the one of shop.yaml"
    )


def test_a_flow_that_hides_a_name_of_a_fragment_is_left_out() -> None:
    own = FILES["shop.yaml"].replace("{name:", "{phone: {type: text, ask: What?}, name:")
    found = project(shop=own).find(ROOT / "desk.yaml", "slot", "phone")

    assert "shop.yaml" not in [Path(source.file).name for source, _ in found.mentions]
    assert "included by shop.yaml too" in found.doubt


def test_a_name_nobody_declares_is_found_in_its_file() -> None:
    found = project().find(ROOT / "desk.tests.yaml", "slot", "nothing")

    assert found.declared is None
    assert found.mentions == ()


def test_what_a_flow_sees_are_its_own_names_and_those_of_its_fragments() -> None:
    assert project().names(ROOT / "desk.yaml", "slot") == {"name", "phone"}


HALL = """\
turnwise: 1
flow: hall
start: seat
outputs: {seat: slots.seat, price: slots.price}
slots: {seat: {type: integer, ask: Which?}, price: integer?}
states:
  seat: {collect: [seat], then: done}
  done: {end: return}
"""
BOX = """\
turnwise: 1
flow: box
start: go
flows: {hall: ./hall.yaml}
tools: {find: {use: "python:x.y", returns: {seat: integer}}}
states:
  go:
    call: hall
    then: [{when: result.seat != null, say: "{{ result.seat }}", to: look}, {to: bye}]
  look: {run: find, then: [{when: result.seat > results.go.seat, to: bye}, {to: bye}]}
  bye: {say: "{{ results.go.seat | spoken }}", end: hangup}
tests:
  a: {mock: {hall: [{seat: 3}, {error: gone}]}, talk: [{at: bye}]}
"""
BOX_TESTS = "turnwise: 1\ntests:\n  b: {mock: {hall: {seat: 4}}, talk: [{at: bye}]}\n"


def test_an_output_is_read_by_the_callers_of_its_flow_and_by_their_tests() -> None:
    """The field of a tool that has the same name is another one."""
    found = project(hall=HALL, box=BOX, **{"box.tests": BOX_TESTS}).find(
        ROOT / "hall.yaml", "output", "seat"
    )

    shown = [
        (Path(source.file).name, mention.span.line, source.cut(mention.span))
        for source, mention in found.mentions
    ]
    assert shown == [
        ("box.tests.yaml", 3, "seat"),
        ("box.yaml", 9, "seat"),
        ("box.yaml", 9, "seat"),
        ("box.yaml", 10, "seat"),
        ("box.yaml", 11, "seat"),
        ("box.yaml", 13, "seat"),
        ("hall.yaml", 4, "seat"),
    ]
    second = [m.span.column for _, m in found.mentions if m.span.line == 10]
    assert BOX.split("\n")[9][second[0] - 4 : second[0] - 1] == "go."
