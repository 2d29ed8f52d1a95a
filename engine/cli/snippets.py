"""Source lines with marks under them, as compilers print them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from engine.flow.diagnostics import Diagnostic, Span
from engine.flow.source import Source

MAX_WIDTH = 160
"""Longer lines are shown around their mark only."""

_BEFORE = 40
"""Characters kept before the mark of a long line."""

_MIN_GUTTER = 3
"""Line numbers are at least this wide, so that findings of one file line up."""

Paint = Callable[[str, str], str]
"""(role, text) to text; roles: error, warning, info, place, related, strong."""


@dataclass(frozen=True, slots=True)
class _Mark:
    span: Span
    label: str
    primary: bool


def snippet(found: Diagnostic, sources: Mapping[str, Source], paint: Paint) -> Iterator[str]:
    """The `-->` line, the marked lines and the bar below them.

    Places in the same file stand in one block, others follow behind `:::`.
    """
    marks = [_Mark(found.span, found.label, True)]
    marks += [_Mark(related.span, related.label, False) for related in found.related]
    shown = [mark for mark in marks if mark.span.file in sources and _has_text(mark, sources)]
    widest = max((mark.span.line for mark in shown), default=0)
    gutter = max(_MIN_GUTTER, len(str(widest)))
    files = list(dict.fromkeys([found.span.file, *(mark.span.file for mark in shown)]))
    for file in files:
        own = [mark for mark in shown if mark.span.file == file]
        place = found.span if file == found.span.file else own[0].span
        arrow = "-->" if file == found.span.file else ":::"
        where = place_of(place, has_text=bool(own) or found.code != "TW000")
        yield f"{' ' * (gutter - 1)}{paint('place', arrow)} {where}"
        if own:
            yield from _block(own, sources[file], gutter, found.severity, paint)


def place_of(span: Span, *, has_text: bool = True) -> str:
    """FILE:LINE:COLUMN, or only the file when there is no text to point into."""
    return f"{visible(span.file)}:{span.line}:{span.column}" if has_text else visible(span.file)


def gutter_of(found: Diagnostic) -> int:
    """How wide the line numbers of a finding are; notes below it begin under the arrow."""
    lines = [found.span.line, *(related.span.line for related in found.related)]
    return max(_MIN_GUTTER, len(str(max(lines))))


def visible(text: str) -> str:
    """Text that can do nothing to a terminal: control characters are shown as their numbers."""
    return "".join(
        character if character == " " or character.isprintable() else _shown(character)
        for character in text
    )


def _shown(character: str) -> str:
    if character == "\t":
        return "→"
    return " " if character == "\u00a0" else f"<U+{ord(character):04X}>"


def _has_text(mark: _Mark, sources: Mapping[str, Source]) -> bool:
    return bool(sources[mark.span.file].text)


def _block(
    marks: list[_Mark], source: Source, gutter: int, severity: str, paint: Paint
) -> Iterator[str]:
    bar = f"{' ' * (gutter + 1)}{paint('place', '|')}"
    yield bar
    previous = 0
    for number in sorted({mark.span.line for mark in marks}):
        if previous and number > previous + 1:
            yield paint("place", "...")
        line = source.line(number)
        here = [mark for mark in marks if mark.span.line == number]
        first = min(mark.span.column for mark in here) - 1
        text, dropped = _window(line, first)
        label = f"{number:>{gutter}} {'|'}"
        yield f"{paint('place', label)} {visible(text)}".rstrip()
        for mark in sorted(here, key=lambda mark: not mark.primary):
            role = severity if mark.primary else "related"
            yield f"{bar} {_underline(mark, line, text, dropped, role, paint)}".rstrip()
        previous = number
    yield bar


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a line that is shown, and how many characters were dropped before it."""
    if len(line) <= MAX_WIDTH:
        return line, 0
    start = max(0, column - _BEFORE)
    text = line[start : start + MAX_WIDTH]
    if start > 0:
        text = "…" + text[1:]
    return (text + "…" if start + MAX_WIDTH < len(line) else text), start


def _underline(mark: _Mark, line: str, text: str, dropped: int, role: str, paint: Paint) -> str:
    start = min(mark.span.column - 1, len(line)) - dropped
    one_line = mark.span.end_line == mark.span.line
    end = (mark.span.end_column - 1 if one_line else len(line.rstrip())) - dropped
    end = min(max(end, start + 1), max(len(text), start + 1))
    sign = "^" if mark.primary else "-"
    run = sign * max(_width(text[start:end]), 1)
    label = f" {visible(mark.label)}" if mark.label else ""
    return f"{' ' * _width(text[:start])}{paint(role, run + label)}"


def _width(text: str) -> int:
    """Columns a terminal needs: wide characters take two, combining ones none."""
    columns = 0
    for character in text:
        if not character.isprintable():
            columns += len(_shown(character))
        elif unicodedata.combining(character):
            continue
        else:
            columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns
