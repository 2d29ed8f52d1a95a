"""`turnwise migrate OLD NEW`: the `migrate` rules a call saved by the old version needs."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from engine.machine.compiled import CompiledFlow

ALIKE = 0.6
"""How alike a state or slot must be to be proposed: from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A state or slot of the old version that the new one does not have as it was."""

    root: str
    """`states` or `slots`."""
    name: str
    covered: str = ""
    """What the rules of the new version call it now."""
    proposed: str = ""
    """What it most probably became; a guess."""
    changed: str = ""
    """The type of a slot, then and now."""


def compare(old: CompiledFlow, new: CompiledFlow) -> list[Gone]:
    """Return what a saved call may stand in or hold, and the new version does not know."""
    from engine.core.migration import applicable

    rules = applicable(new, old.version)
    return [
        *_gone("states", old.states, new.states, [rule.states for rule in rules]),
        *_gone("slots", old.slots, new.slots, [rule.slots for rule in rules]),
    ]


def _gone(
    root: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    rules: Sequence[Mapping[str, str]],
) -> Iterator[Gone]:
    now = {name: _now(name, rules) for name in before}
    free = [name for name in after if name not in now.values()]
    for name, item in before.items():
        there = after.get(now[name])
        if there is not None and _kind(there) != _kind(item):
            yield Gone(root=root, name=name, changed=f"{_kind(item)}, now {_kind(there)}")
        elif there is not None and now[name] != name:
            yield Gone(root=root, name=name, covered=now[name])
        elif there is None:
            alike = {other: _alike(name, item, other, after[other]) for other in free}
            best = max(alike, key=lambda other: alike[other], default="")
            proposed = best if best and alike[best] >= ALIKE else ""
            if proposed:
                free.remove(proposed)
            yield Gone(root=root, name=name, proposed=proposed)


def _now(name: str, rules: Sequence[Mapping[str, str]]) -> str:
    """What rules make of a name, one after the other, as a restored call has it."""
    for rule in rules:
        name = rule.get(name, name)
    return name


def _kind(item: object) -> str:
    return str(getattr(getattr(item, "type", None), "kind", ""))


def _alike(name: str, item: object, other_name: str, other: object) -> float:
    """From 0 to 1; a slot of another type is never the same."""
    if _kind(item) != _kind(other):
        return 0.0
    names = difflib.SequenceMatcher(None, name, other_name).ratio()
    then = repr(item).replace(name, "_").split()
    now = repr(other).replace(other_name, "_").split()
    content = difflib.SequenceMatcher(None, then, now).ratio()
    return (names + content) / 2


def migrate(old: CompiledFlow, new: CompiledFlow, out: TextIO) -> int:
    """Tell what a saved call needs, in the flow and in those it calls.

    Returns:
        0 the rules of the new versions cover everything, 1 something is missing.
    """
    missing = 0
    for index, (before, after) in enumerate(_pairs(old, new, set())):
        if index:
            print(file=out)
        missing |= _told_of(before, after, out)
    return missing


def _pairs(
    old: CompiledFlow, new: CompiledFlow, seen: set[str]
) -> Iterator[tuple[CompiledFlow, CompiledFlow]]:
    """The two versions of a flow, then those of the flows both call, where they differ."""
    yield old, new
    for name, before in old.flows.items():
        after = new.flows.get(name)
        if after is None or before.fingerprint == after.fingerprint or before.id in seen:
            continue
        seen.add(before.id)
        yield from _pairs(before, after, seen)


def _told_of(old: CompiledFlow, new: CompiledFlow, out: TextIO) -> int:
    print(f"{old.id}: {old.version} to {new.version}", file=out)
    gone_flows = [name for name in old.flows if name not in new.flows]
    for name in gone_flows:
        print(f"  flows.{name}: gone; calls saved in it are refused", file=out)
    found = compare(old, new)
    for gone in found:
        print(f"  {gone.root}.{gone.name}: {_told(gone)}", file=out)
    if found and old.version == new.version:
        print("\nRules go by version: give the new one another, then ask again.", file=out)
        return 1
    missing = [gone for gone in found if not gone.covered]
    if not missing and not gone_flows:
        print("Every state and slot of a saved call is there, or covered by `migrate`.", file=out)
        return 0
    renames = [gone for gone in missing if gone.proposed]
    if renames:
        print("\n# proposed; look at every line before it goes into the new version", file=out)
        print(_rules(old.version, renames), file=out)
    lost = len(missing) - len(renames)
    if lost:
        print(f"\n{lost} without a successor: calls saved there are refused.", file=out)
    return 1


def _told(gone: Gone) -> str:
    if gone.covered:
        return f"covered, it is now {gone.root}.{gone.covered}"
    if gone.changed:
        return f"another type: {gone.changed}"
    if gone.proposed:
        return f"gone, probably {gone.root}.{gone.proposed}"
    return "gone, nothing is like it"


def _rules(version: str, renames: Sequence[Gone]) -> str:
    lines = [f"      {g.root}.{g.name}: {g.root}.{g.proposed}" for g in renames]
    return "\n".join(["migrate:", f'  - from: "={version}"', "    rename:", *lines])


EPILOG = """\b
Examples:
  turnwise migrate released/desk.yaml desk.yaml

\b
Exit codes: 0 all is covered, 1 rules are missing, 2 a file cannot be read, or is another flow.
"""


@click.command(name="migrate", epilog=EPILOG)
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def command(old: Path, new: Path) -> int:
    """Compare two versions of a flow; propose the `migrate` rules saved calls need.

    Compared are the states and slots of the flow, those of its fragments included, and of the flows
    it calls, which have versions and rules of their own. What a state or slot became is guessed
    from its name and content.
    """
    from engine.cli.loading import load_or_exit
    from engine.errors import ConfigurationError

    before, after = (load_or_exit(path, sys.stderr) for path in (old, new))
    if before.id != after.id:
        raise ConfigurationError(f"{old} is flow {before.id}, {new} is flow {after.id}")
    return migrate(before, after, sys.stdout)
