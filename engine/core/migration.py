"""A snapshot that was taken on one version of a flow, made to fit another (`migrate`, S16, S17).

Two steps, for the flow and for each flow it has called, every one with a version and rules of its
own. The rules rename states and slots of the version the snapshot came from (those of a fragment
belong to the flows that include it). Then the frame is made to fit: new slots and variables get
their first values, what is empty and gone is forgotten. What cannot fit (a state that is gone, a
filled slot that is gone or of another kind, work under way whose answer would come to another flow)
is told, and nothing is guessed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.deadlines import lost
from engine.core.values import ShapeError, from_json, pack, to_json, unpack
from engine.machine.compiled import CompiledFlow, Migration, SlotSpec

_BY_SLOT = ("order", "read_back", "changed")


def applicable(flow: CompiledFlow, version: str) -> tuple[Migration, ...]:
    """The rules of a flow for snapshots of this version, in order."""
    return tuple(rule for rule in flow.migrations if _covers(rule.versions, version))


def migrated(data: Mapping[str, Any], flow: CompiledFlow) -> tuple[dict[str, Any], list[str]]:
    """Return a snapshot's data for another version of its flow, and why it does not fit.

    Args:
        data: what `engine.core.snapshot.take` returned; it is not changed.
        flow: the version to go on with.

    Returns:
        The new data, to be restored on `flow` if there are no problems; the problems, as texts.
    """
    moved = copy.deepcopy(dict(data))
    version = str(moved.get("version", ""))
    moved["fingerprint"], moved["version"] = flow.fingerprint, flow.version
    conversation = moved.get("conversation", {})
    dialog = conversation.get("dialog", {})
    frames = dialog.get("scene", {}).get("frames", ())
    problems = [*under_way(data)]
    flows: dict[int, CompiledFlow] = {}
    for frame in frames:
        found = flow_of(frame, flow, flows)
        if found is None:
            problems.append(f"sub-flow `{frame['name']}` is gone")
            break
        flows[frame["number"]] = found
        for rule in applicable(found, frame.get("version", version)):
            _rename(dialog, frame, rule)
        problems += _fit(frame, found)
    if not problems:
        _fit_timers(conversation, flows)
    return moved, problems


# --- versions ------------------------------------------------------------------------------------


def _covers(versions: str, version: str) -> bool:
    wanted = versions.lstrip("<= ").strip()
    sign = versions[: len(versions) - len(versions.lstrip("<= "))].strip()
    left, right = _parts(version), _parts(wanted)
    if sign == "<":
        return left < right
    return left <= right if sign == "<=" else left == right


def _parts(version: str) -> tuple[int, ...]:
    """`1.2` and `1.2.0` are the same; a part that is no number counts as 0."""
    numbers = [int(part) if part.isdigit() else 0 for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


# --- renaming ------------------------------------------------------------------------------------


def _rename(dialog: dict[str, Any], frame: dict[str, Any], rule: Migration) -> None:
    """Rename in one run of a flow, by the rules of that flow: a called one has its own."""
    states, slots = rule.states, rule.slots
    visit, memory = frame["visit"], frame["memory"]
    visit["state"] = states.get(visit["state"], visit["state"])
    for key in ("open_slot", "reading_back"):
        visit[key] = slots.get(visit[key], visit[key])
    frame["visits"] = _renamed(frame["visits"], states)
    frame["history"] = [states.get(name, name) for name in frame["history"]]
    for key, names in (("slots", slots), ("corrections", slots), ("results", states)):
        memory[key] = pack(_renamed(unpack(memory[key]), names))
    for key in _BY_SLOT:
        memory[key] = [slots.get(name, name) for name in memory[key]]
    for timer in dialog.get("timers", {}).values():
        if timer["frame"] == frame["number"]:
            timer["owner"] = states.get(timer["owner"], timer["owner"])


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}


# --- fitting -------------------------------------------------------------------------------------


def under_way(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is at work in a snapshot: its answer would come to another flow."""
    conversation = data.get("conversation", {})
    dialog = conversation.get("dialog", {})
    tools = dialog.get("tools", {}).get("calls", ())
    for call in tools:
        yield f"tool `{call['tool']}` is at work"
    for frame in dialog.get("scene", {}).get("frames", ())[-1:]:
        if frame["visit"]["stage"] in ("working", "sent") and not tools:
            yield f"`{frame['visit']['state']}` is at work"
    asked = (error for error, _ in lost(conversation.get("deadlines", {})))
    if "error.llm" in asked:
        yield "the language model is asked"


def flow_of(
    frame: Mapping[str, Any], root: CompiledFlow, known: Mapping[int, CompiledFlow]
) -> CompiledFlow | None:
    """The flow a frame runs; None: there is none of its name.

    Args:
        frame: as it stands in a snapshot.
        root: the flow at the bottom of the stack.
        known: the flows of the frames below it, by their numbers.
    """
    parent = known.get(frame["parent"])
    return root if parent is None else parent.flows.get(frame["name"])


def _fit(frame: dict[str, Any], flow: CompiledFlow) -> Iterator[str]:
    """Make a frame fit the new flow, and yield why it cannot."""
    state = frame["visit"]["state"]
    if state not in flow.states:
        yield f"state `{state}` is gone, and no `migrate` rule tells what became of it"
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
    for key in _BY_SLOT:
        memory[key] = [name for name in memory[key] if name in flow.slots]
    frame["history"] = [name for name in frame["history"] if name in flow.states]
    frame["visits"] = {n: count for n, count in frame["visits"].items() if n in flow.states}
    frame["visit"]["asks"] = frame["visit"]["asks"] or _question_is_gone(frame, flow)


def _fits(name: str, value: Any, spec: SlotSpec | None) -> Iterator[str]:
    if spec is None:
        yield f"slot `{name}` is filled, and gone; no `migrate` rule tells what became of it"
        return
    try:
        from_json(to_json(value), spec.type, f"slot `{name}`")
    except ShapeError as error:
        hidden = f"slot `{name}` holds a value that is no {spec.type.kind}"
        yield hidden if spec.sensitive else str(error)


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
