"""What a model asked for is told to it as it stands, however it came to stand so."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.core.consultations import Consultations

TURNS = st.sampled_from(["", "u1", "u2", "u3"])
DOINGS = st.lists(
    st.tuples(st.just("add"), TURNS, st.sampled_from([None, "noted"]))
    | st.tuples(st.sampled_from(["answered", "failed", "refused"]), st.integers(1, 40)),
    max_size=60,
)


def expected(log: Consultations) -> dict[str, list[dict[str, Any]]]:
    """Every finished entry behind its turn, oldest first."""
    told: dict[str, list[dict[str, Any]]] = {}
    for entry in log:
        if entry["output"] is not None:
            shown = {key: entry[key] for key in ("id", "name", "args", "output")}
            told.setdefault(entry["turn"], []).append({"role": "tool", **shown})
    return told


@given(DOINGS)
def test_what_is_told_is_what_is_noted(doings: list[tuple[Any, ...]]) -> None:
    log = Consultations()
    for what, *more in doings:
        if what == "add":
            turn, output = more
            log.add(turn, "stock", {"size": "large"}, output)
        elif what == "refused":
            log.refused(f"call_{more[0]}", "there is no such tool here")
        else:
            log.answered(f"call_{more[0]}", {"left": 3}, failed=what == "failed")
        again = Consultations()
        again.from_dict(log.to_dict())
        assert again.told == log.told == expected(log)


def test_the_oldest_calls_are_forgotten() -> None:
    log = Consultations()
    names = [log.add(f"u{n}", "report", {}, "noted") for n in range(25)]
    assert [entry["id"] for entry in log] == names[5:]
    assert list(log.told) == [f"u{n}" for n in range(5, 25)]
