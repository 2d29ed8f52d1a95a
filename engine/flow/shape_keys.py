"""Keys that should not be there, keys that are missing, and keys that exclude each other."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.flow.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Path,
    Related,
    Span,
    listing,
    nearest,
)
from engine.flow.model.states import VERBS, Policies, verb_problem
from engine.flow.model.tools import TALK_STEPS
from engine.flow.outline import states
from engine.flow.schema import flow_schema
from engine.flow.shape_help import meant_key
from engine.flow.shape_slips import cut_off, glued
from engine.flow.shape_words import TITLES, example_of, place
from engine.flow.source import Source

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def judge_unknown(source: Source, path: Path, error: ValidationError) -> Iterator[Diagnostic]:
    """TW101: keys the schema does not know at this place."""
    schema: Any = error.schema
    known = list(schema["properties"])
    # What the policies share comes first in the models and is looked for last.
    known.sort(key=lambda key: key in Policies.model_fields)
    instance: Any = error.instance
    told: set[str] = set()
    for key in instance:
        if key in schema["properties"] or key in told:
            continue
        cut = cut_off(source, (*path, key))
        if cut is not None:
            told.update(cut.keys)
        yield cut.finding if cut is not None else _unknown(source, (*path, key), known, schema)


def _unknown(source: Source, path: Path, known: list[str], schema: Any) -> Diagnostic:
    key = str(path[-1])
    span = source.key_span(path)
    slip = glued(source, path, known)
    if slip is not None:
        return slip
    elsewhere = _elsewhere(key, schema)
    meant = meant_key(key, known) if not elsewhere else None
    owners = [] if meant is not None else _owners().get(key, [])
    notes: list[str] = []
    if owners:
        notes.append(f"`{key}` is a key of {' and of '.join(owners)}")
    if meant is None and not owners:
        notes.append(f"keys of {TITLES.get(schema.get('title', ''), 'this map')}: "
                     f"{listing(known, limit=24, join='and')}")  # fmt: skip
    return Diagnostic(
        code="TW101",
        message=f"unknown key `{key}` in {place(path[:-1], source.data)}",
        span=span,
        label="not a key of " + TITLES.get(schema.get("title", ""), "this map"),
        help=f"did you mean `{meant}`?" if meant is not None else elsewhere,
        notes=tuple(notes),
        where=path,
        fix=Fix(f"rename it to `{meant}`", (Edit(span, meant),)) if meant is not None else None,
    )


def _elsewhere(key: str, schema: Any) -> str:
    """Where an action belongs that is not done here."""
    title, actions = schema.get("title"), flow_schema()["definitions"]["Action"]["properties"]
    if title == "State" and key in actions:
        return f"an action is done on entering: `enter: [{{{key}: ...}}]`, or on a way out of it"
    if title == "Action" and key == "do":
        return "this list has an order already: give each action an entry of its own"
    return ""


@functools.cache
def _owners() -> dict[str, list[str]]:
    """For each key of the language, what it is a key of."""
    schema = flow_schema()
    owners: dict[str, list[str]] = {}
    for name, definition in [*schema["definitions"].items(), ("Flow", schema)]:
        if name not in TITLES or name in ("Action", "Spoken", "Heard", "InterruptionProfile"):
            continue
        for key in definition.get("properties", {}):
            owners.setdefault(key, []).append(TITLES[name])
    return {key: names for key, names in owners.items() if len(names) <= 3}


def judge_missing(source: Source, path: Path, error: ValidationError) -> Iterator[Diagnostic]:
    """TW102: keys that must be there."""
    instance: Any = error.instance
    if error.validator == "dependencies":
        owner = "heard" if "heard" in instance else "model"
        meaning = {"heard": "what is understood of it", "model": "what a model replies to it"}
        yield _missing(source, path, "user", f"`{owner}` is {meaning[owner]}")
        return
    key = error.message.split("'")[1] if "'" in error.message else ""
    required: Any = error.validator_value
    missing = next((name for name in required if name not in instance and name == key), key)
    found = _missing(source, path, missing, _example(source, path, missing))
    schema: Any = error.schema
    # A map that takes keys of others (the options of a provider) knows no unknown one.
    others = [name for name in instance if name not in schema.get("properties", {})]
    meant = {nearest(name, [missing]): name for name in others}
    if schema.get("additionalProperties") is not False and missing in meant:
        span = source.key_span((*path, meant[missing]))
        fix = Fix(f"rename it to `{missing}`", (Edit(span, missing),))
        found = replace(found, span=span, label=f"`{missing}` is missing", fix=fix,
                        help=f"did you mean `{missing}`?")  # fmt: skip
    yield found


def _missing(source: Source, path: Path, key: str, help_: str) -> Diagnostic:
    return Diagnostic(
        code="TW102",
        message=f"{place(path, source.data)} has no `{key}`",
        span=source.key_span(path) if path else _beginning(source),
        label=f"`{key}` is missing",
        help=help_,
        where=(*path, key),
    )


def _beginning(source: Source) -> Span:
    """The id of flow or fragment, or else its first key, stands for the whole file."""
    keys = list(source.data)
    names = [key for key in ("flow", "fragment") if key in keys] or keys
    return source.key_span(tuple(names[:1]))


def _example(source: Source, path: Path, key: str) -> str:
    if key == "turnwise":
        return "the first line of a flow is `turnwise: 1`"
    if key == "to" and path[-1:] == ("transfer",):
        return "add `to:` with whom to call: `to: $FRONT_DESK`"
    if key == "to":
        return "add `to:` with the next state, or `to: STAY`"
    if key == "start":
        first = next((str(path[-1]) for path, _ in states(source.data)), "STATE")
        return f"add `start: {first}`, the state to begin with"
    if key == "use" and path[:1] == ("tools",):
        return "add `use: python:package.module.function`"
    example = example_of(key, path)
    return f"add `{key}: {example}`" if example else f"add `{key}:`"


def judge_forbidden(source: Source, path: Path) -> Iterator[Diagnostic]:
    """TW104 and TW101: keys that another key of the same map excludes."""
    key, owner = str(path[-1]), _value(source.data, path[:-1])
    if not isinstance(owner, dict):
        return
    if len(path) >= 2 and path[-2] == "talk" or _is_talk_step(path):
        yield from _two_steps(source, path, owner)
    elif {"to", "call"} <= owner.keys() and key == "to":
        yield _excluded(source, path, "call", "`to` and `call` in one entry", "keep one: `call` "
                        "goes through a sub-flow and comes back by itself")  # fmt: skip
    elif key == "args" and "call" not in owner and not _is_state(path[:-1]):
        yield _excluded(source, path, "to", "`args` without `call`",
                        "only a sub-flow takes arguments")  # fmt: skip
    else:
        yield from _in_state(source, path, owner)


def _in_state(source: Source, path: Path, owner: dict[str, Any]) -> Iterator[Diagnostic]:
    key = str(path[-1])
    verbs = [name for name in owner if name in VERBS]
    if key in VERBS:
        # Each of two verbs excludes the other; the second one in the file is told.
        if key == verbs[0]:
            return
        yield Diagnostic(
            code="TW104",
            message=f"`{verbs[0]}` and `{key}` in one state",
            span=source.key_span(path),
            label="a second verb",
            help=f"make two states: the first with `{verbs[0]}` and `then:` to the second",
            notes=("a state waits for one thing at most",),
            related=(Related(source.key_span((*path[:-1], verbs[0])), "the first verb"),),
            where=path,
        )
        return
    if key == "args" and {"run", "call"} & owner.keys():
        return  # of two verbs the one it belongs to is told to be too many
    problem = verb_problem({name: owner[name] for name in (*verbs[:1], key)})
    if problem is None:
        return
    yield _excluded(source, path, verbs[0] if verbs else "", problem[1], _advice(key, verbs))


def _advice(key: str, verbs: list[str]) -> str:
    if key == "then" and verbs[:1] == ["end"]:
        return "remove it: nothing comes after an end"
    if key == "then" and verbs[:1] == ["transfer"]:
        return "remove it; what happens if nobody answers is `handle: {error.transfer: ...}`"
    if key == "then":
        return "remove it; the states of the group say where to go"
    if key == "say":
        return "put the line into the group's first state, or into `enter`"
    return "remove it, or add the verb it belongs to"


def _excluded(source: Source, path: Path, other: str, message: str, help_: str) -> Diagnostic:
    related: tuple[Related, ...] = ()
    if other and source.entry((*path[:-1], other)) is not None:
        related = (Related(source.key_span((*path[:-1], other)), f"because of this `{other}`"),)
    return Diagnostic(
        code="TW101",
        message=f"{place(path[:-1], source.data)}: {message}",
        span=source.key_span(path),
        label="not allowed here",
        help=help_,
        related=related,
        where=path,
    )


def _two_steps(source: Source, path: Path, owner: dict[str, Any]) -> Iterator[Diagnostic]:
    steps = [name for name in owner if name in TALK_STEPS]
    if str(path[-1]) in steps[1:]:
        yield _excluded(source, path, steps[0], f"`{steps[0]}` and `{path[-1]}` in one step",
                        "make two steps of it")  # fmt: skip


def _is_talk_step(path: Path) -> bool:
    return len(path) >= 3 and path[0] == "tests" and path[-3] == "talk"


def _is_state(path: Path) -> bool:
    return len(path) >= 2 and path[-2] == "states"


def _value(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data
