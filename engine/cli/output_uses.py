"""Where callers of a flow read one of its outputs: after the call, and in mocks of tests."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from engine.flow.diagnostics import Path
from engine.flow.outline import listed, maps, states
from engine.flow.source import Source, walk
from engine.flow.symbols import Mention, names_in

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def output_uses(source: Source, called: Collection[str], name: str) -> Iterator[Mention]:
    """Find what means an output in a file that calls its flow.

    Args:
        source: the file.
        called: the names by which it calls the flow.
        name: the output.
    """
    if not isinstance(source.data, dict):
        return
    calling = {
        str(path[-1]): path for path, one in states(source.data) if one.get("call") in called
    }
    for path, value in walk(source.data):
        for use in names_in(path, value) if isinstance(value, str) and path else ():
            at = _read(use.chain, path, calling, name)
            words = list(_WORD.finditer(value, use.start, use.end))
            if at and len(words) > at and words[at][0] == name:
                start = words[at].start()
                span = source.inside(path, start, start + len(name))
                yield Mention(kind="output", name=name, span=span, path=path)
    yield from _mocked(source, called, name)


def _read(chain: tuple[str, ...], path: Path, calling: dict[str, Path], name: str) -> int:
    """Which word of a name in an expression is the output; 0: none."""
    if chain[0] == "results" and len(chain) > 2 and chain[1] in calling and chain[2] == name:
        return 2
    if chain[0] == "result" and len(chain) > 1 and chain[1] == name:
        then = any(path[: len(state) + 1] == (*state, "then") for state in calling.values())
        return 1 if then else 0
    return 0


def _mocked(source: Source, called: Collection[str], name: str) -> Iterator[Mention]:
    assert isinstance(source.data, dict)
    for test, written in maps(source.data.get("tests")):
        mocks = written.get("mock")
        mocked = {flow: mocks[flow] for flow in called if isinstance(mocks, dict) and flow in mocks}
        for flow, answers in mocked.items():
            for path, answer in listed(answers, ("tests", test, "mock", flow)):
                entry = source.entry((*path, name)) if name in answer else None
                if entry is not None and not entry.merged:
                    start = entry.key.start + (entry.key.style == "quoted")
                    span = source.at(start, start + len(name))
                    yield Mention(kind="output", name=name, span=span, path=(*path, name))
