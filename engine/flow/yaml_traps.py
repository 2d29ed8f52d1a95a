"""Scalars that other YAML readers read differently (TW005), and characters nobody sees (TW006)."""

from __future__ import annotations

import re

from engine.flow.diagnostics import Diagnostic, Edit, Fix
from engine.flow.nodes import Node
from engine.flow.places import Places

_BOOLEAN = re.compile(r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF")
_SEXAGESIMAL = re.compile(r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_UNDERSCORED = re.compile(r"[-+]?(0b[01_]+|[1-9][0-9]*(_[0-9]+)+)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_MAYBE_TRAP = re.compile(r"[-+0-9yYnNoO]")

_INVISIBLE = {
    "\u00a0": "a non-breaking space",
    "\u200b": "a zero-width space",
    "\u200c": "a zero-width non-joiner",
    "\u200d": "a zero-width joiner",
    "\u200e": "a left-to-right mark",
    "\u200f": "a right-to-left mark",
    "\u2060": "a word joiner",
    "\ufeff": "a byte order mark",
}
_SMART = {
    "\u2018": "a curly quote",
    "\u2019": "a curly quote",
    "\u201c": "a curly quote",
    "\u201d": "a curly quote",
}
_OVERRIDES = dict.fromkeys(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "a writing-direction control"
)

# Non-breaking spaces and joiners are good French, Persian and emoji inside speech.
_ODD_IN_TEXT = {"\u200b": _INVISIBLE["\u200b"], "\ufeff": _INVISIBLE["\ufeff"]} | _OVERRIDES
_ODD_IN_KEY = _INVISIBLE | _SMART | _OVERRIDES


def find_trap(node: Node, places: Places, *, is_key: bool) -> Diagnostic | None:
    """A plain scalar that a YAML 1.1 reader takes for something else."""
    if node.style != "plain" or node.tag:
        return None
    other = _other_reading(node)
    if other is None:
        return None
    span = places.at(node.start, node.end)
    quoted = f'"{node.text}"'
    what = "key" if is_key else "value"
    # A number is rarely meant as text: there the author has to choose.
    number = _OCTAL.fullmatch(node.text) or _UNDERSCORED.fullmatch(node.text)
    fix = None if number else Fix("quote it", (Edit(span, quoted),), safe=True)
    return Diagnostic(
        code="TW005",
        message=f"other YAML tools read this {what} differently",
        span=span,
        label=other,
        help=f"write {quoted}" + (" for text, or the plain number" if number else ""),
        fix=fix,
    )


def _other_reading(node: Node) -> str | None:
    text = node.text
    if node.in_flow and "?" in text:
        return "`?` inside `{}` or `[]` is a syntax error to some of them"
    if not _MAYBE_TRAP.match(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return f"text here, {'true' if text.lower() in ('yes', 'on') else 'false'} there"
    if _SEXAGESIMAL.fullmatch(text):
        return "text here, a number to base 60 there"
    if _OCTAL.fullmatch(text):
        return f"{int(text.replace('_', ''))} here, an octal number there"
    if _UNDERSCORED.fullmatch(text):
        return "text here, a number there"
    if _DATE.fullmatch(text):
        return "text here, a date object there"
    return None


def find_odd_characters(node: Node, places: Places, *, is_key: bool) -> Diagnostic | None:
    """The first character in a scalar that a reader of the file cannot see or would not expect."""
    if node.text.isascii():
        return None
    odd = _ODD_IN_KEY if is_key else _ODD_IN_TEXT
    raw = places.text[node.start : node.end]
    at = next((index for index, character in enumerate(raw) if character in odd), None)
    if at is None:
        return None
    start = node.start + at
    span = places.at(start, start + 1)
    where = "key" if is_key else "text"
    if raw[at] in _SMART:
        help_ = "use plain quotes, or none"
    else:
        help_ = "remove it" if is_key else "remove it, or write it as an escape in double quotes"
    return Diagnostic(
        code="TW006",
        message=f"{odd[raw[at]]} (U+{ord(raw[at]):04X}) in a {where}",
        span=span,
        label="not what it looks like",
        help=help_,
        fix=Fix("remove the character", (Edit(span, ""),), safe=True),
    )
