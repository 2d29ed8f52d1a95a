"""Names over the files of a project: which file declares one, and every place that means that one.

A flow sees its own names and those of the fragments it includes; a fragment sees those of the flows
that include it; a file of tests sees its flow and, behind that, the flows it calls. So a name is
looked for through the flows: a flow means the declaration that it finds first, and its fragments
and tests mean what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.cli.output_uses import output_uses
from engine.flow.outline import Map, action_maps, scopes
from engine.flow.source import Source
from engine.flow.symbols import Kind, Mention, Symbols

TESTS = ".tests"
"""`NAME.tests.yaml` are the tests of `NAME.yaml`."""

Read = Callable[[Path], Source | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A name: where it is declared, and where it is meant."""

    declared: Mention | None
    mentions: tuple[tuple[Source, Mention], ...]
    """The declaration among them."""
    flows: tuple[Path, ...]
    """The flows that mean this declaration."""
    doubt: str = ""
    """Why a place cannot be told: a fragment means another one in another flow."""


@dataclass(slots=True)
class _File:
    source: Source
    symbols: Symbols
    includes: list[Path] = field(default_factory=list)
    calls: dict[str, Path] = field(default_factory=dict)
    tests: Path | None = None
    """The flow this file tests."""
    flow: bool = False


class ProjectNames:
    """The flows, fragments and files of tests of a project, and who names whom.

    Args:
        paths: the files, absolute.
        read: gives the text of one as it is now; None: it is not ours, or cannot be read.
    """

    def __init__(self, paths: Iterator[Path], read: Read) -> None:
        self._files: dict[Path, _File] = {}
        for path in paths:
            source = read(path)
            if source is not None and isinstance(source.data, dict):
                self._files[path] = _linked(path, source, source.data)

    def declared(self, path: Path, kind: Kind, name: str) -> Path | None:
        """Return the file that declares what a file means by a name."""
        return next((p for p in self._sight(path) if self._declares(p, kind, name)), None)

    def find(self, path: Path, kind: Kind, name: str) -> Found:
        """Return every place that means what the file at `path` means by a name."""
        home = self.declared(path, kind, name)
        if home is None:
            own = self._mentions(path, kind, name)
            return Found(declared=None, mentions=tuple(own), flows=())
        flows = [f for f in self._flows() if self.declared(f, kind, name) == home]
        seen = dict.fromkeys([home, *flows])
        for flow in flows:
            seen |= dict.fromkeys(self._files[flow].includes)
        seen |= dict.fromkeys(
            p
            for p, file in self._files.items()
            if file.tests is not None and self.declared(p, kind, name) == home
        )
        places = [place for p in seen for place in self._mentions(p, kind, name)]
        places += self._in_callers(home, kind, name)
        if kind == "input":
            places += self._given(home, name)
        if kind == "output":
            places += self._read(home, name)
        unique = {(source.file, m.span): (source, m) for source, m in places}
        places = [unique[key] for key in sorted(unique)]
        declared = next(m for _, m in self._mentions(home, kind, name) if m.declares)
        return Found(
            declared=declared,
            mentions=tuple(places),
            flows=tuple(flows),
            doubt=self._doubt(home, [p for p in seen if p in self._files], kind, name),
        )

    def names(self, flow: Path, kind: Kind) -> set[str]:
        """Return the names of a kind that a flow sees."""
        seen = [self._files[p] for p in self._sight(flow) if p in self._files]
        return {m.name for f in seen for m in f.symbols.mentions if m.kind == kind and m.declares}

    def source(self, path: Path) -> Source | None:
        """Return a file as it was read."""
        file = self._files.get(path)
        return file.source if file is not None else None

    # --- who sees whom ---------------------------------------------------------------------------

    def _sight(self, path: Path) -> list[Path]:
        """The files in which names of this one may be declared, the nearest first."""
        file = self._files.get(path)
        if file is None:
            return []
        if file.tests is not None:
            return [path, *self._family(file.tests)]
        if file.flow:
            return [path, *file.includes]
        around = [f for f in self._flows() if path in self._files[f].includes]
        return [path, *dict.fromkeys(p for flow in around for p in self._sight(flow))]

    def _family(self, flow: Path) -> list[Path]:
        """A flow with its fragments, then the flows it calls with theirs."""
        found: dict[Path, None] = {}
        todo = [flow]
        while todo:
            path = todo.pop(0)
            if path in found or path not in self._files:
                continue
            found |= dict.fromkeys([path, *self._files[path].includes])
            todo += self._files[path].calls.values()
        return list(found)

    def _flows(self) -> list[Path]:
        return [path for path, file in self._files.items() if file.flow]

    def _declares(self, path: Path, kind: Kind, name: str) -> bool:
        return any(mention.declares for _, mention in self._mentions(path, kind, name))

    def _mentions(self, path: Path, kind: Kind, name: str) -> list[tuple[Source, Mention]]:
        file = self._files.get(path)
        return [] if file is None else [(file.source, m) for m in file.symbols.of(kind, name)]

    def _in_callers(self, home: Path, kind: Kind, name: str) -> Iterator[tuple[Source, Mention]]:
        """Tests inside a flow that calls this one: they name its states, slots and tools too."""
        for path in self._flows():
            if path != home and home in self._family(path) and not self.declared(path, kind, name):
                for source, mention in self._mentions(path, kind, name):
                    if mention.path[:1] == ("tests",):
                        yield source, mention

    def _given(self, flow: Path, name: str) -> Iterator[tuple[Source, Mention]]:
        """Where callers of a flow give an input: the keys of `args` beside `call`."""
        for file in self._files.values():
            for called, target in file.calls.items():
                if target == flow:
                    yield from _arguments(file.source, called, name)

    def _read(self, flow: Path, name: str) -> Iterator[tuple[Source, Mention]]:
        """Where callers of a flow, and their tests, read an output."""
        for file in self._files.values():
            tested = self._files.get(file.tests) if file.tests is not None else file
            calls = tested.calls.items() if tested is not None else ()
            called = [written for written, target in calls if target == flow]
            for mention in output_uses(file.source, called, name) if called else ():
                yield file.source, mention

    def _doubt(self, home: Path, seen: list[Path], kind: Kind, name: str) -> str:
        """Whether a fragment is also included where the name is another one."""
        for path in seen:
            file = self._files[path]
            if file.flow or file.tests is not None or not self._mentions(path, kind, name):
                continue
            for flow in self._flows():
                other = self.declared(flow, kind, name)
                if path in self._files[flow].includes and other != home:
                    where = "nothing" if other is None else f"the one of {other.name}"
                    return f"{path.name} is included by {flow.name} too, where it means {where}"
        return ""


