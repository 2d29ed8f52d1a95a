"""Every name of a flow: where it is declared and where it is used, with exact places.

Read from the raw data and not from the models, so that it works while the file is being typed and
has errors. Used by editors (go to definition, references, rename).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from engine.flow.diagnostics import Path, Span
from engine.flow.expressions import NameUse, parse_expression
from engine.flow.outline import Map, action_maps, listed, maps, scopes, states
from engine.flow.rules.parts import SPECIAL
from engine.flow.source import Source, walk
from engine.flow.templates import parse_template

Kind: TypeAlias = Literal[
    "state", "slot", "variable", "input", "output", "intent", "tool", "timer", "flow"
]

DECLARED_IN: dict[str, Kind] = {
    "slots": "slot",
    "vars": "variable",
    "inputs": "input",
    "outputs": "output",
    "intents": "intent",
    "tools": "tool",
    "timers": "timer",
    "flows": "flow",
}
"""The map a name is declared in, and what it is then."""

ROOTS: dict[str, Kind] = {
    "slots": "slot",
    "vars": "variable",
    "inputs": "input",
    "results": "state",
}
"""The first word of a name in an expression, and what the second one names."""

_EVENTS: dict[str, Kind] = {
    "intent": "intent",
    "invalid": "slot",
    "timer": "timer",
    "tool": "tool",
}
_COMPUTED = ("when", "until", "check")
_COMPUTED_MAPS = ("args", "set", "outputs")
NAME = re.compile(r"[a-z][a-z0-9_]*")
"""What a declared name looks like."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USE = re.compile(r"(?<![\w.])(slots|vars|inputs|results)\.([A-Za-z_]\w*)")
_BRACES = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)
_MARK = re.compile(r"\{\s*([^{}]*?)\s*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A name at one place."""

    kind: Kind
    name: str
    span: Span
    """The characters of the name alone."""
    path: Path
    """Of the value it stands in, or whose key it is."""
    declares: bool = False


class Symbols:
    """All mentions of one file, and what the files it includes declare.

    Args:
        source: the file.
        beside: the fragments it includes.
    """

    def __init__(self, source: Source, beside: Sequence[Symbols] = ()) -> None:
        self.source = source
        self.beside = tuple(beside)
        found = _Reader(source).mentions() if isinstance(source.data, dict) else ()
        # Where escapes keep a name from standing in the file as it is, it cannot be pointed at.
        exact = {mention for mention in found if source.cut(mention.span) == mention.name}
        self.mentions = tuple(sorted(exact, key=lambda mention: mention.span))

    def at(self, line: int, column: int) -> Mention | None:
        """The name at a 1-based place; its end counts too, as editors put the cursor there."""
        for mention in self.mentions:
            span = mention.span
            if span.line == line and span.column <= column <= span.end_column:
                return mention
        return None

    def of(self, kind: Kind, name: str) -> tuple[Mention, ...]:
        """Every place of a name in this file."""
        return tuple(m for m in self.mentions if m.kind == kind and m.name == name)

    def declaration(self, kind: Kind, name: str) -> Mention | None:
        """Where a name is declared: in this file, or else in one beside it."""
        own = next((m for m in self.of(kind, name) if m.declares), None)
        others = (other.declaration(kind, name) for other in self.beside)
        return own or next((found for found in others if found is not None), None)

    def names(self, kind: Kind) -> tuple[str, ...]:
        """All declared names of a kind, in the order of the file."""
        own = [m.name for m in self.mentions if m.kind == kind and m.declares]
        more = [name for other in self.beside for name in other.names(kind)]
        return tuple(dict.fromkeys(own + more))

    def sources(self) -> Iterator[Source]:
        """This file, and those beside it."""
        yield self.source
        for other in self.beside:
            yield from other.sources()

    def value(self, mention: Mention) -> Any:
        """The data behind a declaration."""
        value = next(s.data for s in self.sources() if s.file == mention.span.file)
        for step in mention.path:
            value = value[step]
        return value


@dataclass(slots=True)
class _Reader:
    source: Source

    @property
    def data(self) -> Map:
        data = self.source.data
        assert isinstance(data, dict)
        return data

    def mentions(self) -> Iterator[Mention]:
        yield from self._declarations()
        yield from self._flow()
        for path, scope in scopes(self.data):
            yield from self._scope(path, scope)
        for path, action in self._actions():
            yield from self._targets(path, action)
            yield from self._assigned(path, action)
        yield from self._texts()
        yield from self._tests()

    def _actions(self) -> Iterator[tuple[Path, Map]]:
        for path, scope in scopes(self.data):
            yield from action_maps(path, scope)

    # --- declarations -----------------------------------------------------------------------------

    def _declarations(self) -> Iterator[Mention]:
        for path, scope in scopes(self.data):
            for key, kind in DECLARED_IN.items():
                if isinstance(scope.get(key), dict) and (not path or key == "timers"):
                    yield from self._keys(kind, (*path, key), scope[key], declares=True)
        for path, _ in states(self.data):
            yield from self._key("state", path, declares=True)

    def _flow(self) -> Iterator[Mention]:
        for name, slot in maps(self.data.get("slots")):
            yield from self._items("slot", ("slots", name, "resets"), slot.get("resets"))
        phrases = self.data.get("phrases")
        for index, phrase in enumerate(phrases if isinstance(phrases, list) else ()):
            for mark in _MARK.finditer(phrase) if isinstance(phrase, str) else ():
                yield self._inside("slot", ("phrases", index), mark[1], mark.start(1))

    # --- states and handlers ----------------------------------------------------------------------

    def _scope(self, path: Path, scope: Map) -> Iterator[Mention]:
        yield from self._target((*path, "start"), scope.get("start"))
        yield from self._target((*path, "then"), scope.get("then"))
        if path:
            yield from self._items("slot", (*path, "collect"), scope.get("collect"))
            yield from self._items("slot", (*path, "fills"), scope.get("fills"))
            yield from self._value("tool", (*path, "run"), scope.get("run"))
            yield from self._value("flow", (*path, "call"), scope.get("call"))
            if "converse" in scope:
                yield from self._items("tool", (*path, "tools"), scope.get("tools"))
                yield from self._items("intent", (*path, "intents"), scope.get("intents"))
        handle = scope.get("handle")
        for event, reaction in handle.items() if isinstance(handle, dict) else ():
            yield from self._event((*path, "handle", event), event)
            yield from self._target((*path, "handle", event), reaction)

    def _event(self, path: Path, event: str) -> Iterator[Mention]:
        first, _, name = event.partition(".")
        if first in _EVENTS and name:
            yield from self._key(_EVENTS[first], path, name, len(first) + 1)

    def _targets(self, path: Path, action: Map) -> Iterator[Mention]:
        yield from self._target((*path, "to"), action.get("to"))
        yield from self._value("flow", (*path, "call"), action.get("call"))

    def _target(self, path: Path, written: Any) -> Iterator[Mention]:
        """A state, or a dotted way to it: each part names a group or a state."""
        if not isinstance(written, str) or written in SPECIAL:
            return
        for part in _WORD.finditer(written):
            yield self._inside("state", path, part[0], part.start())

    def _assigned(self, path: Path, action: Map) -> Iterator[Mention]:
        cleared = action.get("clear")
        for index, written in enumerate(cleared if isinstance(cleared, list) else ()):
            if isinstance(written, str):
                kind, name = self._assignable(written)
                where: Path = (*path, "clear", index)
                yield self._inside(kind, where, name, len(written) - len(name))
        given = action.get("set")
        for written in given if isinstance(given, dict) else ():
            kind, name = self._assignable(written)
            yield from self._key(kind, (*path, "set", written), name, len(written) - len(name))

    def _assignable(self, written: str) -> tuple[Kind, str]:
        root, _, name = written.rpartition(".")
        declared = self.data.get("vars")
        bare = "vars" if isinstance(declared, dict) and name in declared else "slots"
        return ROOTS.get(root or bare, "slot"), name

    # --- expressions and speech -------------------------------------------------------------------

    def _texts(self) -> Iterator[Mention]:
        for path, value in walk(self.data):
            if not isinstance(value, str) or not path:
                continue
            for use in names_in(path, value):
                if len(use.chain) > 1 and use.chain[0] in ROOTS:
                    yield from self._use(path, value, use)

    def _use(self, path: Path, text: str, use: NameUse) -> Iterator[Mention]:
        quoted = text[use.start : use.start + 1] in "\"'"
        words = list(_WORD.finditer(text, use.start, use.end))
        at = 0 if quoted else 1
        if len(words) > at and words[at][0] == use.chain[1]:
            yield self._inside(ROOTS[use.chain[0]], path, use.chain[1], words[at].start())

    # --- tests ------------------------------------------------------------------------------------

    def _tests(self) -> Iterator[Mention]:
        for name, test in maps(self.data.get("tests")):
            path: Path = ("tests", name)
            yield from self._keys("input", (*path, "inputs"), test.get("inputs"))
            tools = self.data.get("tools")
            for mocked in test["mock"] if isinstance(test.get("mock"), dict) else ():
                kind: Kind = "tool" if isinstance(tools, dict) and mocked in tools else "flow"
                yield from self._key(kind, (*path, "mock", mocked))
            for where, step in listed(test.get("talk"), (*path, "talk")):
                yield from self._step(where, step)

    def _step(self, path: Path, step: Map) -> Iterator[Mention]:
        yield from self._target((*path, "at"), step.get("at"))
        yield from self._keys("tool", (*path, "called"), step.get("called"))
        yield from self._keys("slot", (*path, "slots"), step.get("slots"))
        emitted = step.get("emit")
        first, _, name = emitted.partition(".") if isinstance(emitted, str) else ("", "", "")
        if first in _EVENTS and name:
            yield self._inside(_EVENTS[first], (*path, "emit"), name, len(first) + 1)
        for where, reply in listed(step.get("model"), (*path, "model")):
            yield from self._keys("tool", (*where, "calls"), reply.get("calls"))
        heard = step.get("heard")
        if isinstance(heard, dict):
            yield from self._keys("slot", (*path, "heard", "slots"), heard.get("slots"))
            yield from self._value("intent", (*path, "heard", "intent"), heard.get("intent"))

    # --- places -----------------------------------------------------------------------------------

    def _keys(
        self, kind: Kind, path: Path, value: Any, *, declares: bool = False
    ) -> Iterator[Mention]:
        for name in value if isinstance(value, dict) else ():
            yield from self._key(kind, (*path, name), declares=declares)

    def _key(
        self, kind: Kind, path: Path, name: str = "", skip: int = 0, *, declares: bool = False
    ) -> Iterator[Mention]:
        """The key at `path`, or the part of it that begins `skip` characters in."""
        entry = self.source.entry(path)
        if entry is None or entry.merged or "\n" in entry.key.text:
            return
        start = entry.key.start + (entry.key.style == "quoted") + skip
        written = name or entry.name
        span = self.source.at(start, start + len(written))
        if self.source.cut(span) == written:
            yield Mention(kind=kind, name=written, span=span, path=path, declares=declares)

    def _items(self, kind: Kind, path: Path, value: Any) -> Iterator[Mention]:
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from self._value(kind, (*path, index), item)

    def _value(self, kind: Kind, path: Path, value: Any) -> Iterator[Mention]:
        if isinstance(value, str) and value:
            yield self._inside(kind, path, value, 0)

    def _inside(self, kind: Kind, path: Path, name: str, start: int) -> Mention:
        span = self.source.inside(path, start, start + len(name))
        return Mention(kind=kind, name=name, span=span, path=path)


def names_in(path: Path, text: str) -> tuple[NameUse, ...]:
    """The names a text of a flow reads, in speech or in an expression, by where it stands."""
    spoken = "{{" in text or "{%" in text
    return _speech_names(text) if spoken else _names(path, text)


def _names(path: Path, text: str) -> tuple[NameUse, ...]:
    key, owner = path[-1], path[-2] if len(path) > 1 else None
    if key not in _COMPUTED and owner not in _COMPUTED_MAPS:
        return ()
    expression, _ = parse_expression(text)
    return expression.names if expression is not None else _guessed(text, 0, len(text))


@functools.lru_cache(maxsize=4_096)
def _speech_names(text: str) -> tuple[NameUse, ...]:
    template, _ = parse_template(text)
    if template is not None:
        return template.names
    return tuple(use for part in _BRACES.finditer(text) for use in _guessed(text, *part.span()))


def _guessed(text: str, start: int, end: int) -> tuple[NameUse, ...]:
    """Names in a text that is not finished yet."""
    return tuple(
        NameUse((use[1], use[2]), use.start(), use.end()) for use in _USE.finditer(text, start, end)
    )
