"""What is declared and never used (TW209)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic, nearest
from engine.flow.rules.book import Book
from engine.flow.rules.references import BUILT_IN_INTENTS
from engine.flow.rules.removal import removal

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_NOUNS = {
    "slots": "slot",
    "vars": "variable",
    "inputs": "input",
    "intents": "intent",
    "tools": "tool",
    "flows": "sub-flow",
}


def unused(book: Book) -> Iterator[Diagnostic]:
    """Slots, variables, inputs, intents, tools, sub-flows and timers that nothing refers to."""
    used = {root: set[str]() for root in _NOUNS}
    for text in book.texts:
        for use in text.names:
            if use.chain[0] in used:
                used[use.chain[0]].update(use.chain[1:2] or getattr(book.flow, use.chain[0]))
        if text.problems:
            # What cannot be read may mean any name that stands in it.
            for words in used.values():
                words.update(_WORD.findall(text.source))
    _add_references(book, used)
    used["intents"] |= {*BUILT_IN_INTENTS, *_events(book, "intent")}
    used["slots"] |= _events(book, "invalid")
    _add_misspelt(book, used)
    every_intent = any("intent" in scope.handle for _, _, scope in book.scopes)
    for root, noun in _NOUNS.items():
        if root == "intents" and (every_intent or book.is_subflow):
            continue
        for name in getattr(book.flow, root):
            if name not in used[root]:
                yield _finding(book, (root, name), noun, name)
    yield from _timers(book)


def _add_references(book: Book, used: dict[str, set[str]]) -> None:
    for place in book.leaves:
        state = place.state
        used["slots"].update((*(state.collect or ()), *(state.fills or ())))
        used["tools"].update((state.run or "", *(state.tools or ())))
        used["intents"].update(state.intents or ())
        used["flows"].add(state.call or "")
    for way in book.ways:
        used["flows"].add(way.transition.call or "")


def _add_misspelt(book: Book, used: dict[str, set[str]]) -> None:
    """A name that is misspelt where it is used has its finding; it was meant, so it is used."""
    for root, words in used.items():
        declared = getattr(book.flow, root)
        for word in [word for word in words if word and word not in declared]:
            meant = nearest(word, declared)
            words.update([meant] if meant is not None else ())
            for other in ("slots", "vars", "inputs"):
                used[other].add(word)


def _events(book: Book, first: str) -> set[str]:
    return {
        event.partition(".")[2]
        for _, _, scope in book.scopes
        for event in scope.handle
        if event.partition(".")[0] == first
    }


def _timers(book: Book) -> Iterator[Diagnostic]:
    handled = _events(book, "timer")
    names = [name for _, _, scope in book.scopes for name in scope.timers]
    handled |= {nearest(word, names) or "" for word in handled if word not in names}
    if any("timer" in scope.handle for _, _, scope in book.scopes):
        return
    for _, path, scope in book.scopes:
        for name in scope.timers:
            if name not in handled:
                yield _finding(book, (*path, "timers", name), "timer", name)


_ADVICE = {
    "slot": "collect it in a state, or remove it",
    "intent": "handle it: `handle: {{intent.{name}: ...}}`, or remove it",
    "timer": "handle it: `handle: {{timer.{name}: ...}}`, or remove it",
    "tool": "call it in a state: `run: {name}`, or remove it",
    "sub-flow": "call it: `call: {name}`, or remove it",
}


def _finding(book: Book, path: tuple[str | int, ...], noun: str, name: str) -> Diagnostic:
    kept = noun == "variable" and any(
        written.rpartition(".")[2] == name
        for _, action in book.actions
        for written in action.set or {}
    )
    return book.checked.find(
        "TW209", path, f"{noun} `{name}` is {'set, and never read' if kept else 'never used'}",
        span=book.checked.key(path),
        label="nothing reads it" if kept else "declared, and nothing refers to it",
        help=_ADVICE.get(noun, "remove it").format(name=name),
        # A variable that is set would then be set without being declared.
        fix=None if kept else removal(book.source, path),
    )  # fmt: skip


PASSES = (unused,)
