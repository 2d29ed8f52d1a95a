"""Brackets and quotes that do not fit (TW001): what was opened where, and what closes it."""

from __future__ import annotations

import re

from engine.flow.diagnostics import Diagnostic
from engine.flow.yaml_tokens import Failure, Token, closing

_ESCAPE_LENGTH = {"x": 2, "u": 4, "U": 8}


def quote_left_open(failed: Failure) -> Diagnostic | None:
    """`say: "Hello` runs to the end of the file."""
    if "quoted scalar" not in failed.context or failed.opening is None:
        return None
    ends = "end of stream" in failed.problem or "document separator" in failed.problem
    return _never_closed_quote(failed, failed.opening) if ends else _bad_escape(failed)


def _never_closed_quote(failed: Failure, opening: int) -> Diagnostic:
    quote = failed.text[opening]
    inside = "an apostrophe inside '...' is written twice"
    if quote == '"':
        inside = 'a `"` inside "..." is written `\\"`'
    return failed.finding(
        opening, "this quote is never closed",
        label="the text begins here and runs to the end of the file",
        help=f"close it with `{quote}`; {inside}",
    )  # fmt: skip


def _bad_escape(failed: Failure) -> Diagnostic:
    backslash = failed.text.rfind("\\", 0, failed.at)
    letter = failed.text[backslash + 1 : backslash + 2]
    length = _ESCAPE_LENGTH.get(letter)
    help_ = "a backslash that means itself is written twice: `\\\\`; in '...' it needs nothing"
    if length is None or "unknown escape" in failed.problem:
        return failed.finding(
            backslash, f"`\\{letter}` is no escape", end=backslash + 2,
            label='in "...", a backslash begins one', help=help_,
        )  # fmt: skip
    digits = re.compile(r"[0-9a-fA-F]*").match(failed.text, backslash + 2)
    end = digits.end() if digits else backslash + 2
    return failed.finding(
        backslash, f"`\\{letter}` takes {length} hexadecimal digits", end=end,
        label=f"found {end - backslash - 2}", help=help_,
    )  # fmt: skip


def swallowing_quote(failed: Failure) -> Diagnostic | None:
    """`{say: "hi}` closes at the next quote, lines below, and the error shows up there."""
    last = failed.long_quote()
    if last is None:
        return None
    quote = last.quote
    return failed.finding(
        last.start, "this quote is not closed on its line",
        label="the text begins here",
        help=f"close it with `{quote}` where the text ends",
        see=(last.end - 1, "and goes on to this quote"),
    )  # fmt: skip


def bracket_left_open(failed: Failure) -> Diagnostic | None:
    """`[a, b` and what follows; `{a: 1 b: 2}`; `[a}`."""
    brackets = failed.open_brackets()
    if not brackets:
        return None
    innermost = brackets[-1]
    if failed.at_end:
        return _never_closed(failed, innermost, len(failed.text), "the file ends here")
    word = failed.text[failed.at]
    if word in "]}" and word != closing(innermost.kind):
        return failed.finding(
            failed.at, f"`{word}` cannot close a `{innermost.kind}`",
            label=f"expected `{closing(innermost.kind)}`",
            help=f"close it with `{closing(innermost.kind)}`",
            see=(innermost.start, f"`{innermost.kind}` opened here"),
        )  # fmt: skip
    if word == ",":
        return failed.finding(
            failed.at, "nothing stands before this `,`",
            help="remove it",
            see=(innermost.start, f"`{innermost.kind}` opened here"),
        )  # fmt: skip
    return _comma_due(failed, innermost)


def _comma_due(failed: Failure, innermost: Token) -> Diagnostic:
    bracket, close = innermost.kind, closing(innermost.kind)
    same_line = "\n" not in failed.text[innermost.start : failed.at]
    if not same_line and not failed.closes(innermost.start):
        at = _line_break_after(failed, innermost)
        return _never_closed(failed, innermost, at, f"`{close}` or `,` is due before this")
    if failed.text[failed.at] == ":":
        help_ = "a text with `: ` inside stands in quotes; two entries have a `,` between them"
    else:
        help_ = "put a `,` between two entries, or quotes around the whole text"
    end = failed.at + len(failed.word(failed.at))
    return failed.finding(
        failed.at, f"expected `,` or `{close}`, found {failed.what_stands(failed.at)}", end=end,
        help=help_,
        see=(innermost.start, f"`{bracket}` opened here"),
    )  # fmt: skip


def _line_break_after(failed: Failure, innermost: Token) -> int:
    """The first thing on the line after the one where the bracket should have been closed."""
    last = failed.last_text()
    if last is None or last.start < innermost.start:
        return failed.at
    rest = failed.text[last.start : last.end]
    if "\n" not in rest:
        return failed.at
    start = last.start + rest.index("\n") + 1
    return start + len(failed.text[start:]) - len(failed.text[start:].lstrip())


def _never_closed(failed: Failure, bracket: Token, at: int, label: str) -> Diagnostic:
    close = closing(bracket.kind)
    return failed.finding(
        bracket.start, f"this `{bracket.kind}` is never closed",
        help=f"close it with `{close}`",
        see=(at, label),
    )  # fmt: skip


def closed_too_often(failed: Failure) -> Diagnostic | None:
    """`[a, b]]`, or text behind what is closed: `{say: hello}, then: bye`."""
    if not failed.before.strip() or failed.open_brackets() or failed.at_end:
        return None
    if not re.search("<block end>|<document start>", failed.problem):
        return None
    found = failed.text[failed.at]
    if found in "]}":
        return failed.finding(
            failed.at, f"this `{found}` closes nothing",
            label="all brackets are closed before it",
            help="remove it",
        )  # fmt: skip
    ended = failed.before.rstrip()[-1:]
    if ended == "'" and failed.text[failed.at].isalpha():
        return failed.finding(
            failed.at - 1, "this apostrophe ends the quoted text",
            label="the text began with '",
            help="write it twice (''), or put the text in double quotes",
        )  # fmt: skip
    end = failed.at + len(failed.word(failed.at))
    if ended in "]}":
        what = "map" if ended == "}" else "list"
        return failed.finding(
            failed.at, f"{failed.what_stands(failed.at)} behind a {what} that is closed", end=end,
            label=f"not part of the {what} before it",
            help=f"move it before the `{ended}`, or write the {what} on lines of its own",
        )  # fmt: skip
    return failed.finding(
        failed.at, f"{failed.what_stands(failed.at)} behind a finished value", end=end,
        label="not part of the value before it",
        help="put the whole text in one pair of quotes",
    )  # fmt: skip
