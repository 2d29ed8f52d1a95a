"""What a parser had read when it gave up: the brackets that are open, the last text, the line.

A parser's error says where it noticed. The tokens before that place say what the author was
writing: which bracket was never closed, and whether a quote swallowed a few lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.flow.diagnostics import Diagnostic, Related
from engine.flow.places import Places

_OPENING = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: a bracket, a comma, a text, the begin of a block."""

    kind: str
    """As the scanner calls it: `{`, `]`, `,`, `?`, `:`, `-`, `<scalar>`, `<block end>`."""
    start: int
    end: int
    quote: str = ""
    """The quote it stands in, if it is a text in quotes."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A place where the parser gave up, and what it had read."""

    places: Places
    at: int
    """The offset it complains about; the end of the text at most."""
    problem: str
    context: str
    """What it was reading."""
    opening: int | None
    """Where that began."""
    tokens: tuple[Token, ...]
    """All the scanner makes of the file, as far as it comes."""

    @property
    def text(self) -> str:
        """The file."""
        return self.places.text

    @property
    def line_start(self) -> int:
        """Where the line of the failure begins."""
        return line_start(self.text, self.at)

    @property
    def before(self) -> str:
        """What stands before the failure on its line."""
        return self.text[self.line_start : self.at]

    @property
    def at_end(self) -> bool:
        """Nothing but blanks follow."""
        return not self.text[self.at :].strip()

    def open_brackets(self) -> list[Token]:
        """The brackets that are open at the failure, outermost first."""
        return _open(token for token in self.tokens if token.start < self.at)

    def closes(self, opening: int) -> bool:
        """Whether the bracket at an offset is closed somewhere by its own kind."""
        following = [token for token in self.tokens if token.start >= opening]
        depth = 0
        for token in following:
            depth += (token.kind in _OPENING) - (token.kind in _OPENING.values())
            if depth == 0:
                return token.kind == _OPENING.get(following[0].kind)
        return False

    def last_text(self) -> Token | None:
        """The text the parser read last before it failed."""
        texts = (t for t in self.tokens if t.kind == "<scalar>" and t.start < self.at)
        return max(texts, key=lambda token: token.start, default=None)

    def long_quote(self) -> Token | None:
        """A quoted text that ends shortly before the failure, on a later line than it began."""
        last = self.last_text()
        if last is None or not last.quote or "\n" not in self.text[last.start : last.end]:
            return None
        return last if line_start(self.text, last.end) == self.line_start else None

    # --- findings ---------------------------------------------------------------------------------

    def finding(
        self,
        start: int,
        message: str,
        *,
        end: int | None = None,
        label: str = "",
        help: str = "",
        see: tuple[int, str] | None = None,
    ) -> Diagnostic:
        """A finding from `start` on; `see` is a second place with its label."""
        shown = visible(self.text, start)
        related: tuple[Related, ...] = ()
        if see is not None and see[0] != shown:
            place = visible(self.text, see[0])
            related = (Related(self.places.at(place, place + 1), see[1]),)
        return Diagnostic(
            code="TW001",
            message=message,
            span=self.places.at(shown, end if end is not None and end > shown else shown + 1),
            label=label,
            help=help,
            related=related,
        )

    def word(self, at: int) -> str:
        """The word or sign at an offset."""
        found = re.compile(r"[\w.-]+|[^\s]").match(self.text, at)
        return found.group() if found else ""

    def what_stands(self, at: int) -> str:
        """The same for a message."""
        if not self.text[at:].strip():
            return "the end of the file"
        word = self.word(at)
        return f"`{word}`" if word else "a line break"


def failure(error: YAMLError, places: Places) -> Failure:
    """Read an error of the parser, and the tokens of the text it is about."""
    size = len(places.text)
    at = min(_offset(getattr(error, "problem_mark", None), size), size)
    opened = getattr(error, "context_mark", None)
    return Failure(
        places=places,
        at=at,
        problem=str(getattr(error, "problem", None) or ""),
        context=str(getattr(error, "context", None) or ""),
        opening=_offset(opened, at) if opened is not None else None,
        tokens=_tokens(places.text),
    )


def _tokens(text: str) -> tuple[Token, ...]:
    found: list[Token] = []
    try:
        for token in YAML(typ="safe", pure=True).scan(text):
            style: Any = getattr(token, "style", None)
            quote = style if style in ("'", '"') else ""
            found.append(Token(token.id, token.start_mark.index, token.end_mark.index, quote))
    except (YAMLError, ValueError, OverflowError):
        pass  # this is how far it comes; the parser's own error is the one that is told
    return tuple(found)


def _open(tokens: Any) -> list[Token]:
    stack: list[Token] = []
    for token in tokens:
        if token.kind in _OPENING:
            stack.append(token)
        elif token.kind in _OPENING.values() and stack:
            stack.pop()
    return stack


def _offset(mark: Any, otherwise: int) -> int:
    return int(mark.index) if mark is not None else otherwise


def closing(bracket: str) -> str:
    """What closes a bracket."""
    return _OPENING[bracket]


def line_start(text: str, at: int) -> int:
    """Where the line of an offset begins."""
    return text.rfind("\n", 0, at) + 1


def visible(text: str, at: int) -> int:
    """The offset itself; at the end of the file, that of the last character that can be seen."""
    return at if at < len(text) else max(len(text.rstrip()) - 1, 0)


def quoted(text: str) -> str:
    """A text as the author may write it instead."""
    return '"' + text.strip().replace("\\", "\\\\").replace('"', '\\"') + '"'
