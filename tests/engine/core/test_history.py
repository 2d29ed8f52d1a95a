from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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


# --- any order of what may happen ----------------------------------------------------------------

NAMES = st.sampled_from(["u1", "u2", "a1.1", "a1.2", "a2.1"])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("user"), NAMES, st.sampled_from(["", "hello"])),
        st.tuples(st.just("opened"), NAMES, st.just("")),
        st.tuples(st.just("closed"), NAMES, st.sampled_from(["", "so it", "so it is"])),
    )
)


@given(CHANGES)
def test_it_is_one_list_of_places_however_it_is_kept(changes: list[tuple[str, str, str]]) -> None:
    history, places = History(), dict[str, HistoryItem | None]()
    for what, name, text in changes:
        if what == "user":
            history.user(name, text)
            places[name] = HistoryItem(id=name, role="user", text=text)
        elif what == "opened":
            history.opened(name)
            places[name] = None
        elif text:
            history.closed(name, "so it is", text, complete=text == "so it is")
            whole = text == "so it is"
            places[name] = HistoryItem(
                id=name,
                role="assistant",
                text=text,
                interrupted=not whole,
                ordered="" if whole else "so it is",
            )
        else:
            history.closed(name, "so it is", "", complete=False)
            places.pop(name, None)
        again = History()
        again.from_dict(history.to_dict())
        for one in (history, again):
            assert one.items == tuple(item for item in places.values() if item is not None)
            said = [*one.told, *[item for item in one.end.values() if item is None or item.text]]
            assert said == [item for item in places.values() if item is None or item.text]
            assert [name in one for name in places] == [True] * len(places)
