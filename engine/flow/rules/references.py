"""Names that are declared once and used elsewhere (TW201, TW202, TW204 to TW207).

Names inside expressions and speech are judged in `names.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.flow.diagnostics import Diagnostic, Path, listing, nearest
from engine.flow.rules.book import Book
from engine.flow.rules.parts import SPECIAL

BUILT_IN_INTENTS = ("repeat_please", "go_back", "off_topic")

EVENTS: Mapping[str, tuple[str, ...] | None] = {
    "agent": ("joined", "left"),
    "app": None,
    "call": ("joined", "left", "ended"),
    "corrected": (),
    "dtmf": tuple("0123456789*#ABCD"),
    "error": ("timeout", "tool", "llm", "stt", "tts", "transfer", "flow", "limit", "keys"),
    "no_input": (),
    "no_match": (),
    "voicemail": (),
}
"""First part of an event's name to what may follow; None: anything."""

_MARK = re.compile(r"\{\s*([^{}]*?)\s*\}")


# --- states --------------------------------------------------------------------------------------


def undefined_targets(book: Book) -> Iterator[Diagnostic]:
    """`to` and `start` name states that are there (TW201)."""
    yield from _start(book, ("start",), book.flow.start, "")
    for place in book.places.values():
        if place.state.start is not None:
            yield from _start(book, (*place.path, "start"), place.state.start, place.name)
    for way in book.ways:
        target = way.transition.to
        if target is not None and target not in SPECIAL and book.named(target) is None:
            yield _no_state(book, way.to_path, target, tuple(book.places), way.scope)


def _start(book: Book, path: Path, target: str, group: str) -> Iterator[Diagnostic]:
    inside = [p.name for p in book.places.values() if not group or group in p.groups]
    place = book.named(target)
    if target in SPECIAL:
        message = f"`start` names a state, and `{target}` is none"
        yield book.checked.find("TW201", path, message, help=f"states here: {_some(inside)}")
    elif place is None:
        yield _no_state(book, path, target, tuple(inside), group)
    elif place.name not in inside:
        message = f"`{target}` is not inside the group `{group}`, so the group cannot start there"
        yield book.checked.find(
            "TW201", path, message,
            help=f"states of this group: {_some(inside)}",
            related=(book.checked.see(place.path, "defined here"),),
        )  # fmt: skip


def _no_state(
    book: Book, path: Path, target: str, known: tuple[str, ...], scope: str
) -> Diagnostic:
    last = target.rpartition(".")[2]
    span = book.source.span(path)
    elsewhere = book.places.get(last)
    if elsewhere is not None:
        where = f"in `{'.'.join(elsewhere.groups)}`" if elsewhere.groups else "in no group"
        return book.checked.find(
            "TW201", path, f"no state `{target}`: `{last}` is {where}",
            label="this path leads nowhere",
            help=f"write `{last}`: ids are unique, so the path can be left out",
            related=(book.checked.see(elsewhere.path, "defined here"),),
        )  # fmt: skip
    notes = (f"states near here: {_some(_near(book, scope))}",)
    special = [target.upper()] if target.upper() in SPECIAL and path[-1] != "start" else []
    meant = book.checked.meant(target.upper(), special, span)
    meant = meant or book.checked.meant(last, known, span)
    return book.checked.find(
        "TW201", path, f"no state named `{target}`",
        label="not a state of this flow",
        notes=notes,
        **(meant or {"help": "add the state, or name another"}),
    )  # fmt: skip


