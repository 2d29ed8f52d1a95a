"""`fmt` writes files in one step, or says what it would do."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from engine.cli.fmt import fmt

UNEVEN = "a:   1 # one\nb:\n- x\n"
EVEN = "a: 1  # one\nb:\n  - x\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "flow.yaml"
    path.write_text(UNEVEN)
    return path


def run(*paths: str, check: bool = False, diff: bool = False) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return fmt(paths, check, diff, out, err), out.getvalue(), err.getvalue()


def test_a_file_is_formatted_in_place_and_then_left_alone(file: Path) -> None:
    file.chmod(0o640)

    assert run("flow.yaml") == (0, "", "formatted flow.yaml\n")
    assert file.read_text() == EVEN
    assert file.stat().st_mode & 0o777 == 0o640
    assert run("flow.yaml") == (0, "", "")


def test_check_only_says_what_would_change(file: Path) -> None:
    assert run("flow.yaml", check=True) == (1, "", "would format flow.yaml\n")
    assert file.read_text() == UNEVEN


def test_diff_shows_what_would_change(file: Path) -> None:
    code, out, _ = run("flow.yaml", diff=True)

    assert code == 1
    assert "-a:   1 # one\n" in out
    assert "+a: 1  # one\n" in out
    assert file.read_text() == UNEVEN


def test_what_is_no_yaml_is_shown_and_left(file: Path) -> None:
    file.write_text("a: 'x\n")

    code, _, err = run("flow.yaml", "missing.yaml")

    assert code == 2
    assert "error[TW001]" in err
    assert "cannot read `missing.yaml`" in err
    assert file.read_text() == "a: 'x\n"


def test_a_file_that_is_not_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")

    assert run("flow.yaml")[0] == 2
