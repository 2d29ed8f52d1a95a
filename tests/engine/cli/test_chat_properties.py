"""Whatever is typed, the conversation goes on; and a turn taken back leaves no trace."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cli.typing_in import Chat
from engine.worker.flows import load_flow

FLOW = load_flow(Path(__file__).parents[3] / "flows" / "book_table.yaml")
MOCKS = {"find_table": [{"status": "full", "others": ["18:00"]}, {"status": "free", "others": []}]}
LINES = st.sampled_from(
    [
        "four people tomorrow at seven pm",
        "no",
        "yes",
        "make it five",
        "Ann",
        "0301234567",
        "what are your opening hours",
        "where can i park",
        "go back",
        "say that again",
        "forget it",
        "mumble",
        "/silence 7s",
        "/dtmf 12",
        "/emit timer.long_call",
        "/emit error.stt",
        "/state",
        "/slots",
    ]
)


def begun() -> Chat:
    mocks = {**MOCKS, "book_table": {"booking_id": "B1"}}
    chat = Chat(FLOW, now="2026-05-01T12:00", mocks=mocks)
    list(chat.begin())
    return chat


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, max_size=8), LINES)
def test_undo_leaves_no_trace(before: list[str], line: str) -> None:
    """Whoever undoes a turn goes on as somebody who never had it."""
    with_undo, without = begun(), begun()
    for text in before:
        assert list(with_undo.take(text)) == list(without.take(text))
    if with_undo.over:
        return

    list(with_undo.take(line))
    if not line.startswith(("/state", "/slots")):
        list(with_undo.take("/undo"))

    assert with_undo.snapshot() == without.snapshot()
    assert list(with_undo.take("five people")) == list(without.take("five people"))


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES | st.text(max_size=30), max_size=12))
def test_every_line_is_answered(lines: list[str]) -> None:
    chat = begun()
    for line in lines:
        told = list(chat.take(line))
        assert told or not line.strip() or chat.quitting
