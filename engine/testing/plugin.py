"""The pytest plugin: plays golden conversations, and the tests of flows.

- `*.tests.yaml`, and a flow named on the command line: every test in it is a case
  (`engine.testing.flow_tests`; the same that `turnwise test` plays).
- `*.conversation.yaml`: a golden conversation, played in both worlds.

A golden case passes when the bare core and the real session agree step by step, every expectation
came true, and the timeline equals the one stored beside the file (`NAME.timeline`). After a change
that is wanted, `pytest --timeline-update` (or syrupy's `--snapshot-update`) stores it anew; review
the difference as you would review code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from engine.testing.flow_tests.collect import Case

SUFFIX = ".conversation.yaml"
TESTS_SUFFIX = ".tests.yaml"


class GoldenError(Exception):
    """A conversation did not go as written; its text is for people."""


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
    """Collect conversations, files of tests, and flows that are named themselves."""
    if file_path.name.endswith(SUFFIX):
        return ConversationFile.from_parent(parent, path=file_path)
    named = parent.session.isinitpath(file_path) and _is_flow(file_path)
    if file_path.name.endswith(TESTS_SUFFIX) or named:
        return FlowTestsFile.from_parent(parent, path=file_path)
    return None


def _is_flow(path: Path) -> bool:
    """Whether a file says that it is a flow; other plugins read YAML, too."""
    if path.suffix != ".yaml":
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(line.startswith("turnwise:") for line in text.splitlines())


class FlowTestsFile(pytest.File):
    """A file of tests, or a flow with tests: one case each."""

    def collect(self) -> Iterator[pytest.Item]:
        """Give every test; a file that cannot be read is an error of the collection."""
        from engine.testing.flow_tests.collect import collect  # heavy: only when there are tests

        found = collect([self.path])
        if found.problems:
            raise self.CollectError("\n".join(str(problem) for problem in found.problems))
        for case in found.cases:
            yield FlowTestItem.from_parent(self, name=case.name, case=case)


class FlowTestItem(pytest.Item):
    """One test of a flow."""

    def __init__(self, *, case: Case, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self._case = case

    def runtest(self) -> None:
        """Play it."""
        from engine.testing.flow_tests.runner import explain, run_case

        outcome = run_case(self._case)
        if not outcome.ok:
            raise GoldenError(explain(outcome))

    def repr_failure(  # type: ignore[override]  # a plain text is all that helps here
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> object:
        """Show the step and what happened instead of a traceback."""
        if isinstance(excinfo.value, GoldenError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the case and its line."""
        return self.path, self._case.line - 1, f"flow test: {self.name}"


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
