"""Keys that fill slots, knowledge, and rules for older versions (TW201 to TW203, TW408, TW510)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.flow.diagnostics import Diagnostic, Path, listing
from engine.flow.model import Keypad, Slot
from engine.flow.rules.book import Book

_TYPED = ("digits", "integer", "number", "phone", "text", "time")
"""Kinds whose values can be typed digit by digit."""

_PLAIN: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def wrong_keypads(book: Book) -> Iterator[Diagnostic]:
    """Keys can fill the slot, and no key means two things (TW408, TW510)."""
    for name, slot in book.flow.slots.items():
        if slot.dtmf is not None:
            yield from _keypad(book, ("slots", name, "dtmf"), slot, slot.dtmf)


def _keypad(book: Book, path: Path, slot: Slot, keypad: Keypad) -> Iterator[Diagnostic]:
    values = keypad.values or {}
    if not values and slot.type.kind not in _TYPED:
        yield book.checked.find(
            "TW510", path, f"a value of type `{slot.type}` cannot be typed with digits",
            span=book.checked.key(path),
            label="which keys mean what?",
            help=f"name a key for each value: `dtmf: {{values: {{\"1\": {_example(slot)}}}}}`",
        )  # fmt: skip
    if keypad.digits is not None and keypad.min is not None and keypad.min > keypad.digits:
        yield book.checked.find(
            "TW408", (*path, "min"), "no value is long enough: `min` is more than `digits`",
            help="remove `min`; without it a value has exactly `digits` keys",
        )  # fmt: skip
    for key, value in values.items():
        where = (*path, "values", key)
        if keypad.digits is not None and (key.isdigit() or key == keypad.finish):
            yield book.checked.find(
                "TW510", where, f"key {key} means a value, and is part of longer ones",
                span=book.checked.key(where),
                help="remove `digits`, or give the value another key",
            )  # fmt: skip
        if not _fits(slot, value):
            yield book.checked.find(
                "TW408", where, f"key {key} means no value of type `{slot.type}`",
                help=f"write one, like `{_example(slot)}`",
            )  # fmt: skip


def _fits(slot: Slot, value: object) -> bool:
    if slot.type.kind == "enum":
        return value in slot.type.values
    return type(value) in _PLAIN.get(slot.type.kind, (str,))


def _example(slot: Slot) -> str:
    if slot.type.kind == "enum":
        return slot.type.values[0]
    return {"boolean": "true", "integer": "3", "number": "1.5"}.get(slot.type.kind, "...")


def unknown_names_now(book: Book) -> Iterator[Diagnostic]:
    """What `migrate` renames to is there (TW201, TW202)."""
    leaves = [place.name for place in book.leaves]
    for index, rule in enumerate(book.flow.migrate or ()):
        for old, new in rule.rename.items():
            where = ("migrate", index, "rename", old)
            kind, _, name = new.partition(".")
            known = leaves if kind == "states" else list(book.flow.slots)
            span = book.source.span(where)
            if old.partition(".")[0] != kind:
                yield book.checked.find(
                    "TW203", where, "a state cannot become a slot, nor a slot a state"
                )
            elif name not in known:
                noun = kind.removesuffix("s")
                code = "TW201" if kind == "states" else "TW202"
                meant = book.checked.meant(new, [f"{kind}.{one}" for one in known], span)
                yield book.checked.find(
                    code, where, f"no {noun} named `{name}`",
                    span=span,
                    label="the name it has now",
                    **(meant or {"help": f"{noun}s of this flow: {listing(known, join='and')}"}),
                )  # fmt: skip


def unknown_knowledge(book: Book) -> Iterator[Diagnostic]:
    """What `converse` may look up is declared (TW203)."""
    known = list(book.flow.knowledge or ())
    for place in book.places.values():
        for index, name in enumerate(place.state.knowledge or ()):
            if name not in known:
                where = (*place.path, "knowledge", index)
                meant = book.checked.meant(name, known, book.source.span(where))
                yield book.checked.find(
                    "TW203", where, f"no knowledge named `{name}`",
                    **(meant or {"help": f"declare it: `knowledge: {{{name}: ...}}`"}),
                )  # fmt: skip


PASSES = (wrong_keypads, unknown_names_now, unknown_knowledge)
