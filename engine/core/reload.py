"""Hot reload (S17): a conversation goes on with another version of its flow, or it is said why not.

It goes on where it stands: in the same state, with the same slots. So every state and every filled
slot on its stack must still be there, of the same kind, or the new version says what became of them
(`migrate`); and nothing may be under way, for the answer would come to another flow. What is under
way ends: then the same move may succeed. What is gone stays gone.

Whoever moves a conversation tells it so (`FlowReplaced`): then it comes to rest in the new version,
and its journal says where the old one ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core import migration, snapshot
from engine.core.conversation import Conversation, DialogFactory
from engine.core.dialog import Dialog
from engine.errors import TurnwiseError
from engine.machine.compiled import CompiledFlow


class ReloadRefusedError(TurnwiseError):
    """The conversation cannot go on with the new flow; its text says why."""


class UnderWayError(ReloadRefusedError):
    """It cannot right now: something is at work, and will end."""


def move(
    data: Mapping[str, Any], flow: CompiledFlow, make_dialog: DialogFactory = Dialog
) -> Conversation:
    """Return the conversation of a snapshot, going on with another version of its flow.

    Args:
        data: what `engine.core.snapshot.take` returned, between two steps.
        flow: the new version.
        make_dialog: as for `Conversation`.

    Raises:
        UnderWayError: a tool, a transfer or a model is at work.
        ReloadRefusedError: a state or slot on the stack is gone or of another kind.
        JournalError: the data is no snapshot.
    """
    if data.get("flow") != flow.id:
        raise ReloadRefusedError(f"the flow is now called {flow.id}, it was {data.get('flow')}")
    working = list(migration.under_way(data))
    moved, problems = migration.migrated(data, flow)
    lasting = [problem for problem in problems if problem not in working]
    if lasting:
        raise ReloadRefusedError("; ".join(lasting))
    if working:
        raise UnderWayError("; ".join(working))
    return snapshot.restore(flow, moved, make_dialog)
