"""Calls that would bring back races, wall time or lost exceptions."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def calls(folder: str) -> list[tuple[str, str, int]]:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found.append((str(path.relative_to(ROOT)), ast.unparse(node.func), node.lineno))
    return found


def test_no_test_outside_live_sleeps_in_real_time() -> None:
    slept = [
        f"{path}:{line}"
        for path, name, line in calls("tests")
        if name == "time.sleep" and "/live/" not in path
    ]
    assert slept == []


def test_no_exception_is_swallowed() -> None:
    """A broad `except` whose whole body is `pass` or `continue` hides a defect."""
    swallowed = []
    for folder in ("engine", "media", "providers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.ExceptHandler):
                    continue
                broad = node.type is None or ast.unparse(node.type) in {
                    "Exception",
                    "BaseException",
                }
                if broad and all(isinstance(s, ast.Pass | ast.Continue) for s in node.body):
                    swallowed.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert swallowed == []


def test_nothing_prints_but_the_command_line() -> None:
    printed = [
        f"{path}:{line}"
        for folder in ("engine", "media", "providers")
        for path, name, line in calls(folder)
        if name == "print" and not path.startswith("engine/cli/")
    ]
    assert printed == []
