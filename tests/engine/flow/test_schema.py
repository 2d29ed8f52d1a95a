"""The JSON Schema is current, complete, and accepts exactly what the models accept."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import ValidationError
from ruamel.yaml import YAML

from engine.flow.model import Flow, Fragment
from engine.flow.outline import is_fragment
from engine.flow.schema import (
    flow_schema,
    fragment_schema,
    fragment_schema_text,
    reached,
    schema_text,
)
from engine.flow.shape import find_wrong_shapes
from engine.flow.source import Source, read_source, walk
from engine.machine.compiled import InterruptionPolicy, ListenPolicy


def test_the_shipped_file_is_current() -> None:
    """Write it anew with `turnwise schema > schemas/flow-v1.json`."""
    shipped = files("schemas").joinpath("flow-v1.json").read_text(encoding="utf-8")
    assert shipped == schema_text()


def test_the_shipped_file_for_fragments_is_current() -> None:
    """Write it anew with `turnwise schema --of fragment > schemas/fragment-v1.json`."""
    shipped = files("schemas").joinpath("fragment-v1.json").read_text(encoding="utf-8")
    assert shipped == fragment_schema_text()


def test_each_is_a_schema_without_a_loose_end() -> None:
    for schema in (flow_schema(), fragment_schema()):
        Draft7Validator.check_schema(schema)
        assert reached(schema["properties"], schema["definitions"]) == schema["definitions"]


def properties() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, definition in [("Flow", flow_schema()), *flow_schema()["definitions"].items()]:
        for key, schema in definition.get("properties", {}).items():
            if isinstance(schema, dict):
                yield name, key, schema


def test_every_key_tells_what_it_is() -> None:
    silent = [f"{name}.{key}" for name, key, schema in properties() if not schema["description"]]
    assert silent == []
    assert all(
        schema["markdownDescription"] == schema["description"] for _, _, schema in properties()
    )


def test_every_key_has_an_example_or_a_short_list_of_values() -> None:
    without = [
        f"{name}.{key}"
        for name, key, schema in properties()
        if not schema.get("examples")
        and "enum" not in schema
        and "const" not in schema
        and schema.get("type") != "boolean"
    ]
    assert without == []


def defined(name: str) -> dict[str, Any]:
    found: dict[str, Any] = flow_schema()["definitions"][name]["properties"]
    return found


@pytest.mark.parametrize(
    ("definition", "key", "value"),
    [
        ("Interruptions", "min_time", f"{InterruptionPolicy().min_time}ms"),
        ("Interruptions", "min_words", InterruptionPolicy().min_words),
        ("Interruptions", "allow", InterruptionPolicy().allow),
        ("Interruptions", "mode", InterruptionPolicy().mode),
        ("Interruptions", "blocked", InterruptionPolicy().blocked),
        ("FalseAlarm", "pause", f"{InterruptionPolicy().false_alarm_pause // 1000}s"),
        ("FalseAlarm", "resume", InterruptionPolicy().false_alarm_resume),
        ("EndOfTurn", "mode", ListenPolicy().end_of_turn),
        ("EndOfTurn", "min", f"{ListenPolicy().min_wait}ms"),
        ("EndOfTurn", "max", f"{ListenPolicy().max_wait}ms"),
        ("EndOfTurn", "threshold", ListenPolicy().threshold),
        ("Listen", "silence", f"{ListenPolicy().silence // 1000}s"),
        ("Listen", "transcript_timeout", f"{ListenPolicy().transcript_timeout // 1000}s"),
        ("Listen", "accept", list(ListenPolicy().accept)),
    ],
)
def test_shown_defaults_are_the_defaults_that_run(definition: str, key: str, value: Any) -> None:
    assert defined(definition)[key]["default"] == value


def test_examples_are_accepted_where_they_stand() -> None:
    """Every example of every key is valid for that key."""
    refused = []
    for name, key, schema in properties():
        rest = {"definitions": flow_schema()["definitions"], **schema}
        validator = Draft7Validator(rest)
        refused += [
            f"{name}.{key}: {example}"
            for example in schema.get("examples", [])
            if not validator.is_valid(example)
        ]
    assert refused == []


# --- the models and the schema agree --------------------------------------------------------------


def model_accepts(data: Any) -> bool:
    model = Fragment if is_fragment(data) else Flow
    try:
        model.model_validate(data)
    except ValidationError:
        return False
    return True


def agree(data: Any) -> None:
    source = Source("f.yaml", "", data=data)
    source.root = read_source(json.dumps(data), "f.yaml").root
    findings = find_wrong_shapes(source)
    assert model_accepts(data) == (not findings), [found.message for found in findings]


TEXT = st.sampled_from(["x", "Hello.", "a_b", "", " ", "5s", "END", "no_input", "A-b"])
WRONG = (
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.just(3.0)
    | st.lists(TEXT, max_size=2)
    | TEXT
)
DURATION = st.sampled_from(["5s", "700ms", "1.5s", "6", "1 s", "5s\n"]) | st.just(5)
EXPRESSION = st.sampled_from(["slots.x", "true", ""]) | st.integers(0, 2) | st.none()
TARGET = st.sampled_from(["bye", "STAY", "END", "a.b", "Bad", "", "stay-here"])
NAMES = st.sampled_from(["x", "party_size", "Bad", "2x", "a.b", "slots.x"])
EVENTS = st.sampled_from(["error", "intent.x", "dtmf.#", "Error", "a..b", "timer.t"])


def some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A map with some of these keys; now and then a value of another kind, or an unknown key."""
    right = st.fixed_dictionaries({}, optional=keys)
    return right | st.builds(
        lambda data, key, value: {**data, key: value}, right, st.sampled_from([*keys, "qq"]), WRONG
    )