def _near(book: Book, scope: str) -> list[str]:
    """The states around a place: those of the same group, as far as they are few."""
    place = book.places.get(scope)
    groups = place.groups if place is not None else ()
    same = [p.name for p in book.places.values() if p.groups == groups]
    if place is None or len(same) <= _SHOWN:
        return same
    at = max(0, min(same.index(place.name) - _SHOWN // 2, len(same) - _SHOWN))
    return same[at : at + _SHOWN]


_SHOWN = 8


# --- slots and variables -------------------------------------------------------------------------


def undefined_slots(book: Book) -> Iterator[Diagnostic]:
    """`collect`, `clear`, `set`, `resets` and `phrases` name slots that are there (TW202)."""
    for name, slot in book.flow.slots.items():
        for index, other in enumerate(slot.resets):
            yield from _slot(book, ("slots", name, "resets", index), other)
    for place in book.places.values():
        for key, names in (("collect", place.state.collect), ("fills", place.state.fills)):
            for index, name in enumerate(names or ()):
                yield from _slot(book, (*place.path, key, index), name)
    for path, action in book.actions:
        for index, written in enumerate(action.clear or ()):
            yield from _assignable(book, (*path, "clear", index), written, on_key=False)
        for written in action.set or {}:
            yield from _assignable(book, (*path, "set", written), written, on_key=True)
    for index, phrase in enumerate(book.flow.phrases):
        yield from _phrase(book, ("phrases", index), phrase)


def _slot(book: Book, path: Path, name: str) -> Iterator[Diagnostic]:
    if name not in book.flow.slots:
        yield _no_slot(book, path, name)


def _no_slot(book: Book, path: Path, name: str) -> Diagnostic:
    span = book.source.span(path)
    found = book.checked.meant(name, book.flow.slots, span)
    help_ = {"help": f"declare it: `slots: {{{name}: {{type: text, ask: ...}}}}`"}
    return book.checked.find(
        "TW202", path, f"no slot named `{name}`",
        label="not a slot of this flow",
        notes=_known(book, "slots"),
        **(found or help_),
    )  # fmt: skip


def _assignable(book: Book, path: Path, written: str, *, on_key: bool) -> Iterator[Diagnostic]:
    root, _, name = written.rpartition(".")
    flow = book.flow
    known = {"slots": {*flow.slots}, "vars": {*flow.vars}}.get(root, {*flow.slots, *flow.vars})
    if name in known:
        return
    other = "vars" if name in flow.vars else "slots" if name in flow.slots else ""
    span = book.checked.key(path) if on_key else book.source.span(path)
    near = nearest(name, known)
    if other:
        more = {"help": f"`{name}` is declared in `{other}`: write `{other}.{name}`"}
    elif near is not None:
        more = book.checked.meant(written, [f"{root}.{near}" if root else near], span)
    else:
        more = {"help": f"declare it in `{root or 'vars'}`"}
    noun = {"slots": "slot", "vars": "variable"}.get(root, "slot or variable")
    yield book.checked.find(
        "TW203" if root == "vars" else "TW202", path, f"no {noun} named `{name}`",
        span=span,
        label="declared nowhere",
        notes=() if other else _known(book, *([root] if root else ["slots", "vars"])),
        **more,
    )  # fmt: skip


def _phrase(book: Book, path: Path, phrase: str) -> Iterator[Diagnostic]:
    for mark in _MARK.finditer(phrase):
        name = mark.group(1)
        if name in book.flow.slots:
            continue
        span = book.source.inside(path, mark.start(1), mark.end(1))
        yield book.checked.find(
            "TW202", path, f"no slot named `{name}`",
            span=span,
            label="in a phrase, braces hold the name of a slot",
            notes=_known(book, "slots"),
            **book.checked.meant(name, book.flow.slots, span),
        )  # fmt: skip


# --- tools and sub-flows -------------------------------------------------------------------------


def undefined_tools(book: Book) -> Iterator[Diagnostic]:
    """`run` and `tools` name declared tools (TW204)."""
    for place in book.leaves:
        named: list[tuple[Path, str]] = [
            ((*place.path, "tools", index), name)
            for index, name in enumerate(place.state.tools or ())
        ]
        if place.state.run is not None:
            named.append(((*place.path, "run"), place.state.run))
        for path, name in named:
            if name in book.flow.tools:
                continue
            span = book.source.span(path)
            found = book.checked.meant(name, book.flow.tools, span)
            help_ = {"help": "declare it in `tools`, with where it lives and its arguments"}
            yield book.checked.find(
                "TW204", path, f"no tool named `{name}`",
                label="not a tool of this flow",
                notes=_known(book, "tools"),
                **(found or help_),
            )  # fmt: skip


def undefined_flows(book: Book) -> Iterator[Diagnostic]:
    """`call` names a declared sub-flow (TW207). That its file exists is the loader's to say."""
    calls = [((*p.path, "call"), p.state.call) for p in book.leaves if p.state.call is not None]
    calls += [(w.to_path, w.transition.call) for w in book.ways if w.transition.call is not None]
    for path, name in calls:
        if name not in book.flow.flows:
            span = book.source.span(path)
            found = book.checked.meant(name, book.flow.flows, span)
            help_ = {"help": f"declare it: `flows: {{{name}: ./{name}.yaml}}`"}
            yield book.checked.find(
                "TW207", path, f"no sub-flow named `{name}`",
                label="not declared in `flows`",
                notes=_known(book, "flows"),
                **(found or help_),
            )  # fmt: skip


# --- events --------------------------------------------------------------------------------------


def undefined_events(book: Book) -> Iterator[Diagnostic]:
    """`handle` and `emit` name events that can be (TW202, TW204, TW205, TW206)."""
    emitted = {action.emit for _, action in book.actions if action.emit is not None}
    for _, path, scope in book.scopes:
        for event in scope.handle:
            if event not in emitted:
                yield from _event(book, (*path, "handle", event), event, handled=True)
    for path, action in book.actions:
        if action.emit is not None and action.emit.partition(".")[0] in _DECLARED:
            yield from _event(book, (*path, "emit"), action.emit, handled=False)


def _intents(book: Book) -> set[str]:
    """Those of sub-flows too: what they leave unhandled comes here."""
    flows = (book.flow, *book.checked.subflows.values())
    return {*BUILT_IN_INTENTS, *(name for flow in flows for name in flow.intents)}


def _timers(book: Book) -> set[str]:
    inner = [name for flow in book.checked.subflows.values() for name in flow.timers]
    return {*inner, *(name for _, _, scope in book.scopes for name in scope.timers)}


_DECLARED: Mapping[str, tuple[str, str, Callable[[Book], set[str]]]] = {
    "intent": ("TW205", "intent", _intents),
    "invalid": ("TW202", "slot", lambda book: {*book.flow.slots}),
    "timer": ("TW206", "timer", _timers),
    "tool": ("TW204", "tool", lambda book: {*book.flow.tools}),
}
"""First part of an event to the code, what its second part names, and which there are."""


def _event(book: Book, path: Path, event: str, *, handled: bool) -> Iterator[Diagnostic]:
    first, dot, rest = event.partition(".")
    span = book.checked.key(path) if handled else book.source.span(path)
    if first in _DECLARED:
        code, noun, known = _DECLARED[first]
        names = known(book)
        if dot and rest not in names:
            found = book.checked.meant(event, [f"{first}.{name}" for name in sorted(names)], span)
            own = sorted(names - {*BUILT_IN_INTENTS}) if noun == "intent" else sorted(names)
            yield book.checked.find(
                code, path, f"no {noun} named `{rest}`",
                span=span,
                label=f"this event would come from {noun} `{rest}`",
                notes=(f"{noun}s of this flow: {_some(own) or 'none'}",),
                **(found or {"help": f"declare it: `{noun}s: {{{rest}: ...}}`"}),
            )  # fmt: skip
    elif first not in EVENTS:
        yield _no_event(book, path, event)
    else:
        follows = EVENTS[first]
        if dot and follows is not None and rest not in follows:
            yield _no_event(book, path, event)


def _no_event(book: Book, path: Path, event: str) -> Diagnostic:
    known = [*EVENTS, *_DECLARED]
    for first, follows in EVENTS.items():
        known += [f"{first}.{rest}" for rest in follows or ()]
    first = event.partition(".")[0]
    span = book.checked.key(path)
    found = book.checked.meant(event, known, span)
    near = nearest(first, _DECLARED) if "." in event else None
    if near is not None:
        found = book.checked.meant(event, [f"{near}.{event.partition('.')[2]}"], span)
    if first in EVENTS and EVENTS[first]:
        notes = (f"events of this kind: {_some([f'{first}.{r}' for r in EVENTS[first] or ()])}",)
    else:
        notes = ("events begin with: " + _some(sorted({*EVENTS, *_DECLARED}), 20),)
    help_ = {"help": "events of your own are called `app.NAME`"}
    return book.checked.find(
        "TW206", path, f"no event named `{event}`",
        span=span,
        label="nothing raises this",
        notes=notes,
        **(found or help_),
    )  # fmt: skip


# --- words ---------------------------------------------------------------------------------------


def _known(book: Book, *roots: str) -> tuple[str, ...]:
    words = {"slots": "slots", "vars": "variables", "tools": "tools", "flows": "sub-flows"}
    return tuple(
        f"{words[root]} of this flow: {_some(getattr(book.flow, root)) or 'none'}" for root in roots
    )


def _some(names: Iterable[str], limit: int = 8) -> str:
    return listing(names, limit, "and")


PASSES = (
    undefined_targets,
    undefined_slots,
    undefined_tools,
    undefined_events,
    undefined_flows,
)
