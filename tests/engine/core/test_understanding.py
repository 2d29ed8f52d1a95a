"""Utterances of callers and what they mean in a given scope."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.findings import Findings, Scope
from engine.core.intents import Intents
from engine.core.parsers.words import word_set
from engine.core.understanding import key, understand
from engine.machine.compiled import IntentSpec, SlotSpec, SlotType

NOW = datetime.datetime(2026, 5, 1, 12, 0)  # a Friday
FOUR = 4
PARTY = SlotSpec(
    name="party_size", type=SlotType(kind="integer"), min=1, max=12, about="guests, with children"
)
DATE = SlotSpec(name="date", type=SlotType(kind="date"))
TIME = SlotSpec(name="time", type=SlotType(kind="time"))
NAME = SlotSpec(name="name", type=SlotType(kind="text"))
PHONE = SlotSpec(name="phone", type=SlotType(kind="phone"))
SEATING = SlotSpec(
    name="seating",
    type=SlotType(kind="enum", values=("inside", "outside", "window_seat")),
    words={
        "inside": ("inside", "indoors"),
        "outside": ("outside", "on the terrace", "outdoors"),
        "window_seat": ("window seat", "by the window"),
    },
)
INTENTS = (
    IntentSpec(
        name="asks_hours",
        words=("opening hours", "when are you open", "what are your opening hours"),
    ),
    IntentSpec(
        name="wants_person",
        words=("talk to a person", "operator"),
        avoid=("is a person there at night",),
        dtmf="0",
    ),
    IntentSpec(name="gives_up", words=("cancel", "forget it")),
    IntentSpec(name="repeat_please"),
)
SLOTS = {spec.name: spec for spec in (PARTY, DATE, TIME, NAME, PHONE, SEATING)}
DETAILS = ("party_size", "date", "time")
CONTACT = ("name", "phone")
FILLED = {
    "party_size": FOUR,
    "date": datetime.date(2026, 5, 2),
    "time": datetime.time(19),
    "name": "Ann",
    "phone": "0301234567",
    "seating": "inside",
}


def scope(
    *slots: str, filled: tuple[str, ...] = (), yes_no: bool = False, is_open: bool = True
) -> Scope:
    """A scope with the first of `slots` open, as the dialog builds it."""
    return Scope(
        slots=tuple(SLOTS[name] for name in (*slots, *filled)),
        filled={name: FILLED[name] for name in filled},
        open_slot=slots[0] if slots and is_open else None,
        yes_no=yes_no,
        intents=Intents(INTENTS),
        now=NOW,
    )


def day(month: int, number: int, year: int = 2026) -> datetime.date:
    return datetime.date(year, month, number)


def at(hour: int, minute: int = 0) -> datetime.time:
    return datetime.time(hour, minute)


OPENING = scope(*DETAILS)
ASKS_DATE = scope("date", "time", filled=("party_size",))
ASKS_TIME = scope("time", filled=("party_size", "date"))
ASKS_NAME = scope(*CONTACT, filled=DETAILS)
ASKS_PHONE = scope("phone", filled=(*DETAILS, "name"))
CONFIRMS = scope(filled=(*DETAILS, "name", "phone", "seating"), yes_no=True)
ASKS_SEAT = scope("seating", filled=DETAILS)

SLOT_TABLE: list[tuple[Scope, str, dict[str, Any]]] = [
    # all in one sentence
    (
        OPENING,
        "four people tomorrow at seven",
        {"party_size": 4, "date": day(5, 2), "time": at(19)},
    ),
    (
        OPENING,
        "a table for four people tomorrow at seven thirty",
        {"party_size": 4, "date": day(5, 2), "time": at(19, 30)},
    ),
    (
        OPENING,
        "Hi, I'd like to book a table for two on Saturday the second, at half past eight, please.",
        {"party_size": 2, "date": day(5, 2), "time": at(20, 30)},
    ),
    (
        OPENING,
        "can i get a table for six on may third at quarter to seven",
        {"party_size": 6, "date": day(5, 3), "time": at(18, 45)},
    ),
    (
        OPENING,
        "we are five and we would like to come next friday at six forty five",
        {"party_size": 5, "date": day(5, 8), "time": at(18, 45)},
    ),
    (OPENING, "for two at two", {"party_size": 2, "time": at(14)}),
    (OPENING, "for four", {"party_size": 4}),
    (OPENING, "at seven", {"time": at(19)}),
    (OPENING, "for seven at eight", {"party_size": 7, "time": at(20)}),
    (OPENING, "a table at eight tonight", {"date": day(5, 1), "time": at(20)}),
    (
        OPENING,
        "tomorrow evening at eight for three",
        {"date": day(5, 2), "time": at(20), "party_size": 3},
    ),
    (OPENING, "7pm tomorrow, 3 people", {"date": day(5, 2), "time": at(19), "party_size": 3}),
    (OPENING, "19:00 on 2026-05-02 for 4", {"date": day(5, 2), "time": at(19), "party_size": 4}),
    (OPENING, "the twenty first of may for eight guests", {"date": day(5, 21), "party_size": 8}),
    (
        OPENING,
        "two adults and two children on sunday at noon",
        {"party_size": 4, "date": day(5, 3), "time": at(12)},
    ),
    (OPENING, "in two weeks for two", {"date": day(5, 15), "party_size": 2}),
    (OPENING, "just me tonight", {"party_size": 1, "date": day(5, 1)}),
    # the open question takes bare words, and only it
    (OPENING, "four", {"party_size": 4}),
    (OPENING, "four please", {"party_size": 4}),
    (OPENING, "um, I think four", {"party_size": 4}),
    (OPENING, "there will be eight of us", {"party_size": 8}),
    (OPENING, "a party of twelve", {"party_size": 12}),
    (OPENING, "a couple", {"party_size": 2}),
    (OPENING, "just me", {"party_size": 1}),
    (OPENING, "me and my wife", {"party_size": 2}),
    (OPENING, "8 adults", {"party_size": 8}),
    (OPENING, "one moment please", {}),
    (OPENING, "wait a second", {}),
    (OPENING, "seven thirty", {"time": at(19, 30)}),
    (ASKS_TIME, "seven", {"time": at(19)}),
    (ASKS_TIME, "around seven", {"time": at(19)}),
    (ASKS_TIME, "let's say eight", {"time": at(20)}),
    (ASKS_TIME, "seven thirty p m", {"time": at(19, 30)}),
    (ASKS_TIME, "at six oh five", {"time": at(18, 5)}),
    (ASKS_TIME, "ten in the morning", {"time": at(10)}),
    (ASKS_TIME, "i don't know", {}),
    (ASKS_DATE, "tomorrow", {"date": day(5, 2)}),
    (ASKS_DATE, "the third", {"date": day(5, 3)}),
    (ASKS_DATE, "fifteenth", {"date": day(5, 15)}),
    (ASKS_DATE, "seven", {}),
    (ASKS_DATE, "this coming sunday at seven", {"date": day(5, 3), "time": at(19)}),
    # names and numbers
    (ASKS_NAME, "my name is john smith", {"name": "John Smith"}),
    (ASKS_NAME, "it's ann", {"name": "Ann"}),
    (ASKS_NAME, "the name is anderson", {"name": "Anderson"}),
    (ASKS_NAME, "under the name williams please", {"name": "Williams"}),
    (ASKS_NAME, "anderson", {"name": "Anderson"}),
    (ASKS_NAME, "Ann Williams", {"name": "Ann Williams"}),
    (ASKS_NAME, "yes, this is Mary Miller speaking", {"name": "Mary Miller"}),
    (ASKS_NAME, "O'Brien", {"name": "O'Brien"}),
    (ASKS_NAME, "s m i t h", {"name": "Smith"}),
    (ASKS_NAME, "it is ann and make it five people", {"name": "Ann", "party_size": 5}),
    (
        ASKS_NAME,
        "anderson and my number is zero three zero one two three four five six seven",
        {"name": "Anderson", "phone": "0301234567"},
    ),
    (ASKS_NAME, "what did you say", {}),
    (ASKS_NAME, "are you open on sundays", {}),
    (ASKS_NAME, "i don't want to say", {}),
    (ASKS_NAME, "i'm not sure", {}),
    (ASKS_NAME, "hold on a moment", {}),
    (OPENING, "four people tomorrow under the name williams", {"party_size": 4, "date": day(5, 2)}),
    (ASKS_PHONE, "zero three zero one two three four five six seven", {"phone": "0301234567"}),
    (ASKS_PHONE, "it's oh three oh, double five, one two three four", {"phone": "030551234"}),
    (ASKS_PHONE, "my number is five five five one two one two", {"phone": "5551212"}),
    (ASKS_PHONE, "030 123 45 67", {"phone": "0301234567"}),
    (ASKS_PHONE, "+49 30 123-4567", {"phone": "+49301234567"}),
    (ASKS_PHONE, "(555) 010-4477", {"phone": "5550104477"}),
    (ASKS_PHONE, "triple five oh one two three", {"phone": "5550123"}),
    (ASKS_PHONE, "one two three", {}),
    (ASKS_PHONE, "one two three, and make it five people", {"party_size": 5}),
    # enumerations
    (ASKS_SEAT, "outside please", {"seating": "outside"}),
    (ASKS_SEAT, "on the terrace if possible", {"seating": "outside"}),
    (ASKS_SEAT, "a window seat", {"seating": "window_seat"}),
    (ASKS_SEAT, "somewhere quiet", {}),
    # corrections
    (ASKS_NAME, "make it five people", {"party_size": 5}),
    (ASKS_NAME, "actually at eight", {"time": at(20)}),
    (ASKS_PHONE, "no, tomorrow at eight", {"date": day(5, 2), "time": at(20)}),
    (ASKS_TIME, "change it to five people", {"party_size": 5}),
    (CONFIRMS, "make it five people", {"party_size": 5}),
    (CONFIRMS, "at eight thirty", {"time": at(20, 30)}),
    (CONFIRMS, "change the time to eight", {"time": at(20)}),
    (CONFIRMS, "the party size should be six", {"party_size": 6}),
    (CONFIRMS, "the name is baker", {"name": "Baker"}),
    (CONFIRMS, "make it sunday", {"date": day(5, 3)}),
    (CONFIRMS, "we want to sit outside", {"seating": "outside"}),
    (CONFIRMS, "seven", {}),
    (CONFIRMS, "make it five", {}),
    # taken back at once
    (OPENING, "at seven, no, at eight", {"time": at(20)}),
    (OPENING, "four, sorry, five people", {"party_size": 5}),
    (OPENING, "tomorrow, i mean sunday", {"date": day(5, 3)}),
    (CONFIRMS, "not saturday but sunday", {"date": day(5, 3)}),
    (CONFIRMS, "for six please", {"party_size": 6}),
    (OPENING, "me and three friends", {"party_size": 4}),
    (ASKS_NAME, "it's for Anna", {"name": "Anna"}),
    (ASKS_NAME, "i already told you", {}),
    (ASKS_NAME, "the same name as last time", {}),
    (ASKS_NAME, "four", {}),
    (ASKS_NAME, "umm", {}),
    (ASKS_NAME, "may jones", {"name": "May Jones"}),
    (ASKS_NAME, "Jean-Luc Picard", {"name": "Jean-Luc Picard"}),
    (ASKS_NAME, "john smith, phone 5551234567", {"name": "John Smith", "phone": "5551234567"}),
    (ASKS_TIME, "anytime after six", {"time": at(18)}),
    (ASKS_TIME, "for seven people", {"party_size": 7}),
    (
        OPENING,
        "seven on the seventh at seven",
        {"party_size": 7, "date": day(5, 7), "time": at(19)},
    ),
    # nothing
    (OPENING, "", {}),
    (OPENING, "the weather is nice", {}),
    (OPENING, "hello", {}),
]

ANSWERS: list[tuple[str, bool | None]] = [
    ("yes", True),
    ("yes please", True),
    ("yeah, sure", True),
    ("that's right", True),
    ("that is correct", True),
    ("correct", True),
    ("right", True),
    ("please do", True),
    ("go ahead", True),
    ("ok", True),
    ("okay, sounds good", True),
    ("um, yes", True),
    ("well I think so", True),
    ("Yes, that's right, thank you.", True),
    ("all right", True),
    ("please", True),
    ("yes, four people", True),
    ("no", False),
    ("nope", False),
    ("no thank you", False),
    ("No, that's wrong.", False),
    ("that is wrong", False),
    ("that's not right", False),
    ("that's not quite right", False),
    ("i don't think so", False),
    ("no no", False),
    ("not correct", False),
    ("please don't", False),
    ("absolutely not", False),
    ("okay, no", False),
    ("no, make it five people", False),
    ("no, at eight", False),
    ("the name is wrong", False),
    ("that's not what i said", False),
    ("nothing is wrong", True),
    ("make it five people please", None),
    ("okay make it five people", None),
    ("yes but make it five people", None),
    ("i don't know", None),
    ("maybe", None),
    ("yes, no", None),
    ("no, that's fine", None),
    ("tell me about your wine", None),
    ("there is no hurry about anything", None),
    ("the fish was good last time", None),
]

INTENT_TABLE: list[tuple[Scope, str, str | None]] = [
    (OPENING, "opening hours", "asks_hours"),
    (OPENING, "um, opening hours please", "asks_hours"),
    (OPENING, "can you tell me your opening hours?", "asks_hours"),
    (OPENING, "When are you open?", "asks_hours"),
    (OPENING, "operator", "wants_person"),
    (OPENING, "the operator said four people", None),
    (OPENING, "i want to talk to a person", "wants_person"),
    (OPENING, "is a person there at night", None),
    (OPENING, "cancel", "gives_up"),
    (OPENING, "please cancel", "gives_up"),
    (OPENING, "i want to cancel", "gives_up"),
    (ASKS_NAME, "cancel", "gives_up"),
    (ASKS_NAME, "can i talk to a person", "wants_person"),
    (ASKS_NAME, "say that again", "repeat_please"),
    (OPENING, "could you repeat that please", "repeat_please"),
    (OPENING, "four people and what are your opening hours", "asks_hours"),
    (OPENING, "hours", None),
    (CONFIRMS, "forget it", "gives_up"),
]


@pytest.mark.parametrize(("where", "text", "slots"), SLOT_TABLE, ids=lambda v: str(v)[:60])
def test_slots_are_found(where: Scope, text: str, slots: dict[str, Any]) -> None:
    findings = understand(text, where)

    assert dict(findings.slots) == slots


@pytest.mark.parametrize(("text", "answer"), ANSWERS, ids=lambda v: str(v)[:60])
def test_an_open_question_is_answered(text: str, answer: bool | None) -> None:
    assert understand(text, CONFIRMS).answer is answer


@pytest.mark.parametrize(("where", "text", "intent"), INTENT_TABLE, ids=lambda v: str(v)[:60])
def test_intents_are_found_by_their_words(where: Scope, text: str, intent: str | None) -> None:
    assert understand(text, where).intent == intent


def test_yes_means_nothing_when_no_question_is_open() -> None:
    assert understand("yes", OPENING) == Findings()


def test_no_with_a_correction_gives_both() -> None:
    findings = understand("no, make it five people", CONFIRMS)

    assert findings.answer is False
    assert findings.slots == {"party_size": 5}
    assert findings.settled


def test_one_sentence_may_hold_values_and_a_question() -> None:
    findings = understand("four people and what are your opening hours", OPENING)

    assert findings.slots == {"party_size": 4}
    assert findings.intent == "asks_hours"


def test_nothing_understood_is_not_settled() -> None:
    assert not understand("the weather is nice", OPENING).settled
    assert understand("the weather is nice", OPENING).empty


def test_words_for_the_open_slot_do_not_overwrite_a_filled_one() -> None:
    arrival = SlotSpec(name="arrival", type=SlotType(kind="date"))
    departure = SlotSpec(name="departure", type=SlotType(kind="date"))
    where = Scope(
        slots=(departure, arrival),
        filled={"arrival": day(5, 2)},
        open_slot="departure",
        now=NOW,
    )

    assert understand("tuesday", where).slots == {"departure": day(5, 5)}


def test_two_values_of_one_type_go_to_the_slots_in_their_order() -> None:
    arrival = SlotSpec(name="arrival", type=SlotType(kind="date"))
    departure = SlotSpec(name="departure", type=SlotType(kind="date"))
    where = Scope(slots=(arrival, departure), open_slot="arrival", now=NOW)

    found = understand("from saturday to tuesday", where).slots

    assert found == {"arrival": day(5, 2), "departure": day(5, 5)}


def test_counts_of_different_things_stay_apart() -> None:
    guests = SlotSpec(name="guests", type=SlotType(kind="integer"))
    nights = SlotSpec(name="nights", type=SlotType(kind="integer"))
    where = Scope(slots=(guests, nights), open_slot="guests", now=NOW)

    assert understand("two people for three nights", where).slots == {"guests": 2, "nights": 3}
    assert understand("three nights", where).slots == {"nights": 3}


def test_bounds_settle_what_two_slots_could_mean() -> None:
    evening = SlotSpec(name="time", type=SlotType(kind="time"), min=at(17), max=at(22))
    where = Scope(
        slots=(PARTY, evening),
        filled={"party_size": 4, "time": at(19)},
        now=NOW,
    )

    assert understand("make it five", where).slots == {}  # either
    assert understand("make it twelve", where).slots == {"party_size": 12}
    assert understand("make it fifteen", where).slots == {"party_size": 15}  # `invalid` is said


def test_a_bound_of_another_type_decides_nothing() -> None:
    odd = SlotSpec(name="time", type=SlotType(kind="time"), min=17)
    where = Scope(slots=(PARTY, odd), filled={"party_size": 4, "time": at(19)}, now=NOW)

    assert understand("make it two", where).slots == {}


def test_phrases_without_words_mean_nothing() -> None:
    silent = Intents([IntentSpec(name="silent", words=("?!", ""))])
    where = Scope(intents=silent, now=NOW)

    assert understand("well, um", where) == Findings()
    assert understand("", where) == Findings()


def test_a_boolean_slot_is_answered_with_yes_or_no() -> None:
    smoking = SlotSpec(name="smoking", type=SlotType(kind="boolean"))
    where = Scope(slots=(smoking,), open_slot="smoking", now=NOW)

    assert understand("no thank you", where).slots == {"smoking": False}


def test_known_values_of_a_text_slot_keep_the_authors_spelling() -> None:
    dish = SlotSpec(
        name="dish", type=SlotType(kind="text"), words={"Pizza Margherita": ("margherita",)}
    )
    where = Scope(slots=(dish,), open_slot="dish", now=NOW)

    assert understand("i'll take the margherita", where).slots == {"dish": "Pizza Margherita"}
    assert understand("spaghetti with clams", where).slots == {"dish": "spaghetti with clams"}


def test_a_key_is_its_intent() -> None:
    assert key("0", OPENING).intent == "wants_person"
    assert key("5", OPENING).empty


def test_a_key_answers_a_question_for_one_digit() -> None:
    few = SlotSpec(name="rating", type=SlotType(kind="integer"), min=1, max=5)
    where = Scope(slots=(few,), open_slot="rating", now=NOW)

    assert key("4", where).slots == {"rating": 4}
    assert key("#", where).empty


@given(st.text())
def test_any_text_gives_findings(text: str) -> None:
    for where in (OPENING, ASKS_NAME, CONFIRMS):
        assert isinstance(understand(text, where), Findings)


VOCABULARY = sorted(
    word_set(
        "four seven thirty at for people tomorrow the third of may half past to quarter "
        "no yes make it sorry and oh double five hundred thousand twenty first next "
        "friday week in two weeks a from pm o'clock name is my noon 7pm 5/6 30.2. "
        "2026-02-31 +49 030 01:75 nineteen million point"
    )
)


@given(st.lists(st.sampled_from(VOCABULARY), max_size=12).map(" ".join))
def test_any_mixture_of_known_words_gives_typed_findings_in_scope(text: str) -> None:
    types = {"party_size": int, "date": datetime.date, "time": datetime.time}
    types |= {"name": str, "phone": str, "seating": str}
    for where in (OPENING, ASKS_DATE, ASKS_TIME, ASKS_NAME, ASKS_PHONE, CONFIRMS):
        findings = understand(text, where)
        allowed = {spec.name for spec in where.slots}
        assert findings.slots.keys() <= allowed
        assert all(isinstance(value, types[name]) for name, value in findings.slots.items())
        assert findings == understand(text, where)
