"""What the language server keeps of a file that is open in an editor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.flow.loader import LoadResult
from engine.flow.reading import read_file
from engine.flow.source import Source, read_source
from engine.flow.symbols import Symbols


@dataclass(slots=True)
class OpenDocument:
    """One open file: its text, what was found in it, the names that were last known."""

    uri: str
    source: Source
    symbols: Symbols
    result: LoadResult | None = None
    shown: tuple[str, ...] = ()
    """The files that show findings because of this one."""

    @property
    def files(self) -> list[Source]:
        """The files that names may be declared in: this one, and those it takes names from."""
        return list(self.symbols.sources())


def included(source: Source, *, of_tests: bool = True) -> Iterator[Symbols]:
    """The names a file takes from others, as far as these can be read.

    A flow takes those of the fragments it includes, a file of tests those of its flow. Fragments
    include nothing, and a file that names itself as its flow is not followed again.
    """
    data = source.data if isinstance(source.data, dict) else {}
    paths = data.get("include")
    for written in paths if isinstance(paths, list) else ():
        other = _read(source, str(written))
        if other is not None:
            yield Symbols(other)
    tested = data.get("flow")
    if of_tests and isinstance(tested, str) and tested.endswith((".yaml", ".yml")):
        other = _read(source, tested)
        if other is not None:
            yield Symbols(other, list(included(other, of_tests=False)))


def _read(source: Source, written: str) -> Source | None:
    path = Path(source.file).parent / written
    text, failure = read_file(path)
    return read_source(text, str(path.resolve())) if failure is None else None
