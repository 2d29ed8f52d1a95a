"""Keys and passwords in the file (TW801)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine.flow.diagnostics import Diagnostic, Path
from engine.flow.rules.book import Book
from engine.flow.source import walk

_KEYS = re.compile(r"(^|_)(key|api_?key|token|secret|password|passwd|authorization|credentials?)$")
_LOOKS = re.compile(
    r"^(sk|pk|rk|xox[abp]|gh[pousr]|AKIA|AIza|eyJ)[-_A-Za-z0-9]{12,}|^(Bearer|Basic) \S{8,}"
)


def secret_literals(book: Book) -> Iterator[Diagnostic]:
    """What nobody may read stands in the environment, not in the flow."""
    for path, value in _written(book):
        if not isinstance(value, str) or value.startswith("$"):
            continue
        named = isinstance(path[-1], str) and _KEYS.search(path[-1].lower()) is not None
        if not named and _LOOKS.match(value) is None:
            continue
        kind = path[path.index("pipeline") + 1]
        name = f"{kind}_{path[-1]}".upper() if kind != path[-1] else "API_KEY"
        yield book.checked.find(
            "TW801", path, f"`{path[-1]}` holds a secret in plain text",
            label="everybody who reads this file can use it",
            help=f"put it into the environment and write its name: `{path[-1]}: ${name}`",
            notes=("it has been in this file: have it replaced where it was issued",),
        )  # fmt: skip


def _written(book: Book) -> Iterator[tuple[Path, Any]]:
    """Everything that stands in a `pipeline`."""
    for _, scope, policies in book.scopes:
        if policies.pipeline is not None:
            where = (*scope, "pipeline")
            data: Any = book.checked.data(where)
            yield from walk(data, where)


PASSES = (secret_literals,)
