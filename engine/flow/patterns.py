r"""Patterns for `matches`: the everyday part of regular expressions, matched in linear time.

A guard runs inside a live call and its text comes from the caller, so a pattern must not be able
to backtrack for seconds, as `re` does for `(a+)+b`. This is Thompson's construction as a Pike
machine: all alternatives advance together, one step per character, at most `MAX_SIZE` of them.

Understood: literals, `.`, `[a-z]`, `[^...]`, `\d \w \s` and their capitals, `( )`, `(?: )`, `|`,
`* + ?`, `{m}`, `{m,}`, `{m,n}`. A pattern matches the whole text, as `fullmatch` does.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

MAX_SIZE = 400
"""Instructions of one pattern: matching costs at most this times the length of the text."""
MAX_TEXT = 500
"""Characters of the text: longer ones do not match (nothing a caller says is that long)."""
MAX_DEPTH = 20

Test: TypeAlias = Callable[[str], bool]


class PatternError(ValueError):
    """The pattern cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: a program of tests and forks."""

    program: tuple[tuple[Test | None, tuple[int, ...]], ...]
    """Each entry: a test for one character (None: a fork without one), and where to go on."""

    def matches(self, text: str) -> bool:
        """Whether the whole of `text` matches; False for texts over `MAX_TEXT` characters."""
        if len(text) > MAX_TEXT:
            return False
        current = self._closure({0})
        for character in text:
            after: set[int] = set()
            for index in current:
                test, targets = self.program[index]
                if test is not None and test(character):
                    after.update(targets)
            if not after:
                return False
            current = self._closure(after)
        return len(self.program) - 1 in current

    def _closure(self, entries: set[int]) -> set[int]:
        reached: set[int] = set()
        stack = list(entries)
        while stack:
            index = stack.pop()
            if index not in reached:
                reached.add(index)
                test, targets = self.program[index]
                if test is None:
                    stack.extend(targets)
        return reached


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """Compile `pattern`.

    Raises:
        PatternError: for a mistake in the pattern, or one that is too large.
    """
    reader = _Reader(pattern)
    tree = reader.alternatives(0)
    if reader.position < len(pattern):
        raise PatternError("`)` without `(`")
    writer = _Writer()
    writer.write(tree)
    writer.emit(None)
    return Pattern(tuple((test, tuple(targets)) for test, targets in writer.program))


# --- reading: text to a small tree ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _One:
    test: Test


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Node
    least: int
    most: int | None


_Node: TypeAlias = _One | _Sequence | _Choice | _Repeat

_CLASSES: dict[str, Test] = {
    "d": str.isdigit,
    "w": lambda c: c.isalnum() or c == "_",
    "s": str.isspace,
    "D": lambda c: not c.isdigit(),
    "W": lambda c: not (c.isalnum() or c == "_"),
    "S": lambda c: not c.isspace(),
}
_CONTROLS = {"n": "\n", "t": "\t"}


def _equals(wanted: str) -> Test:
    return lambda character: character == wanted


def _between(first: str, last: str) -> Test:
    return lambda character: first <= character <= last


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0

    def peek(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def take(self) -> str:
        character = self.peek()
        if not character:
            raise PatternError("it ends too early")
        self.position += 1
        return character

    def alternatives(self, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise PatternError("its groups are nested too deep")
        options = [self.sequence(depth)]
        while self.peek() == "|":
            self.take()
            options.append(self.sequence(depth))
        return options[0] if len(options) == 1 else _Choice(tuple(options))

    def sequence(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom(depth)))
        return _Sequence(tuple(parts))

    def atom(self, depth: int) -> _Node:
        character = self.take()
        if character == "(":
            return self.group(depth)
        if character == "[":
            return _One(self.bracket())
        if character == ".":
            return _One(lambda c: c != "\n")
        if character == "\\":
            return _One(self.escape())
        if character in "*+?{":
            raise PatternError(f"`{character}` has nothing to repeat")
        if character in "^$":
            raise PatternError(f"`{character}` is not needed: the whole text is matched")
        return _One(_equals(character))

    def group(self, depth: int) -> _Node:
        if self.peek() == "?":
            self.take()
            if self.take() != ":":
                raise PatternError("`(?` is only understood as `(?:`")
        inner = self.alternatives(depth + 1)
        if self.peek() != ")":
            raise PatternError("`(` without `)`")
        self.take()
        return inner

    def escape(self) -> Test:
        character = self.take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character in _CONTROLS:
            return _equals(_CONTROLS[character])
        if character.isalnum():
            raise PatternError(f"`\\{character}` is not understood")
        return _equals(character)

    def bracket(self) -> Test:
        negated = self.peek() == "^"
        if negated:
            self.take()
        tests: list[Test] = []
        while self.peek() != "]" or not tests:
            tests.append(self.bracket_item())
        self.take()
        if negated:
            return lambda c: not any(test(c) for test in tests)
        return lambda c: any(test(c) for test in tests)

    def bracket_item(self) -> Test:
        first = self.take()
        if first == "\\":
            return self.escape()
        if self.peek() == "-" and self.pattern[self.position + 1 : self.position + 2] not in "]":
            self.take()
            last = self.take()
            if last == "\\" or last < first:
                raise PatternError(f"`{first}-{last}` is not a range")
            return _between(first, last)
        return _equals(first)

    def repeated(self, part: _Node) -> _Node:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        character = self.peek()
        if character in simple:
            self.take()
            bounds = simple[character]
        elif character == "{":
            self.take()
            bounds = self.bounds()
        else:
            return part
        if self.peek() in ("*", "+", "?", "{"):
            raise PatternError(f"`{self.peek()}` after a repetition is not understood")
        return _Repeat(part, *bounds)

    def bounds(self) -> tuple[int, int | None]:
        end = self.pattern.find("}", self.position)
        least, comma, most = self.pattern[self.position : max(end, self.position)].partition(",")
        if end < 0 or not _is_count(least) or not (most == "" or _is_count(most)):
            raise PatternError("`{` must be followed by `m}`, `m,}` or `m,n}`")
        self.position = end + 1
        first = int(least)
        last = (int(most) if most else None) if comma else first
        if last is not None and last < first:
            raise PatternError(f"`{{{first},{last}}}` is not a range")
        return first, last


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3


# --- writing: tree to program --------------------------------------------------------------------


class _Writer:
    def __init__(self) -> None:
        self.program: list[tuple[Test | None, list[int]]] = []

    def emit(self, test: Test | None, *targets: int) -> int:
        if len(self.program) >= MAX_SIZE:
            raise PatternError("it is too large; write smaller repetitions")
        self.program.append((test, list(targets)))
        return len(self.program) - 1

    def write(self, node: _Node) -> None:
        if isinstance(node, _One):
            here = self.emit(node.test)
            self.program[here][1].append(here + 1)
        elif isinstance(node, _Sequence):
            for part in node.parts:
                self.write(part)
        elif isinstance(node, _Choice):
            self.choice(node)
        else:
            self.repeat(node)

    def choice(self, node: _Choice) -> None:
        fork = self.emit(None)
        jumps: list[int] = []
        for option in node.options:
            self.program[fork][1].append(len(self.program))
            self.write(option)
            jumps.append(self.emit(None))
        for jump in jumps:
            self.program[jump][1].append(len(self.program))

    def repeat(self, node: _Repeat) -> None:
        for _ in range(node.least):
            self.write(node.part)
            self.emit_step()
        if node.most is None:
            fork = self.emit(None)
            self.program[fork][1].append(len(self.program))
            self.write(node.part)
            self.emit(None, fork)
            self.program[fork][1].append(len(self.program))
            return
        forks: list[int] = []
        for _ in range(node.most - node.least):
            fork = self.emit(None)
            self.program[fork][1].append(fork + 1)
            forks.append(fork)
            self.write(node.part)
        for fork in forks:
            self.program[fork][1].append(len(self.program))

    def emit_step(self) -> None:
        """A step to the next instruction: keeps even an empty part's copies bounded."""
        here = self.emit(None)
        self.program[here][1].append(here + 1)
