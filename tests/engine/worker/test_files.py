"""A file that a flow names is there, or the names beside its place are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.worker.files import find_file


@pytest.fixture
def flow(tmp_path: Path) -> str:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "menu").mkdir()
    for name in ("chime.wav", "ring.wav", ".hidden"):
        (tmp_path / "sounds" / name).write_bytes(b"")
    return str(tmp_path / "flow.yaml")


def test_what_is_there_is_no_finding(flow: str) -> None:
    assert find_file(flow, "sounds/chime.wav", False) is None
    assert find_file(flow, "./menu/", True) is None


@pytest.mark.parametrize(
    ("written", "folder", "near"),
    [
        ("sounds/chmie.wav", False, ("sounds/chime.wav", "sounds/ring.wav")),
        ("sound/chime.wav", False, ()),
        ("sounds", False, ()),
        ("meun", True, ("menu", "sounds")),
        ("menu/chime.wav", False, ()),
    ],
)
def test_what_is_not_is_answered_with_what_is_beside_it(
    flow: str, written: str, folder: bool, near: tuple[str, ...]
) -> None:
    assert find_file(flow, written, folder) == near


def test_a_name_no_file_can_have_is_not_there(flow: str) -> None:
    assert find_file(flow, "a\0b.wav", False) == ()


def test_a_flow_without_a_folder_is_in_the_current_one(
    flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(flow).parent)
    assert find_file("flow.yaml", "sounds/ring.wav", False) is None
    assert find_file("flow.yaml", "ring.wav", False) == ()
