"""The journal of a call: JSON Lines, written as the call goes, read back as the same steps.

The first line is the header, every further line one step. A journal is complete up to the last
line that was flushed, so a crash loses at most the step in progress. Reading it back gives equal
step records: `decode(encode(step)) == step` for JSON-like payloads.
"""

from __future__ import annotations

import datetime
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, TextIO

from pydantic import TypeAdapter, ValidationError

from engine import effects
from engine.core.step import Deadline, Move, Note, States, Step
from engine.effects import Effect
from engine.errors import JournalError
from engine.events import EVENT_TYPES, Event, Millis
from engine.requests import REQUEST_TYPES

FORMAT = 1
"""Version of this format; a reader refuses any other."""

EFFECT_TYPES: dict[str, type[Effect]] = {
    name: value
    for name, value in sorted(vars(effects).items())
    if isinstance(value, type) and issubclass(value, Effect) and value is not Effect
}
"""Every concrete effect by name."""

CAUSES: dict[str, type[Event]] = EVENT_TYPES | REQUEST_TYPES
"""Every concrete event by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a journal belongs to."""

    flow: str
    version: str
    fingerprint: str
    """Of the compiled flow; a replay on another one is refused."""
    started_at: str
    """Wall time of instant 0, ISO 8601 with offset."""
    seed: int
    turnwise: str
    """Version of Turnwise that wrote it."""
    journal: int = FORMAT
    source: str = ""
    """Path of the flow file, as whoever started the call named it; a hint for a replay."""
    recording: Millis | None = None
    """Instant of the first sample of the recording beside the journal; negative: it began first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One step of a journal, and the very text it was written as."""

    line: int
    """Number of its line, the header's being 1."""
    text: str
    step: Step


class JournalWriter:
    """Writes a journal line by line.

    Args:
        stream: a text stream; the caller owns it and closes it.
        header: the first line, written at once.
    """

    def __init__(self, stream: TextIO, header: Header) -> None:
        self._stream = stream
        self._write(asdict(header))

    def append(self, step: Step) -> None:
        """Write one step and flush it. Raises `OSError` when the disk does."""
        self._write(encode(step))

    def _write(self, record: Mapping[str, Any]) -> None:
        self._stream.write(line_of(record) + "\n")
        self._stream.flush()


def read(lines: Iterable[str]) -> tuple[Header, Iterator[Step]]:
    """Read a journal: its header, and its steps one by one.

    Raises:
        JournalError: a line is not what a journal of this format holds; names the line.
    """
    header, found = entries(lines)
    return header, (entry.step for entry in found)


def entries(lines: Iterable[str]) -> tuple[Header, Iterator[Entry]]:
    """Read a journal: its header, and its steps one by one, each with its line.

    Raises:
        JournalError: as `read`.
    """
    numbered = ((n, text.rstrip("\n")) for n, text in enumerate(lines, 1) if text.strip())
    first = next(numbered, None)
    if first is None:
        raise JournalError("the journal is empty: nothing was recorded", 1)
    record = _parse(*first)
    if "journal" not in record:
        raise JournalError("this is no journal: the first line is not its header", first[0])
    if record["journal"] != FORMAT:
        raise JournalError(_other_format(record), first[0])
    return _build(Header, record, 1), (
        Entry(line=n, text=text, step=decode(_parse(n, text), n)) for n, text in numbered
    )


def _other_format(record: Mapping[str, Any]) -> str:
    return (
        f"this journal is of format {record['journal']}, written by Turnwise"
        f" {record.get('turnwise', '?')}; this version reads format {FORMAT}"
    )


