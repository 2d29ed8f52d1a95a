"""Values at the border: typed Python values inside, JSON outside, and a shape that is checked.

Events, effects and the journal carry JSON: a date is "2026-05-02", a time "19:00", a length of time
"PT90S". What a tool or a calling flow hands in is untrusted: `from_json` types it or says what is
wrong. Snapshots use tagged JSON (`pack`), which comes back without knowing the declared type.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from engine.machine.compiled import SlotType

_DURATION = re.compile(r"PT(\d+(?:\.\d+)?)S")


class ShapeError(ValueError):
    """A value does not have the declared shape; the text says where and what was expected."""


def to_json(value: Any) -> Any:
    """Return a typed value as JSON-like data."""
    if value is None or isinstance(value, str | int | float):  # as it is for most values
        return value
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        return value.isoformat(timespec="minutes" if not value.second else "seconds")
    if isinstance(value, datetime.timedelta):
        return f"PT{value.total_seconds():g}S"
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    return value


def from_json(value: Any, type_: SlotType, where: str = "value") -> Any:
    """Return JSON-like data as a typed value.

    Args:
        value: untrusted data; typed values are accepted as they are.
        type_: the declared type.
        where: path for the message.

    Raises:
        ShapeError: the data does not have that shape.
    """
    if value is None:
        if type_.optional:
            return None
        raise ShapeError(f"{where} is missing, expected {type_.kind}")
    if type(value) is _AS_IT_IS.get(type_.kind):
        return value
    try:
        return _READERS[type_.kind](value, type_, where)
    except ShapeError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise ShapeError(f"{where} is {value!r}, expected {type_.kind}") from error


# --- one reader per kind; TypeError, ValueError, OverflowError for what it does not take ----------


def _text(value: Any, type_: SlotType, where: str) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _integer(value: Any, type_: SlotType, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise TypeError
    return int(value)


def _number(value: Any, type_: SlotType, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise TypeError
    return float(value)


def _boolean(value: Any, type_: SlotType, where: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _date(value: Any, type_: SlotType, where: str) -> datetime.date:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    return datetime.date.fromisoformat(_text(value, type_, where))


def _time(value: Any, type_: SlotType, where: str) -> datetime.time:
    if not isinstance(value, datetime.time):
        value = datetime.time.fromisoformat(_text(value, type_, where))
    plain: datetime.time = value.replace(second=0, microsecond=0, tzinfo=None)
    return plain


def _datetime(value: Any, type_: SlotType, where: str) -> datetime.datetime:
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime.fromisoformat(_text(value, type_, where))
    plain: datetime.datetime = value.replace(tzinfo=None)
    return plain


def _duration(value: Any, type_: SlotType, where: str) -> datetime.timedelta:
    if isinstance(value, datetime.timedelta):
        return value
    if isinstance(value, str):
        match = _DURATION.fullmatch(value)
        if match is None:
            raise ValueError
        return datetime.timedelta(seconds=float(match[1]))
    return datetime.timedelta(seconds=_number(value, type_, where))


def _enum(value: Any, type_: SlotType, where: str) -> str:
    if value not in type_.values:
        raise ShapeError(f"{where} is {value!r}, expected one of {', '.join(type_.values)}")
    return _text(value, type_, where)


def _list(value: Any, type_: SlotType, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError
    if type_.item is None:
        return list(value)
    return [from_json(item, type_.item, f"{where}[{n}]") for n, item in enumerate(value)]


def _map(value: Any, type_: SlotType, where: str) -> dict[str, Any]:
    """Type the declared fields; what is not declared is dropped, so a tool may grow."""
    if not isinstance(value, Mapping):
        raise TypeError
    if not type_.fields:
        return dict(value)
    return {
        name: from_json(value.get(name), field, f"{where}.{name}")
        for name, field in type_.fields.items()
    }


_AS_IT_IS: Mapping[str, type] = {"boolean": bool, "integer": int, "text": str}
"""Kinds whose values need no reader, where they have this very type."""

_READERS: dict[str, Callable[[Any, SlotType, str], Any]] = {
    "text": _text,
    "phone": _text,
    "email": _text,
    "digits": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "duration": _duration,
    "enum": _enum,
    "list": _list,
    "map": _map,
}

# --- snapshots -----------------------------------------------------------------------------------

_TAGS: tuple[tuple[str, type[datetime.date] | type[datetime.time], Callable[[str], Any]], ...] = (
    # datetime before date: every datetime is a date
    ("datetime", datetime.datetime, datetime.datetime.fromisoformat),
    ("date", datetime.date, datetime.date.fromisoformat),
    ("time", datetime.time, datetime.time.fromisoformat),
)


def pack(value: Any) -> Any:
    """Return a typed value as tagged JSON that `unpack` turns back."""
    if isinstance(value, datetime.timedelta):
        return {"$duration": value // datetime.timedelta(microseconds=1)}
    for tag, type_, _ in _TAGS:
        if isinstance(value, type_):
            return {f"${tag}": value.isoformat()}
    if isinstance(value, Mapping):
        return {"$map": [[key, pack(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [pack(item) for item in value]
    return value


def unpack(value: Any) -> Any:
    """Return the value that `pack` stored."""
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    ((tag, stored),) = value.items()
    if tag == "$map":
        return {key: unpack(item) for key, item in stored}
    if tag == "$duration":
        return datetime.timedelta(microseconds=stored)
    return {f"${name}": read for name, _, read in _TAGS}[tag](stored)
