"""`validate` is a function of arguments and streams; its exit code tells scripts what happened."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.validate import Wanted, command, known_providers, validate

GOOD = """\
turnwise: 1
flow: hello
start: bye
states:
  bye: {say: Goodbye., end: hangup}
"""
WARNED = GOOD.replace("say: Goodbye.", "say: Ready?")
BAD = GOOD.replace("end: hangup", "edn: hangup")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("good", GOOD), ("warned", WARNED), ("bad", BAD)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def run(*paths: str, **options: object) -> tuple[int, str]:
    out = io.StringIO()
    return validate(paths, Wanted(**options), out=out), out.getvalue()  # type: ignore[arg-type]


@pytest.mark.usefixtures("folder")
class TestExitCodes:
    def test_nothing_wrong_is_0(self) -> None:
        assert run("good.yaml")[0] == 0

    def test_an_error_is_1(self) -> None:
        assert run("good.yaml", "bad.yaml")[0] == 1

    def test_a_warning_is_0_unless_strict(self) -> None:
        assert run("warned.yaml")[0] == 0
        assert run("warned.yaml", strict=True)[0] == 1
        assert run("warned.yaml", fail_on="warning")[0] == 1

    def test_a_file_that_cannot_be_read_is_2(self) -> None:
        code, text = run("good.yaml", "missing.yaml")
        assert code == 2
        assert "no file `missing.yaml`" in text


@pytest.mark.usefixtures("folder")
class TestFormats:
    def test_text_shows_the_place_and_counts(self) -> None:
        _, text = run("bad.yaml", "warned.yaml")
        assert text.startswith("error[TW101]: unknown key `edn` in state `bye`\n")
        assert "  --> bad.yaml:5:24\n" in text
        last = text.splitlines()[-1]
        counts = "1 fixable with --fix, 1 more with --unsafe-fixes. "
        assert last.startswith(f"2 problems (1 error, 1 warning), {counts}")
        assert last.endswith(" ms, 2 files, 2 states.")

    def test_nothing_found_is_said(self) -> None:
        assert run("good.yaml")[1].startswith("No problems. ")

    def test_concise_is_one_line_a_finding(self) -> None:
        first = run("bad.yaml", output_format="concise")[1].splitlines()[0]
        assert first == (
            "bad.yaml:5:24: error[TW101]: unknown key `edn` in state `bye` (did you mean `end`?)"
        )

    def test_json_is_a_list_of_records(self) -> None:
        (record,) = json.loads(run("bad.yaml", output_format="json")[1])
        assert record["code"] == "TW101"
        assert record["name"] == "unknown-key"
        assert record["severity"] == "error"
        assert record["range"] == {
            "start": {"line": 5, "column": 24},
            "end": {"line": 5, "column": 27},
        }
        assert record["snippet"] == "  bye: {say: Goodbye., edn: hangup}"
        (fix,) = record["fixes"]
        assert fix["edits"][0]["text"] == "end"

    def test_jsonl_is_one_record_a_line(self) -> None:
        lines = run("bad.yaml", "warned.yaml", output_format="jsonl")[1].splitlines()
        assert [json.loads(line)["code"] for line in lines] == ["TW101", "TW005"]

    def test_json_of_nothing_is_an_empty_list(self) -> None:
        assert json.loads(run("good.yaml", output_format="json")[1]) == []

    def test_github_gets_workflow_commands(self) -> None:
        line = run("bad.yaml", output_format="github")[1]
        assert line == (
            "::error file=bad.yaml,line=5,endLine=5,col=24,endColumn=27,title=TW101 unknown-key"
            "::unknown key `edn` in state `bye`; did you mean `end`?\n"
        )


def test_a_file_given_twice_is_reported_once(folder: Path) -> None:
    assert run("bad.yaml", "bad.yaml")[1].count("error[") == 1


def test_a_finding_in_a_shared_sub_flow_is_reported_once(folder: Path) -> None:
    for name in ("a", "b"):
        text = GOOD.replace("start:", "flows: {sub: bad.yaml}\nstart:")
        (folder / f"{name}.yaml").write_text(text)
    assert run("a.yaml", "b.yaml", "bad.yaml")[1].count("error[TW101]") == 1


def test_standard_input_is_a_file_too(folder: Path) -> None:
    result = CliRunner().invoke(command, ["-"], input=BAD, standalone_mode=False)
    assert result.return_value == 1
    assert "--> <stdin>:5:24" in result.output


def test_standard_input_that_is_no_text_is_a_message(folder: Path) -> None:
    result = CliRunner().invoke(command, ["-"], input=b"a: \xff", standalone_mode=False)
    assert result.return_value == 2
    assert "not UTF-8" in result.output


def test_a_terminal_that_knows_only_ascii_gets_escapes(folder: Path) -> None:
    (folder / "bad.yaml").write_text("turnwise: 1\nsay: \u8a9e\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "from engine.cli.main import run; run()", "validate", "bad.yaml"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 1
    assert "say: \\u8a9e" in done.stdout


def test_the_command_passes_its_options_on(folder: Path) -> None:
    runner = CliRunner()
    result = runner.invoke(command, ["--strict", "warned.yaml"], standalone_mode=False)
    assert result.return_value == 1
    result = runner.invoke(command, ["--format", "nonsense", "warned.yaml"])
    assert result.exit_code == 2


def test_providers_are_known_by_kind() -> None:
    assert "embedded" in known_providers().providers["stt"]


def test_nothing_of_audio_is_imported() -> None:
    """Checking a file must start at once, also where no audio library is installed."""
    code = (
        "import sys\n"
        "from engine.cli.validate import validate\n"
        "validate(['missing.yaml'])\n"
        "heavy = {'aiortc', 'av', 'numpy', 'aiohttp', 'asyncio', 'pocketsphinx'}\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
