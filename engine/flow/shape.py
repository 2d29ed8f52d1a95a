"""The shape of a flow file (TW1xx): the schema judges, this module says it in the author's words.

One cause gives one finding: of the several complaints a schema makes about one value, the one that
fits the kind of value the author wrote is told, and nothing is said about what stands below it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from engine.flow.diagnostics import Diagnostic, Path, Related
from engine.flow.model.flow import LANGUAGE_VERSION
from engine.flow.outline import is_fragment, states
from engine.flow.schema import flow_schema, fragment_schema
from engine.flow.shape_keys import judge_forbidden, judge_missing, judge_unknown
from engine.flow.shape_slips import is_cut
from engine.flow.shape_values import (
    judge_choice,
    judge_empty,
    judge_language_version,
    judge_name,
    judge_range,
    judge_type,
)
from engine.flow.source import Source

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_EMPTY = frozenset({"minItems", "minProperties", "minLength"})
_RANGE = frozenset({"minimum", "maximum", "uniqueItems"})


def find_wrong_shapes(source: Source, schema: dict[str, Any] | None = None) -> list[Diagnostic]:
    """All findings about the shape of the data.

    Args:
        source: the file.
        schema: of the file; None: that of a flow, or of a fragment.
    """
    if schema is not None:
        validator = _strict(schema)
    else:
        validator = _fragment_validator() if is_fragment(source.data) else _validator()
    findings: list[Diagnostic] = []
    for error in validator.iter_errors(source.data):
        findings += _judge(source, error)
    return findings


@functools.cache
def _fragment_validator() -> Any:
    return _strict(fragment_schema())


@functools.cache
def _validator() -> Any:
    return _strict(flow_schema())


def _strict(schema: dict[str, Any]) -> Any:
    """A validator for which 3.0 is no whole number: in a file, the author wrote a fraction."""
    # A right file never needs it, and importing it takes as long as checking a small flow.
    from jsonschema import Draft7Validator
    from jsonschema.validators import extend

    checker = Draft7Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    strict: Any = extend(Draft7Validator, type_checker=checker)  # type: ignore[no-untyped-call]
    return strict(_with_places(schema))


def _with_places(schema: Any) -> Any:
    """The schema as this validator needs it.

    `false` is spelt `{"not": {}}`, whose errors name the key and not its owner; a `$` in a pattern
    means the very end, which it means everywhere but in Python.
    """
    if isinstance(schema, dict):
        return {key: _with_place(key, inner) for key, inner in schema.items()}
    return [_with_places(item) for item in schema] if isinstance(schema, list) else schema


def _with_place(key: str, inner: Any) -> Any:
    if inner is False and key != "additionalProperties":
        return {"not": {}}
    if key == "pattern":
        return inner.replace("$", r"\Z")
    return inner if key in ("default", "examples") else _with_places(inner)


def _judge(source: Source, error: ValidationError) -> Iterator[Diagnostic]:
    path = tuple(error.absolute_path)
    if error.validator in ("anyOf", "type", "enum") and is_cut(source, path):
        return
    if error.validator == "anyOf":
        yield from _judge_choices(source, path, error)
    elif error.validator == "not":
        yield from judge_forbidden(source, path)
    elif "propertyNames" in error.absolute_schema_path:
        yield from judge_name(source, (*path, str(error.instance)), error, is_key=True)
    else:
        yield from _judge_keyword(source, path, error)


def _judge_keyword(source: Source, path: Path, error: ValidationError) -> Iterable[Diagnostic]:
    keyword = str(error.validator)
    if keyword == "additionalProperties":
        return judge_unknown(source, path, error)
    if keyword in ("required", "dependencies"):
        return judge_missing(source, path, error)
    if keyword == "pattern":
        return judge_name(source, path, error, is_key=False)
    if keyword in ("enum", "const"):
        return judge_choice(source, path, error)
    if keyword in _EMPTY:
        return judge_empty(source, path)
    if keyword in _RANGE:
        return judge_range(source, path, error)
    return judge_type(source, path, error)


def _judge_choices(source: Source, path: Path, error: ValidationError) -> Iterator[Diagnostic]:
    """Of "text or a map or a list", explain the one whose kind of value was written."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    for errors in branches.values():
        if not any(_is_wrong_kind(inner, error) for inner in errors):
            for inner in errors:
                yield from _judge(source, inner)
            return
    yield from judge_type(source, path, error)


def _is_wrong_kind(inner: ValidationError, outer: ValidationError) -> bool:
    same_place = len(inner.absolute_path) == len(outer.absolute_path)
    return same_place and inner.validator == "type"


def find_duplicate_states(source: Source) -> list[Diagnostic]:
    """State ids are unique in a flow, groups or not, so that any of them can be a target."""
    first: dict[str, Path] = {}
    findings = []
    for path, _ in states(source.data):
        name = str(path[-1])
        if name not in first:
            first[name] = path
            continue
        findings.append(
            Diagnostic(
                code="TW106",
                message=f"two states of this flow are called `{name}`",
                span=source.key_span(path),
                label="again here",
                help=f"rename one of them: `{name}` could not be told from the other as a target",
                related=(Related(source.key_span(first[name]), "first here"),),
                where=path,
            )
        )
    return findings


def find_language_version(source: Source) -> list[Diagnostic]:
    """Whether the file says that it is written for a newer engine."""
    version = source.data.get("turnwise")
    if isinstance(version, bool) or not isinstance(version, int | float):
        return []
    return [judge_language_version(source, version)] if version > LANGUAGE_VERSION else []


def unexplained(problems: list[Diagnostic], known: list[Diagnostic]) -> list[Diagnostic]:
    """The findings that no other finding at the same place or around it explains already."""
    places = {found.where for found in known if found.where and found.is_error}
    places |= _misspelt(problems)
    news: list[Diagnostic] = []
    for found in problems:
        around = {found.where[:length] for length in range(1, len(found.where) + 1)}
        if not around & places:
            news.append(found)
            places.add(found.where)
    return news


def _misspelt(problems: list[Diagnostic]) -> set[Path]:
    """Where the right key would stand, for each key that is only misspelt: it is not missing."""
    return {
        (*found.where[:-1], found.fix.edits[0].text)
        for found in problems
        if found.code == "TW101" and found.fix is not None
    }
