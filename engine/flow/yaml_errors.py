"""Syntax errors in the author's words (TW001): what is wrong, where, and where it was opened.

The parser's words are those of the YAML specification, and its place is where it noticed. Here
every kind of error it knows is told as the slip that most probably led to it.
"""

from __future__ import annotations

import re

from ruamel.yaml.error import YAMLError
from ruamel.yaml.reader import ReaderError

from engine.flow.diagnostics import Diagnostic, Edit, Fix
from engine.flow.places import Places
from engine.flow.yaml_brackets import (
    bracket_left_open,
    closed_too_often,
    quote_left_open,
    swallowing_quote,
)
from engine.flow.yaml_tokens import Failure, failure, line_start, quoted

_BRACES = re.compile(r"(?<=[:\-] )\{\{[^\n]*\}\}[^\n]*")
_CONFLICT = re.compile(r"^(<{7} |={7}$|>{7} )[^\n]*", re.MULTILINE)
_CHARACTERS = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_BLANK = re.compile(r"\s*(?:- +)?([A-Za-z_][\w.-]*):(\S[^\n]*?)\s*")


def explain_yaml_error(error: YAMLError, places: Places) -> Diagnostic:
    """Turn the parser's error into a finding."""
    failed = failure(error, places)
    if isinstance(error, ReaderError):
        return _unprintable(failed)
    for known in (
        _conflict, _bare_braces, quote_left_open, swallowing_quote, _first_character,
        _block_text, _misplaced_dash, _key_in_text, _key_without_colon, bracket_left_open,
        closed_too_often, _wrong_indent, _document,
    ):  # fmt: skip
        found = known(failed)
        if found is not None:
            return found
    return _anything(failed)


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
    start, end = found.span() if found is not None else (0, 1)
    return Diagnostic(
        code="TW001",
        message="this escape is no character" if found else "this file cannot be read as YAML",
        span=places.at(start, end),
        label="the largest is \\U0010FFFF" if found else "",
        help="write the character itself; a backslash that means itself is written twice",
    )


def _unprintable(failed: Failure) -> Diagnostic:
    found = _CHARACTERS.search(failed.text)
    at = found.start() if found else 0
    code = ord(found.group()) if found else 0
    return failed.finding(
        at, f"the character U+{code:04X} may not stand in a YAML file",
        help="remove it, or write it as an escape in double quotes",
    )  # fmt: skip


def _conflict(failed: Failure) -> Diagnostic | None:
    """Two versions of a file, as version control leaves them."""
    found = _CONFLICT.search(failed.text)
    if found is None:
        return None
    return failed.finding(
        found.start(), "two versions of this file were not merged", end=found.end(),
        label="version control left this line",
        help="keep one of the two versions, and remove the lines of `<`, `=` and `>`",
    )  # fmt: skip


def _bare_braces(failed: Failure) -> Diagnostic | None:
    """`say: {{ name }}, hello` breaks the parser behind the braces."""
    start = failed.line_start
    found = _BRACES.search(failed.text, start)
    if found is None or found.start() > failed.at or "\n" in failed.text[start : found.start()]:
        return None
    raw = found.group().rstrip()
    span = failed.places.at(found.start(), found.start() + len(raw))
    return Diagnostic(
        code="TW004",
        message="text that begins with `{{` needs quotes: `{` begins a map in YAML",
        span=span,
        label="read as a map",
        help=f"put quotes around the whole text: {quoted(raw)}",
        fix=Fix("quote the text", (Edit(span, quoted(raw)),), safe=True),
    )


# --- characters -----------------------------------------------------------------------------------


def _first_character(failed: Failure) -> Diagnostic | None:
    """A text that begins with a sign of YAML."""
    at = failed.at
    if "cannot start any token" in failed.problem:
        if failed.text[at] == "\t":
            return failed.finding(
                at, "a tab cannot indent YAML", label="a tab", help="indent with spaces"
            )
    elif re.search("anchor|alias|a tag|undefined tag", f"{failed.context} {failed.problem}"):
        at = at if failed.opening is None else failed.opening
    else:
        return None
    sign = failed.text[at : at + 1]
    name = "a backtick" if sign == "`" else f"`{sign}`"
    rest = failed.text[at:].splitlines()[0]
    alone = not failed.open_brackets()
    return failed.finding(
        at, f"a text cannot begin with {name}",
        label=_MEANING.get(sign, "kept for later versions of YAML"),
        help="put the text in quotes" + (f": {quoted(rest)}" if alone else ""),
    )  # fmt: skip


_MEANING = {
    "*": "`*` repeats a value that `&` has named",
    "&": "`&` names a value to repeat it",
    "!": "`!` gives a value a type",
    "%": "`%` begins an instruction to the reader of the file",
}


def _block_text(failed: Failure) -> Diagnostic | None:
    """`say: | Hello`."""
    if "block scalar" not in f"{failed.context}":
        return None
    if failed.problem:
        sign = failed.text[failed.opening or 0]
        return failed.finding(
            failed.at, f"nothing but a comment may follow `{sign}` on its line",
            end=failed.at + len(failed.word(failed.at)),
            help="begin the text on the next line, indented deeper than the key",
            see=(failed.opening or 0, "the text is announced here"),
        )  # fmt: skip
    at = line_start(failed.text, failed.opening or 0)
    return failed.finding(
        failed.opening or at, "the text begins deeper than the blank lines before it allow",
        help="remove the blanks from the empty lines before the text",
    )  # fmt: skip


# --- lines ----------------------------------------------------------------------------------------


