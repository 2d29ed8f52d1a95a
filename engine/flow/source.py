"""A flow file as text, tree and data: every value knows where it stands.

`read_source` never fails: what is wrong with the text is in `Source.findings` (codes TW0xx), and
`Source.data` is what could be read, or None.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.error import YAMLError

from engine.flow.building import Builder
from engine.flow.composer import compose
from engine.flow.diagnostics import Diagnostic, Path, Span
from engine.flow.nodes import Entry, Node, TreeError
from engine.flow.yaml_errors import explain_bad_escape, explain_yaml_error

MAX_BYTES = 1_000_000
"""A flow file of a thousand states is a tenth of this."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(slots=True, eq=False)
class Source:
    """One file: its text, and the places of everything in it."""

    file: str
    """The name findings show: the path as the user gave it."""
    text: str
    root: Node | None = None
    data: Any = None
    """Plain Python data; maps keep the order of the file."""
    findings: tuple[Diagnostic, ...] = ()
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [0, *(match.end() for match in _LINE_BREAK.finditer(self.text))]

    # --- places -----------------------------------------------------------------------------------

    def at(self, start: int, end: int | None = None) -> Span:
        """The span between two offsets of the text, kept inside it."""
        size = len(self.text)
        start = min(max(start, 0), size)
        end = min(max(start, start + 1 if end is None else end), size)
        line, column = self._place(start)
        end_line, end_column = self._place(end)
        return Span(self.file, line, column, end_line, end_column)

    def span(self, path: Path) -> Span:
        """Where the value at `path` stands; the nearest value around it if there is none."""
        node = self._nearest(path)[0]
        return self.at(node.start, node.end) if node is not None else self.at(0)

    def key_span(self, path: Path) -> Span:
        """Where the key of the value at `path` stands; for a list item, the item itself."""
        entry = self.entry(path)
        return self.at(entry.key.start, entry.key.end) if entry is not None else self.span(path)

    def inside(self, path: Path, start: int, end: int) -> Span:
        """Where the characters `start` to `end` of the text value at `path` stand.

        Exact in plain, quoted and block scalars, folded ones included; where escapes make the
        text and the file differ beyond recognition, the whole value.
        """
        node, exact = self._nearest(path)
        if node is None or not exact or node.kind != "scalar":
            return self.span(path)
        offsets = self._align(node)
        if offsets is None or not 0 <= start <= end <= len(node.text):
            return self.span(path)
        first = offsets[start]
        last = offsets[end - 1] + 1 if end > start else first + 1
        return self.at(first, max(last, first + 1))

    def node(self, path: Path) -> Node | None:
        """The node at exactly this path."""
        node, exact = self._nearest(path)
        return node if exact else None

    def entry(self, path: Path) -> Entry | None:
        """The key and value at exactly this path; None for list items and the root."""
        if not path or isinstance(path[-1], int):
            return None
        owner = self.node(path[:-1])
        if owner is None:
            return None
        return next((entry for entry in owner.entries if entry.name == path[-1]), None)

    def line(self, number: int) -> str:
        """The text of a 1-based line, without its line break."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def cut(self, span: Span) -> str:
        """The text of a span."""
        start, end = self.offsets(span)
        return self.text[start:end]

    def offsets(self, span: Span) -> tuple[int, int]:
        """Where a span of this file begins and ends in the text."""
        start = self._starts[span.line - 1] + span.column - 1
        end = self._starts[span.end_line - 1] + span.end_column - 1
        return start, end

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _nearest(self, path: Path) -> tuple[Node | None, bool]:
        node = self.root
        for step in path:
            if node is None:
                return None, False
            inner = _child(node, step)
            if inner is None:
                return node, False
            node = inner
        return node, node is not None

    def _align(self, node: Node) -> list[int] | None:
        """For each character of the scalar's text, its offset in the file."""
        offsets: list[int] = []
        position = node.start + _opening(self.text[node.start : node.end], node)
        for character in node.text:
            while position < node.end and not _same(character, self.text[position]):
                position += 1
            if position >= node.end:
                break
            offsets.append(position)
            position += 1
        # The line break that ends a block scalar is not part of its span.
        missing = node.text[len(offsets) :]
        return None if missing.strip("\n") else offsets + [node.end - 1] * len(missing)


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(step, int):
        return node.items[step] if node.kind == "list" and 0 <= step < len(node.items) else None
    return next((entry.value for entry in node.entries if entry.name == step), None)


def _opening(raw: str, node: Node) -> int:
    """How many characters stand before the text: properties, a quote, a block's first line."""
    properties = re.match(r"([&!][^\s]*\s+)*", raw)
    skipped = properties.end() if properties else 0
    if node.style == "quoted":
        return skipped + 1
    if node.style == "block":
        first = _LINE_BREAK.search(raw)
        return first.end() if first else len(raw)
    return skipped


def _same(character: str, raw: str) -> bool:
    """A folded line break reads as a blank; a CR LF as a line break."""
    return character == raw or (character in " \n" and raw in "\r\n")


def read_source(text: str, file: str) -> Source:
    """Read a text. Never raises for what is in it."""
    text = text.removeprefix("\ufeff")
    source = Source(file, text)
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        source.findings = (_too_big(source),)
        return source
    try:
        source.root = compose(text)
    except TreeError as error:
        span = source.at(error.start, error.end)
        source.findings = (
            Diagnostic(
                code=error.code, message=error.message, span=span, label=error.label,
                help=error.help,
            ),
        )  # fmt: skip
    except YAMLError as error:
        source.findings = (explain_yaml_error(error, source),)
    except (ValueError, OverflowError):
        # What the parser lets through when an escape is larger than any character.
        source.findings = (explain_bad_escape(source),)
    else:
        _build(source)
    return source


def _build(source: Source) -> None:
    if source.root is None:
        message = "the file holds no flow"
        help_ = "a flow begins with `turnwise: 1`; `turnwise explain TW110` shows the smallest one"
        source.findings = (
            Diagnostic(code="TW110", message=message, span=source.at(0), help=help_),
        )
        return
    builder = Builder(source)
    source.data = builder.value(source.root, ())
    source.findings = tuple(builder.findings)


def _too_big(source: Source) -> Diagnostic:
    return Diagnostic(
        code="TW003",
        message=f"the file is larger than {MAX_BYTES:,} bytes",
        span=source.at(0),
        help="move parts of it into sub-flows: `flows: {NAME: ./FILE.yaml}`",
    )


def walk(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of the data with its path, outer before inner, in the order of the file."""
    yield path, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from walk(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from walk(value, (*path, index))
