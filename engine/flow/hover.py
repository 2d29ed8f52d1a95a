"""What an editor shows about a name or a key: its type, its words, its meaning, as Markdown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.flow.diagnostics import Path, Span
from engine.flow.nodes import Node
from engine.flow.schema_paths import about
from engine.flow.shape_words import as_yaml
from engine.flow.source import Source
from engine.flow.symbols import Mention, Symbols

_VERBS = ("collect", "confirm", "converse", "run", "call", "transfer", "end")


def hover(symbols: Symbols, line: int, column: int) -> tuple[str, Span] | None:
    """Markdown and the span it is about, for a 1-based place; None where nothing is known."""
    mention = symbols.at(line, column)
    if mention is not None:
        return describe(symbols, mention), mention.span
    return _key(symbols.source, line, column)


def describe(symbols: Symbols, mention: Mention) -> str:
    """A name in a few lines of Markdown: what it is, and what its declaration says."""
    declared = symbols.declaration(mention.kind, mention.name)
    if declared is None:
        return f"**{mention.kind}** `{mention.name}`: declared nowhere"
    value = symbols.value(declared)
    lines = _ABOUT[mention.kind](value, declared.path)
    return "\n\n".join([f"**{mention.kind}** `{mention.name}`{lines[0]}", *filter(None, lines[1:])])


def summary(symbols: Symbols, mention: Mention) -> str:
    """The first line of the description, without Markdown."""
    declared = symbols.declaration(mention.kind, mention.name)
    if declared is None:
        return ""
    return _ABOUT[mention.kind](symbols.value(declared), declared.path)[0].strip(": `")


def _valued(value: Any, path: Path) -> list[str]:
    """A slot, a variable or an input: long or short form."""
    if not isinstance(value, dict):
        return [f": `{as_yaml(value)}`"]
    kind = as_yaml(value.get("type", "?"))
    bounds = [f"{key} {as_yaml(value[key])}" for key in ("min", "max", "default") if key in value]
    marks = [key for key in ("readback", "sensitive") if value.get(key) is True]
    asked = value.get("ask")
    check = value.get("check")
    return [
        f": `{kind}`" + "".join(f", {word}" for word in bounds + marks),
        str(value.get("about", "")),
        f"asks: {asked}" if isinstance(asked, str) else "",
        f"check: `{check}`" if isinstance(check, str) else "",
    ]


def _state(value: Any, path: Path) -> list[str]:
    if not isinstance(value, dict):
        return [""]
    groups = [str(step) for step in path[1:-1:2]]
    inside = f" in {'.'.join(groups)}" if groups else ""
    if isinstance(value.get("states"), dict):
        return [f": group of {', '.join(value['states'])}{inside}"]
    verb = next((key for key in _VERBS if key in value), None)
    doing = f": {verb} {as_yaml(value[verb])}" if verb is not None else ""
    said = value.get("say")
    then = value.get("then")
    return [
        f"{doing}{inside}",
        f"says: {said}" if isinstance(said, str) else "",
        f"then: `{then}`" if isinstance(then, str) else "",
    ]


def _tool(value: Any, path: Path) -> list[str]:
    if not isinstance(value, dict):
        return [""]
    args = value.get("args")
    listed = ", ".join(f"{name}: {as_yaml(kind)}" for name, kind in args.items()) if args else ""
    more = [f"{key}: `{as_yaml(value[key])}`" for key in ("use", "effect", "timeout")
            if key in value]  # fmt: skip
    return [f": `({listed}) -> {as_yaml(value.get('returns', 'nothing'))}`", "; ".join(more)]


def _intent(value: Any, path: Path) -> list[str]:
    if not isinstance(value, dict):
        return [""]
    words = value.get("words")
    said = ", ".join(f"“{word}”" for word in words) if isinstance(words, list) else ""
    return [f": {value.get('means', '')}", f"words: {said}" if said else ""]


def _plain(value: Any, path: Path) -> list[str]:
    return [f": `{as_yaml(value)}`"]


_ABOUT: dict[str, Callable[[Any, Path], list[str]]] = {
    "slot": _valued,
    "variable": _valued,
    "input": _valued,
    "output": _plain,
    "state": _state,
    "tool": _tool,
    "intent": _intent,
    "timer": _plain,
    "flow": _plain,
}


# --- keys of the language -------------------------------------------------------------------------


def _key(source: Source, line: int, column: int) -> tuple[str, Span] | None:
    found = key_at(source, line, column)
    schema = about(found[0]) if found is not None else None
    if found is None or schema is None:
        return None
    path, span = found
    lines = [f"**{path[-1]}**", str(schema.get("description", ""))]
    if "default" in schema:
        lines.append(f"default: `{as_yaml(schema['default'])}`")
    if schema.get("enum"):
        lines.append(f"values: {', '.join(f'`{as_yaml(word)}`' for word in schema['enum'])}")
    lines += [f"```yaml\n{path[-1]}: {as_yaml(word)}\n```" for word in schema.get("examples", [])]
    return "\n\n".join(line for line in lines if line), span


def key_at(source: Source, line: int, column: int) -> tuple[Path, Span] | None:
    """The path and span of the key at a 1-based place."""
    todo: list[tuple[Node, Path]] = [(source.root, ())] if source.root is not None else []
    seen: set[int] = set()
    while todo:
        node, path = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        todo += [(item, (*path, index)) for index, item in enumerate(node.items)]
        for entry in node.entries:
            span = source.at(entry.key.start, entry.key.end)
            if span.line == line and span.column <= column <= span.end_column:
                return (*path, entry.name), span
            todo.append((entry.value, (*path, entry.name)))
    return None