ACTIONS = {
    "say": TEXT,
    "set": st.dictionaries(NAMES, EXPRESSION, max_size=2),
    "clear": st.lists(NAMES, max_size=2),
    "emit": EVENTS,
    "log": TEXT,
    "play": TEXT,
}
ACTION = some(**ACTIONS)
WAY = some(
    **ACTIONS,
    when=EXPRESSION,
    to=TARGET,
    call=NAMES,
    args=st.dictionaries(NAMES, EXPRESSION, max_size=1),
    do=st.lists(ACTION, max_size=2),
)
WAYS = TARGET | WAY | st.lists(WAY, max_size=2) | WRONG
LISTEN = some(
    silence=DURATION,
    no_input=st.lists(TEXT, max_size=2),
    accept=st.lists(st.sampled_from(["speech", "dtmf", "smell"]), max_size=2),
    end_of_turn=some(mode=st.just("fixed"), min=DURATION, threshold=st.floats(-1, 2)),
)
INTERRUPTIONS = some(
    allow=st.booleans(),
    mode=st.sampled_from(["vad", "x"]),
    min_words=st.integers(-1, 3),
    min_confidence=st.sampled_from([0, 1, 0.5, 2]),
    false_alarm=some(pause=DURATION, resume=st.booleans()),
    thinking=some(allow=st.booleans(), fade=DURATION),
)
COMPONENT = some(use=TEXT, key=TEXT, speed=st.integers(0, 2))
COMPONENTS = COMPONENT | st.lists(COMPONENT, max_size=2) | WRONG
LIMITS = some(max_items=st.integers(-1, 300), max_tokens=st.integers(40, 60) | st.floats(50, 60))
PIPELINE = some(
    mode=st.sampled_from(["cascade", "realtime", "x"]),
    stt=COMPONENTS,
    llm=COMPONENTS,
    realtime=COMPONENTS,
    denoise=COMPONENTS,
    avatar=COMPONENTS,
    realtime_mode=st.sampled_from(["full_s2s", "hybrid_stt", "s2s"]),
    history=st.sampled_from(["keep", "summary", "fresh", "all"]) | LIMITS | WRONG,
)
SOUND = some(
    ambience=some(file=TEXT, volume=st.floats(-1, 2), loop=st.booleans()),
    thinking=some(file=TEXT, volume=st.integers(0, 2)),
)
POLICIES = {
    "handle": st.dictionaries(EVENTS, WAYS, max_size=2),
    "timers": st.dictionaries(NAMES, DURATION | some(after=DURATION, every=DURATION), max_size=1),
    "listen": LISTEN,
    "interruptions": INTERRUPTIONS,
    "pipeline": PIPELINE,
    "sound": SOUND,
    "instructions": TEXT,
}
STATE_KEYS = dict(
    **POLICIES,
    say=TEXT,
    collect=st.lists(NAMES, max_size=2),
    confirm=TEXT,
    run=NAMES,
    call=NAMES,
    args=st.dictionaries(NAMES, EXPRESSION, max_size=1),
    transfer=some(to=TEXT, kind=st.sampled_from(["cold", "hot"]), brief=TEXT),
    end=st.sampled_from(["hangup", "leave", "x"]),
    then=WAYS,
    enter=st.lists(ACTION, max_size=1),
    resume=TEXT,
    converse=TEXT,
    fills=st.lists(NAMES, max_size=1),
    until=EXPRESSION,
    knowledge=st.lists(NAMES, max_size=1),
    max_turns=st.integers(0, 2),
)
STATE = some(**STATE_KEYS) | st.lists(
    st.sampled_from(list(STATE_KEYS)), max_size=3, unique=True
).flatmap(lambda keys: st.fixed_dictionaries({key: STATE_KEYS[key] for key in keys}))
TYPE = st.sampled_from(
    ["text", "integer?", "list(time)", "list(boolean)?", "[a, b]", "int", "list(list(text))"]
    + ["text\n", ""]
) | st.lists(st.sampled_from(["a", "b", ""]), max_size=2)
SLOT = TYPE | some(
    type=TYPE,
    ask=TEXT,
    check=EXPRESSION,
    min=st.integers(0, 2) | TEXT,
    values=st.lists(TEXT, max_size=2)
    | st.dictionaries(TEXT, TEXT | st.lists(TEXT, max_size=1), max_size=2),
    resets=st.lists(NAMES, max_size=1),
    readback=st.booleans(),
    default=WRONG,
)
RETURNS = st.recursive(TYPE, lambda inner: st.dictionaries(NAMES, inner, max_size=2), max_leaves=3)
TOOL = some(
    use=st.sampled_from(["python:a.b", "http:x", "mcp:a/b", "provider:p", "a.b", "python:"]),
    args=st.dictionaries(NAMES, TYPE, max_size=1),
    returns=RETURNS,
    timeout=DURATION,
    retry=some(times=st.integers(0, 12), after=DURATION),
    filler=some(after=DURATION, say=TEXT | st.lists(TEXT, max_size=1), every=DURATION),
    effect=st.sampled_from(["read", "write", "x"]),
)
STEP = some(
    user=TEXT,
    heard=some(slots=st.dictionaries(NAMES, WRONG, max_size=1), intent=NAMES, answer=st.booleans()),
    silence=DURATION,
    agent=TEXT | some(says=TEXT, whole=st.booleans()),
    at=TARGET,
    ended=st.sampled_from(["hangup", "x"]),
    called=st.dictionaries(NAMES, st.dictionaries(NAMES, WRONG, max_size=1), max_size=1),
)
INTENT = some(
    **{"not": st.lists(TEXT, max_size=1)},
    means=TEXT,
    words=st.lists(TEXT, max_size=1),
    dtmf=st.sampled_from(["1", "#", "12", "x"]),
)


