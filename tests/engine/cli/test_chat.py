"""`turnwise chat`: typed conversations, over a pipe."""

from __future__ import annotations

import datetime
import io
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli.chat import _plain, command
from engine.cli.typing_in import Told

FLOW = """\
turnwise: 1
flow: desk
start: ask
slots:
  size: {type: integer, ask: "For how many?"}
  name: {type: text, ask: On what name?}
tools: {find: {use: "python:chat_tools.find", args: {size: integer}, effect: write, timeout: 1s}}
listen: {silence: 5s, no_input: [Hello?]}
timers: {tired: 10m}
handle:
  no_input: {to: bye}
  no_match: {to: bye}
  error: {say: Sorry., to: bye}
  dtmf.0: {to: human}
  app.paid: {say: Thank you., to: bye}
states:
  ask: {collect: [size, name], then: check}
  check: {run: find, args: {size: slots.size}, then: bye}
  human: {transfer: {to: desk, kind: cold}, handle: {error.transfer: {to: bye}}}
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
"""
TOOLS = """\
import time

def find(size: int) -> str:
    if size > 7:
        raise RuntimeError("too many")
    return "ok"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "chat_tools", raising=False)
    (tmp_path / "desk.yaml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "chat_tools.py").write_text(TOOLS, encoding="utf-8")
    return tmp_path


def chat(*lines: str, args: tuple[str, ...] = ()) -> str:
    return run(*lines, args=args).output


def run(*lines: str, args: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(
        command,
        ["desk.yaml", "--now", "2026-05-01T12:00", *args],
        input="\n".join(lines),
        standalone_mode=False,
    )


def test_a_conversation_over_a_pipe_shows_what_the_agent_says() -> None:
    """No prompt, no echo; the tool really ran."""
    assert chat("three", "Ann") == (
        "agent: For how many?\nagent: On what name?\nagent: Goodbye Ann.\n"
        "# the call is over (hangup)\n"
    )


def test_half_a_character_of_a_tool_is_a_question_mark(folder: Path) -> None:
    flow = FLOW.replace("Goodbye {{ slots.name }}.", "Goodbye {{ result }}.")
    (folder / "desk.yaml").write_text(flow, encoding="utf-8")
    (folder / "chat_tools.py").write_text(TOOLS.replace('"ok"', r'"\ud83d"'), encoding="utf-8")

    assert "agent: Goodbye ?.\n" in chat("three", "Ann")


def test_a_pipe_for_ascii_gets_a_question_mark_for_the_rest() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    _plain(out)(Told(who="agent", text="Grüße \ud83d"))

    assert out.buffer.getvalue() == b"agent: Gr??e ?\n"


def test_a_tool_that_fails_is_the_flows_business() -> None:
    assert "agent: Sorry.\nagent: Goodbye Ann.\n" in chat("nine", "Ann")


def test_a_mock_replaces_the_tool() -> None:
    assert "agent: Sorry." in chat("three", "Ann", args=("--mock", 'find={"error": "down"}'))


def test_slots_and_states_are_shown() -> None:
    shown = chat("three", "/slots", "/state", "/states")

    assert "# size: 3\n# name: (empty)\n" in shown
    assert "# ask (collect)\n#   then check\n#   on no_input: bye\n" in shown
    assert "# * ask  1x\n#   check\n" in shown


def test_undo_takes_the_last_turn_back() -> None:
    shown = chat("three", "Ann", "/undo", "/slots", "Bob", "/undo", "/undo", "/undo")

    assert "# back at ask\nagent: On what name?\n# size: 3\n# name: (empty)\n" in shown
    assert "agent: Goodbye Bob.\n" in shown
    assert shown.endswith("# back at ask\nagent: For how many?\n# nothing to take back\n")


def test_undo_takes_the_answers_of_mocks_back() -> None:
    shown = chat("three", "Ann", "/undo", "Ann", args=("--mock", 'find=[{"error": "x"}, "ok"]'))

    assert shown.count("agent: Sorry.") == 2


def test_silence_keys_and_events_happen() -> None:
    assert "agent: Hello?" in chat("/silence 5s")
    assert chat("/dtmf 0").endswith("# the call is over (handed over)\n")
    assert "agent: Thank you." in chat("/emit app.paid")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/silence long", "# /silence takes a duration"),
        ("/dtmf x", "# /dtmf takes keys"),
        ("/emit", "# /emit takes an event"),
        ("/dance", "# no command /dance; /help lists them"),
        ("/help", "#   /undo           take the last turn back"),
    ],
)
def test_a_command_explains_itself(line: str, told: str) -> None:
    assert told in chat(line)


def test_after_the_end_only_undo_and_restart_lead_on() -> None:
    shown = chat("/dtmf 0", "hello", "/restart", "/quit", "never read")

    assert "# the call is over; /undo takes the last turn back" in shown
    assert shown.endswith("agent: For how many?\n")


def test_an_event_nobody_handles_is_told() -> None:
    assert "# nothing comes of app.nothing in ask\n" in chat("/emit app.nothing")


def test_trace_shows_what_happens_inside() -> None:
    assert "ask -> check  (ask.then[0])" in chat("/trace", "three", "Ann")


@pytest.mark.parametrize("args", [("--mock", "find"), ("--mock", "find={"), ("--now", "noon")])
def test_a_wrong_option_is_refused(args: tuple[str, ...]) -> None:
    assert "expected" in str(run(args=args).exception) or "not JSON" in str(
        run(args=args).exception
    )


# --- hot reload -----------------------------------------------------------------------------------


def edited(folder: Path, *replaced: str) -> list[str]:
    """A conversation in which the file is edited after the first answer."""
    from engine.cli.typing_in import Chat
    from engine.worker.flows import load_flow
    from engine.worker.reload import FlowWatch

    path = folder / "desk.yaml"
    chat = Chat(load_flow(path), now="2026-05-01T12:00", watch=FlowWatch(path))
    told = [line.text for line in chat.begin()]
    told += [line.text for line in chat.take("three")]
    text = FLOW
    for old, new in zip(replaced[::2], replaced[1::2], strict=True):
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    stamp = datetime.datetime(2030, 1, 1).timestamp()
    os.utime(path, (stamp, stamp))
    told += [line.text for line in chat.take("Ann")]
    return told[2:]


def test_an_edit_is_taken_up_where_the_conversation_stands(folder: Path) -> None:
    told = edited(folder, 'say: "Goodbye {{ slots.name }}."', 'say: "Bye {{ slots.name }}."')

    assert told == ["reloaded desk 0.0.0", "Bye Ann.", "the call is over (hangup)"]


def test_an_edit_that_changes_nothing_is_silent(folder: Path) -> None:
    assert edited(folder, "flow: desk", "flow: desk  # a comment")[0] == "Goodbye Ann."


def test_a_file_with_errors_leaves_the_conversation_alone(folder: Path) -> None:
    told = edited(folder, "then: check", "then: chekc")

    assert told[0].startswith("not reloaded: ")
    assert "no state named `chekc`" in told[0]
    assert told[1] == "Goodbye Ann."


def test_a_state_that_is_gone_is_named(folder: Path) -> None:
    told = edited(folder, " ask\n", " question\n", "  ask:", "  question:")

    assert "this one stays as it is: state `ask` is gone" in told[0]
    assert told[1] == "Goodbye Ann."
