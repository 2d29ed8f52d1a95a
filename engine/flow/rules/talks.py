"""Names in the tests of a flow (TW901)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.flow.diagnostics import Diagnostic, Path, listing
from engine.flow.model import TalkStep
from engine.flow.model.tools import ModelReply
from engine.flow.rules.book import Book
from engine.flow.rules.references import BUILT_IN_INTENTS


def unknown_names(book: Book) -> Iterator[Diagnostic]:
    """`at`, `heard`, `called`, `mock` name what the flow has; transfers and models have no name."""
    flow = book.flow
    for name, test in flow.tests.items():
        path: Path = ("tests", name)
        for other in test.mock:
            known = [*flow.tools, *flow.flows, "transfer", "model"]
            yield from _judge(book, (*path, "mock", other), "tool or sub-flow", other, known)
        for other in test.inputs:
            yield from _judge(book, (*path, "inputs", other), "input", other, flow.inputs)
        for index, step in enumerate(test.talk):
            yield from _step(book, (*path, "talk", index), step)


def _step(book: Book, path: Path, step: TalkStep) -> Iterator[Diagnostic]:
    flow = book.flow
    if step.at is not None and book.named(step.at) is None and "." not in step.at:
        yield from _judge(book, (*path, "at"), "state", step.at, book.places, key=False)
    for name in step.slots or {}:
        yield from _judge(book, (*path, "slots", name), "slot", name, flow.slots)
    for name in step.called or {}:
        yield from _judge(book, (*path, "called", name), "tool", name, flow.tools)
    for place, reply in _replies(step):
        for name in reply.calls:
            yield from _judge(book, (*path, *place, "calls", name), "tool", name, flow.tools)
    if step.heard is not None:
        where: Path = (*path, "heard")
        for name in step.heard.slots:
            yield from _judge(book, (*where, "slots", name), "slot", name, flow.slots)
        if step.heard.intent is not None:
            known = [*flow.intents, *BUILT_IN_INTENTS]
            yield from _judge(
                book, (*where, "intent"), "intent", step.heard.intent, known, key=False
            )


def _replies(step: TalkStep) -> Iterator[tuple[Path, ModelReply]]:
    """The replies of a model that are more than a text."""
    if isinstance(step.model, ModelReply):
        yield ("model",), step.model
    elif isinstance(step.model, list):
        for number, reply in enumerate(step.model):
            if isinstance(reply, ModelReply):
                yield ("model", number), reply


def _judge(
    book: Book, path: Path, noun: str, name: str, known: Iterable[str], *, key: bool = True
) -> Iterator[Diagnostic]:
    names = list(known)
    if name in names:
        return
    span = book.checked.key(path) if key else book.source.span(path)
    yield book.checked.find(
        "TW901", path, f"this test names the {noun} `{name}`, and the flow has none",
        span=span,
        label="not in this flow",
        notes=(f"there are: {listing(names, join='and') or 'none'}",),
        **book.checked.meant(name, names, span),
    )  # fmt: skip


PASSES = (unknown_names,)