def _misplaced_dash(failed: Failure) -> Diagnostic | None:
    """`then: - bye`."""
    if "sequence entries are not allowed" in failed.problem:
        if failed.before.rstrip().endswith(":"):
            return failed.finding(
                failed.at, "a list cannot begin on the line of its key",
                help="begin it on the next line, or write it as `[A, B]`; "
                "a text that begins with `- ` stands in quotes",
            )  # fmt: skip
        return failed.finding(
            failed.at, "an item of a list cannot stand here",
            help="an item begins on a line of its own: `- ITEM`",
        )  # fmt: skip
    if "mapping keys are not allowed" in failed.problem:
        return failed.finding(
            failed.at,
            "`? ` cannot stand here",
            help="a text that begins with `? ` stands in quotes",
        )
    return None


def _key_in_text(failed: Failure) -> Diagnostic | None:
    """A `: ` where no key can be."""
    if "mapping values are not allowed" not in failed.problem:
        return None
    first = re.search(r": ", failed.before)
    if first is not None:
        end = failed.text.find("\n", failed.at)
        text = failed.text[failed.line_start + first.end() : end if end >= 0 else None]
        return failed.finding(
            failed.at, "a second `: ` in one line", label="this one",
            help=f"a text with `: ` inside stands in quotes: {quoted(text)}",
        )  # fmt: skip
    return _after_a_text(failed)


def _after_a_text(failed: Failure) -> Diagnostic:
    """The line would go on with the text of the line above, but looks like a key."""
    key = failed.before.strip().removeprefix("- ")
    at = failed.at - len(key)
    above = failed.text[: max(failed.line_start - 1, 0)].rstrip()
    start = line_start(above, len(above))
    no_blank = _NO_BLANK.fullmatch(above, start)
    if no_blank is not None:
        name, value = no_blank.groups()
        colon = no_blank.end(1)
        return failed.finding(
            colon, f"expected a blank after `{name}:`", label="without it, this is no key",
            help=f"write `{name}: {value}`",
        )  # fmt: skip
    bare = re.compile(r"\s*(?:- +)?([\w.-]+)").fullmatch(above, start)
    if bare is not None:
        return failed.finding(
            bare.end() - 1, f"expected `:` after the key `{bare.group(1)}`",
            help=f"write `{bare.group(1)}:`",
        )  # fmt: skip
    last = failed.last_text()
    indent = len(above[start:]) - len(above[start:].lstrip())
    return failed.finding(
        at, f"`{key}` is indented deeper than the line above, which has its value already",
        end=failed.at,
        label="so it goes on with that text, and is no key",
        help=f"indent it by {indent} like the line above, if it is a key of the same map",
        see=(last.start, "this text goes on") if last is not None and last.start < at else None,
    )  # fmt: skip


def _key_without_colon(failed: Failure) -> Diagnostic | None:
    if "could not find expected ':'" not in failed.problem or failed.opening is None:
        return None
    if failed.open_brackets():
        return None
    line = failed.text[failed.opening :].splitlines()[0].rstrip()
    return failed.finding(
        failed.opening, "expected `: ` after this key", end=failed.opening + len(line),
        label="a line of a map is `key: value`",
        help="write `KEY: VALUE`, or indent the line to continue the text above",
    )  # fmt: skip


def _wrong_indent(failed: Failure) -> Diagnostic | None:
    if "<block end>" not in failed.problem or failed.before.strip():
        return None
    what = "list" if "collection" in failed.context or "sequence" in failed.context else "map"
    opening = failed.opening or 0
    due, here = opening - line_start(failed.text, opening), len(failed.before)
    help_ = f"indent it by {due} like the other lines of the {what}"
    above = failed.text[: max(failed.line_start - 1, 0)].rstrip()
    inner = above[line_start(above, len(above)) :]
    inner_indent = len(inner) - len(inner.lstrip())
    if re.search(r"[:-] [|>][+-]?[1-9]?[+-]?$", inner):
        help_ = f"a text behind `|` or `>` is indented deeper than its key: by {inner_indent + 2}"
    elif inner_indent > here:
        help_ += f", or by {inner_indent} like the line above"
    if what == "list" and not failed.text[failed.at :].startswith("-"):
        help_ = "begin the item with `- `, or indent the line deeper to be part of the item above"
    return failed.finding(
        failed.at, f"this line does not fit the {what} it stands in",
        end=failed.at + len(failed.word(failed.at)),
        label=f"indented by {here}", help=help_, see=(opening, f"the {what} begins here"),
    )  # fmt: skip


def _document(failed: Failure) -> Diagnostic | None:
    """Something outside of the one document."""
    if "scanning a directive" in failed.context or "directive" in failed.problem or (
        "incompatible YAML" in failed.problem or "duplicate tag handle" in failed.problem
    ):  # fmt: skip
        return failed.finding(
            line_start(failed.text, failed.at), "a line that begins with `%` is no part of a flow",
            help="remove it; a text that begins with `%` stands in quotes",
        )  # fmt: skip
    if "document start" in failed.problem or "document end" in failed.problem:
        return failed.finding(
            failed.at, f"{failed.what_stands(failed.at)} stands outside of the flow",
            end=failed.at + len(failed.word(failed.at)),
            label="the flow is complete before it",
            help="one file is one flow: remove it, or indent it like the other keys",
        )  # fmt: skip
    return None


def _anything(failed: Failure) -> Diagnostic:
    """A value is due, and something else stands there; whatever else the parser may say."""
    what = failed.what_stands(failed.at)
    return failed.finding(
        failed.at, f"expected a value, found {what}",
        end=failed.at + len(failed.word(failed.at)),
        help="a text with signs of YAML (`,`, `:`, `[`, `{`, `?`) stands in quotes",
    )  # fmt: skip
