"""What is not in the file: functions of tools and the environment (TW607, TW608, TW802)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.flow.catalogue import Signature
from engine.flow.diagnostics import Diagnostic, listing
from engine.flow.model import Tool
from engine.flow.rules.book import Book
from engine.flow.source import walk

_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_KEY = "idempotency_key"
"""A parameter that the engine itself fills."""

_TEXTS = frozenset({"text", "enum", "phone", "email", "digits"})
_TIMES = frozenset({"date", "time", "datetime", "duration"})
_TAKES: Mapping[str, frozenset[str]] = {
    "int": frozenset({"integer", "number", "digits"}),
    "float": frozenset({"integer", "number", "digits"}),
    "str": _TEXTS | _TIMES,
    "bool": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "time": frozenset({"time"}),
    "datetime": frozenset({"datetime", "date"}),
    "timedelta": frozenset({"duration"}),
    "list": frozenset({"list"}),
}
"""The type of a parameter to the kinds it can be given. Other types are not judged."""


_LOOKED_FOR = {
    "python": "modules are looked for beside the flow and among what is installed",
    "http": "the operations are those of the file that `[tool.turnwise.services]` names",
    "mcp": "the tools are those of the file that `[tool.turnwise.services]` names",
}


def unresolved_tools(book: Book) -> Iterator[Diagnostic]:
    """What does the work of a tool is there (TW608) and takes what is declared (TW607)."""
    for name, tool in book.flow.tools.items():
        signature = book.checked.catalogue.signatures.get(tool.use)
        if signature is None:
            continue
        if signature.failure:
            yield book.checked.find(
                "TW608", ("tools", name, "use"), f"tool `{name}` cannot be found",
                label=signature.failure,
                help=_LOOKED_FOR.get(tool.use.partition(":")[0], ""),
            )  # fmt: skip
            continue
        yield from _drift(book, name, tool, signature)


def _drift(book: Book, name: str, tool: Tool, signature: Signature) -> Iterator[Diagnostic]:
    takes = listing([p for p in signature.parameters if p != _KEY], join="and") or "nothing"
    what = f"the {signature.what}"
    notes = (f"{what} takes {takes}",)
    for argument, declared in tool.args.items():
        path = ("tools", name, "args", argument)
        parameter = signature.parameters.get(argument)
        if parameter is None:
            if not signature.open:
                span = book.checked.key(path)
                yield book.checked.find(
                    "TW607", path, f"{what} of `{name}` has no parameter `{argument}`",
                    span=span,
                    label="declared here only",
                    notes=notes,
                    **book.checked.meant(argument, set(signature.parameters) - {*tool.args}, span),
                )  # fmt: skip
            continue
        kinds = _TAKES.get(parameter.annotation)
        if kinds is not None and declared.kind not in kinds:
            yield book.checked.find(
                "TW607", path, f"{what} of `{name}` takes `{argument}` as "
                f"`{parameter.annotation}`, not as `{declared}`",
                label="the call would fail",
                help="change the one or the other",
            )  # fmt: skip
    missing = [
        parameter
        for parameter, about in signature.parameters.items()
        if about.required and parameter not in tool.args and parameter != _KEY
    ]
    if missing:
        yield book.checked.find(
            "TW607", ("tools", name), f"{what} of `{name}` also needs {listing(missing)}",
            span=book.checked.key(("tools", name)),
            label="every call would fail",
            help="declare it in `args`"
            + (", or give the parameter a default" if signature.what == "function" else ""),
        )  # fmt: skip


def missing_environment(book: Book) -> Iterator[Diagnostic]:
    """Variables of the environment that the flow reads are set (TW802)."""
    names = book.checked.catalogue.environment
    if names is None:
        return
    told: set[str] = set()
    for path, value in walk(book.source.data):
        if not isinstance(value, str) or not value.startswith("$") or path[:1] == ("tests",):
            continue
        mark = _VARIABLE.fullmatch(value)
        if mark is None or mark[1] in names or mark[1] in told:
            continue
        told.add(mark[1])
        yield book.checked.find(
            "TW802", path, f"`{value}` is not set",
            label="no such variable in this environment",
            help=f"set it before the flow is run: `export {mark[1]}=...`",
        )  # fmt: skip


PASSES = (unresolved_tools, missing_environment)
