"""What a model that talks is told of the call so far, as the flow's `history` says.

Whole messages only, the latest ones, and never a tool's result without the turn that asked for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.core import budget
from engine.core.consultations import Calls
from engine.core.history import HistoryItem
from engine.core.memory import MASK
from engine.machine.remembering import HistoryPolicy

LATEST = 40
"""Messages where the flow sets no limit: more costs time before the first word."""
_ALL = HistoryPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """A summary of everything before one turn of the caller."""

    first: str = ""
    """That turn; empty: nothing is summed up."""
    text: str = ""


NONE = Recap()
_RECAP = "What was said before in this call, summed up: "


def messages(
    history: Sequence[HistoryItem],
    calls: Calls,
    policy: HistoryPolicy = _ALL,
    since: str = "",
    recap: Recap = NONE,
    *,
    whole: bool = False,
) -> tuple[Mapping[str, Any], ...]:
    """Return what was said, with the finished tool calls behind the turns they belong to.

    Args:
        history: everything that was said and heard, oldest first.
        calls: what the model asked for, by the turns.
        policy: how much of it is told.
        since: the turn before the state was entered; for a policy that is `fresh`.
        recap: stands for what is older.
        whole: leave out nothing that it does not stand for.
    """
    start = _after(history, since) if policy.fresh and since else 0
    told: list[Mapping[str, Any]] = []
    if recap.first:
        start = place(history, recap.first)
        told.append({"role": "developer", "text": f"{_RECAP}{recap.text}"})
    if not whole:
        start = max(start, len(history) - (policy.max_items or LATEST))
    said = [item.message for item in history[start:]]
    if not calls:
        told += said
    else:
        for item, message in zip(history[start:], said, strict=True):
            told.append(message)
            if item.id in calls:
                told += calls[item.id]
        if not (policy.fresh and since) and not recap.first:
            told += calls.get("", ())  # before anybody had said anything
    limited = policy.max_items is not None or policy.max_tokens is not None
    return tuple(_within(told, policy) if limited else told)


def without(
    hidden: Collection[str], history: Sequence[HistoryItem], calls: Calls
) -> tuple[Sequence[HistoryItem], Calls]:
    """Return history and calls with the words of these turns and lines masked, their calls gone."""
    if not hidden:
        return history, calls
    said = [replace(i, text=MASK, ordered="") if i.id in hidden else i for i in history]
    return said, {turn: told for turn, told in calls.items() if turn not in hidden}


def place(history: Sequence[HistoryItem], turn: str) -> int:
    """Return where this turn stands; 0: nowhere."""
    return next((n for n, item in enumerate(history) if item.id == turn), 0)


def _after(history: Sequence[HistoryItem], turn: str) -> int:
    """Return where what follows this turn begins; 0: it stands nowhere."""
    places = [index for index, item in enumerate(history) if item.id == turn]
    return places[-1] + 1 if places else 0


def _within(
    found: Sequence[Mapping[str, Any]], policy: HistoryPolicy
) -> Sequence[Mapping[str, Any]]:
    """Keep to the limits, from the latest backwards."""
    costs = [0] * len(found) if policy.max_tokens is None else [_tokens(one) for one in found]
    results = [one["role"] == "tool" for one in found]  # of a turn that may be left out
    start = budget.first_kept(costs, results, items=policy.max_items, total=policy.max_tokens)
    return found[start:]


def _tokens(message: Mapping[str, Any]) -> int:
    text = message["text"] if "text" in message else f"{message['args']}{message['output']}"
    return budget.tokens(text)
