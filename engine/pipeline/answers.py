"""What providers answer, made sure of where it enters the pipeline.

A provider is foreign code. What has the wrong type would break whatever reads it later: the
conversation, its journal, a replay. So a number of numpy or torch becomes a plain one here, and
what is unusable becomes the failure of that service, which the flow handles like any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any, TypeVar

from engine.pipeline.data import plain_map, unboxed
from providers.base import ReplyChunk, ReplyReport, ReplyText, ReplyToolCall, WordTiming
from providers.errors import ProviderAnswerError

T = TypeVar("T")

_TEXT = "the text of a reply"
_ROUNDING = 0.001
"""By so much a model's probability may miss 0 or 1."""


def text(value: Any, what: str) -> str:
    """Return a text. Raises `ProviderAnswerError`: it is none."""
    if not isinstance(value, str):
        raise _unusable(what, "a text", value)
    return value if type(value) is str else str.__str__(value)


def flag(value: Any, what: str) -> bool:
    """Return a truth value. Raises `ProviderAnswerError`: it is none."""
    if isinstance(value, bool):
        return value
    found = unboxed(value)
    if not isinstance(found, bool):
        raise _unusable(what, "True or False", value)
    return found


def number(value: Any, what: str) -> float:
    """Return a finite number, as a plain float. Raises `ProviderAnswerError`: it is none."""
    found = value if isinstance(value, Real) else unboxed(value)
    try:
        plain = float(found) if isinstance(found, Real) else math.nan
    except OverflowError:  # a whole number of 400 digits
        plain = math.inf
    if not math.isfinite(plain):
        raise _unusable(what, "a finite number", value)
    return plain


def probability(value: Any, what: str) -> float:
    """Return a number from 0 to 1. Raises `ProviderAnswerError`: it is none."""
    found = number(value, what)
    if not -_ROUNDING <= found <= 1 + _ROUNDING:
        raise _unusable(what, "a number from 0 to 1", value)
    return min(1.0, max(0.0, found))


def report(value: Any, what: str) -> dict[str, Any]:
    """Return a map of JSON-like data. Raises `ProviderAnswerError`: it is none."""
    if value is None:
        raise _unusable(what, "a map", value)
    try:
        return plain_map(value, what)
    except ValueError as error:
        raise ProviderAnswerError(str(error)) from error


def piece(chunk: Any) -> ReplyChunk:
    """Return a piece of a reply with plain values. Raises `ProviderAnswerError`: it is none."""
    if isinstance(chunk, ReplyText):
        # nearly every piece there is: a token of a text
        return chunk if type(chunk.text) is str else ReplyText(text=text(chunk.text, _TEXT))
    if isinstance(chunk, ReplyReport):
        return ReplyReport(report=report(chunk.report, "report"))
    call = one(chunk, ReplyToolCall, "a piece of a reply")
    return ReplyToolCall(
        id=text(call.id, "the id of a call"),
        name=text(call.name, "the name of a tool"),
        args=report(call.args, "args"),
    )


def each(values: Any, kind: type[T], what: str) -> tuple[T, ...]:
    """Return several things of one kind. Raises `ProviderAnswerError`: one is of another."""
    if not isinstance(values, Iterable):
        raise _unusable(what, f"a list of {kind.__name__}", values)
    return tuple([one(value, kind, what) for value in values])


def one(value: Any, kind: type[T], what: str) -> T:
    """Return a thing of this kind. Raises `ProviderAnswerError`: it is of another."""
    if not isinstance(value, kind):
        raise _unusable(what, f"of type {kind.__name__}", value)
    return value


def timings(values: Any, what: str) -> list[WordTiming]:
    """Return words with plain times. Raises `ProviderAnswerError`: they are none."""
    if type(values) is tuple and not values:  # what a voice tells that has none
        return []
    return [
        WordTiming(
            text=text(word.text, f"a word of {what}"),
            start=number(word.start, f"the start of a word of {what}"),
            end=number(word.end, f"the end of a word of {what}"),
        )
        for word in each(values, WordTiming, f"the words of {what}")
    ]


def _unusable(what: str, wanted: str, value: Any) -> ProviderAnswerError:
    number = value is None or isinstance(value, Real)
    found = repr(value)[:40] if number else f"of type {type(value).__name__}"
    return ProviderAnswerError(f"{what} must be {wanted}, and is {found}")
