"""JSpeech Grammar Format 1.0 as a tree: read it, drop what cannot be heard, write it, speak it.

A recogniser knows the words of its dictionary only; one unknown word makes it refuse the whole
grammar. So a grammar is read, the alternatives that need an unknown word are dropped, and the rest
is written back. Random sentences of the same tree train the language model that checks the grammar.

Read: rules, `|`, `()`, `[]`, `*`, `+`, `/weights/`, `{tags}`, `<NULL>`, `<VOID>`, "quoted tokens",
comments. Weights and tags are dropped. Not read: imports, and rules of other grammars.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias


class GrammarError(ValueError):
    """The text is no grammar this reader takes; says where."""


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word, lower case."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Another rule, by name."""

    rule: str


@dataclass(frozen=True, slots=True)
class Row:
    """One after the other; empty: nothing needs to be said."""

    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them; empty: cannot be said at all."""

    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """The item again and again, at least `least` times."""

    item: Node
    least: int


Node: TypeAlias = Word | Reference | Row | Choice | Repeat

NOTHING: Final = Row()
NEVER: Final = Choice()

_TOKEN: Final = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/        # blanks and comments
    | (?P<weight> /\s*[\d.eE+-]+\s*/ )
    | (?P<tag> \{(?:\\.|[^}\\])*\} )
    | (?P<rule> <[^<>\s]+> )
    | "(?P<quoted> (?:\\.|[^"\\])* )"
    | (?P<mark> [;=|*+()\[\]] )
    | (?P<word> [^\s;=|*+<>()\[\]{}/"]+ )""",
    re.VERBOSE | re.DOTALL,
)
_HEADER: Final = re.compile(r"\s*\ufeff?#JSGF[^;]*;\s*grammar\s+[\w.]+\s*;", re.DOTALL)
_MAX_DEPTH: Final = 60
_MAX_REPEAT: Final = 10
"""Spoken digits are the usual repetition, and a phone number has ten."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules by name; the public ones are what may be said."""

    rules: Mapping[str, Node]
    public: tuple[str, ...]

    def words(self) -> frozenset[str]:
        """Return every word of the grammar."""
        return frozenset(word for node in self.rules.values() for word in _words(node))

    def pruned(self, known: Callable[[str], bool]) -> Grammar:
        """Return the grammar without the alternatives that need a word that is not known."""
        never: set[str] = set()
        while True:
            rules = {name: _prune(node, known, never) for name, node in self.rules.items()}
            found = {name for name, node in rules.items() if node == NEVER} - never
            if not found:
                kept = {name: node for name, node in rules.items() if name not in never}
                return Grammar(kept, tuple(name for name in self.public if name in kept))
            never |= found

    def text(self) -> str:
        """Write it as JSGF, all public rules under one public rule `turnwise_top`."""
        top = " | ".join(f"<{name}>" for name in self.public)
        lines = ["#JSGF V1.0;", "grammar turnwise;", f"public <turnwise_top> = {top};"]
        lines += [f"<{name}> = {_write(node)};" for name, node in self.rules.items()]
        return "\n".join(lines) + "\n"

    def sentences(self, count: int, rng: random.Random) -> list[str]:
        """Return random sentences; fewer where the grammar says nothing or runs too deep."""
        if not self.public:
            return []
        top = Choice(tuple(Reference(name) for name in self.public))
        drawn = (_say(top, self.rules, rng, 0) for _ in range(count))
        return [" ".join(words) for words in drawn if words]


def parse(source: str) -> Grammar:
    """Read one grammar.

    Raises:
        GrammarError: with what was found and what was expected.
    """
    header = _HEADER.match(source)
    if header is None:
        raise GrammarError("a grammar begins with `#JSGF V1.0; grammar NAME;`")
    try:
        return _Reader(_tokens(source, header.end())).grammar()
    except RecursionError:
        raise GrammarError("the rules are nested too deep") from None


def _tokens(source: str, start: int) -> list[tuple[str, str]]:
    tokens = []
    while start < len(source):
        match = _TOKEN.match(source, start)
        if match is None:
            line = source.count("\n", 0, start) + 1
            raise GrammarError(f"line {line}: cannot read {source[start : start + 20]!r}")
        if match.lastgroup not in (None, "weight", "tag"):
            tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        start = match.end()
    return tokens