def flow(**keys: Any) -> dict[str, Any]:
    return {"turnwise": 1, "flow": "f", "start": "a", "states": {"a": {"end": "hangup"}}, **keys}


@settings(max_examples=200, deadline=None)
@given(STATE, st.booleans())
def test_models_and_schema_agree_about_states(state: dict[str, Any], grouped: bool) -> None:
    inner = {"states": {"b": state}, "start": "b"} if grouped else state
    agree(flow(states={"a": inner}))


@settings(max_examples=150, deadline=None)
@given(
    some(
        **POLICIES,
        slots=st.dictionaries(NAMES, SLOT, max_size=2),
        vars=st.dictionaries(NAMES, TYPE | some(type=TYPE, default=WRONG), max_size=1),
        tools=st.dictionaries(NAMES, TOOL, max_size=1),
        intents=st.dictionaries(NAMES, INTENT, max_size=1),
        tests=st.dictionaries(NAMES, some(talk=st.lists(STEP, max_size=2), now=TEXT), max_size=1),
        outputs=st.dictionaries(NAMES, EXPRESSION, max_size=1),
        flows=st.dictionaries(NAMES, TEXT, max_size=1),
        version=TEXT,
        turnwise=st.sampled_from([1, 2, "1", True, 1.0]),
    )
)
def test_models_and_schema_agree_about_everything_else(keys: dict[str, Any]) -> None:
    agree(flow(**keys))


