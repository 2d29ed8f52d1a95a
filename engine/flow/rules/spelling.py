"""Names in another case than declared (TW213): understood, and better written as they are."""

from __future__ import annotations

from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic, Edit, Fix
from engine.flow.rules.book import Book


def case_mismatches(book: Book) -> Iterator[Diagnostic]:
    """`Slots.name` is `slots.name`."""
    for text in book.texts:
        for use in text.names:
            root = use.chain[0]
            end = use.start + len(root)
            written = text.source[use.start : end]
            if written == root or written.lower() != root:
                continue
            span = book.source.inside(text.path, use.start, end)
            yield book.checked.find(
                "TW213", text.path, f"`{written}` is written `{root}`",
                span=span,
                label="in another case",
                help=f"write `{root}`",
                fix=Fix(f"write `{root}`", (Edit(span, root),), safe=True),
            )  # fmt: skip


PASSES = (case_mismatches,)
