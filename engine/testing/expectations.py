"""Compares what a golden conversation promises with the steps that came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from engine.core.step import Move, Note, States, Step
from engine.effects import CallTool, HangUp, Say
from engine.events import Millis
from engine.testing.script import Expectation


def unmet(expectations: Sequence[Expectation], steps: Sequence[Step]) -> Iterator[str]:
    """Yield one sentence for each expectation that did not come true.

    An expectation with an instant is judged at that instant. Those without follow each other: each
    is looked for from where the one before was found.
    """
    position = 0
    for expectation in expectations:
        if expectation.at is not None:
            yield from _judge_instant(expectation, expectation.at, steps)
            continue
        found = _find(expectation, steps, position)
        if found is None:
            yield f"never came true: {_show(expectation)}"
        else:
            position = found


def _judge_instant(wanted: Expectation, at: Millis, steps: Sequence[Step]) -> Iterator[str]:
    until = [step for step in steps if step.at <= at]
    if not until:
        yield f"nothing happened until {at} ms: {_show(wanted)}"
        return
    states = until[-1].states
    for machine in ("user", "agent", "dialog"):
        expected, found = getattr(wanted, machine), getattr(states, machine)
        if expected is not None and expected.lower() != found.lower():
            yield f"at {at} ms the {machine} is {found.lower()}, not {expected.lower()}"
        elif expected is not None and wanted.because is not None:
            yield from _judge_reason(wanted.because, machine, until, at)


def _judge_reason(because: str, machine: str, steps: Sequence[Step], at: Millis) -> Iterator[str]:
    moves: list[Move] = [m for step in steps for m in step.moves if m.machine == machine]
    found = moves[-1].because if moves else "nothing"
    if because.lower() != found.lower():
        yield f"at {at} ms the {machine} is there because of {found}, not {because}"


def _find(wanted: Expectation, steps: Sequence[Step], start: int) -> int | None:
    """Return the index of the first thing after `start` that fulfils `wanted`."""
    things = [thing for step in steps for thing in _things(step)]
    for index in range(start, len(things)):
        if _fulfils(things[index], wanted):
            return index + 1
    return None


def _things(step: Step) -> list[Any]:
    """Return what an expectation may name, in the order in which it happened."""
    return [*step.notes, *step.effects, step.states]


def _fulfils(thing: Any, wanted: Expectation) -> bool:
    match thing:
        case Say(text=text):
            return wanted.says is not None and _matches(wanted.says, text)
        case CallTool():
            return wanted.called is not None and _called(thing, wanted)
        case HangUp(reason=reason):
            return wanted.ended == reason
        case States():
            return _is_there(thing, wanted)
        case Note(kind="turn", data=data):
            return wanted.hears is not None and _matches(wanted.hears, data["text"])
        case Note(kind="interrupted"):
            return wanted.interrupted is True
    return False


def _is_there(states: States, wanted: Expectation) -> bool:
    machines = [m for m in ("user", "agent", "dialog") if getattr(wanted, m) is not None]
    return bool(machines) and all(
        getattr(states, machine).lower() == getattr(wanted, machine).lower() for machine in machines
    )


def _called(call: CallTool, wanted: Expectation) -> bool:
    args = (wanted.called or {}).get(call.tool)
    if args is None:
        return False
    return all(name in call.args and call.args[name] == value for name, value in args.items())


def _matches(pattern: str, text: str) -> bool:
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        return re.search(pattern[1:-1], text) is not None
    return pattern == text


def _show(expectation: Expectation) -> str:
    return str(expectation.model_dump(exclude_none=True))
