"""What a language model is told and offered (TW701, TW702, TW704, TW706, TW707, TW803)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic, Path, Related, listing
from engine.flow.rules.book import Book
from engine.flow.rules.parts import Place

MOST_CHOICES = 15
"""With more than these, models choose the wrong one noticeably often."""
LONGEST_NAME = 64
"""Models are given the names of tools cut to this length."""
_REPORT = "report"
"""The engine's own function, by which a model tells what it heard."""
_FREE = ("text", "email")
"""Kinds of values that hold whatever a caller says."""


def _talks(book: Book) -> Iterator[Place]:
    return (place for place in book.leaves if place.state.converse is not None)


def unbounded_talks(book: Book) -> Iterator[Diagnostic]:
    """Free talk ends some day (TW701)."""
    for place in _talks(book):
        if place.state.until is None and place.state.max_turns is None:
            yield book.checked.find(
                "TW701", place.path, f"the free talk in `{place.name}` has no end",
                span=book.checked.key((*place.path, "converse")),
                label="neither `until` nor `max_turns` bounds it",
                help='say when it is done: `until: filled("NAME")`, or how long: `max_turns: 6`',
            )  # fmt: skip


def name_collisions(book: Book) -> Iterator[Diagnostic]:
    """Two tools that are one for a model (TW702)."""
    told: set[str] = set()
    for place in _talks(book):
        first: dict[str, str] = {_REPORT: ""}
        for index, name in enumerate(place.state.tools or ()):
            if name not in book.flow.tools or name in told:
                continue
            short = name[:LONGEST_NAME]
            other = first.setdefault(short, name)
            if other == name:
                continue
            told.add(name)
            path: Path = (*place.path, "tools", index)
            what = f"`{other}`" if other else "the engine's own function `report`"
            related: tuple[Related, ...] = (book.checked.see(("tools", name), "declared here"),)
            if other:
                related = (*related, book.checked.see(("tools", other), "and here"))
            yield book.checked.find(
                "TW702", path, f"to a model, tool `{name}` is the same as {what}",
                label="offered here" if not other
                else f"the first {LONGEST_NAME} characters are the same",
                help="give it another name",
                related=related,
            )  # fmt: skip


def too_many_choices(book: Book) -> Iterator[Diagnostic]:
    """More intents and tools than a model tells apart (TW704): the state that offers the most."""
    handled = {
        name: {event[7:] for event in scope.handle if event.startswith("intent.")}
        for name, _, scope in book.scopes
    }
    most: tuple[int, Place] | None = None
    for place in book.leaves:
        if place.state.verb not in ("collect", "confirm", "converse"):
            continue
        heard = place.state.intents
        if heard is None:
            heard = list(set().union(*(handled[name] for name in place.scopes)))
        count = len(heard) + len(place.state.tools or ())
        if count > MOST_CHOICES and (most is None or count > most[0]):
            most = (count, place)
    if most is not None:
        count, place = most
        yield book.checked.find(
            "TW704", place.path, f"`{place.name}` offers {count} intents and tools at once",
            span=book.checked.key(place.path),
            label=f"over {MOST_CHOICES}, models mix them up",
            help="handle some of them only in the group or state they belong to",
        )  # fmt: skip


def prompts_name_unknown(book: Book) -> Iterator[Diagnostic]:
    """Instructions that speak of a tool the model is not offered (TW706)."""
    for place in _talks(book):
        offered = {*(place.state.tools or ())}
        text = place.state.converse or ""
        for name in book.flow.tools:
            found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text)
            if found is None or name in offered:
                continue
            # A name of one word may be an ordinary word of the language.
            if "_" not in name and f"`{name}`" not in text:
                continue
            where = (*place.path, "converse")
            yield book.checked.find(
                "TW706", where, f"`{name}` is not offered in `{place.name}`",
                span=book.source.inside(where, found.start(), found.end()),
                label="the model cannot call it here",
                help=f"offer it: `tools: {_list([*offered, name])}`, or leave it out of the text",
                related=(book.checked.see(("tools", name), "declared here"),),
            )  # fmt: skip


def _list(names: list[str]) -> str:
    return f"[{', '.join(sorted(names))}]"


def untrusted_text(book: Book) -> Iterator[Diagnostic]:
    """A caller's own words among instructions, or in the path of a web address (TW803)."""
    for text in book.texts:
        if text.kind != "prompt":
            continue
        for use in text.names:
            slot = book.flow.slots.get(use.chain[1]) if len(use.chain) > 1 else None
            free = use.chain[0] == "slots" and slot is not None and slot.type.kind in _FREE
            if not free and use.chain[0] != "turn":
                continue
            name = ".".join(use.chain[:2])
            yield book.checked.find(
                "TW803", text.path, f"`{name}` puts a caller's own words among the instructions",
                span=book.source.inside(text.path, use.start, use.end),
                label="may tell the model to do something else",
                help="leave it out: a model is told the values of slots apart from instructions",
            )  # fmt: skip
    for name, tool in book.flow.tools.items():
        for mark in re.finditer(r"\{(\w+)\}", tool.use if tool.use.startswith("http:") else ""):
            argument = tool.args.get(mark[1])
            if argument is not None and argument.kind in _FREE:
                where = ("tools", name, "use")
                yield book.checked.find(
                    "TW803", where, f"`{mark[1]}` puts a caller's own words into an address",
                    span=book.source.inside(where, mark.start(), mark.end()),
                    label="may lead to another address",
                    help="send it as data, or give the argument a narrower type",
                )  # fmt: skip


def needs_model(book: Book) -> Iterator[Diagnostic]:
    """What only a language model understands (TW707); told where somebody asks for it."""
    if not book.checked.catalogue.without_model:
        return
    for place in _talks(book):
        yield book.checked.find(
            "TW707", place.path, f"`{place.name}` is free talk, which a model leads",
            span=book.checked.key((*place.path, "converse")),
            label="without a model it raises `error.llm`",
            help="ask with `collect` and `confirm` instead",
        )  # fmt: skip
    for name, intent in book.flow.intents.items():
        if intent.words or intent.dtmf is not None:
            continue
        known = listing([f"{text}" for text in intent.examples], 3, "and")
        yield book.checked.find(
            "TW707", ("intents", name), f"`{name}` is understood by a model only",
            span=book.checked.key(("intents", name)),
            label=f"without one, only as {known}, word by word" if known
            else "it has no `words`, no `examples` and no key",
            help="add `words`: exact phrases; or `dtmf`: a key",
        )  # fmt: skip


PASSES = (
    unbounded_talks,
    name_collisions,
    too_many_choices,
    prompts_name_unknown,
    untrusted_text,
    needs_model,
)
