"""`validate` is a function of arguments and streams; its exit code tells scripts what happened."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
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


class TestFilesOfAllKinds:
    """Whatever is named, a message comes of it, with the right exit code and no traceback."""

    @pytest.fixture(autouse=True)
    def kinds(self, folder: Path) -> None:
        (folder / "empty.yaml").touch()
        (folder / "binary.yaml").write_bytes(b"a\0\xff\xfe")
        (folder / "wide.yaml").write_bytes(GOOD.encode("utf-16"))
        (folder / "latin.yaml").write_bytes(GOOD.replace("Goodbye", "Adi\u00f3s").encode("latin-1"))
        (folder / "big.yaml").write_text("a: b\n" * 400_000)
        (folder / "nothing").mkdir()
        (folder / "circle.yaml").symlink_to("other_circle.yaml")
        (folder / "other_circle.yaml").symlink_to("circle.yaml")
        (folder / "pipes").mkdir()
        os.mkfifo(folder / "pipes/pipe.yaml")
        (folder / "pipes/good.yaml").write_text(GOOD)

    @pytest.mark.parametrize(
        ("name", "code", "text"),
        [
            ("empty.yaml", 1, "the file holds no flow"),
            ("binary.yaml", 2, "cannot read `binary.yaml`: it holds no text"),
            ("wide.yaml", 2, "cannot read `wide.yaml`: it is not UTF-8 text, but UTF-16"),
            ("latin.yaml", 2, "cannot read `latin.yaml`: it is not UTF-8 text: line 5, byte"),
            ("big.yaml", 1, "the file is larger than 1,000,000 bytes"),
            ("circle.yaml", 2, "cannot read `circle.yaml`: its links lead in a circle"),
            ("missing.yaml", 2, "no file `missing.yaml`"),
            ("no/where.yaml", 2, "there is no folder `no`"),
            ("good.yaml/x.yaml", 2, "cannot read `good.yaml/x.yaml`: a part of its path is no"),
            ("x" * 300, 2, "its name is too long"),
            ("\0", 2, "embedded null"),
            ("pipes", 0, "No problems"),
        ],
    )
    def test_each_has_its_message(self, name: str, code: int, text: str) -> None:
        found = run(name)
        assert (found[0], text in found[1]) == (code, True), found[1]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("nothing", "no flow in the folder nothing"),
            ("", "an empty name of a file"),
            ("no*.yaml", "no file matches no*.yaml"),
        ],
    )
    def test_what_names_no_file_is_a_mistake_of_the_command(self, name: str, message: str) -> None:
        with pytest.raises(click.UsageError, match=re.escape(message)):
            run(name)

    def test_a_pattern_that_the_shell_has_left_is_expanded(self) -> None:
        assert run("go*.yaml", "[bw]a*d.yaml")[1].endswith(" 3 files, 3 states.\n")

    @pytest.mark.parametrize("name", ["circle.yaml", "binary.yaml", "missing.yaml", "x" * 300])
    def test_looking_outside_changes_nothing_of_that(self, name: str) -> None:
        assert run(name, resolve=True, env=True, no_llm=True)[0] == 2

    def test_a_sub_flow_that_is_none_is_told_where_it_is_named(self, folder: Path) -> None:
        flows = "flows: {a: circle.yaml, b: nothing, c: binary.yaml}\n"
        (folder / "caller.yaml").write_text(GOOD.replace("start:", f"{flows}start:"))
        text = run("caller.yaml", output_format="concise")[1]
        assert text.count("error[TW207]") == 3
