"""Text that was given from outside, made such that it can be written down and sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

_HALF = re.compile("[\ud800-\udfff]")
"""What stands in a text for half a surrogate pair: whoever cut a JSON text in an emoji gives it."""

_NO_TEXT = frozenset({"int", "float", "bool", "Millis", "bool | None", "Millis | None"})
"""Types, as they are declared, of fields that cannot hold a text."""


def writable(text: str) -> str:
    """Return a text in which what is no character (half a surrogate pair) is a question mark.

    No file, no journal and no connection takes half a pair; everything else stays as it is.
    """
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def writable_record(record: T) -> T:
    """Return a record all texts of which can be written; nearly always this very one.

    Args:
        record: a dataclass with lists, maps and other dataclasses in it, as an event is.
    """
    kind: Any = type(record)
    for name in _with_text(kind):  # every event passes here
        value = getattr(record, name)
        if not (type(value) is str and value.isascii()) and _broken(value):
            return _mended_record(record)
    return record


def _mended_record(record: T) -> T:
    kind: Any = type(record)
    mended = {name: _mended(getattr(record, name)) for name in _with_text(kind)}
    return replace(record, **mended)  # type: ignore[type-var]


@cache
def _with_text(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.type not in _NO_TEXT)


def _broken(value: Any) -> bool:
    if isinstance(value, str):
        return not value.isascii() and _HALF.search(value) is not None
    if isinstance(value, Mapping):
        return any(_broken(key) or _broken(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(map(_broken, value))
    kind: Any = type(value)
    return is_dataclass(value) and any(_broken(getattr(value, n)) for n in _with_text(kind))


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, Mapping):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_mended, value))
    if is_dataclass(value) and not isinstance(value, type):
        return _mended_record(value)
    return value
