"""Slots, variables and inputs as declared (TW402, TW408, TW501)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from engine.flow.diagnostics import Diagnostic, Path
from engine.flow.durations import parse_duration
from engine.flow.expressions import EvaluationError, parse_expression
from engine.flow.model import Slot, ValueType
from engine.flow.rules.book import Book

_EXAMPLES = {
    "date": '"2026-05-02"',
    "time": '"19:00"',
    "datetime": '"2026-05-02T19:00"',
    "duration": "90s",
    "integer": "3",
    "number": "1.5",
    "boolean": "true",
    "text": "some text",
    "phone": '"+4930123456"',
    "email": "ann@example.org",
    "digits": '"4711"',
}

_READERS: Mapping[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "datetime": datetime.fromisoformat,
    "duration": parse_duration,
}

_BOUNDED = ("integer", "number", *_READERS)
"""Kinds whose values are more or less than others."""


def bad_bounds(book: Book) -> Iterator[Diagnostic]:
    """`min`, `max` and `default` are values of the type, and fit each other (TW408)."""
    for name, slot in book.flow.slots.items():
        yield from _bounds(book, name, slot)
        yield from _default(book, ("slots", name), slot.type, slot.default)
    for root in ("vars", "inputs"):
        for name, variable in getattr(book.flow, root).items():
            yield from _default(book, (root, name), variable.type, variable.default)


def _bounds(book: Book, name: str, slot: Slot) -> Iterator[Diagnostic]:
    read: dict[str, Any] = {}
    for key, written in (("min", slot.min), ("max", slot.max)):
        if written is None:
            continue
        path: Path = ("slots", name, key)
        if slot.type.kind not in _BOUNDED:
            yield book.checked.find(
                "TW408", path, f"`{key}` means nothing for a slot of type `{slot.type}`",
                span=book.checked.key(path),
                label="only numbers, dates and times have bounds",
                help="remove it, or say what must hold with `check`",
            )  # fmt: skip
            continue
        value = _read(written, slot.type)
        if isinstance(value, _Wrong):
            yield _unreadable(book, path, key, written, slot.type)
        else:
            read[key] = value
    if len(read) == 2 and read["min"] > read["max"]:
        path = ("slots", name, "min")
        yield book.checked.find(
            "TW408", path, f"no value of slot `{name}` is valid: `min` is more than `max`",
            label="the smallest value",
            help="exchange them, or say with `check` what must hold",
            related=(book.checked.see(("slots", name, "max"), "the largest value is smaller"),),
        )  # fmt: skip
    yield from _default_in_bounds(book, name, slot, read)


def _default_in_bounds(
    book: Book, name: str, slot: Slot, bounds: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    value = _read(slot.default, slot.type) if slot.default is not None else None
    if value is None or isinstance(value, _Wrong):
        return
    key = ""
    if "min" in bounds and value < bounds["min"]:
        key = "min"
    elif "max" in bounds and value > bounds["max"]:
        key = "max"
    if key:
        path: Path = ("slots", name, "default")
        yield book.checked.find(
            "TW408", path, f"the default of slot `{name}` is not valid itself",
            label=f"{'less' if key == 'min' else 'more'} than `{key}`",
            help="choose a default within the bounds",
            related=(book.checked.see(("slots", name, key), "the bound"),),
        )  # fmt: skip
    elif slot.check is not None and _refuses(slot.check, value):
        yield book.checked.find(
            "TW408", ("slots", name, "default"),
            f"the default of slot `{name}` is not valid itself",
            label="`check` refuses it",
            help="choose another default",
            related=(book.checked.see(("slots", name, "check"), "what must hold"),),
        )  # fmt: skip


def _refuses(check: str, value: Any) -> bool:
    """Whether a check surely fails; one that reads more than the value depends on the call."""
    expression, _ = parse_expression(check)
    if expression is None or any(use.chain[0] != "value" for use in expression.names):
        return False
    try:
        return expression.evaluate({"value": value}) is False
    except EvaluationError:
        return False  # it asks for the time


def _default(book: Book, owner: Path, declared: ValueType, written: Any) -> Iterator[Diagnostic]:
    if written is not None and isinstance(_read(written, declared), _Wrong):
        yield _unreadable(book, (*owner, "default"), "default", written, declared)


def _unreadable(book: Book, path: Path, key: str, written: Any, declared: ValueType) -> Diagnostic:
    if declared.kind == "enum":
        more = book.checked.meant(str(written), declared.values, book.source.span(path))
        help_ = {"help": f"values are: {', '.join(declared.values)}"}
        return book.checked.find(
            "TW408", path, f"`{written}` is not one of the values of `{path[-2]}`",
            label=f"expected one of {declared}",
            **(more or help_),
        )  # fmt: skip
    kind = declared.item.kind if declared.kind == "list" and declared.item else declared.kind
    example = _EXAMPLES.get(kind, "")
    example = f"[{example}]" if declared.kind == "list" else example
    return book.checked.find(
        "TW408", path, f"`{key}` of `{path[-2]}` is not a value of type `{declared}`",
        label=f"does not read as `{declared}`",
        help=f"write it like this: `{key}: {example}`" if example else "",
    )  # fmt: skip


class _Wrong:
    """What is not a value of its type."""


def _read(written: Any, declared: ValueType) -> Any:
    """The value that the compiler will make of this, or `_Wrong`."""
    if declared.kind == "list":
        if not isinstance(written, list):
            return _Wrong()
        items = [_read(item, declared.item or ValueType(kind="text")) for item in written]
        wrong = [item for item in items if isinstance(item, _Wrong)]
        return wrong[0] if wrong else items
    if declared.kind in _READERS:
        return _read_text(written, _READERS[declared.kind])
    number = isinstance(written, int | float) and not isinstance(written, bool)
    fits = {
        "integer": number and (isinstance(written, int) or float(written).is_integer()),
        "number": number,
        "boolean": isinstance(written, bool),
        "enum": written in declared.values if isinstance(written, str) else False,
        "map": isinstance(written, dict),
    }
    return written if fits.get(declared.kind, isinstance(written, str)) else _Wrong()


def _read_text(written: Any, reader: Callable[[str], Any]) -> Any:
    if not isinstance(written, str):
        return _Wrong()
    try:
        return reader(written)
    except ValueError:
        return _Wrong()


def bad_waits(book: Book) -> Iterator[Diagnostic]:
    """A wait for the end of a turn whose shortest is longer than its longest (TW408).

    Only where both stand in one place: a state that asks for more patience means `max` besides.
    """
    for _, path, scope in book.scopes:
        wait = scope.listen.end_of_turn if scope.listen is not None else None
        if wait is None or wait.min is None or wait.max is None or wait.min <= wait.max:
            continue
        where: Path = (*path, "listen", "end_of_turn")
        yield book.checked.find(
            "TW408", (*where, "min"), "the shortest wait is longer than the longest",
            label="more than `max`",
            help="exchange them",
            related=(book.checked.see((*where, "max"), "the longest wait is shorter"),),
        )  # fmt: skip


def unknown_values(book: Book) -> Iterator[Diagnostic]:
    """`values` gives phrases to what the slot can be (TW402, TW408)."""
    for name, slot in book.flow.slots.items():
        for value in slot.values or ():
            declared = slot.type.item if slot.type.item is not None else slot.type
            path: Path = ("slots", name, "values", value)
            if declared.kind == "enum" and value not in declared.values:
                span = book.checked.key(path)
                known = f"values are: {', '.join(declared.values)}"
                yield book.checked.find(
                    "TW402", path, f"`{value}` is not one of the values of `{name}`",
                    span=span,
                    label="never this value",
                    related=(book.checked.see(("slots", name, "type"), f"`{name}` is {declared}"),),
                    **(book.checked.meant(value, declared.values, span) or {"help": known}),
                )  # fmt: skip
            elif declared.kind not in ("enum", "text"):
                yield book.checked.find(
                    "TW408", path[:-1], f"`values` means nothing for a slot of type `{slot.type}`",
                    span=book.checked.key(path[:-1]),
                    label="only texts and enums have values with phrases",
                    help="remove it; this type knows by itself how its values are said",
                )  # fmt: skip
                break


def no_question(book: Book) -> Iterator[Diagnostic]:
    """What is collected can be asked for (TW501)."""
    told: set[str] = set()
    for place in book.leaves:
        for index, name in enumerate(place.state.collect or ()):
            slot = book.flow.slots.get(name)
            if slot is None or slot.ask is not None or slot.type.optional or name in told:
                continue
            told.add(name)
            yield book.checked.find(
                "TW501", (*place.path, "collect", index), f"slot `{name}` has no question",
                label="collected here, and nothing to ask",
                help=f"add one where it is declared: `ask: {_question(name)}`",
                related=(book.checked.see(("slots", name), "declared here"),),
            )  # fmt: skip


def _question(name: str) -> str:
    return f'"What is the {name.replace("_", " ")}?"'


PASSES = (bad_bounds, bad_waits, unknown_values, no_question)
