"""Templates of nothing but text and names, as in "A table for {{ slots.party_size }}, right?".

Most lines are such, and a call says one at every turn: to fill in names takes no program. What is
missing, or not as it should be, is left to the program of the template, which says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from jinja2 import nodes

Piece: TypeAlias = str | tuple[str, ...]
"""Text as it is, or the parts of a dotted name."""


def pieces_of(tree: nodes.Template | None) -> tuple[Piece, ...] | None:
    """Return the pieces of a template of text and dotted names, in order; None: it is more."""
    pieces: list[Piece] = []
    for output in tree.body if tree is not None else ():
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            piece = node.data if isinstance(node, nodes.TemplateData) else _chain(node)
            if not piece:
                return None
            pieces.append(piece)
    return tuple(pieces)


def _chain(node: nodes.Node) -> tuple[str, ...]:
    """Return the parts of a dotted name; empty: it is something else."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    above = _chain(node.node) if isinstance(node, nodes.Getattr) else ()
    return (*above, node.attr) if isinstance(node, nodes.Getattr) and above else ()


def look_up(names: Mapping[str, Any], chain: tuple[str, ...]) -> Any:
    """Return what a dotted name means.

    Raises:
        LookupError: a part is missing.
        TypeError: what should have parts has none.
    """
    value = names[chain[0]]
    for part in chain[1:]:
        if not isinstance(value, dict):
            raise TypeError(part)
        value = value[part]
    return value
