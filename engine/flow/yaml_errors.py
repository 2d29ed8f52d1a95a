"""Syntax errors in the author's words (TW001): what is wrong, where, and where it was opened."""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml.error import YAMLError
from ruamel.yaml.reader import ReaderError

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Related
from engine.flow.places import Places

_BRACES = re.compile(r"(?<=[:\-] )\{\{[^\n]*\}\}[^\n]*")


def explain_yaml_error(error: YAMLError, places: Places) -> Diagnostic:
    """Turn the parser's error into a finding."""
    if isinstance(error, ReaderError):
        return _unprintable(error, places)
    problem = str(getattr(error, "problem", None) or error)
    context = str(getattr(error, "context", None) or "")
    at = _offset(getattr(error, "problem_mark", None), len(places.text))
    opened = getattr(error, "context_mark", None)
    opening = _offset(opened, at) if opened is not None else None
    braces = _bare_braces(places, at)
    if braces is not None:
        return braces
    for known in (_unclosed, _collection, _character, _colon, _block):
        found = known(places, problem, context, at, opening)
        if found is not None:
            return found
    return _finding(places, at, problem, context, opening)


def explain_bad_escape(places: Places) -> Diagnostic:
    r"""`"\U00110000"`: the number of no character."""
    found = next(
        (
            match
            for match in re.finditer(r"\\U([0-9a-fA-F]{8})", places.text)
            if int(match.group(1), 16) > 0x10FFFF
        ),
        None,
    )
    if found is None:
        return _finding(places, 0, "this file cannot be read as YAML")
    start, end = found.span()
    return Diagnostic(
        code="TW001",
        message="this escape is no character",
        span=places.at(start, end),
        label="the largest is \\U0010FFFF",
        help="write the character itself; a backslash that means itself is written twice",
    )


def _offset(mark: Any, otherwise: int) -> int:
    return int(mark.index) if mark is not None else otherwise


def _finding(
    places: Places, at: int, message: str, opened: str = "", opening: int | None = None,
    label: str = "", help: str = "",
) -> Diagnostic:  # fmt: skip
    related: tuple[Related, ...] = ()
    if opening is not None and opened and opening != at:
        related = (Related(places.at(opening, opening + 1), opened),)
    at = _visible(places, at)
    return Diagnostic(
        code="TW001",
        message=message,
        span=places.at(at, at + 1),
        label=label,
        help=help,
        related=related,
    )


def _visible(places: Places, at: int) -> int:
    """At the end of the file, the last character that can be seen."""
    if at < len(places.text):
        return at
    return max(len(places.text.rstrip()) - 1, 0)


def _unprintable(error: ReaderError, places: Places) -> Diagnostic:
    found = re.search(
        "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", places.text
    )
    at = found.start() if found else 0
    code = ord(found.group()) if found else 0
    return _finding(
        places, at, f"the character U+{code:04X} may not stand in a YAML file",
        help="remove it, or write it as an escape in double quotes",
    )  # fmt: skip


def _bare_braces(places: Places, at: int) -> Diagnostic | None:
    """`say: {{ name }}, hello` breaks the parser behind the braces."""
    line_start = places.text.rfind("\n", 0, min(at, len(places.text))) + 1
    found = _BRACES.search(places.text, line_start)
    if found is None or not line_start <= found.start() <= at:
        return None
    if "\n" in places.text[line_start : found.start()]:
        return None
    raw = found.group().rstrip()
    quoted = '"' + raw.replace("\\", "\\\\").replace('"', '\\"') + '"'
    span = places.at(found.start(), found.start() + len(raw))
    return Diagnostic(
        code="TW004",
        message="text that begins with `{{` needs quotes: `{` begins a map in YAML",
        span=span,
        label="read as a map",
        help=f"put quotes around the whole text: {quoted}",
        fix=Fix("quote the text", (Edit(span, quoted),), safe=True),
    )


def _unclosed(
    places: Places, problem: str, context: str, at: int, opening: int | None
) -> Diagnostic | None:
    if "quoted scalar" not in context or opening is None:
        return None
    quote = places.text[opening : opening + 1]
    if "end of stream" in problem or "document separator" in problem:
        return _finding(
            places, opening, "this quote is never closed",
            label="the text begins here and runs to the end of the file",
            help=f"close it with `{quote}`; an apostrophe inside '...' is written twice",
        )  # fmt: skip
    return _finding(
        places, at, f"in a quoted text: {problem}", "the text begins here", opening,
        help="a backslash in \"...\" begins an escape; write `\\\\`, or use '...'",
    )  # fmt: skip


