"""A conversation as plain data, and back: to go on elsewhere, or after a crash.

A snapshot is taken between two steps. It holds everything the next step depends on, nothing of the
flow itself, and the fingerprint of the flow it belongs to: what a state means is in the flow, so a
snapshot of another one is refused, unless the flow says how to read it (`migrate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.core import migration
from engine.core.conversation import Conversation, DialogFactory
from engine.core.dialog import Dialog
from engine.errors import JournalError
from engine.machine.compiled import CompiledFlow

FORMAT = 1
"""Raised when the data below changes its shape."""


def take(conversation: Conversation) -> dict[str, Any]:
    """Return the conversation as JSON-like data."""
    flow, taken = conversation.flow, conversation.to_dict()
    return {
        "format": FORMAT,
        "flow": flow.id,
        "version": flow.version,
        "fingerprint": flow.fingerprint,
        "parts": [run.own for run in _runs(flow, taken)],
        "conversation": taken,
    }


def restore(
    flow: CompiledFlow, data: Mapping[str, Any], make_dialog: DialogFactory = Dialog
) -> Conversation:
    """Return the conversation that `take` saw; from here on it behaves as that one.

    Args:
        flow: the flow it ran on.
        data: what `take` returned, perhaps after a trip through JSON.
        make_dialog: as for `Conversation`.

    Raises:
        JournalError: the data is no snapshot, or belongs to another flow, or to a version whose
            rules do not cover it.
    """
    if data.get("format") != FORMAT or "conversation" not in data:
        raise JournalError(f"This is no snapshot of format {FORMAT}.")
    if data.get("fingerprint") != flow.fingerprint:
        data = _migrated(flow, data)
    conversation = Conversation(flow, make_dialog)
    conversation.from_dict(data["conversation"])
    return conversation


def _migrated(flow: CompiledFlow, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The snapshot for this version, where each flow that changed has rules for it (`migrate`)."""
    changed = flow if data.get("flow") != flow.id else _changed(flow, data)
    if changed is not None:
        raise JournalError(
            f"The snapshot belongs to flow {data.get('flow')} {data.get('version')}"
            f" ({data.get('fingerprint')}), not to {flow.id} {flow.version} ({flow.fingerprint})"
            + (f": {changed.id} {changed.version} has no rule for it." if changed != flow else ".")
        )
    moved, problems = migration.migrated(data, flow)
    if problems:
        raise JournalError(f"The snapshot does not fit {flow.version}: {'; '.join(problems)}.")
    return moved


def _changed(flow: CompiledFlow, data: Mapping[str, Any]) -> CompiledFlow | None:
    """The first flow on the stack that changed, and has no rule for the version it had.

    A flow that is not on the stack may change as it likes, and one that calls it need not know. A
    snapshot from before the parts were told has to be covered by the flow at the bottom.
    """
    frames = _frames(data["conversation"])
    parts = data.get("parts")
    if not isinstance(parts, list) or len(parts) != len(frames):
        parts = [None] * len(frames[:1])
    runs = _runs(flow, data["conversation"])
    version = str(data.get("version", ""))
    for own, frame, run in zip(parts, frames, runs, strict=False):
        same = own and own == run.own
        if not same and not migration.applicable(run, str(frame.get("version", version))):
            return run
    return None if frames or migration.applicable(flow, version) else flow


def _frames(conversation: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    frames: Sequence[Mapping[str, Any]] = (
        conversation.get("dialog", {}).get("scene", {}).get("frames", ())
    )
    return frames


def _runs(flow: CompiledFlow, conversation: Mapping[str, Any]) -> list[CompiledFlow]:
    """The flows of the frames, the bottom first, as far as there are flows of their names."""
    flows: dict[int, CompiledFlow] = {}
    for frame in _frames(conversation):
        found = migration.flow_of(frame, flow, flows)
        if found is None:
            break
        flows[frame["number"]] = found
    return list(flows.values())