class _Reader:
    """Recursive descent over the tokens of one grammar."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0
        self._references: set[str] = set()

    def grammar(self) -> Grammar:
        rules: dict[str, Node] = {}
        public = []
        while self._next < len(self._tokens):
            is_public = self._skip("word", "public")
            name = self._take("rule")[1:-1]
            if name in rules:
                raise GrammarError(f"<{name}> is defined twice")
            self._take("mark", "=")
            rules[name] = self._choice()
            self._take("mark", ";")
            if is_public:
                public.append(name)
        if missing := sorted(self._references - rules.keys()):
            raise GrammarError(f"<{missing[0]}> is used and never defined")
        if not public:
            raise GrammarError("no rule is public, so nothing can be said")
        return Grammar(rules, tuple(public))

    def _choice(self) -> Node:
        items = [self._row()]
        while self._skip("mark", "|"):
            items.append(self._row())
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def _row(self) -> Node:
        items: list[Node] = []
        while (item := self._item()) is not None:
            while self._peek() in (("mark", "*"), ("mark", "+")):
                item = Repeat(item, least=0 if self._take("mark") == "*" else 1)
            items.append(item)
        return items[0] if len(items) == 1 else Row(tuple(items))

    def _item(self) -> Node | None:
        kind, text = self._peek()
        if kind == "end" or (kind == "mark" and text not in "(["):
            return None
        self._next += 1
        match kind:
            case "word" | "quoted":
                words = tuple(Word(word) for word in text.lower().split())
                return words[0] if len(words) == 1 else Row(words)
            case "rule":
                return self._reference(text[1:-1])
            case "mark":
                inner = self._choice()
                self._take("mark", ")" if text == "(" else "]")
                return inner if text == "(" else Choice((inner, NOTHING))
        raise AssertionError(f"an unknown kind of token: {kind}")

    def _reference(self, name: str) -> Node:
        if name in ("NULL", "VOID"):
            return NOTHING if name == "NULL" else NEVER
        self._references.add(name)
        return Reference(name)

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _skip(self, kind: str, text: str) -> bool:
        if found := self._peek() == (kind, text):
            self._next += 1
        return found

    def _take(self, kind: str, text: str | None = None) -> str:
        found = self._peek()
        if found[0] != kind or (text is not None and found[1] != text):
            raise GrammarError(f"expected {text or kind}, found {found[1] or 'the end'}")
        self._next += 1
        return found[1]


def _words(node: Node) -> list[str]:
    match node:
        case Word():
            return [node.text]
        case Row() | Choice():
            return [word for item in node.items for word in _words(item)]
        case Repeat():
            return _words(node.item)
        case Reference():
            return []


def _prune(node: Node, known: Callable[[str], bool], never: set[str]) -> Node:
    match node:
        case Word():
            return node if known(node.text) else NEVER
        case Reference():
            return NEVER if node.rule in never else node
        case Row():
            row = tuple(_prune(item, known, never) for item in node.items)
            return NEVER if NEVER in row else Row(row)
        case Choice():
            items = [_prune(item, known, never) for item in node.items]
            return Choice(tuple(item for item in items if item != NEVER))
        case Repeat():
            item = _prune(node.item, known, never)
            if item != NEVER:
                return Repeat(item, node.least)
            return NEVER if node.least else NOTHING


def _write(node: Node) -> str:
    match node:
        case Word():
            return node.text
        case Reference():
            return f"<{node.rule}>"
        case Row():
            return " ".join(_write(item) for item in node.items) or "<NULL>"
        case Choice():
            return "(" + " | ".join(_write(item) for item in node.items) + ")"
        case Repeat():
            return f"({_write(node.item)}){'+' if node.least else '*'}"


def _say(node: Node, rules: Mapping[str, Node], rng: random.Random, depth: int) -> list[str] | None:
    """Return random words of the node; None where a recursion runs too deep."""
    if depth > _MAX_DEPTH:
        return None
    match node:
        case Word():
            return [node.text]
        case Reference():
            return _say(rules[node.rule], rules, rng, depth + 1)
        case Choice():
            return _say(rng.choice(node.items), rules, rng, depth + 1)
        case Row():
            items: Sequence[Node] = node.items
        case Repeat():
            items = [node.item] * rng.randint(node.least, _MAX_REPEAT)
    words: list[str] = []
    for item in items:
        said = _say(item, rules, rng, depth + 1)
        if said is None:
            return None
        words += said
    return words