def line_of(record: Mapping[str, Any]) -> str:
    """Return the one text a record is written as: equal records, equal bytes."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


# --- records -------------------------------------------------------------------------------------


def encode(step: Step) -> dict[str, Any]:
    """Return a step as JSON-like data."""
    cause = step.cause
    kind = "deadline" if isinstance(cause, Deadline) else "event"
    return {
        "seq": step.seq,
        "at": step.at,
        kind: _plain(cause) if isinstance(cause, Deadline) else _tagged(cause),
        "moves": _plain(step.moves),
        "notes": _plain(step.notes),
        "effects": [_tagged(effect) for effect in step.effects],
        "states": _plain(step.states),
    }


def decode(record: Mapping[str, Any], line: int = 0) -> Step:
    """Return the step that was encoded as `record`.

    Raises:
        JournalError: it is no step.
    """
    try:
        cause: Event | Deadline
        if "deadline" in record:
            cause = _build(Deadline, record["deadline"], line)
        else:
            cause = _untagged(CAUSES, record["event"], line)
        return Step(
            seq=_whole(record, "seq", line),
            at=_whole(record, "at", line),
            cause=cause,
            moves=tuple(_build(Move, move, line) for move in _list(record, "moves", line)),
            notes=tuple(_note(note, line) for note in _list(record, "notes", line)),
            effects=tuple(
                _untagged(EFFECT_TYPES, effect, line) for effect in _list(record, "effects", line)
            ),
            states=_build(States, record["states"], line),
        )
    except KeyError as error:
        raise JournalError(f"no step of a journal: {error} is missing", line) from error


def _whole(record: Mapping[str, Any], name: str, line: int) -> int:
    value = record[name]
    if type(value) is not int:
        raise JournalError(f"`{name}` of Step cannot be read: it is no whole number", line)
    return value


def _list(record: Mapping[str, Any], name: str, line: int) -> list[Any]:
    value = record[name]
    if not isinstance(value, list):
        raise JournalError(f"`{name}` of Step cannot be read: it is no list", line)
    return value


def _note(record: Mapping[str, Any], line: int) -> Note:
    note: Note = _build(Note, record, line)
    for name in ("turn", "utterance", "text"):
        needed = name in _TOLD.get(note.kind, ())
        if not isinstance(note.data.get(name, None if needed else ""), str):
            what = "cannot be read: it is no text" if name in note.data else "is missing"
            raise JournalError(f"`data.{name}` of the note `{note.kind}` {what}", line)
    return note


def _tagged(record: Event | Effect) -> dict[str, Any]:
    return {"type": type(record).__name__, **_plain(record)}


def _untagged(types: Mapping[str, type[Any]], record: Mapping[str, Any], line: int) -> Any:
    if not isinstance(record, dict):
        raise JournalError(f"{record!r:.60} is no event or effect", line)
    values = dict(record)
    name = values.pop("type", None)
    if not isinstance(name, str) or name not in types:
        near = difflib.get_close_matches(str(name), types, 1)
        advice = f"; did you mean {near[0]}?" if near else ""
        raise JournalError(f"{name!r} is no event or effect{advice}", line)
    return _build(types[name], values, line)


def _plain(value: Any) -> Any:
    """Return JSON-like data: dates as ISO text, lengths of time as seconds."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    raise TypeError(f"a {type(value).__name__} cannot be journalled")


def _build(cls: type[Any], record: Mapping[str, Any], line: int) -> Any:
    try:
        return _adapter(cls).validate_python(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        told = {"missing": "is missing", "unexpected_keyword_argument": "is none of its fields"}
        what = told.get(first["type"], f"cannot be read: {first['msg']}")
        raise JournalError(f"`{where}` of {cls.__name__} {what}", line) from error


_TOLD: Mapping[str, tuple[str, ...]] = {
    "turn": ("turn", "text"),
    "no_turn": ("turn",),
    "heard": ("utterance", "text"),
}
"""What those who show a call read of its notes."""

_NAMES = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "a truth value"}

_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(cls: type[Any]) -> TypeAdapter[Any]:
    """Build each type's validator once, when it is first read: a live call needs none."""
    if cls not in _ADAPTERS:
        _ADAPTERS[cls] = TypeAdapter(cls)
    return _ADAPTERS[cls]


def _parse(line: int, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text, parse_int=_number) if _LONG.search(text) else json.loads(text)
    except json.JSONDecodeError as error:
        what = f"{error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}"
        raise JournalError(f"this is no JSON: {what}", line) from error
    except (ValueError, RecursionError) as error:  # a number too long, brackets too deep
        raise JournalError(f"this JSON cannot be read: {error}", line) from error
    if not isinstance(record, dict):
        found = _NAMES.get(type(record), "a value")
        raise JournalError(f"every line of a journal is an object, and this is {found}", line)
    return record


_MOST_DIGITS = 300
_LONG = re.compile(rf"\d{{{_MOST_DIGITS + 1}}}")


def _number(digits: str) -> int:
    """Read a whole number no longer than a fraction can be: one divides and compares them."""
    if len(digits.lstrip("-")) > _MOST_DIGITS:
        raise ValueError(f"it holds a number of {len(digits)} digits")
    return int(digits)
