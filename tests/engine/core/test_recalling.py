"""What a model is told of the call so far: as much as the flow's `history` allows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.consultations import Calls, Consultations
from engine.core.history import HistoryItem
from engine.core.recalling import LATEST, messages
from engine.effects import StartReply
from engine.machine.remembering import HistoryPolicy
from tests.engine.core.flow_kit import State, Talk, converse, end, make_flow, to


def item(id_: str, text: str = "words") -> HistoryItem:
    return HistoryItem(id=id_, role="user" if id_.startswith("u") else "assistant", text=text)


def call(turn: str, output: str | None = "3 left") -> dict[str, Any]:
    return {"turn": turn, "id": f"call_{turn}", "name": "stock", "args": {}, "output": output}


HISTORY = [item(name) for name in ("a1", "u1", "a2", "u2", "a3", "u3")]


def told_of(*entries: dict[str, Any]) -> Calls:
    """As a model is told of them, when a snapshot of them is read."""
    log = Consultations()
    log.from_dict({"count": len(entries), "entries": entries})
    return log.told


LOG = told_of(call("u1"), call("u2"), call("u3", None))


def told(policy: HistoryPolicy, since: str = "") -> list[str]:
    """Texts as they are, results by the turn they belong to."""
    found = messages(HISTORY, LOG, policy, since)
    return [m["id"] if m["role"] == "tool" else m["role"][0] for m in found]


@pytest.mark.parametrize(
    ("policy", "since", "expected"),
    [
        (HistoryPolicy(), "", "a u call_u1 a u call_u2 a u"),
        (HistoryPolicy(), "u1", "a u call_u1 a u call_u2 a u"),
        (HistoryPolicy(fresh=True), "u1", "a u call_u2 a u"),
        (HistoryPolicy(fresh=True), "u3", ""),
        (HistoryPolicy(fresh=True), "", "a u call_u1 a u call_u2 a u"),
        (HistoryPolicy(max_items=4), "", "u call_u2 a u"),
        (HistoryPolicy(max_items=3), "", "a u"),  # no result without its turn
        (HistoryPolicy(max_items=1), "", "u"),
        (HistoryPolicy(max_items=100), "", "a u call_u1 a u call_u2 a u"),
    ],
)
def test_history_is_cut_as_the_flow_says(policy: HistoryPolicy, since: str, expected: str) -> None:
    assert told(policy, since) == expected.split()


def test_tokens_are_counted_from_the_latest_and_that_one_always_stays() -> None:
    # two tokens of words and four of frame each
    assert told(HistoryPolicy(max_tokens=12)) == ["a", "u"]
    assert told(HistoryPolicy(max_tokens=1)) == ["u"]


def test_without_a_limit_the_latest_forty_are_told() -> None:
    long = [item(f"u{n}", f"turn {n}") for n in range(100)]
    assert [m["text"] for m in messages(long, {})] == [f"turn {n}" for n in range(60, 100)]
    assert len(messages(long, {}, HistoryPolicy(max_items=90))) == 90 > LATEST


@given(
    items=st.lists(st.text(max_size=30), min_size=1, max_size=12),
    limit=st.none() | st.integers(1, 14),
    tokens=st.none() | st.integers(1, 60),
)
def test_whatever_the_limits_the_end_of_the_talk_is_told(
    items: list[str], limit: int | None, tokens: int | None
) -> None:
    history = [item(f"u{n}", text) for n, text in enumerate(items)]
    log = told_of(*[call(f"u{n}") for n in range(0, len(items), 2)])
    whole = messages(history, log)
    cut = messages(history, log, HistoryPolicy(max_items=limit, max_tokens=tokens))
    assert cut == whole[len(whole) - len(cut) :]
    assert 0 < len(cut) <= (limit or len(whole))
    assert cut[0]["role"] == "user" or len(cut) == 1


def test_fresh_begins_behind_the_turn_that_led_into_the_state() -> None:
    flow = make_flow(
        {
            "before": State(converse(), handle={"app.on": to("talk")}),
            "talk": State(converse(), then="bye", history=HistoryPolicy(fresh=True), text="Now."),
            "bye": State(end()),
        }
    )
    talk = Talk(flow)
    talk.user("something private")

    talk.event("app.on")
    talk.user("a question")

    (*_, reply) = talk.of(StartReply)
    assert [m["text"] for m in reply.history] == ["Now.", "a question"]
