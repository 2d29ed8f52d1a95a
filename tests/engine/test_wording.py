from dataclasses import fields
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest

from engine.events import (
    EVENT_TYPES,
    CloseRequested,
    Event,
    SpeechPrepared,
    ToolReturned,
    Word,
)
from engine.requests import REQUEST_TYPES
from engine.wording import writable, writable_record


def _word(text: str) -> Word:
    return Word(text=text, start=0, end=5)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("", ""),
        (" as it is \n", " as it is \n"),
        ("Zürich 😀", "Zürich 😀"),
        ("\ud83d", "?"),
        ("half \ude00\ud83d of it", "half ?? of it"),
    ],
)
def test_what_is_no_character_becomes_a_question_mark(given: str, clean: str) -> None:
    assert writable(given) == clean
    assert writable(given).encode("utf-8").decode("utf-8") == clean


HALF = "\ud83d"


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (ToolReturned(at=1, call="t1", error=HALF), ToolReturned(at=1, call="t1", error="?")),
        (
            ToolReturned(at=1, call="t1", value={HALF: [{"a": (HALF, 1)}], "b": None}),
            ToolReturned(at=1, call="t1", value={"?": [{"a": ("?", 1)}], "b": None}),
        ),
        (
            SpeechPrepared(at=1, utterance="a1.1", duration=5, words=(_word("é"), _word(HALF))),
            SpeechPrepared(at=1, utterance="a1.1", duration=5, words=(_word("é"), _word("?"))),
        ),
        (CloseRequested(at=1, reason="é" + HALF), CloseRequested(at=1, reason="é?")),
    ],
)
def test_every_text_of_a_record_is_made_writable(given: Event, clean: Event) -> None:
    assert writable_record(given) == clean


def parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)


@pytest.mark.parametrize(
    "kind", (EVENT_TYPES | REQUEST_TYPES).values(), ids=lambda kind: kind.__name__
)
def test_no_field_that_may_hold_a_text_is_left_out(kind: type[Event]) -> None:
    hints = get_type_hints(kind)
    plain = {int, float, bool, type(None)}
    texts = [f.name for f in fields(kind) if not set(parts(hints[f.name])) <= plain]
    given = kind(**dict.fromkeys((field.name for field in fields(kind)), HALF))

    clean = writable_record(given)

    assert [field.name for field in fields(kind) if getattr(clean, field.name) == "?"] == texts


def test_a_record_that_can_be_written_is_not_copied() -> None:
    event = ToolReturned(at=1, call="t1", value={"name": "Zoë", "list": ["😀", 2.5, None, True]})

    assert writable_record(event) is event
