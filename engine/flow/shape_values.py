"""Values of the wrong kind, wrong words, wrong names, wrong durations, empty values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Path, listing, nearest
from engine.flow.durations import parse_duration
from engine.flow.model.base import EVENT_PATTERN, ID_PATTERN, NAME_PATTERN, TARGET_PATTERN
from engine.flow.model.flow import LANGUAGE_VERSION
from engine.flow.model.slots import SCALAR_KINDS
from engine.flow.outline import states
from engine.flow.schema import flow_schema
from engine.flow.shape_help import how_to_write
from engine.flow.shape_words import expected, found, subject
from engine.flow.source import Source

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

RESERVED_TARGETS = ("STAY", "REPEAT", "RESUME", "BACK", "END")

_FOREIGN_TYPES = {
    "int": "integer", "str": "text", "string": "text", "bool": "boolean", "float": "number",
    "decimal": "number", "tel": "phone", "telephone": "phone", "array": "list(text)",
    "enum": "[small, large]", "choice": "[small, large]", "list": "list(text)", "day": "date",
    "clock": "time", "mail": "email", "object": "text", "map": "text",
}  # fmt: skip
"""Names of types in other languages."""


def judge_type(source: Source, path: Path, error: ValidationError) -> Iterator[Diagnostic]:
    """TW103, TW109, TW110: another kind of value than the schema has here."""
    if error.instance is None:
        yield from judge_empty(source, path)
        return
    schema: Any = error.schema
    number = isinstance(error.instance, int | float) and not isinstance(error.instance, bool)
    written = _as_written(source, path, error.instance)
    if number and _takes_duration(schema):
        yield _bare_duration(source, path, error.instance)
        return
    wanted = expected(schema, flow_schema()["definitions"])
    yield Diagnostic(
        code="TW103",
        message=f"{subject(path)}: expected {wanted}, found {written}",
        span=source.span(path),
        label=f"expected {wanted}",
        help=how_to_write(source, path, schema, error.instance),
        where=path,
    )


def _as_written(source: Source, path: Path, value: Any) -> str:
    """The value in words, a number with the digits that stand in the file (`1.10`)."""
    node = source.node(path)
    if isinstance(value, int | float) and not isinstance(value, bool) and node is not None:
        return f"the number {node.text}"
    return found(value)


def _takes_duration(schema: Any) -> bool:
    choices = schema.get("anyOf", [schema])
    return any(choice.get("format") == "turnwise-duration" for choice in choices)


# --- texts that have a form -----------------------------------------------------------------------


def judge_name(
    source: Source, path: Path, error: ValidationError, *, is_key: bool
) -> Iterator[Diagnostic]:
    """TW105, TW109, TW110, TW103: a text, or a key, that does not have the form it needs."""
    schema: Any = error.schema
    text, pattern = str(error.instance), str(error.validator_value).replace(r"\Z", "$")
    if schema.get("format") == "turnwise-duration":
        yield _bare_duration(source, path, text)
    elif schema.get("format") == "turnwise-type":
        yield _unknown_type(source, path, text)
    elif pattern in (ID_PATTERN, NAME_PATTERN):
        yield _bad_id(source, path, text, is_key=is_key)
    elif pattern == EVENT_PATTERN:
        yield _bad_event(source, path, text, is_key=is_key)
    elif pattern == TARGET_PATTERN:
        yield _bad_target(source, path, text)
    elif pattern == r"\S":
        yield from judge_empty(source, path)
    else:
        yield _bad_form(source, path, text, is_key=is_key)


def _bare_duration(source: Source, path: Path, written: Any) -> Diagnostic:
    span = source.span(path)
    number = isinstance(written, int | float) or re.fullmatch(r"\d+(\.\d+)?", written) is not None
    meant = None if number else _nearest_duration(str(written))
    if number:
        message = f"{subject(path)}: the duration {written} has no unit"
        help_ = f"write `{written}s` or `{written}ms`"
    else:
        message = f"{subject(path)}: `{written}` is not a duration"
        help_ = f"write `{meant}`" if meant else "write a number and ms, s, m or h, like `700ms`"
    return Diagnostic(
        code="TW109",
        message=message,
        span=span,
        label="seconds or milliseconds?" if number else "",
        help=help_,
        where=path,
        fix=Fix(f"write `{meant}`", (Edit(span, meant),)) if meant else None,
    )


def _nearest_duration(text: str) -> str | None:
    """`6 seconds`, `6sec`, `1m30s` as the language writes them."""
    units = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|milli|[hms])[a-z]*", text.lower())
    left = re.sub(r"(\d+(?:\.\d+)?)\s*(ms|milli|[hms])[a-z]*", "", text.lower())
    if not parts or left.strip(" ,and"):
        return None
    total = sum(float(number) * units["ms" if unit == "milli" else unit] for number, unit in parts)
    if len(parts) == 1:
        written = f"{parts[0][0]}{'ms' if parts[0][1] == 'milli' else parts[0][1]}"
    else:
        written = f"{total / 1_000:g}s" if total % 100 == 0 else f"{total:.0f}ms"
    try:
        parse_duration(written)
    except ValueError:
        return None
    return written


def _unknown_type(source: Source, path: Path, text: str) -> Diagnostic:
    meant = _FOREIGN_TYPES.get(text.lower()) or nearest(text, SCALAR_KINDS)
    return Diagnostic(
        code="TW103",
        message=f"{subject(path)}: `{text}` is not a type",
        span=source.span(path),
        label="unknown type",
        help=f"did you mean `{meant}`?" if meant else "",
        notes=(f"types: {', '.join(SCALAR_KINDS)}, list(T), [a, b]",),
        where=path,
    )


def _bad_id(source: Source, path: Path, text: str, *, is_key: bool) -> Diagnostic:
    span = source.key_span(path) if is_key else source.span(path)
    meant = _as_id(text)
    reserved = text in RESERVED_TARGETS
    if reserved:
        message = f"`{text}` cannot be a name: it is a target with a meaning of its own"
        help_ = "choose another name"
    else:
        message = f"`{text}` is not a valid name"
        help_ = f"call it `{meant}`" if meant else "begin it with a letter, and use no other signs"
    return Diagnostic(
        code="TW105",
        message=message,
        span=span,
        label="" if reserved else "lower-case letters, digits and `_`, beginning with a letter",
        help=help_,
        where=path,
        fix=Fix(f"call it `{meant}`", (Edit(span, meant),)) if meant and not reserved else None,
    )


def _as_id(text: str) -> str | None:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    return name if re.match(ID_PATTERN, name) else None


def _bad_event(source: Source, path: Path, text: str, *, is_key: bool) -> Diagnostic:
    meant = nearest(text, ("no_input", "no_match", "corrected", "error", "voicemail"))
    if meant is None and re.match(EVENT_PATTERN, text.lower().replace("-", "_")):
        meant = text.lower().replace("-", "_")
    return Diagnostic(
        code="TW105",
        message=f"`{text}` is not the name of an event",
        span=source.key_span(path) if is_key else source.span(path),
        help=f"did you mean `{meant}`?" if meant else "",
        notes=(
            "events look like `intent.NAME`, `timer.NAME`, `dtmf.1`, `error.timeout`, `no_input`",
        ),
        where=path,
    )


def _bad_target(source: Source, path: Path, text: str) -> Diagnostic:
    names = [str(where[-1]) for where, _ in states(source.data)]
    meant = nearest(text, RESERVED_TARGETS) if text.upper() in RESERVED_TARGETS else None
    # A state whose own name is refused is told what to be called.
    known = {_as_id(name) or name for name in names}
    meant = meant or nearest(_as_id(text) or text, known)
    return Diagnostic(
        code="TW105",
        message=f"`{text}` cannot be a target",
        span=source.span(path),
        label="not a state id",
        help=f"did you mean `{meant}`?" if meant else "",
        notes=(f"a target is a state id, a dotted path, or {listing(RESERVED_TARGETS)}",),
        where=path,
    )


_SCHEMES = ("python", "http", "mcp", "provider")
"""How `use` of a tool begins."""


def _bad_form(source: Source, path: Path, text: str, *, is_key: bool) -> Diagnostic:
    message, help_ = _form(path, text)
    return Diagnostic(
        code="TW103",
        message=message if is_key else f"{subject(path)}: {message}",
        span=source.key_span(path) if is_key else source.span(path),
        help=help_,
        where=path,
    )


def _form(path: Path, text: str) -> tuple[str, str]:
    """What is wrong with a text, and how it is written."""
    if path[-1] == "use":
        scheme, _, rest = text.rpartition(":")
        meant = nearest(scheme.strip(), _SCHEMES) if scheme else None
        use = f"{meant or 'python'}:{rest.strip() or 'package.module.function'}"
        return f"`{text}` does not say where the tool lives", f"write `{use}`"
    if path[-1] == "dtmf" or path[-3:-1] == ("dtmf", "values"):
        return f"`{text}` is no key of a telephone", "keys are 0 to 9, *, #, and A to D"
    if path[:1] == ("migrate",) and path[-1] == "from":
        return f"`{text}` names no versions", "write `<1.2`, `<=1.2`, or `1.2` alone"
    if path[:1] == ("migrate",):
        return f"`{text}` names nothing of a flow", "write `states.NAME` or `slots.NAME`"
    return f"`{text}` does not have the form it needs", ""


# --- choices, bounds, emptiness -------------------------------------------------------------------


def judge_choice(source: Source, path: Path, error: ValidationError) -> Iterator[Diagnostic]:
    """TW103, TW108: not one of the words that may stand here."""
    schema: Any = error.schema
    value = error.instance
    if path == ("turnwise",):
        yield judge_language_version(source, value)
        return
    if value is None:
        yield from judge_empty(source, path)
        return
    words = [str(word) for word in schema.get("enum", [schema.get("const")])]
    meant = nearest(value, words) if isinstance(value, str) else None
    span = source.span(path)
    yield Diagnostic(
        code="TW103",
        message=f"{subject(path)}: expected {listing(words)}, found {found(value)}",
        span=span,
        label=f"expected {listing(words)}",
        help=f"did you mean `{meant}`?" if meant else "",
        where=path,
        fix=Fix(f"write `{meant}`", (Edit(span, meant),)) if meant else None,
    )


def judge_language_version(source: Source, value: Any) -> Diagnostic:
    """TW108: another version of the language than this engine reads."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > LANGUAGE_VERSION:
        message = f"this file is written in version {value} of the flow language"
        help_ = "update Turnwise"
    else:
        message = f"`turnwise`: expected the number {LANGUAGE_VERSION}, found {found(value)}"
        help_ = f"write `turnwise: {LANGUAGE_VERSION}`"
    return Diagnostic(
        code="TW108",
        message=message,
        span=source.span(("turnwise",)),
        label=f"this engine reads version {LANGUAGE_VERSION}",
        help=help_,
        notes=("this is the version of the language; a flow's own version is `version:`",),
        where=("turnwise",),
    )


def judge_range(source: Source, path: Path, error: ValidationError) -> Iterator[Diagnostic]:
    """TW103: a number out of bounds, a value twice in a list."""
    if error.validator == "uniqueItems":
        message, wanted = f"{subject(path)}: a value stands twice", "each value once"
    else:
        bound = "at least" if error.validator == "minimum" else "at most"
        wanted = f"{bound} {error.validator_value}"
        message = f"{subject(path)}: expected {wanted}, found {error.instance}"
    yield Diagnostic(
        code="TW103", message=message, span=source.span(path), label=wanted, where=path
    )


def judge_empty(source: Source, path: Path) -> Iterator[Diagnostic]:
    """TW110: nothing stands where something is due."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    node = source.node(path)
    bare = node is None or node.start == node.end
    yield Diagnostic(
        code="TW110",
        message=f"{subject(path)} is empty",
        span=source.key_span(path) if bare else source.span(path),
        label="nothing stands behind it" if bare else "nothing in it",
        help=f"give `{key}` a value, or remove it" if key else "",
        where=path,
    )
