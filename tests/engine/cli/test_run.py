"""What `run` refuses before anybody can call: each with a message and `validate`'s exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli.main import main
from engine.cli.validate import command as validate_command

GOOD = """\
turnwise: 1
flow: hello
start: bye
states:
  bye: {say: Goodbye., end: hangup}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(GOOD)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", *arguments])


def told(*arguments: str) -> str:
    """The message of a run that could not begin."""
    result = run(*arguments)
    assert result.exception is not None
    assert not isinstance(result.exception, SystemExit)
    return f"{type(result.exception).__name__}: {result.exception}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, 2),
        (b"turnwise: 1\nflow: [", 1),
        (b"\xff\xfe\x00", 2),
        (b"", 1),
        (GOOD.replace("end: hangup", "edn: hangup").encode(), 1),
        (GOOD.replace("start: bye", "start: by").encode(), 1),
    ],
    ids=["missing", "yaml", "bytes", "empty", "key", "target"],
)
def test_a_bad_flow_is_shown_as_validate_shows_it(text: bytes | None, code: int) -> None:
    if text is not None:
        Path("flow.yaml").write_bytes(text)

    result = run("flow.yaml")

    checked = CliRunner().invoke(validate_command, ["flow.yaml"], standalone_mode=False)
    assert result.exit_code == code == checked.return_value
    assert "error[TW" in result.stderr
    assert _without_time(result.stderr) == _without_time(checked.stdout)
    assert result.stdout == ""
    assert not Path("runs").exists()


def _without_time(text: str) -> list[str]:
    """All lines but the last, which tells how long it took."""
    return text.splitlines()[:-1]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_beyond_this_machine_a_token_is_needed(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TURNWISE_TOKEN", raising=False)

    message = told("good.yaml", "--host", host, "--port", "0")

    assert message.startswith(f"RoomError: {host} can be reached from other machines.")
    assert "--token or TURNWISE_TOKEN" in message


def test_an_address_of_another_machine_is_refused_in_one_line() -> None:
    message = told("good.yaml", "--host", "192.0.2.1", "--token", "secret", "--port", "0")

    # Python 3.13 says "could not bind on any address"
    assert message.startswith("RoomError: cannot listen on 192.0.2.1, port 0: ")
    assert "address" in message.rpartition(": ")[2]


def test_a_runs_folder_that_cannot_be_is_found_before_the_first_call() -> None:
    Path("taken").write_text("")

    message = told("good.yaml", "--runs", "taken/runs")

    assert message == "RoomError: cannot write into taken/runs: Not a directory. See --runs."


def test_a_provider_that_cannot_be_made_is_found_before_the_first_call() -> None:
    """Whether a secret is set is known here only."""
    llm = "{use: openai, model: m, key: $NOBODY_HAS_SET_THIS}"
    Path("flow.yaml").write_text(f"{GOOD}pipeline: {{llm: {llm}}}\n")

    assert told("flow.yaml").startswith("ConfigurationError: llm openai: `key` names $NOBODY_")


@pytest.mark.parametrize("written", ["{use: nosuch}", "[{use: nosuch}, {use: neither}]"])
def test_a_provider_that_is_not_here_is_a_warning_until_the_flow_is_started(written: str) -> None:
    Path("flow.yaml").write_text(f"{GOOD}pipeline: {{stt: {written}}}\n")

    checked = CliRunner().invoke(validate_command, ["flow.yaml"], standalone_mode=False)
    result = run("flow.yaml")

    assert (checked.return_value, result.exit_code) == (0, 1)
    assert "warning[TW214]: no provider `nosuch` for `stt`" in checked.stdout
    assert "error[TW608]: no provider `nosuch` for `stt`" in result.stderr


def test_what_has_no_effect_yet_is_said_at_the_start() -> None:
    realtime = "pipeline: {mode: realtime, realtime: {use: openai}, tts: {use: embedded}}\n"
    Path("flow.yaml").write_text(GOOD + realtime)

    result = run("flow.yaml", "--host", "192.0.2.1", "--token", "secret", "--port", "0")

    assert "note: flow.yaml:" in result.stderr
    assert "the flow runs as a cascade" in result.stderr


def test_a_realtime_flow_with_free_talk_and_no_model_for_text_is_not_started() -> None:
    Path("flow.yaml").write_text(
        "turnwise: 1\nflow: talk\nstart: talk\npipeline: {mode: realtime}\nstates:\n"
        "  talk: {converse: Help., max_turns: 3, then: bye}\n  bye: {end: hangup}\n"
    )

    result = run("flow.yaml")

    assert result.exit_code == 1
    assert "error[TW111]: speech-to-speech models are not supported yet" in result.stderr


@pytest.mark.parametrize(
    "options", [("--port", "65536"), ("--port", "many"), ("--room", "attic"), ()]
)
def test_a_wrong_option_is_a_usage_error(options: tuple[str, ...]) -> None:
    result = run(*(("good.yaml", *options) if options else ()))

    assert result.exit_code == 2
    assert "Usage: " in result.stderr
