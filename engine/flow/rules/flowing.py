"""What is used before it is surely there (TW210, TW211, TW411, TW512)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic
from engine.flow.expressions import NameUse
from engine.flow.rules.book import Book
from engine.flow.rules.emptiness import facts_at, null_arithmetic
from engine.flow.rules.facts import Known
from engine.flow.rules.graph import Node
from engine.flow.rules.implied import CONSENT, Facts
from engine.flow.rules.texts import Text

_CAREFUL = re.compile(r"\{%-?\s*if|\|\s*default\b|\bif\b.*\belse\b")
"""A text that looks itself whether there is something to say."""


def _used_before(book: Book, known: Known) -> Iterator[Diagnostic]:
    """Speech of slots that may be empty (TW211), and results that may not be there (TW210)."""
    ways = {way.path: way for way in book.ways}
    told: set[tuple[str, str]] = set()
    for text in book.texts:
        if text.kind == "guard" or _CAREFUL.search(text.source) or not text.names:
            continue
        found = facts_at(book, known, text, ways)
        if found is None:
            continue
        node, facts = found
        for use in text.names:
            finding = _judge(book, known, text, use, node, facts)
            key = (".".join(use.chain[:2]), text.scope)
            if finding is not None and key not in told:
                told.add(key)
                yield finding


def _judge(
    book: Book, known: Known, text: Text, use: NameUse, node: Node, facts: Facts
) -> Diagnostic | None:
    if len(use.chain) < 2:
        return None
    root, name = use.chain[:2]
    fact = f"{root}.{name}"
    if fact in facts:
        return None
    span = book.source.inside(text.path, use.start, use.end)
    path = known.without(fact, node)
    if not path:
        return None
    if root == "results" and name in book.working and text.scope != name:
        return book.checked.find(
            "TW210", text.path, f"`{fact}` is read, and one way here does not pass `{name}`",
            span=span,
            label=f"empty if `{name}` was not there before",
            help=f"lead that way through `{name}`, or ask before: `when: {fact} != null`",
            related=(book.checked.see(book.places[name].path, "the result comes from here"),),
            path=path,
        )  # fmt: skip
    names = {"slots": [*book.flow.slots], "vars": [*book.flow.vars]}.get(root, [])
    if name in names and text.kind == "speech":
        return book.checked.find(
            "TW211", text.path, f"`{fact}` is spoken, and may still be empty",
            span=span,
            label="nothing is said for an empty value",
            help=_advice(root, name, fact),
            path=path,
        )  # fmt: skip
    return None


def _advice(root: str, name: str, fact: str) -> str:
    first = f"collect `{name}` before" if root == "slots" else f"give `{name}` a `default`"
    return f"{first}, or say something else without it: `{{% if {fact} %}}...{{% endif %}}`"


def _without_consent(book: Book, known: Known) -> Iterator[Diagnostic]:
    """What changes the world is agreed to before (TW512)."""
    for place in book.leaves:
        tool = book.flow.tools.get(place.state.run or "")
        facts = known.at(place.name)
        if tool is None or tool.effect != "write" or facts is None or CONSENT in facts:
            continue
        name = place.state.run or ""
        path = known.without(CONSENT, place.name)
        if not path:
            continue
        yield book.checked.find(
            "TW512", (*place.path, "run"),
            f"`{name}` changes the world, and one way here has no yes of the caller",
            label="reached without a `confirm` that was answered with yes",
            help="ask before: `confirm: ...`, and go on here only `when: answer`",
            related=(book.checked.see(("tools", name, "effect"), "it changes the world"),),
            path=path,
        )  # fmt: skip


def used_too_early(book: Book) -> Iterator[Diagnostic]:
    """TW210, TW211, TW411 and TW512, from one analysis; none while some target is not clear."""
    if not book.graph.unclear:
        known = Known(book)
        yield from _used_before(book, known)
        yield from null_arithmetic(book, known)
        yield from _without_consent(book, known)


PASSES = (used_too_early,)
