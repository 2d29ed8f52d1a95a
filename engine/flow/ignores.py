"""`# turnwise: ignore[TW305] reason`: warnings an author has looked at and wants to keep.

Behind a key or an item it covers that key's whole block; on a line of its own, the key or item
that follows. Errors cannot be ignored, because a flow with errors does not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.flow.codes import CODES
from engine.flow.diagnostics import Diagnostic, Edit, Fix
from engine.flow.formatter import comments
from engine.flow.nodes import Node
from engine.flow.source import Source

_MARK = re.compile(r"#\s*turnwise:\s*ignore\b(?:\[(?P<codes>[^\]\n]*)\])?(?P<reason>[^\n]*)")


@dataclass(slots=True)
class Ignore:
    """One comment."""

    start: int
    """Offsets of the comment in the text."""
    end: int
    codes: tuple[str, ...]
    reason: str
    first: int
    """The lines it covers, 1-based, both inclusive."""
    last: int

    def covers(self, found: Diagnostic) -> bool:
        """Whether it is about this finding."""
        here = self.first <= found.span.line <= self.last
        return here and found.code in self.codes and not found.is_error


def sift(
    source: Source, findings: Iterable[Diagnostic], *, judged: bool
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The findings that stay, and those that are ignored.

    Args:
        source: the file they are about.
        findings: of this file; others are kept.
        judged: all rules have run, so that an ignore without a finding is one too many (TW905).
    """
    found = list(findings)
    # Reading comments takes as long as reading the file; most files hold none of these.
    ignores = list(read_ignores(source)) if _MARK.search(source.text) else []
    if not ignores:
        return found, []
    kept: list[Diagnostic] = []
    ignored: list[Diagnostic] = []
    used: set[tuple[int, str]] = set()
    for one in found:
        about = [i for i in ignores if one.span.file == source.file and i.covers(one)]
        (ignored if about else kept).append(one)
        used |= {(ignore.start, one.code) for ignore in about}
    if judged:
        kept += [unused for ignore in ignores for unused in _unused(source, ignore, used)]
    return kept, ignored


def read_ignores(source: Source) -> Iterator[Ignore]:
    """The ignores of a file that is YAML; none where it is not."""
    if source.root is None:
        return
    blocks = dict[int, int]()
    _measure(source, source.root, blocks, set())
    for start, end in comments(source.text):
        mark = _MARK.match(source.text, start, end)
        if mark is None:
            continue
        span = source.at(start, end)
        line = span.line
        if not source.line(line)[: span.column - 1].strip():
            line = next((after for after in sorted(blocks) if after > line), line)
        codes = tuple(re.findall(r"[^\s,]+", mark["codes"] or ""))
        yield Ignore(start, end, codes, mark["reason"].strip(), line, blocks.get(line, line))


def _measure(source: Source, node: Node, blocks: dict[int, int], seen: set[int]) -> None:
    """For each line on which a key or item begins, the last line of the largest of them."""
    if id(node) in seen:
        return
    seen.add(id(node))
    inner = [(item.start, item) for item in node.items]
    inner += [(entry.key.start, entry.value) for entry in node.entries if not entry.merged]
    for start, value in inner:
        first = source.at(start).line
        # The value of an alias stands elsewhere.
        last = source.at(max(value.end - 1, start)).line if value.start >= start else first
        blocks[first] = max(blocks.get(first, first), last)
        _measure(source, value, blocks, seen)


def _unused(source: Source, ignore: Ignore, used: set[tuple[int, str]]) -> Iterator[Diagnostic]:
    idle = [code for code in ignore.codes if (ignore.start, code) not in used]
    if ignore.codes and not idle:
        return
    span = source.at(ignore.start, ignore.end)
    fix = Fix("remove the comment", (_removal(source, ignore),), safe=True)
    if not ignore.codes:
        message, help_ = "this ignores nothing", "name the codes: `# turnwise: ignore[TW305] why`"
        fix = Fix(fix.title, fix.edits)
    elif len(idle) < len(ignore.codes):
        message = f"{_listed(idle)} is not found here"
        help_ = "remove it from the list"
        rest = ", ".join(code for code in ignore.codes if code not in idle)
        text = f"# turnwise: ignore[{rest}]" + (f" {ignore.reason}" if ignore.reason else "")
        fix = Fix("remove it from the list", (Edit(span, text),), safe=True)
    else:
        message = f"{_listed(idle)} is not found here"
        help_ = "remove the comment"
    yield Diagnostic(
        code="TW905", message=message, span=span, label="ignores nothing",
        help=help_, notes=tuple(_reasons(idle)), fix=fix,
    )  # fmt: skip


def _reasons(idle: list[str]) -> Iterator[str]:
    for code in idle:
        entry = CODES.get(code)
        if entry is None:
            yield f"there is no code {code}"
        elif entry.severity == "error":
            yield f"{code} is an error: a flow with errors does not run, so it cannot be ignored"


def _listed(codes: list[str]) -> str:
    return " or ".join(f"`{code}`" for code in codes)


def _removal(source: Source, ignore: Ignore) -> Edit:
    """Without the comment, and without the blanks or the line that only it needed."""
    start, end = ignore.start, ignore.end
    while start and source.text[start - 1] in " \t":
        start -= 1
    alone = start == 0 or source.text[start - 1] in "\r\n"
    if alone and end < len(source.text):
        end += 2 if source.text.startswith("\r\n", end) else 1
    elif alone and start:
        start -= 1
    return Edit(source.at(start, end), "")
