"""S3: which transition fires, against a naive reference that enumerates everything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.flow.expressions import EvaluationError, Expression
from engine.machine.compiled import Handler, HandlerScope, Target, Transition
from engine.machine.selector import Answers, first_enabled, handlers_for, matches

EVENTS = [
    *("error", "error.timeout", "error.tool", "error.tool.x", "errors"),
    *("intent", "intent.a", "intent.ab", "a"),
]


def transition(name: str) -> Transition:
    return Transition(id=name, when=None, actions=(), target=Target(kind="stay"))


def guarded(name: str) -> Transition:
    guard = Expression(f"vars.{name} == true")
    return Transition(id=name, when=guard, actions=(), target=Target(kind="stay"))


def scopes(*owners: dict[str, list[Transition]]) -> list[HandlerScope]:
    return [
        HandlerScope(
            owner=str(place),
            handlers=tuple(Handler(event=e, transitions=tuple(t)) for e, t in owner.items()),
        )
        for place, owner in enumerate(owners)
    ]


def select(
    around: list[HandlerScope], event: str, holding: Collection[str] = ()
) -> Transition | None:
    """What fires where only the guards of these transitions hold."""
    return first_enabled(Answers(around).to(event), names(holding), no_blame, None)


def names(holding: Collection[str]) -> dict[str, dict[str, bool]]:
    return {"vars": dict.fromkeys(holding, True)}


def no_blame(about: object, transition: Transition, error: EvaluationError) -> None:
    raise AssertionError(f"{transition.id}: {error}")


def test_the_innermost_scope_wins() -> None:
    around = scopes({"error": [transition("inner")]}, {"error": [transition("outer")]})

    found = select(around, "error")

    assert found is not None
    assert found.id == "inner"


def test_document_order_wins_inside_a_scope_even_over_a_closer_match() -> None:
    around = scopes({"error": [transition("wide")], "error.timeout": [transition("narrow")]})

    found = select(around, "error.timeout")

    assert found is not None
    assert found.id == "wide"


def test_a_handler_without_an_enabled_transition_passes_the_event_on() -> None:
    around = scopes(
        {"error": [guarded("no")], "error.tool": [guarded("neither")]},
        {"error": [transition("outer")]},
    )

    found = select(around, "error.tool")

    assert found is not None
    assert found.id == "outer"


def test_nobody_answers() -> None:
    assert select(scopes({"error": [guarded("no")]}), "error") is None
    assert select(scopes(), "error") is None


class Watched(dict[str, bool]):
    """Variables that know which of them were read."""

    def __init__(self, **values: bool) -> None:
        super().__init__(values)
        self.read: list[str] = []

    def __getitem__(self, name: str) -> bool:
        self.read.append(name)
        return super().__getitem__(name)


def test_guards_are_judged_in_order_and_only_until_one_holds() -> None:
    values = Watched(first=False, second=True, third=True)
    guards = [guarded("first"), guarded("second"), guarded("third")]

    found = first_enabled(guards, {"vars": values}, no_blame, None)

    assert found is not None
    assert found.id == "second"
    assert values.read == ["first", "second"]


def test_a_guard_that_cannot_be_judged_is_false_and_told() -> None:
    broken = replace(guarded("broken"), when=Expression("1 / 0 > vars.x"))
    told = []

    def blame(about: str, one: Transition, error: EvaluationError) -> None:
        told.append((about, one.id, str(error)))

    found = first_enabled([broken, transition("next")], names([]), blame, "frame 1")

    assert found is not None
    assert found.id == "next"
    assert told == [("frame 1", "broken", "`1 / 0 > vars.x`: division by zero")]


def test_only_true_is_enough() -> None:
    count = replace(guarded("count"), when=Expression("vars.count"))

    assert first_enabled([count], {"vars": {"count": 1}}, no_blame, None) is None


def test_a_prefix_matches_on_dots_only() -> None:
    assert matches("error", "error.timeout")
    assert matches("error.timeout", "error.timeout")
    assert not matches("error.timeout", "error")
    assert not matches("error", "errors")
    assert not matches("intent.a", "intent.ab")


# --- the reference: every candidate with its rank, then the smallest ------------------------------


def reference(around: list[HandlerScope], event: str, holding: frozenset[str]) -> str | None:
    candidates = []
    for depth, scope in enumerate(around):
        for place, handler in enumerate(scope.handlers):
            parts, wanted = event.split("."), handler.event.split(".")
            if parts[: len(wanted)] != wanted:
                continue
            for number, candidate in enumerate(handler.transitions):
                if candidate.when is None or candidate.id in holding:
                    candidates.append(((depth, place, number), candidate.id))
    return min(candidates)[1] if candidates else None


@st.composite
def arrangements(draw: st.DrawFn) -> tuple[list[HandlerScope], str, frozenset[str]]:
    number = iter(range(1_000))
    owners = []
    for _ in range(draw(st.integers(0, 4))):
        owner: dict[str, list[Transition]] = {}
        for event in draw(st.lists(st.sampled_from(EVENTS), max_size=4, unique=True)):
            flags = draw(st.lists(st.booleans(), min_size=1, max_size=3))
            owner[event] = [
                guarded(f"t{next(number)}") if flag else transition(f"t{next(number)}")
                for flag in flags
            ]
        owners.append(owner)
    around = scopes(*owners)
    ids = [t.id for s in around for h in s.handlers for t in h.transitions]
    holding = draw(st.sets(st.sampled_from(ids))) if ids else set()
    return around, draw(st.sampled_from(EVENTS)), frozenset(holding)


@given(arrangements())
def test_it_agrees_with_the_reference(
    arrangement: tuple[list[HandlerScope], str, frozenset[str]],
) -> None:
    around, event, holding = arrangement

    found = select(around, event, holding)

    assert (found.id if found else None) == reference(around, event, holding)


def test_the_same_handlers_are_found_however_often_one_looks() -> None:
    around = scopes({"a": [transition("1")]}, {"a": [transition("2")], "b": [transition("3")]})

    assert [h.transitions[0].id for h in handlers_for(around, "a.x")] == ["1", "2"]
