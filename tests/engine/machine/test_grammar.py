"""The grammars a flow generates for its recogniser."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pocketsphinx import Decoder

from engine.core.findings import Scope
from engine.core.intents import Intents
from engine.core.understanding import understand
from engine.flow.templates import Template
from engine.machine.compiled import (
    Collect,
    CompiledFlow,
    CompiledState,
    Confirm,
    End,
    Handler,
    HandlerScope,
    IntentSpec,
    InterruptionPolicy,
    ListenPolicy,
    PassOn,
    Rest,
    SlotSpec,
    SlotType,
    Target,
    Transition,
    Verb,
)
from engine.machine.grammar import build_grammars, grammar_name
from engine.machine.grammar_rules import SHARED
from providers.embedded import jsgf

NOW = datetime.datetime(2026, 5, 1, 12, 0)


def slot(name: str, kind: str, **more: Any) -> SlotSpec:
    return SlotSpec(name=name, type=SlotType(kind=kind, **more.pop("type", {})), **more)


SLOTS = {
    spec.name: spec
    for spec in (
        slot("party_size", "integer", min=1, max=12),
        slot("date", "date"),
        slot("time", "time"),
        slot("name", "text"),
        slot("phone", "phone", readback=True),
        slot(
            "seating",
            "enum",
            type={"values": ("inside", "outside")},
            words={"outside": ("on the terrace",)},
        ),
    )
}
INTENTS = {
    spec.name: spec
    for spec in (
        IntentSpec(name="asks_hours", words=("When do you open?",), examples=("your hours",)),
        IntentSpec(name="asks_parking", words=("where can i park 2 cars",)),
        IntentSpec(name="repeat_please", words=("say that again",)),
    )
}


def to(target: str) -> tuple[Transition, ...]:
    return (
        Transition(id=target, when=None, actions=(), target=Target(kind="state", state=target)),
    )


def state(name: str, verb: Verb, *then: str, handlers: tuple[Handler, ...] = ()) -> CompiledState:
    flow_wide = Handler(event="intent.asks_hours", transitions=to("bye"))
    return CompiledState(
        id=name,
        groups=(),
        say=None,
        verb=verb,
        then=tuple(step for target in then for step in to(target)),
        scopes=(
            HandlerScope(owner=name, handlers=handlers),
            HandlerScope(owner="flow", handlers=(flow_wide,)),
        ),
        interruptions=InterruptionPolicy(),
        listen=ListenPolicy(),
    )


def make_flow(*states: CompiledState, phrases: tuple[str, ...] = ()) -> CompiledFlow:
    return CompiledFlow(
        id="book",
        version="1.0.0",
        fingerprint="",
        start=states[0].id,
        states={state.id: state for state in states},
        groups={},
        slots=SLOTS,
        intents=INTENTS,
        tools={},
        variables={},
        inputs={},
        outputs={},
        timers=(),
        flows={},
        grammars={},
        phrases=phrases,
    )


PARKING = Handler(event="intent.asks_parking", transitions=to("details"))
FLOW = make_flow(
    state("greet", PassOn(), "details"),
    state("details", Collect(slots=("party_size", "date", "time")), "seat", handlers=(PARKING,)),
    state("seat", Collect(slots=("seating",)), "contact"),
    state("contact", Collect(slots=("name", "phone")), "agree"),
    state("agree", Confirm(text=Template("Shall I book it?")), "bye", "repair"),
    state("repair", Rest(), handlers=(Handler(event="corrected", transitions=to("details")),)),
    state("bye", End(kind="hangup")),
    phrases=("a table for {party_size} {date} at {time}", "we would like to sit {seating}"),
)
GRAMMARS = build_grammars(FLOW)


def accepts(grammar: str, sentence: str) -> bool:
    """Whether a sentence can be said; by turning the grammar into a regular expression."""
    parsed = jsgf.parse(grammar)

    def pattern(node: Any) -> str:
        match node:
            case jsgf.Word(text):
                return rf"(?:{re.escape(text)} )"
            case jsgf.Reference(rule):
                return pattern(parsed.rules[rule])
            case jsgf.Row(items):
                return "".join(pattern(item) for item in items)
            case jsgf.Choice(items):
                return f"(?:{'|'.join(pattern(item) for item in items)})"
            case _:
                return f"(?:{pattern(node.item)}){'*' if node.least == 0 else '+'}"

    public = "|".join(pattern(parsed.rules[name]) for name in parsed.public)
    return re.fullmatch(f"(?:{public})", f"{sentence} ") is not None


def test_only_waiting_states_have_a_grammar() -> None:
    assert list(GRAMMARS) == ["details", "seat", "contact", "agree", "repair"]
    assert [grammar_name(FLOW.states[name]) for name in ("greet", "bye")] == ["", ""]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("details", "a table for four people tomorrow at half past seven"),
        ("details", "a table for two"),
        ("details", "hello we are six"),
        ("details", "four people next friday at seven thirty p m please"),
        ("details", "seven"),
        ("details", "tomorrow evening"),
        ("details", "no make it five"),
        ("details", "the twenty first of march"),
        ("details", "two adults and three children"),
        ("details", "when do you open"),
        ("details", "your hours please"),
        ("details", "where can i park two cars"),
        ("details", "say that again"),
        ("details", "fifteen people"),
        ("seat", "on the terrace please"),
        ("seat", "we would like to sit outside"),
        ("seat", "make it five people"),
        ("contact", "my name is john smith"),
        ("contact", "anderson"),
        ("contact", "it is ann and make it five people"),
        ("contact", "my number is oh three oh double five one two three four"),
        ("contact", "that's right"),
        ("contact", "change the date to sunday"),
        ("agree", "yes please"),
        ("agree", "no that's wrong"),
        ("agree", "no make it five people"),
        ("agree", "at eight"),
        ("agree", "the name is baker"),
        ("agree", "sunday at eight"),
        ("repair", "change the time to nine"),
    ],
)
def test_callers_are_heard(name: str, sentence: str) -> None:
    assert accepts(GRAMMARS[name], sentence)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("details", "yes please do"),
        ("details", "my name is john smith"),
        ("seat", "my number is five five five one two three four"),
        ("seat", "where can i park two cars"),
        ("contact", "one two three"),
        ("contact", "anderson seven"),
        ("agree", "smith"),
        ("repair", "that's right"),
    ],
)
def test_what_nobody_says_there_is_not_in_the_grammar(name: str, sentence: str) -> None:
    """Each alternative costs accuracy: yes needs a question, a correction a slot asked before."""
    assert not accepts(GRAMMARS[name], sentence)


def test_no_value_stands_more_than_three_times_in_a_sentence_rule() -> None:
    """A recogniser copies a rule into every reference, so references are what a grammar costs."""
    for grammar in GRAMMARS.values():
        for rule in ("clock", "date", "person", "phone"):
            assert grammar.count(f"<{rule}>") - 1 <= 3


def test_grammars_hold_plain_words_only() -> None:
    for grammar in GRAMMARS.values():
        words = jsgf.parse(grammar).words()
        assert all(re.fullmatch(r"[a-z]+(?:'[a-z]+)?", word) for word in words)


def test_what_a_grammar_lets_through_is_understood() -> None:
    """Random sentences of the form's grammar give at least one finding, nine times of ten."""
    names = ("party_size", "date", "time")
    scope = Scope(
        slots=tuple(SLOTS[name] for name in names),
        open_slot="time",
        intents=Intents(INTENTS.values()),
        now=NOW,
    )
    drawn = jsgf.parse(GRAMMARS["details"]).sentences(400, random.Random(1))

    understood = [sentence for sentence in drawn if understand(sentence, scope).settled]

    assert len(understood) > 0.8 * len(drawn)


