"""A conversation as plain data, and back: to go on elsewhere, or after a crash.

A snapshot is taken between two steps. It holds everything the next step depends on, nothing of the
flow itself, and the fingerprint of the flow it belongs to: what a state means is in the flow, so a
snapshot of another one is refused, unless the flow says how to read it (`migrate`).
"""

from __future__ import annotations

from collections.abc import Mapping
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
    flow = conversation.flow
    return {
        "format": FORMAT,
        "flow": flow.id,
        "version": flow.version,
        "fingerprint": flow.fingerprint,
        "conversation": conversation.to_dict(),
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
    """The snapshot for this version of its flow, where the flow has rules for that (`migrate`)."""
    rules = migration.applicable(flow, str(data.get("version", "")))
    if data.get("flow") != flow.id or not rules:
        raise JournalError(
            f"The snapshot belongs to flow {data.get('flow')} {data.get('version')}"
            f" ({data.get('fingerprint')}), not to {flow.id} {flow.version} ({flow.fingerprint})."
        )
    moved, problems = migration.migrated(data, flow)
    if problems:
        raise JournalError(f"The snapshot does not fit {flow.version}: {'; '.join(problems)}.")
    return moved
