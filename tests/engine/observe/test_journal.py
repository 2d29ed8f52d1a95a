"""A journal reads back as the steps that were written."""

import datetime
import io
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.step import Deadline, Move, Note, States, Step
from engine.errors import JournalError
from engine.events import EVENT_TYPES, SessionStarted, TranscriptReceived, Word
from engine.observe.journal import (
    EFFECT_TYPES,
    Header,
    JournalWriter,
    decode,
    encode,
    read,
)
from engine.observe.journal_schema import SCHEMA_ID, schema, schema_text

SCHEMA_FILE = Path(__file__).parents[3] / "schemas" / SCHEMA_ID
HEADER = Header(
    flow="f",
    version="1",
    fingerprint="abc",
    started_at="2026-05-01T12:00:00+02:00",
    seed=7,
    turnwise="0",
)

# Unusual text is the point of a round trip; surrogates cannot be written to a file at all.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
data = st.dictionaries(
    texts, st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists, max_leaves=4)
)
for_types = {
    "float": st.floats(0, 1),
    "Mapping[str, Any]": data,
    "Any": data,
    "dict[str, Any]": data,
    "tuple[Mapping[str, Any], ...]": st.lists(data, max_size=2).map(tuple),
    "str": texts,
}


def records(cls):
    """Build any event or effect, with JSON-like data where it may carry some."""
    given_fields = {
        name: for_types[hint] for name, hint in cls.__annotations__.items() if hint in for_types
    }
    return (
        st.builds(cls, at=st.integers(0), **given_fields)
        if hasattr(cls, "at")
        else st.builds(cls, **given_fields)
    )


events = st.one_of([records(cls) for cls in EVENT_TYPES.values()])
effects = st.one_of([records(cls) for cls in EFFECT_TYPES.values()])
steps = st.builds(
    Step,
    seq=st.integers(0),
    at=st.integers(0),
    cause=events | st.builds(Deadline, name=texts, at=st.integers(0)),
    moves=st.lists(st.builds(Move, old=texts, new=texts, because=texts)).map(tuple),
    notes=st.lists(st.builds(Note, kind=texts, data=data)).map(tuple),
    effects=st.lists(effects, max_size=3).map(tuple),
    states=st.builds(States, user=texts, agent=texts, dialog=texts),
)


@given(steps)
def test_a_step_survives_the_journal(step):
    assert decode(json.loads(json.dumps(encode(step)))) == step


VALIDATOR = jsonschema.Draft202012Validator(schema())


@given(steps)
def test_every_line_satisfies_the_schema(step):
    VALIDATOR.validate(json.loads(json.dumps(encode(step))))


def test_the_stored_schema_is_current():
    """The file in `schemas/` is what `schema_text` gives."""
    assert SCHEMA_FILE.read_text() == schema_text(), f"write schema_text() to schemas/{SCHEMA_ID}"


def step(seq=0, cause=None, **fields):
    cause = cause or SessionStarted(at=0, seed=7, started_at=HEADER.started_at)
    states = States(user="IDLE", agent="IDLE", dialog="greet")
    base = {"at": cause.at, "moves": (), "notes": (), "effects": (), "states": states}
    return Step(seq=seq, cause=cause, **(base | fields))


def test_a_written_journal_is_read_back():
    stream = io.StringIO()
    words = (Word(text="ja", start=0, end=200),)
    heard = TranscriptReceived(at=900, participant="c1", text="ja", final=True, words=words)
    written = [step(), step(1, heard), step(2, Deadline(name="silence", at=8000))]

    writer = JournalWriter(stream, HEADER)
    for one in written:
        writer.append(one)
    header, found = read(stream.getvalue().splitlines())

    assert header == HEADER
    assert list(found) == written
    for line in stream.getvalue().splitlines():
        VALIDATOR.validate(json.loads(line))


def test_values_of_slots_in_notes_are_written_as_text():
    note = Note(
        kind="slots",
        data={
            "date": datetime.date(2026, 5, 2),
            "time": datetime.time(19),
            "for": datetime.timedelta(minutes=2),
            "ids": {"a"},
        },
    )

    (found,) = encode(step(notes=(note,)))["notes"]

    assert found["data"] == {"date": "2026-05-02", "time": "19:00:00", "for": 120.0, "ids": ["a"]}


def test_what_is_no_data_is_refused():
    with pytest.raises(TypeError, match="cannot be journalled"):
        encode(step(notes=(Note(kind="x", data={"a": object()}),)))


HEADER_LINE = (
    '{"flow":"f","version":"1","fingerprint":"a","started_at":"x","seed":1,"turnwise":"0",'
)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "the journal is empty"),
        (["[" * 100_000], "line 1: this JSON cannot be read"),
        (['{"a": 1}'], "line 1: this is no journal"),
        (["{"], "line 1: this is no JSON: expecting property name .* at column 2"),
        (["[]"], "line 1: every line of a journal is an object, and this is a list"),
        (['{"journal": 9}'], "line 1: this journal is of format 9, .* reads format 1"),
        (['{"journal": 1}'], "line 1: `flow` of Header is missing"),
        ([HEADER_LINE + '"journal":1}', "", '{"seq": 0}'], "line 3: no step of a journal"),
        (
            [HEADER_LINE + '"journal":1}', '{"seq":0,"at":0,"event":{"type":"Nope"}}'],
            "line 2: 'Nope' is no event or effect",
        ),
    ],
)
def test_a_broken_journal_names_its_line(lines, message):
    with pytest.raises(JournalError, match=message):
        list(read(lines)[1])
