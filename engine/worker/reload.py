"""Hot reload (S17): an edited flow file is taken up at a stable point, or it is said why not.

A conversation goes on with the new flow where it stands: in the same state, with the same slots. So
every state and every filled slot on its stack must still be there, of the same kind; and nothing
may be under way, for the answer would come to another flow. Otherwise the call finishes on the flow
it began with, and only new calls take the new one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core import snapshot
from engine.core.conversation import Conversation, DialogFactory
from engine.core.dialog import Dialog
from engine.core.values import ShapeError, from_json, pack, unpack
from engine.errors import TurnwiseError
from engine.flow.loader import LoadResult
from engine.machine.compiled import CompiledFlow, SlotSpec
from engine.machine.compiler import compile_loaded
from engine.worker.flows import check_flow


class ReloadRefusedError(TurnwiseError):
    """The conversation cannot go on with the new flow; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an edit led to."""

    flow: CompiledFlow | None
    """The new flow; None: the files have errors, and the old flow stays."""
    loaded: LoadResult


class FlowWatch:
    """Looks whether a flow file, or a sub-flow of it, has changed.

    Args:
        path: the file.
        check: loads it; `engine.worker.flows.check_flow` by default.
    """

    def __init__(self, path: Path, check: Callable[[Path], LoadResult] = check_flow) -> None:
        self._path = path
        self._check = check
        loaded = check(path)
        self._fingerprint = compile_loaded(loaded).fingerprint if loaded.ok else ""
        self._seen = _marks(path, loaded)

    def changed(self) -> Change | None:
        """Return what an edit led to; None: nothing was edited, or nothing a call could notice."""
        if all(_mark(file) == mark for file, mark in self._seen.items()):
            return None
        loaded = self._check(self._path)
        self._seen = {**self._seen, **_marks(self._path, loaded)}
        if loaded.flow is None:
            return Change(flow=None, loaded=loaded)
        flow = compile_loaded(loaded)
        if flow.fingerprint == self._fingerprint:
            return None
        self._fingerprint = flow.fingerprint
        return Change(flow=flow, loaded=loaded)


def _marks(path: Path, loaded: LoadResult) -> dict[Path, tuple[int, int]]:
    files = {path, *(Path(name) for name in loaded.sources)}
    return {file: _mark(file) for file in sorted(files)}


def _mark(file: Path) -> tuple[int, int]:
    """What changes when a file is written; zeros while there is none (editors replace files)."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


# --- a conversation on a new flow -----------------------------------------------------------------


def move(
    data: Mapping[str, Any], flow: CompiledFlow, make_dialog: DialogFactory = Dialog
) -> Conversation:
    """Return the conversation of a snapshot, going on with another version of its flow.

    Args:
        data: what `engine.core.snapshot.take` returned, between two steps.
        flow: the new version.
        make_dialog: as for `Conversation`.

    Raises:
        ReloadRefusedError: a state or slot on the stack is gone or of another kind, or something is
            under way.
        JournalError: the data is no snapshot.
    """
    if data.get("flow") != flow.id:
        raise ReloadRefusedError(f"the flow is now called {flow.id}, it was {data.get('flow')}")
    moved = copy.deepcopy(dict(data))
    moved["fingerprint"], moved["version"] = flow.fingerprint, flow.version
    dialog = moved.get("conversation", {}).get("dialog", {})
    problems = [*_under_way(dialog)]
    flows: dict[int, CompiledFlow] = {}
    for frame in dialog.get("scene", {}).get("frames", ()):
        found = _flow_of(frame, flow, flows)
        if found is None:
            problems.append(f"sub-flow `{frame['name']}` is gone")
            break
        flows[frame["number"]] = found
        problems += _fit(frame, found)
    if problems:
        raise ReloadRefusedError("; ".join(problems))
    _fit_timers(moved["conversation"], flows)
    return snapshot.restore(flow, moved, make_dialog)


def _under_way(dialog: Mapping[str, Any]) -> Iterator[str]:
    for call in dialog.get("tools", {}).get("calls", ()):
        yield f"tool `{call['tool']}` is at work"
    for frame in dialog.get("scene", {}).get("frames", ())[-1:]:
        if frame["visit"]["stage"] in ("working", "sent"):
            yield f"`{frame['visit']['state']}` is at work"


def _flow_of(
    frame: Mapping[str, Any], root: CompiledFlow, known: Mapping[int, CompiledFlow]
) -> CompiledFlow | None:
    parent = known.get(frame["parent"])
    return root if parent is None else parent.flows.get(frame["name"])


def _fit(frame: dict[str, Any], flow: CompiledFlow) -> Iterator[str]:
    """Make a frame fit the new flow, and yield why it cannot."""
    state = frame["visit"]["state"]
    if state not in flow.states:
        yield f"state `{state}` is gone"
    memory = frame["memory"]
    slots = unpack(memory["slots"])
    for name, value in slots.items():
        if value is not None:
            yield from _fits(name, value, flow.slots.get(name))
    known = {
        "slots": {name: spec.default for name, spec in flow.slots.items()},
        "variables": {name: flow.variable_defaults.get(name) for name in flow.variables},
        "inputs": {name: spec.default for name, spec in flow.inputs.items()},
    }
    for kind, defaults in known.items():
        kept = unpack(memory[kind])
        memory[kind] = pack({name: kept.get(name, value) for name, value in defaults.items()})
    for key in ("order", "read_back", "changed"):
        memory[key] = [name for name in memory[key] if name in flow.slots]
    frame["history"] = [name for name in frame["history"] if name in flow.states]
    frame["visits"] = {n: count for n, count in frame["visits"].items() if n in flow.states}
    frame["visit"]["asks"] = frame["visit"]["asks"] or _question_is_gone(frame, flow)


def _fits(name: str, value: Any, spec: SlotSpec | None) -> Iterator[str]:
    if spec is None:
        yield f"slot `{name}` is filled, and gone"
        return
    try:
        from_json(value, spec.type, f"slot `{name}`")
    except ShapeError as error:
        yield str(error)


def _question_is_gone(frame: Mapping[str, Any], flow: CompiledFlow) -> bool:
    """Whether what the caller was asked for is no slot any more: then it is asked anew."""
    open_slot = frame["visit"]["open_slot"]
    return bool(open_slot) and open_slot not in flow.slots


def _fit_timers(conversation: dict[str, Any], flows: Mapping[int, CompiledFlow]) -> None:
    """Forget timers whose owner does not have them any more."""
    timers = conversation["dialog"].get("timers", {})
    for deadline, timer in list(timers.items()):
        flow = flows[timer["frame"]]
        owner = flow.states.get(timer["owner"]) or flow.groups.get(timer["owner"])
        specs = flow.timers if not timer["owner"] else owner.timers if owner else ()
        if all(spec.name != timer["name"] for spec in specs):
            del timers[deadline]
            conversation["deadlines"].pop(deadline, None)
