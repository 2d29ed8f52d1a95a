"""`include`: fragments are read, each once, and told apart from flows.

Fragments may include others. The order is that of a reader: a fragment, then what it includes, then
the next one; what was included before is not included again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeAlias

from engine.flow.diagnostics import Diagnostic
from engine.flow.model import Fragment
from engine.flow.neighbours import locate, missing, shown_name
from engine.flow.outline import is_fragment
from engine.flow.reading import read_file
from engine.flow.source import Source, read_source

Judge: TypeAlias = Callable[[Source], tuple[Any, list[Diagnostic]]]
"""Reads a fragment: the model, or None, and what is wrong with it."""


@dataclass(slots=True)
class Included:
    """Everything a flow includes, in order."""

    sources: list[Source] = field(default_factory=list)
    fragments: list[Fragment] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether all of it could be read."""
        return not any(found.is_error for found in self.findings)


class Reader:
    """Reads the fragments of one flow.

    Args:
        root: the folder that may not be left.
        judge: reads one fragment.
    """

    def __init__(self, root: FilePath | None, judge: Judge) -> None:
        self._root = root
        self._judge = judge
        self._seen: set[FilePath] = set()
        self.included = Included()

    def read(
        self, source: Source, folder: FilePath | None, chain: tuple[FilePath, ...] = ()
    ) -> None:
        """Read what `source` includes, and what that includes."""
        written = source.data.get("include") if isinstance(source.data, dict) else None
        for index, name in enumerate(written if isinstance(written, list) else ()):
            if isinstance(name, str) and name.strip():
                self._one(source, index, name, folder, chain)

    def _one(
        self,
        source: Source,
        index: int,
        name: str,
        folder: FilePath | None,
        chain: tuple[FilePath, ...],
    ) -> None:
        where = ("include", index)
        path = locate(source, where, name, folder, self._root)
        if isinstance(path, Diagnostic):
            self.included.findings.append(path)
        elif path in chain:
            self.included.findings.append(_cycle(source, index, (*chain, path), path))
        elif path not in self._seen:
            self._seen.add(path)
            text, failure = read_file(path)
            if failure is not None:
                self.included.findings.append(missing(source, where, name, path))
                return
            inner = read_source(text, shown_name(source, name))
            self.included.sources.append(inner)
            if inner.data is not None and not is_fragment(inner.data):
                self.included.findings.append(_no_fragment(source, index, inner))
                return
            self._take(inner)
            self.read(inner, path.parent, (*chain, path))

    def _take(self, inner: Source) -> None:
        included = self.included
        fragment, findings = self._judge(inner)
        included.findings += findings
        if isinstance(fragment, Fragment):
            included.fragments.append(fragment)


def _no_fragment(source: Source, index: int, inner: Source) -> Diagnostic:
    where = ("include", index)
    flow = isinstance(inner.data, dict) and "flow" in inner.data
    return Diagnostic(
        code="TW207",
        message=f"`{inner.file}` is {'a flow' if flow else 'no fragment'}, and cannot be included",
        span=source.span(where),
        label="a fragment begins with `turnwise: 1` and `fragment: NAME`",
        help="name it in `flows` and `call` it" if flow else "",
        where=where,
    )


def _cycle(source: Source, index: int, chain: tuple[FilePath, ...], path: FilePath) -> Diagnostic:
    where = ("include", index)
    return Diagnostic(
        code="TW208",
        message="fragments include each other",
        span=source.span(where),
        label=f"leads back to `{path.name}`",
        help="remove one of the includes; what a fragment needs may stand in a third one",
        path=tuple(file.name for file in chain[chain.index(path) :]),
        where=where,
    )
