"""Tools and sub-flows as used (TW601, TW605)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Path, Related, listing, nearest
from engine.flow.rules.book import Book


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


PASSES = (wrong_arguments, retry_of_write)
