from __future__ import annotations

from engine.core.history import History, HistoryItem


def test_a_line_stands_where_it_became_audible_although_its_text_comes_later():
    history = History()
    history.opened("a1.1")
    history.user("u1", "stop")
    assert [item.id for item in history.items] == ["u1"]
    history.closed("a1.1", "One two three", "One two", complete=False)

    assert history.items == (
        HistoryItem(
            id="a1.1", role="assistant", text="One two", interrupted=True, ordered="One two three"
        ),
        HistoryItem(id="u1", role="user", text="stop"),
    )


def test_what_was_not_heard_is_not_history():
    history = History()
    history.opened("a1.1")
    history.closed("a1.1", "One", "", complete=False)
    history.closed("a1.2", "Two", "", complete=False)

    assert history.items == ()


def test_it_survives_a_snapshot_with_its_open_places():
    history, other = History(), History()
    history.user("u1", "hello")
    history.opened("a1.1")
    history.closed("a1.1", "Hi.", "Hi.", complete=True)
    history.opened("a1.2")
    history.user("u2", "stop")
    other.from_dict(history.to_dict())
    for each in (history, other):
        each.closed("a1.2", "One two", "One", complete=False)

    assert other.items == history.items
