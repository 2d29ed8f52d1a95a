"""The phrases of intents are read once, and looked up as if each were compared with the turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.core.intents import Intents, intent_phrases, intents_of, without_politeness
from engine.core.parsers.words import find_phrase, phrase
from engine.machine.compiled import IntentSpec
from engine.machine.moves import moves_of
from tests.engine.core.flow_kit import State, collect, intent, make_flow, slot, to

WORDS = st.sampled_from(["a", "b", "c", "please", "can", "i"])
TEXTS = st.lists(WORDS, max_size=3).map(" ".join)


def specs() -> st.SearchStrategy[list[IntentSpec]]:
    some = st.lists(TEXTS, max_size=3).map(tuple)
    made = st.builds(
        IntentSpec,
        name=st.sampled_from(["x", "y", "go_back"]),
        words=some,
        examples=some,
        avoid=some,
    )
    return st.lists(made, max_size=4)


@given(specs(), st.lists(WORDS, min_size=1, max_size=5).map(tuple))
def test_a_whole_turn_is_the_first_intent_that_says_so(
    intents: list[IntentSpec], words: tuple[str, ...]
) -> None:
    bare = without_politeness(words)
    expected = None
    for spec in intents:
        told = [phrase(text) for text in (*intent_phrases(spec), *spec.examples)]
        if words in told or bare in map(without_politeness, told):
            expected = spec
            break

    assert Intents(intents).whole(words, bare) is expected


@given(specs(), st.lists(WORDS, max_size=6).map(tuple))
def test_a_phrase_within_a_turn_is_the_first_that_stands_there(
    intents: list[IntentSpec], words: tuple[str, ...]
) -> None:
    def stands(text: str) -> int | None:
        return next(find_phrase(words, phrase(text)), None)

    expected = None
    for spec in intents:
        if any(stands(text) is not None for text in spec.avoid):
            continue
        longer = [text for text in intent_phrases(spec) if len(phrase(text)) > 1]
        places = [(stands(text), phrase(text)) for text in longer if stands(text) is not None]
        if places:
            start, wanted = places[0]
            assert start is not None
            expected = (spec, start, start + len(wanted))
            break

    assert Intents(intents).contained(words) == expected


def test_a_state_has_its_handled_intents_inner_ones_first_and_the_built_in() -> None:
    flow = make_flow(
        {"ask": State(collect("size"), then="ask", handle={"intent.inner": to("ask")})},
        slots=[slot("size")],
        intents=[intent("unhandled"), intent("outer"), intent("inner")],
        handle={"intent.outer": to("ask")},
    )
    moves, state = moves_of(flow), flow.states["ask"]

    found = moves.once(intents_of, state)

    names = ["inner", "outer", "repeat_please", "go_back", "off_topic"]
    assert [spec.name for spec in found] == names
    assert moves.once(intents_of, state) is found
