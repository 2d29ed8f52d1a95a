"""The tree of a YAML document with exact places. Offsets are code points from its start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

MAX_DEPTH = 40
"""Nesting of maps and lists. Groups in groups in groups of a real flow stay below 20."""

MAX_EXPANSION = 10_000
"""Nodes that all aliases together may stand for."""

Style: TypeAlias = Literal["plain", "quoted", "block", "flow"]


@dataclass(slots=True, eq=False)
class Node:
    """A value of the document."""

    kind: Literal["scalar", "list", "map"]
    start: int
    end: int
    style: Style
    """plain, quoted or block (`|`, `>`) scalars; flow (`{}`, `[]`) or block collections."""
    text: str = ""
    tag: str = ""
    """An explicit tag: `!!str` as `tag:yaml.org,2002:str`, `!foo` as it stands."""
    in_flow: bool = False
    """It stands inside `{}` or `[]`."""
    items: Sequence[Node] = ()
    """Of a list. Most nodes are scalars: an empty list for each would be most of the memory."""
    entries: Sequence[Entry] = ()
    size: int = 1
    """Nodes it expands to, itself included."""


@dataclass(slots=True, eq=False)
class Entry:
    """A key and its value."""

    key: Node
    value: Node
    name: str
    """The key as text; keys of the flow language are never anything else."""
    merged: bool = False
    """It came through a merge key (`<<`)."""


class TreeError(Exception):
    """The text is YAML, and more than a flow file may be. Carries what a finding needs."""

    def __init__(
        self, code: str, message: str, start: int, end: int, *, label: str = "", help: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.label = label
        self.help = help
