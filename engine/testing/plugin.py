"""The pytest plugin: collects `*.conversation.yaml` and plays each in both worlds.

A case passes when the bare core and the real session agree step by step, every expectation came
true, and the timeline equals the one stored beside the file (`NAME.timeline`). After a change that
is wanted, `pytest --timeline-update` (or syrupy's `--snapshot-update`) stores it anew; review the
difference as you would review code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import pytest

SUFFIX = ".conversation.yaml"


class GoldenError(Exception):
    """A golden conversation did not go as written; its text is for people."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that stores timelines anew."""
    group = parser.getgroup("turnwise")
    group.addoption(
        "--timeline-update",
        action="store_true",
        default=False,
        help="store the timelines of golden conversations anew",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect conversation files."""
    if not file_path.name.endswith(SUFFIX):
        return None
    return ConversationFile.from_parent(parent, path=file_path)


class ConversationFile(pytest.File):
    """One file, one case."""

    def collect(self) -> Iterator[pytest.Item]:
        """Give the one case of the file."""
        yield ConversationItem.from_parent(self, name=self.path.name.removesuffix(SUFFIX))


class ConversationItem(pytest.Item):
    """A golden conversation."""

    def runtest(self) -> None:
        """Play it and compare."""
        from engine.testing.golden import play  # heavy: only when a case runs

        outcome = play(self.path)
        if outcome.difference:
            raise GoldenError(f"bare core and session disagree:\n{outcome.difference}")
        if outcome.unmet:
            raise GoldenError("\n".join([*outcome.unmet, "", outcome.timeline]))
        self._compare(outcome.timeline)

    def repr_failure(  # type: ignore[override]  # a plain text is all that helps here
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> object:
        """Show what differs instead of a traceback."""
        if isinstance(excinfo.value, GoldenError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the case."""
        return self.path, 0, f"conversation: {self.name}"

    def _compare(self, timeline: str) -> None:
        stored = self.path.with_name(f"{self.name}.timeline")
        if self.config.getoption("timeline_update") or self.config.getoption(
            "update_snapshots", default=False
        ):
            stored.write_text(timeline, encoding="utf-8")
            return
        if not stored.exists():
            raise GoldenError(f"no {stored.name} is stored; look at it with --timeline-update")
        expected = stored.read_text(encoding="utf-8")
        if timeline != expected:
            lines = difflib.unified_diff(
                expected.splitlines(), timeline.splitlines(), stored.name, "now", lineterm=""
            )
            raise GoldenError("\n".join(lines))
