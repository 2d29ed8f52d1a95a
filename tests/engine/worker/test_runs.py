"""Every call leaves its traces in a folder of its own."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from engine.errors import RoomError
from engine.worker.runs import check_writable, new_run

NOW = datetime.datetime(2026, 5, 1, 12, 30, 5)


def test_a_run_is_named_by_instant_and_flow(tmp_path: Path) -> None:
    folder = new_run(tmp_path / "runs", "Book Table", NOW)

    assert folder == tmp_path / "runs" / "20260501-123005-book_table"
    assert folder.is_dir()


def test_calls_of_one_second_do_not_share_a_folder(tmp_path: Path) -> None:
    names = [new_run(tmp_path, "hello", NOW).name for _ in range(3)]

    assert names == ["20260501-123005-hello", "20260501-123005-hello-2", "20260501-123005-hello-3"]


def test_a_flow_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    assert new_run(tmp_path, "../../etc/x", NOW).parent == tmp_path


@pytest.mark.parametrize("use", [check_writable, lambda base: new_run(base, "hello", NOW)])
def test_a_folder_that_cannot_be_is_named(tmp_path: Path, use: object) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RoomError, match="cannot write into .*file/runs: Not a directory"):
        use(tmp_path / "file" / "runs")  # type: ignore[operator]


def test_trying_the_folder_makes_it_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")

    assert list((tmp_path / "a" / "b").iterdir()) == []
