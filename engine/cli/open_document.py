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
        """The files that names may be declared in: this one, and the fragments it includes."""
        return [self.symbols.source, *(other.source for other in self.symbols.beside)]


def included(source: Source) -> Iterator[Symbols]:
    """The names of the fragments a file includes, as far as they can be read."""
    paths = source.data.get("include") if isinstance(source.data, dict) else None
    for written in paths if isinstance(paths, list) else ():
        path = Path(source.file).parent / str(written)
        text, failure = read_file(path)
        if failure is None:
            yield Symbols(read_source(text, str(path.resolve())))