def test_values_that_cannot_be_put_into_words_leave_no_rule() -> None:
    flow = replace(
        make_flow(state("ask", Collect(slots=("notes",)), "bye"), FLOW.states["bye"]),
        slots={**SLOTS, "notes": slot("notes", "text")},
        intents={},
    )

    assert build_grammars(flow) == {}


def test_every_address_the_grammar_lets_through_is_understood_as_it_was_said() -> None:
    written = {"dot": ".", "underscore": "_", "dash": "-", "at": "@"}
    written |= {word: str(n) for n, word in enumerate(SHARED["figure"].split(" | "))}
    rules = "".join(f"<{name}> = {body};" for name, body in SHARED.items())
    grammar = f"#JSGF V1.0; grammar address; public <top> = <email>; {rules}"
    scope = Scope(slots=(slot("mail", "email"),), open_slot="mail", now=NOW)

    for sentence in jsgf.parse(grammar).sentences(300, random.Random(1)):
        expected = "".join(written.get(word, word) for word in sentence.split())
        assert understand(sentence, scope).slots == {"mail": expected}, sentence


@pytest.mark.parametrize(
    ("kind", "more", "sentence"),
    [
        ("boolean", {}, "yes please"),
        ("number", {}, "two hundred and five"),
        ("duration", {}, "ninety minutes"),
        ("email", {}, "my address is j o h n dot smith at example dot com"),
        ("email", {}, "anna at g m x dot d e"),
        ("digits", {}, "one two"),
        ("datetime", {}, "tomorrow at noon"),
        ("integer", {"max": 99}, "forty two"),
        ("integer", {"max": 500}, "three hundred and one"),
        ("text", {"words": {"Margherita": ("the classic",)}}, "the classic"),
    ],
)
def test_every_kind_has_words(kind: str, more: Mapping[str, Any], sentence: str) -> None:
    flow = replace(
        make_flow(state("ask", Collect(slots=("thing",)), "bye"), FLOW.states["bye"]),
        slots={"thing": slot("thing", kind, **more)},
    )

    assert accepts(build_grammars(flow)["ask"], sentence)


def test_the_same_flow_gives_the_same_text() -> None:
    assert build_grammars(FLOW) == GRAMMARS


def test_the_embedded_recogniser_takes_every_grammar() -> None:
    """It refuses a grammar with an unknown word or a syntax error."""
    decoder = Decoder(samprate=16000, lm=None, loglevel="FATAL")

    for name, grammar in GRAMMARS.items():
        decoder.add_jsgf_string(name, grammar)
        decoder.activate_search(name)


def test_every_shared_word_can_be_pronounced() -> None:
    decoder = Decoder(samprate=16000, lm=None, loglevel="FATAL")
    rules = "\n".join(f"<{name}> = {body};" for name, body in SHARED.items())

    words = jsgf.parse(f"#JSGF V1.0;\ngrammar all;\npublic <x> = <date>;\n{rules}").words()

    assert [word for word in sorted(words) if decoder.lookup_word(word) is None] == []
