"""Keys that had another name in an earlier version of Turnwise (TW107).

A file with an old name keeps its meaning: the key is read as the new one, and the finding carries
the repair. Whoever renames a key of the language adds a line to `RENAMED`, and nothing else; the
models and the schema know the new name only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Path
from engine.flow.source import Source, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """One key that has another name now."""

    where: tuple[str, ...]
    """The maps it stands in, as a path: `*` is any one step, `**` any number of them."""
    old: str
    new: str
    since: str
    """The version of Turnwise that renamed it."""


RENAMED: tuple[Renamed, ...] = ()
"""No key of language version 1 has been renamed so far."""


def follow_renames(source: Source, table: Sequence[Renamed]) -> list[Diagnostic]:
    """Give the keys of a file their new names, in its data and its places; say each once.

    Where a map has the old and the new name, the old one is left alone: it is an unknown key then.
    """
    if not table:
        return []
    found = list(_found(source.data, table))
    findings = [_diagnostic(source, path, rule) for path, rule in found]
    # The innermost first: the path of what is outside of it still has its old name then.
    for path, rule in reversed(found):
        _rename(source, path, rule)
    return findings


def _found(data: Any, table: Sequence[Renamed]) -> Iterator[tuple[Path, Renamed]]:
    for path, value in walk(data):
        for rule in table if isinstance(value, dict) else ():
            if rule.old in value and rule.new not in value and _matches(path, rule.where):
                yield (*path, rule.old), rule


def _matches(path: Path, pattern: Sequence[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_matches(path[skipped:], pattern[1:]) for skipped in range(len(path) + 1))
    return bool(path) and pattern[0] in ("*", path[0]) and _matches(path[1:], pattern[1:])


def _rename(source: Source, path: Path, rule: Renamed) -> None:
    entry = source.entry(path)
    if entry is not None:  # an alias shows its anchor's entry again, which has its name already
        entry.name = rule.new
    owner = source.data
    for step in path[:-1]:
        owner = owner[step]
    renamed = {rule.new if key == rule.old else key: value for key, value in owner.items()}
    owner.clear()
    owner.update(renamed)  # in place, so that the order of the file stays


def _diagnostic(source: Source, path: Path, rule: Renamed) -> Diagnostic:
    span = source.key_span(path)
    return Diagnostic(
        code="TW107",
        message=f"`{rule.old}` is called `{rule.new}` since Turnwise {rule.since}",
        span=span,
        label="the old name; it is read as the new one",
        help=f"write `{rule.new}`",
        fix=Fix(f"rename it to `{rule.new}`", (Edit(span, rule.new),), safe=True),
        where=(*path[:-1], rule.new),
    )
