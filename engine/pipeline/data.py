"""What a program, a tool or a model gives, as the JSON-like data that events carry.

What enters a conversation is journalled, and lived once more from the journal: it must be the same
there. So it becomes text, numbers, truth values, lists and maps where it is given.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any

from pydantic import BaseModel

from engine.wording import writable

MOST_LEVELS = 100
"""So deep may lists and maps lie in each other; one that holds itself has no end."""

_MOST_BITS = 996
"""300 digits: a journal holds no longer number, for fractions end there."""


def plain(value: Any, where: str, level: int = 0) -> Any:
    """Return data as JSON-like data, a copy of it.

    Dates and times become ISO text, times to the minute; lengths of time seconds; dataclasses and
    pydantic models maps; sets sorted lists; numbers of numpy and torch plain ones. Half a surrogate
    pair in a text becomes a question mark.

    Args:
        value: what was given.
        where: what the message calls it.
        level: how many lists and maps it lies in.

    Raises:
        ValueError: it holds something that is no data; says which part, and why.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return writable(str.__str__(value))  # text that knows more than its letters loses that
    if isinstance(value, int | float):
        return _number(value, where)
    if isinstance(value, Mapping | BaseModel | list | tuple | set | frozenset) or _is_record(value):
        return _container(value, where, level + 1)
    return _scalar(value, where)


def plain_map(value: Any, where: str) -> dict[str, Any]:
    """Return a map as JSON-like data; none is an empty one.

    Args:
        value: a map, a dataclass or a pydantic model.
        where: what the message calls it.

    Raises:
        ValueError: it is no map, or holds something that is no data.
    """
    found = {} if value is None else plain(value, where)
    if not isinstance(found, dict):
        raise ValueError(f"`{where}` is {_kind(value)}, and must be a map")
    return found


def unboxed(value: Any) -> Any:
    """Return the plain value of what holds a single one, as numbers of numpy and torch do."""
    single = getattr(value, "ndim", None) == 0 and hasattr(value, "item")
    return value.item() if single else value


def _number(value: float, where: str) -> float:
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError(f"`{where}` is {float(value)}, a number JSON has no word for")
        return float(value)
    if value.bit_length() > _MOST_BITS:
        raise ValueError(f"`{where}` has too many digits to be written down")
    return int(value)


def _container(value: Any, where: str, level: int) -> Any:
    if level > MOST_LEVELS:
        raise ValueError(f"`{where[:60]}...` has more than {MOST_LEVELS} levels, or holds itself")
    if isinstance(value, set | frozenset):
        return _sorted([plain(item, f"{where}[...]", level) for item in value])
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{n}]", level) for n, item in enumerate(value)]
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="python")
    elif not isinstance(value, Mapping):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    named = {_name(key): item for key, item in value.items()}
    return {name: plain(item, f"{where}.{name}", level) for name, item in named.items()}


def _is_record(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _name(key: Any) -> str:
    return writable(str(key.value if isinstance(key, Enum) else key))


def _sorted(items: list[Any]) -> list[Any]:
    """Order what had no order: the same call must come out the same in every process."""
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=repr)


def _scalar(value: Any, where: str) -> Any:
    if isinstance(value, datetime.date):  # one with a time as well
        return value.isoformat()
    if isinstance(value, datetime.time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return _number(float(value), where)
    inner = unboxed(value)
    if isinstance(inner, bool | int | float | str):
        return plain(inner, where)
    raise ValueError(
        f"`{where}` is {_kind(value)}, which is no data: give text, numbers, truth values, dates,"
        " times, or lists and maps of them"
    )


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
