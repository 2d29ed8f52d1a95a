"""Signs that a voice cannot say (TW507), and what to say instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from engine.flow.diagnostics import Diagnostic, Edit, Fix
from engine.flow.rules.book import Book
from engine.flow.rules.speech import BRACES, spoken_texts
from engine.flow.rules.texts import Text
from engine.flow.spoken import spoken


@dataclass(frozen=True, slots=True)
class _Sign:
    """Something that is written and not said."""

    pattern: re.Pattern[str]
    what: str
    help: str
    said: Callable[[re.Match[str]], str | None] = lambda _: None
    """What a voice can say in its place; None where only the author knows."""


def _inner(found: re.Match[str]) -> str:
    """The words between the marks."""
    return next((words for words in found.groups() if words is not None), "")


def _day(found: re.Match[str]) -> str | None:
    try:
        return spoken(date.fromisoformat(found[0]))
    except ValueError:
        return None  # a number that only looks like a day


_SIGNS = (
    _Sign(re.compile(r"\b(?:https?://|www\.)[^\s)]+"), "a web address",
          "say where to find it in words"),
    _Sign(re.compile(r"\*\*([^*]+)\*\*|__([^_]+)__|(?<!\w)\*(\w[^*\n]*)\*(?!\w)|`([^`\n]+)`"
                     r"|^()#{1,6} |^()[*-] (?=\S)|\[([^\]]+)\]\([^)]+\)", re.MULTILINE), "Markdown",
          "write plain text: a voice has no bold letters", _inner),
    _Sign(re.compile(r"\b\d{4}-\d{2}-\d{2}\b"), "a date as computers write it",
          "write it as it is said, or speak the slot with `| spoken`", _day),
    _Sign(re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]\ufe0f?"), "a picture", "remove it",
          lambda _: ""),
)  # fmt: skip
"""A link of Markdown is told as such: the longer match at a place counts."""


def unspeakable(book: Book) -> Iterator[Diagnostic]:
    """Every place in a line that a voice would stumble over."""
    for text in spoken_texts(book):
        plain = BRACES.sub(lambda found: " " * len(found[0]), text.source)
        matches = [(found, sign) for sign in _SIGNS for found in sign.pattern.finditer(plain)]
        end = 0
        for found, sign in sorted(matches, key=lambda one: (one[0].start(), -one[0].end())):
            if found.start() >= end:
                end = found.end()
                yield _told(book, text, found, sign)


def _told(book: Book, text: Text, found: re.Match[str], sign: _Sign) -> Diagnostic:
    span = book.source.inside(text.path, found.start(), found.end())
    said = sign.said(found)
    fix: Fix | None = None
    if said is not None and book.source.cut(span) == found[0]:
        start, end = book.source.offsets(span)
        # With a picture goes the blank before it.
        start -= not said and book.source.text[start - 1] == " "
        edit = Edit(book.source.at(start, end), said)
        fix = Fix(f"say `{said}`" if said else "remove it", (edit,))
    return book.checked.find(
        "TW507", text.path, f"{sign.what} cannot be spoken",
        span=span,
        label="in a line that is said",
        help=sign.help,
        fix=fix,
    )  # fmt: skip


PASSES = (unspeakable,)
