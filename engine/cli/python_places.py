"""Where the Python function of a tool stands, found without importing anything."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SCHEME = "python:"


@dataclass(frozen=True, slots=True)
class PythonPlace:
    """A definition in a Python file."""

    path: Path
    line: int
    """From 1."""
    column: int
    """From 1, of the name."""
    name: str


def function_place(use: str, folders: Iterable[Path]) -> PythonPlace | None:
    """Return where `python:package.module.function` is defined.

    Args:
        use: as a tool has it.
        folders: where modules are looked for first; then on the import path.
    """
    if not use.startswith(SCHEME):
        return None
    module, _, name = use.removeprefix(SCHEME).rpartition(".")
    if not module or not name.isidentifier():
        return None
    inner = Path(*module.split("."))
    for folder in [*folders, *(Path(entry) for entry in sys.path if entry)]:
        for path in (folder / inner.with_suffix(".py"), folder / inner / "__init__.py"):
            if path.is_file():
                return _defined(path, name)
    return None


def _defined(path: Path, name: str) -> PythonPlace | None:
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return PythonPlace(path, 1, 1, "")  # the file at least: its author is at work in it
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            line = text.splitlines()[node.lineno - 1]
            return PythonPlace(path, node.lineno, line.index(name) + 1, name)
    return PythonPlace(path, 1, 1, "")
