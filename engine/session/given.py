"""What a program gives a call, taken where it is given, or refused there.

It is journalled, and a replay reads it back by its declared type: here it gets that very type.
Refused is what no journal could hold, so that whoever wrote it sees the line that did.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, get_args

from engine.wording import writable


def text_of(value: Any, what: str) -> str:
    """Return a text that can be written down: half a surrogate pair becomes a question mark.

    Raises:
        ValueError: it is no text.
    """
    if not isinstance(value, str):
        raise ValueError(f"`{what}` must be a text, not {type(value).__name__} {value!r:.60}")
    return writable(str.__str__(value))


def words_of(value: Any, what: str) -> str:
    """Return a text without the blanks around it. Raises `ValueError` as `text_of`."""
    return text_of(value, what).strip()


def names_of(values: Iterable[Any] | None, what: str) -> tuple[str, ...] | None:
    """Return a list of names; None is none.

    Raises:
        ValueError: it is a single text, or one of them is no text.
    """
    if values is None:
        return None
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"`{what}` must be a list of names, not {values!r:.60}")
    return tuple(text_of(value, f"{what}[{n}]") for n, value in enumerate(values))


def truth_of(value: Any) -> bool | None:
    """Return True or False for what Python takes for that; None stays."""
    return None if value is None else bool(value)


def one_of(value: Any, kinds: Any, what: str) -> Any:
    """Return a value of a `Literal`.

    Raises:
        ValueError: it is none of them.
    """
    expected = get_args(kinds)
    if value not in expected:
        raise ValueError(f"`{what}` must be one of {', '.join(expected)}, not {value!r:.60}")
    return str(value)


def whole(value: Any, what: str) -> int:
    """Return a whole number. Raises `ValueError` when it is none."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"`{what}` must be a whole number, not {value!r:.60}")
    return int(value)


def instant(value: Any) -> str:
    """Return the wall time of a call's beginning. Raises `ValueError` when it is no ISO 8601."""
    text = text_of(value, "started_at")
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`started_at` must be a time in ISO 8601, not {text!r:.60}") from None
    return text
