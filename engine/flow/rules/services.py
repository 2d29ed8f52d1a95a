"""Tools and sub-flows as used (TW601, TW605)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Path, Related, listing, nearest
from engine.flow.rules.book import Book
from engine.flow.rules.parts import FLOW


def wrong_arguments(book: Book) -> Iterator[Diagnostic]:
    """A tool gets the arguments it declares, a sub-flow the inputs it needs (TW601)."""
    for place in book.leaves:
        state = place.state
        if state.run is not None and state.run in book.flow.tools:
            declared = book.flow.tools[state.run].args
            needed = [name for name, kind in declared.items() if not kind.optional]
            related = (book.checked.see(("tools", state.run, "args"), "declared here"),)
            use = _Use("run", f"tool `{state.run}`", "argument", list(declared), needed, related)
            yield from _judge(book, place.path, state.args, use)
        elif state.call is not None:
            yield from _called(book, place.path, state.call, state.args)
    for way in book.ways:
        if way.transition.call is not None:
            yield from _called(book, way.path, way.transition.call, way.transition.args)


class _Use:
    """What is used at a place, and what it takes."""

    def __init__(
        self,
        key: str,
        what: str,
        noun: str,
        known: list[str],
        needed: list[str],
        related: tuple[Related, ...] = (),
    ) -> None:
        self.key = key
        self.what = what
        self.noun = noun
        self.known = known
        self.needed = needed
        self.related = related


def _called(book: Book, path: Path, name: str, args: Mapping[str, str]) -> Iterator[Diagnostic]:
    flow = book.checked.subflows.get(name)
    if flow is None:
        return
    needed = [
        key
        for key, variable in flow.inputs.items()
        if variable.default is None and not variable.type.optional
    ]
    use = _Use("call", f"sub-flow `{name}`", "input", list(flow.inputs), needed)
    yield from _judge(book, path, args, use)


def _judge(book: Book, path: Path, args: Mapping[str, str], use: _Use) -> Iterator[Diagnostic]:
    missing = [name for name in use.needed if name not in args]
    for name in args:
        if name in use.known:
            continue
        free = [known for known in use.known if known not in args]
        near = nearest(name, free)
        if near in missing:
            missing.remove(near)
        where = (*path, "args", name)
        span = book.checked.key(where)
        fix = Fix(f"write `{near}`", (Edit(span, near),)) if near is not None else None
        takes = (
            f"it takes {listing(use.known, join='and')}"
            if use.known
            else f"it takes no {use.noun}s"
        )
        yield book.checked.find(
            "TW601", where, f"{use.what} has no {use.noun} `{name}`",
            span=span,
            label="not declared",
            help=f"did you mean `{near}`?" if near is not None else "remove it",
            notes=(takes,),
            related=use.related,
            fix=fix,
        )  # fmt: skip
    if missing:
        names = listing(missing, join="and")
        many = "s" if len(missing) > 1 else ""
        example = ", ".join(f"{name}: ..." for name in missing)
        yield book.checked.find(
            "TW601", (*path, use.key), f"{use.what} is not given the {use.noun}{many} {names}",
            label=f"{'these are' if many else 'this one is'} missing",
            help=f"add to `args`: `{{{example}}}`",
            related=use.related,
        )  # fmt: skip


def retry_of_write(book: Book) -> Iterator[Diagnostic]:
    """What changes the world is not done twice by accident (TW605)."""
    for name, tool in book.flow.tools.items():
        if tool.retry is None or tool.effect != "write" or tool.idempotent:
            continue
        path: Path = ("tools", name, "retry")
        yield book.checked.find(
            "TW605", path, f"tool `{name}` changes the world, and would be called twice",
            span=book.checked.key(path),
            label="a call that seemed to fail may have worked",
            help="remove `retry`, or say `idempotent: true` if a second call does no harm",
            related=(book.checked.see(("tools", name, "effect"), "it changes the world"),),
        )  # fmt: skip


def unhandled_errors(book: Book) -> Iterator[Diagnostic]:
    """A tool can fail, and the flow says what happens then (TW604). One finding for all states."""
    places = []
    for place in book.leaves:
        scopes = [book.flow if name == FLOW else book.places[name].state for name in place.scopes]
        events = {event for scope in scopes for event in scope.handle}
        if place.state.run in book.flow.tools and not events & {"error", "error.tool"}:
            places.append(place)
    if not places or book.is_subflow:
        return
    first, *others = places
    same = listing([place.name for place in others], join="and")
    yield book.checked.find(
        "TW604", (*first.path, "run"), f"when `{first.state.run}` fails, the call ends",
        label="raises `error.tool` or `error.timeout` then, and nothing handles it",
        help="handle it for the whole flow: `handle: {error: {say: ..., to: STATE}}`",
        notes=(f"the same in: {same}",) if others else (),
    )  # fmt: skip


DEAD_AIR_MS = 2_000
"""Longer silence on the line makes callers ask whether somebody is there."""


def dead_air(book: Book) -> Iterator[Diagnostic]:
    """While a tool works, something is heard (TW606)."""
    told: set[str] = set()
    for place in book.leaves:
        name = place.state.run or ""
        tool = book.flow.tools.get(name)
        if tool is None or tool.filler is not None or place.state.say is not None:
            continue
        if tool.timeout <= DEAD_AIR_MS or name in told:
            continue
        told.add(name)
        yield book.checked.find(
            "TW606", (*place.path, "run"),
            f"while `{name}` works, the line may be silent for {tool.timeout / 1000:g} seconds",
            label="nothing is said meanwhile",
            help='add to the tool: `filler: {after: 800ms, say: ["One moment."]}`, '
            "or a shorter `timeout`",
            related=(book.checked.see(("tools", name), "declared here"),),
        )  # fmt: skip


PASSES = (wrong_arguments, retry_of_write, unhandled_errors, dead_air)