ROOM = some(
    transport=st.sampled_from(["local", "telephony", "x"]),
    recording=st.booleans() | some(video=st.booleans(), screen_share=st.booleans()),
    session_timeout=DURATION,
    auto_end=st.booleans(),
)
KNOWLEDGE = some(use=st.sampled_from(["local:a", "provider:b", "web:c", "a"]), top_k=st.integers())
MIGRATION = some(
    **{"from": st.sampled_from(["<1.2", "1", "new", "<=1.2.3"])},
    rename=st.dictionaries(st.sampled_from(["states.a", "slots.b", "c"]), TEXT, max_size=1),
)


@settings(max_examples=100, deadline=None)
@given(
    some(
        **POLICIES,
        room=ROOM,
        knowledge=st.dictionaries(NAMES, KNOWLEDGE, max_size=2),
        voicemail=some(within=DURATION, prompt=TEXT),
        migrate=st.lists(MIGRATION, max_size=2),
        include=st.lists(TEXT, max_size=2),
    )
)
def test_models_and_schema_agree_about_what_stands_around(keys: dict[str, Any]) -> None:
    agree(flow(**keys))


@settings(max_examples=100, deadline=None)
@given(
    some(
        **POLICIES,
        fragment=NAMES,
        turnwise=st.sampled_from([1, 2, True]),
        description=TEXT,
        include=st.lists(TEXT, max_size=2),
        slots=st.dictionaries(NAMES, SLOT, max_size=1),
        tools=st.dictionaries(NAMES, TOOL, max_size=1),
        states=st.dictionaries(NAMES, STATE, max_size=1),
        start=TARGET,
    )
)
def test_models_and_schema_agree_about_fragments(keys: dict[str, Any]) -> None:
    agree({"turnwise": 1, "fragment": "f", **keys})


EVERYTHING = Path(__file__).parents[2] / "flows" / "language" / "everything.yaml"
WHOLE = YAML(typ="safe").load(EVERYTHING.read_text(encoding="utf-8"))
PLACES = [path for path, _ in walk(WHOLE) if path]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PLACES), WRONG | DURATION, st.sampled_from(["change", "drop", "rename"]))
def test_models_and_schema_agree_about_a_flow_of_every_key_with_one_thing_wrong(
    path: tuple[str | int, ...], value: Any, how: str
) -> None:
    data = copy.deepcopy(WHOLE)
    owner = data
    for step in path[:-1]:
        owner = owner[step]
    if how == "change":
        owner[path[-1]] = value
    else:
        kept = owner.pop(path[-1])
        if how == "rename" and isinstance(owner, dict):
            owner[f"{path[-1]}x"] = kept
    agree(data)


@given(WRONG | st.dictionaries(st.sampled_from(["turnwise", "flow", "x"]), WRONG))
def test_models_and_schema_agree_about_what_is_no_flow(data: Any) -> None:
    agree(data)