def _collection(
    places: Places, problem: str, context: str, at: int, opening: int | None
) -> Diagnostic | None:
    match = re.search(r"while parsing a flow (sequence|mapping)", context)
    if match is None or opening is None:
        return None
    bracket, closing = ("[", "]") if match.group(1) == "sequence" else ("{", "}")
    if "\n" in places.text[opening : _visible(places, at)]:
        return _finding(
            places,
            opening,
            f"this `{bracket}` is never closed",
            f"`{closing}` or `,` is due before this",
            _visible(places, at),
            help=f"close it with `{closing}`",
        )
    found = _what_stands(places, at)
    return _finding(
        places, at, f"expected `,` or `{closing}`, found {found}",
        f"`{bracket}` opened here", opening,
        help=f"close it with `{closing}`; text with `,` or `:` inside stands in quotes",
    )  # fmt: skip


def _character(
    places: Places, problem: str, context: str, at: int, opening: int | None
) -> Diagnostic | None:
    if "'\\t'" in problem or "tab" in problem.lower():
        return _finding(
            places, at, "a tab cannot indent YAML", label="a tab", help="indent with spaces"
        )
    match = re.search(r"found character '(.+)' that cannot start", problem)
    if match is not None:
        return _finding(
            places, at, f"a text cannot begin with {_quoted(match.group(1))}",
            help="put the text in quotes",
        )  # fmt: skip
    if "undefined alias" in problem or "anchor" in context or "alias" in context:
        return _finding(
            places, at, problem, context, opening,
            help="text that begins with `*` or `&` stands in quotes",
        )  # fmt: skip
    return None


def _colon(
    places: Places, problem: str, context: str, at: int, opening: int | None
) -> Diagnostic | None:
    if "mapping values are not allowed" in problem:
        line_start = places.text.rfind("\n", 0, at) + 1
        if ": " in places.text[line_start:at]:
            return _finding(
                places, at, "a second `: ` in one line", label="this one",
                help="text with `: ` inside stands in quotes",
            )  # fmt: skip
        bare = _key_without_colon(places, line_start)
        if bare is not None:
            return bare
        return _finding(
            places, at, "a key cannot stand here",
            help="check the indentation of this line and of the line before",
        )  # fmt: skip
    if "could not find expected ':'" in problem and opening is not None:
        return _finding(
            places, opening, "expected `: ` after this key", label="the key begins here",
            help="a key and its value are written `key: value`",
        )  # fmt: skip
    return None


def _key_without_colon(places: Places, line_start: int) -> Diagnostic | None:
    """`bye` alone on the line before a deeper one: its colon was forgotten."""
    before = places.text[:line_start].rstrip()
    start = before.rfind("\n") + 1
    word = re.fullmatch(r"\s*(?:- +)?([\w.-]+)", before[start:])
    if word is None:
        return None
    return _finding(
        places, len(before) - 1, f"expected `:` after the key `{word.group(1)}`",
        help=f"write `{word.group(1)}:`",
    )  # fmt: skip


def _block(
    places: Places, problem: str, context: str, at: int, opening: int | None
) -> Diagnostic | None:
    if "expected <block end>" not in problem:
        return None
    what = "list" if "collection" in context or "sequence" in context else "map"
    line_start = places.text.rfind("\n", 0, at) + 1
    before = places.text[line_start:at]
    if before.strip():
        if before.endswith("'") and places.text[at : at + 1].isalpha():
            return _finding(
                places,
                at - 1,
                "this apostrophe ends the quoted text",
                label="the text began with '",
                help="write it twice (''), or put the text in double quotes",
            )
        return _finding(
            places, at, f"{_what_stands(places, at)} behind a finished value",
            label="not part of the value before it",
            help="put the whole text in one pair of quotes",
        )  # fmt: skip
    help_ = f"indent it like the other lines of the {what}, or deeper to be part of one"
    if what == "list" and not places.text[at:].startswith("-"):
        help_ = "begin the item with `- `, or indent the line deeper to be part of the item above"
    return _finding(
        places, at, f"this line does not fit the {what} it stands in",
        f"the {what} begins here", opening, help=help_,
    )  # fmt: skip


def _what_stands(places: Places, at: int) -> str:
    if at >= len(places.text.rstrip()):
        return "the end of the file"
    word = re.match(r"[\w.-]+|\S", places.text[at : at + 30])
    return f"`{word.group()}`" if word else "a line break"


def _quoted(character: str) -> str:
    return "a backtick" if character == "`" else f"`{character}`"
