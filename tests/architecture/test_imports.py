"""Who may import whom: the table of CONTRIBUTING.md, held by reading our own import lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "media", "providers")

# Room -> rooms it may import (itself always). A room is a package, or a module right under engine.
FOUNDATION = {
    "engine.errors",
    "engine.events",
    "engine.effects",
    "engine.requests",
    "engine.records",
    "engine.wording",
}
MAY_IMPORT: dict[str, set[str]] = {
    "engine": set(),
    "engine.errors": set(),
    "engine.events": {"engine.records"},
    "engine.records": set(),
    "engine.wording": set(),
    "engine.effects": {"engine.events", "engine.records"},
    "engine.requests": {"engine.events", "engine.records"},
    "engine.flow": FOUNDATION,
    "engine.machine": FOUNDATION | {"engine.flow"},
    "engine.core": FOUNDATION | {"engine.flow", "engine.machine"},
    "engine.observe": FOUNDATION | {"engine.core"},
    "engine.pipeline": {"engine.errors", "engine.events", "engine.wording", "providers", "media"},
    "engine.session": FOUNDATION
    | {"engine.core", "engine.machine", "engine.observe", "engine.pipeline", "media", "providers"},
    "media": set(),
    "providers": {"media"},
}
"""`engine.worker`, `engine.testing` and `engine.cli` sit on top: see `TOP`."""
TOP = {
    "engine.worker": {"engine.cli", "engine.testing"},
    "engine.testing": {"engine.cli"},
    "engine.cli": set[str](),
}
"""Room at the top -> what it must not import."""

PURE = ("engine.flow", "engine.machine", "engine.core", "engine.observe")
IMPURE = {"asyncio", "time", "random", "uuid", "socket", "logging", "threading", "subprocess"}


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__"), path


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module
            # `from engine import events` names a module, `from engine.events import X` a name
            if node.module in PACKAGES:
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module


def room(module: str) -> str:
    head, *rest = module.split(".")
    return head if head != "engine" or not rest else f"engine.{rest[0]}"


MODULES = list(modules())


def forbidden(module: str, path: Path) -> Iterator[str]:
    here = room(module)
    for line, name in imports(path):
        if name.split(".")[0] not in PACKAGES:
            continue
        there = room(name)
        if there == here:
            continue
        allowed = (
            there not in TOP[here] if here in TOP else there in MAY_IMPORT.get(here, set[str]())
        )
        if not allowed and there != "engine.__version__":
            yield f"{path.relative_to(ROOT)}:{line}: {here} must not import {name}"


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[m for m, _ in MODULES])
def test_imports_point_down(module: str, path: Path) -> None:
    """Every import of ours goes from a higher room to a lower one of the table."""
    assert list(forbidden(module, path)) == []


def test_the_table_names_every_room() -> None:
    """A new room has to be given its place before it can be used."""
    assert {room(module) for module, _ in MODULES} <= MAY_IMPORT.keys() | TOP.keys()


def test_pure_rooms_stay_pure() -> None:
    """The rooms that decide import no clock, no randomness, no I/O, no audio."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: imports {name}"
        for module, path in MODULES
        if room(module) in PURE
        for line, name in imports(path)
        if name.split(".")[0] in IMPURE
    ]
    assert found == []


def test_only_the_chart_imports_transitions() -> None:
    found = [
        module
        for module, path in MODULES
        for _, name in imports(path)
        if name.split(".")[0] == "transitions"
    ]
    assert set(found) == {"engine.machine.chart"}


def test_private_aiortc_names_are_in_one_module() -> None:
    """Nothing outside `media.aiortc_internals` reaches into aiortc's or aioice's private parts."""
    found = [
        module
        for module, path in MODULES
        if module != "media.aiortc_internals"
        and ("_RTCRtp" in (text := path.read_text(encoding="utf-8")) or "aioice" in text)
    ]
    assert found == []


def test_there_is_no_import_cycle() -> None:
    graph: dict[str, set[str]] = {}
    names = {module for module, _ in MODULES}
    for module, path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        graph[module] = {
            name
            for node in tree.body  # module level only: an import inside a function is lazy
            for name in top_level_names(node)
            if name in names and name != module
        }
    state: dict[str, int] = {}

    def visit(module: str, trail: list[str]) -> None:
        state[module] = 1
        for other in sorted(graph[module]):
            if state.get(other) == 1:
                pytest.fail(" -> ".join([*trail, module, other]))
            if other not in state:
                visit(other, [*trail, module])
        state[module] = 2

    for module in sorted(graph):
        if module not in state:
            visit(module, [])


def top_level_names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
