"""S16: a snapshot of an older version goes on where the flow's rules say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.migration import applicable
from engine.errors import JournalError
from engine.events import ParticipantJoined, SessionStarted, TextReceived
from engine.flow.loader import load, load_text
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded

OLD = """\
turnwise: 1
flow: shop
version: 1.1.0
start: ask_all
slots:
  size: {type: integer, ask: "How many?"}
  who: {type: text, ask: "Your name?"}
timers: {long: 8m}
states:
  ask_all: {collect: [size, who], then: bye, timers: {slow: 60s}, handle: {timer.slow: {to: bye}}}
  bye: {say: "{{ slots.size }} for {{ slots.who }}.", end: hangup}
"""
NEW = (
    OLD.replace("1.1.0", "1.2.0")
    .replace("ask_all", "details")
    .replace("who", "name")
    .replace("  size:", "  note: {type: text?}\n  size:")
    + 'migrate: [{from: "<1.2", rename: {states.ask_all: states.details, slots.who: slots.name}}]\n'
)


def make(text: str) -> CompiledFlow:
    return compile_loaded(load_text(text))


def taken(text: str = OLD) -> dict[str, Any]:
    """A call that has told its size and was asked for its name."""
    conversation = Conversation(make(text))
    conversation.receive(SessionStarted(at=0, seed=1, started_at="2026-05-01T12:00:00+02:00"))
    conversation.receive(ParticipantJoined(at=0, participant="c"))
    conversation.receive(TextReceived(at=500, participant="c", text="four"))
    stored: dict[str, Any] = json.loads(json.dumps(snapshot.take(conversation)))
    return stored


def said(conversation: Conversation, text: str) -> list[str]:
    steps = conversation.receive(TextReceived(at=5_000, participant="c", text=text))
    return [e.text for step in steps for e in step.effects if hasattr(e, "text")]


def test_states_and_slots_go_on_under_their_new_names() -> None:
    conversation = snapshot.restore(make(NEW), taken())

    assert conversation.states.dialog == "details"
    assert said(conversation, "Ann") == ["4 for Ann."]


def test_timers_of_a_renamed_state_still_end_with_it() -> None:
    conversation = snapshot.restore(make(NEW), taken())
    assert any("slow" in name for name in conversation.pending)
    said(conversation, "Ann")
    assert not any("slow" in name for name in conversation.pending)


def test_without_a_rule_for_its_version_a_snapshot_is_refused() -> None:
    with pytest.raises(JournalError, match="belongs to flow shop 1.1.0"):
        snapshot.restore(make(NEW.replace("<1.2", "<1.1")), taken())


@pytest.mark.parametrize(
    ("rename", "problem"),
    [
        ("slots.who: slots.name", "state `ask_all` is gone"),
        ("states.ask_all: states.details, slots.size: slots.note", "expected text"),
        ("states.ask_all: states.bye, slots.size: slots.gone", "slot `gone` is filled, and gone"),
    ],
)
def test_rules_that_do_not_cover_the_stack_are_told(rename: str, problem: str) -> None:
    text = NEW[: NEW.index("rename:")] + f"rename: {{{rename}}}}}]\n"
    with pytest.raises(JournalError, match=problem):
        snapshot.restore(make(text), taken())


@pytest.mark.parametrize(
    ("versions", "version", "covered"),
    [
        ("<1.2", "1.1.9", True),
        ("<1.2", "1.2.0", False),
        ("<=1.2", "1.2.0", True),
        ("<= 1.2", "1.10", False),
        ("1.2", "1.2.0", True),
        ("=1.2", "1.2.1", False),
        ("<2", "1.9", True),
    ],
)
def test_versions_are_compared_part_by_part(versions: str, version: str, covered: bool) -> None:
    flow = make(NEW.replace('"<1.2"', f'"{versions}"'))
    assert bool(applicable(flow, version)) is covered


DESK = """\
turnwise: 1
flow: desk
version: 1.0.0
start: go
flows: {shop: ./shop.yaml}
handle: {no_input: bye, no_match: bye, error: bye}
states: {go: {call: shop, then: bye}, bye: {say: Goodbye., end: hangup}}
"""
HALL = OLD.replace("end: hangup", "end: return").replace("timers: {long: 8m}\n", "")


def desk(folder: Path, hall: str, text: str = DESK) -> CompiledFlow:
    (folder / "shop.yaml").write_text(hall)
    (folder / "desk.yaml").write_text(text)
    return compile_loaded(load(folder / "desk.yaml"))


def called(flow: CompiledFlow, *texts: str) -> dict[str, Any]:
    """A call in which this was said."""
    conversation = Conversation(flow)
    conversation.receive(SessionStarted(at=0, seed=1, started_at="2026-05-01T12:00:00+02:00"))
    conversation.receive(ParticipantJoined(at=0, participant="c"))
    for text in texts:
        conversation.receive(TextReceived(at=500, participant="c", text=text))
    stored: dict[str, Any] = json.loads(json.dumps(snapshot.take(conversation)))
    return stored


NEWER = HALL.replace("version: 1.1.0", "version: 1.2.0").replace("Your name?", "On what name?")
RULE = 'migrate: [{from: "<1.2", rename: {states.old: states.bye}}]\n'


def test_where_only_a_called_flow_changed_its_own_rules_suffice(tmp_path: Path) -> None:
    before = called(desk(tmp_path, HALL), "four")
    with pytest.raises(JournalError, match=r"shop 1\.2\.0 has no rule for it"):
        snapshot.restore(desk(tmp_path, NEWER), before)

    conversation = snapshot.restore(desk(tmp_path, NEWER + RULE), before)
    assert said(conversation, "Ann") == ["4 for Ann.", "Goodbye."]


def test_the_rules_of_a_called_flow_do_not_speak_for_its_caller(tmp_path: Path) -> None:
    before = called(desk(tmp_path, HALL), "four")
    changed = DESK.replace("Goodbye.", "Bye.").replace("1.0.0", "1.1.0")
    with pytest.raises(JournalError, match="not to desk 1.1.0"):
        snapshot.restore(desk(tmp_path, NEWER + RULE, changed), before)


def test_a_flow_that_is_not_on_the_stack_may_change(tmp_path: Path) -> None:
    talking = DESK.replace("start: go", "start: ask").replace(
        "states: {", "states: {ask: {confirm: Shall we?, then: go}, "
    )
    before = called(desk(tmp_path, HALL, talking))
    assert before["conversation"]["dialog"]["scene"]["frames"][-1]["visit"]["state"] == "ask"
    assert snapshot.restore(desk(tmp_path, NEWER, talking), before).states.dialog == "ask"