def _linked(path: Path, source: Source, data: Map) -> _File:
    file = _File(source, Symbols(source))
    folder = path.parent
    included = data.get("include")
    for written in included if isinstance(included, list) else ():
        file.includes.append((folder / str(written)).resolve())
    called = data.get("flows")
    for name, written in called.items() if isinstance(called, dict) else ():
        file.calls[str(name)] = (folder / str(written)).resolve()
    if path.stem.endswith(TESTS):
        stem = path.stem.removesuffix(TESTS)
        written = data.get("flow") or f"{stem}{path.suffix}"
        file.tests = (folder / str(written)).resolve()
    file.flow = file.tests is None and "flow" in data
    return file


def _arguments(source: Source, called: str, name: str) -> Iterator[tuple[Source, Mention]]:
    assert isinstance(source.data, dict)
    for where, scope in scopes(source.data):
        for path, owner in [(where, scope), *action_maps(where, scope)]:
            args = owner.get("args")
            if owner.get("call") != called or not isinstance(args, dict) or name not in args:
                continue
            entry = source.entry((*path, "args", name))
            if entry is not None and not entry.merged:
                start = entry.key.start + (entry.key.style == "quoted")
                span = source.at(start, start + len(name))
                place = Mention(kind="input", name=name, span=span, path=(*path, "args", name))
                yield source, place
