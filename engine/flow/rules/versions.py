"""A flow and an older version of it (TW904): what calls and callers of the old one rely on."""

from __future__ import annotations

from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic
from engine.flow.expression_types import infer
from engine.flow.expressions import parse_expression
from engine.flow.model import Flow, ValueType
from engine.flow.rules.book import Book
from engine.flow.rules.typing import all_states, flow_types


def breaking_changes(book: Book) -> Iterator[Diagnostic]:
    """States, slots, inputs and outputs that are gone or have another type (TW904)."""
    old = book.checked.catalogue.before.get(book.source.file)
    if old is None:
        return
    moved = {name for rule in book.flow.migrate or () for name in rule.rename}
    for name, _ in all_states(old.states):
        if name not in book.places and f"states.{name}" not in moved:
            yield _gone(book, "states", "state", name, "a call that was saved in it is lost")
    for name, slot in old.slots.items():
        if f"slots.{name}" in moved:
            continue
        declared = book.flow.slots.get(name)
        if declared is None:
            yield _gone(book, "slots", "slot", name, "its value in a saved call is lost")
        elif not _holds(declared.type, slot.type):
            yield _changed(book, ("slots", name), "slot", name, slot.type)
    yield from _outputs(book, old)
    yield from _inputs(book, old)


def _outputs(book: Book, old: Flow) -> Iterator[Diagnostic]:
    before = flow_types(old, {})
    for name, source in old.outputs.items():
        if name not in book.flow.outputs:
            yield _gone(book, "outputs", "output", name, "flows that call this one may read it")
            continue
        now, _ = parse_expression(book.flow.outputs[name])
        then, _ = parse_expression(source)
        if now is None or then is None or now == then:
            continue  # what it reads has changed, and is told
        kinds = infer(then, before)[0], infer(now, book.types)[0]
        if not _holds(kinds[0], kinds[1]):
            yield _changed(book, ("outputs", name), "output", name, kinds[0])


def _inputs(book: Book, old: Flow) -> Iterator[Diagnostic]:
    for name, variable in book.flow.inputs.items():
        before = old.inputs.get(name)
        if before is not None and not _holds(variable.type, before.type):
            yield _changed(book, ("inputs", name), "input", name, before.type)
        elif before is None and variable.default is None and not variable.type.optional:
            yield book.checked.find(
                "TW904", ("inputs", name), f"input `{name}` is new, and every caller must give it",
                span=book.checked.key(("inputs", name)),
                label="not in the older version",
                help="give it a `default`",
            )  # fmt: skip


def _holds(wide: ValueType, narrow: ValueType) -> bool:
    """Whether every value of the one is a value of the other."""
    if "any" in (wide.kind, narrow.kind):
        return True
    if wide.kind == narrow.kind == "enum":
        return set(narrow.values) <= set(wide.values)
    if wide.kind == narrow.kind == "list":
        return wide.item is None or narrow.item is None or _holds(wide.item, narrow.item)
    return wide.kind == narrow.kind or (wide.kind, narrow.kind) in (
        ("number", "integer"),
        ("text", "enum"),
    )


def _gone(book: Book, root: str, noun: str, name: str, why: str) -> Diagnostic:
    there = book.source.entry((root,)) is not None
    path = (root,) if there else ("flow",)
    near = book.checked.meant(name, getattr(book.flow, root, {}), book.checked.key(path))
    to = f"{root}.{near['fix'].edits[0].text}" if near else f"{root}.NEW"
    help_ = f"say what became of it: `migrate: [{{from: ..., rename: {{{root}.{name}: {to}}}}}]`"
    return book.checked.find(
        "TW904", path, f"{noun} `{name}` of the older version is gone",
        span=book.checked.key(path),
        label=why,
        help="keep it for those who call this flow" if root == "outputs" else help_,
    )  # fmt: skip


def _changed(
    book: Book, path: tuple[str, str], noun: str, name: str, before: ValueType
) -> Diagnostic:
    return book.checked.find(
        "TW904", path, f"{noun} `{name}` had another type: `{before}`",
        span=book.checked.key(path),
        label="values of the older version do not fit",
        help="give what has a new type a new name" if noun != "slot"
        else f"give it a new name, and say so: `rename: {{slots.{name}: slots.NEW}}`",
    )  # fmt: skip


PASSES = (breaking_changes,)
