"""CompiledFlow to SVG: the picture of `export.edges`, laid out by `layout`, no program needed.

Ways between the same two states are one line with several labels. A way that leads back to where
the caller is stands inside its state, and so does an end: a double frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from engine.machine.compiled import CompiledFlow, CompiledState, End, TransferTo
from engine.machine.export import (
    ANYWHERE,
    FINAL,
    INCLUDE,
    Edge,
    anywhere,
    describe,
    edges,
    inside,
)
from engine.machine.layering import Place, Point
from engine.machine.layout import MARGIN, Box, Drawing, Line, arrange
from engine.machine.overlay import Overlay

_LETTER = 6.4
"""Pixels of an average letter at the size below; wider fonts make boxes tight, not wrong."""
_BOLD = 1.15
"""How much wider a name is set."""
_ROW = 15.0
_LONGEST = 34
_MOST = 4
"""Labels shown on one line, and loops shown in one state."""

_STYLE = """\
text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #1f2933; }
.state { fill: #f5f7fa; stroke: #52606d; } .group { fill: none; stroke: #9aa5b1; }
.any { fill: #fff; stroke: #9aa5b1; stroke-dasharray: 4 3; } .name { font-weight: 600; }
.way { fill: none; stroke: #7b8794; } .words { fill: #fff; fill-opacity: .85; }
.label, .loop { font-size: 11px; fill: #52606d; } .title { fill: #7b8794; font-size: 11px; }
.lit .state, .lit.any { fill: #d9f2e3; stroke: #18794e; } .lit .way { stroke: #18794e; stroke-width: 2.2; }
.dim { opacity: .45; }
"""  # noqa: E501 - a style sheet reads as one table


@dataclass(frozen=True, slots=True)
class _Way:
    """All edges between the same two nodes."""

    source: str
    target: str
    edges: tuple[Edge, ...]

    @property
    def labels(self) -> list[str]:
        found = [edge.label for edge in self.edges if edge.label]
        return _few(found)


def to_svg(flow: CompiledFlow, overlay: Overlay | None = None) -> str:
    """The flow as an SVG document; what an overlay names is lit, the rest is dim."""
    return _Picture(flow, overlay).text()


class _Picture:
    def __init__(self, flow: CompiledFlow, overlay: Overlay | None) -> None:
        self._flow = flow
        self._overlay = overlay
        self._edges = list(edges(flow))
        self._loops: dict[str, list[Edge]] = {}
        self._ways: list[_Way] = []
        between: dict[tuple[str, str], list[Edge]] = {}
        for edge in self._edges:
            if edge.source == edge.target:
                self._loops.setdefault(edge.source, []).append(edge)
            elif not (edge.target == FINAL and self._ends(edge.source)):
                between.setdefault((edge.source, edge.target), []).append(edge)
        self._ways = [_Way(a, b, tuple(found)) for (a, b), found in between.items()]
        self._lines = [_line(way) for way in self._ways]

    def _ends(self, name: str) -> bool:
        state = self._flow.states.get(name)
        return state is not None and isinstance(state.verb, (End, TransferTo))

    def text(self) -> str:
        drawing = arrange(tuple(self._boxes(())), self._lines)
        width, height = drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN
        title = self._flow.id + (f": {self._overlay.title}" if self._overlay else "")
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img">',
            f"<title>{_safe(title)}</title>",
            f"<style>{_STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" '
            'fill="context-stroke"/></marker></defs>',
            '<rect width="100%" height="100%" fill="#fff"/>',
            f'<g transform="translate({MARGIN:.0f} {MARGIN:.0f})">',
            *self._groups((), drawing),
            *self._drawn_ways(drawing),
            *self._nodes(drawing),
            "</g>",
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    # --- boxes ------------------------------------------------------------------------------------

    def _boxes(self, groups: tuple[str, ...]) -> Iterator[Box]:
        for node in self._extras(groups):
            yield _box(node, self._texts(node))
        for item in inside(self._flow, groups):
            if isinstance(item, str):
                width = len(item) * _LETTER + 2 * MARGIN
                yield Box(id=item, width=width, inside=tuple(self._boxes((*groups, item))))
            else:
                yield _box(item.id, self._texts(item.id))

    def _extras(self, groups: tuple[str, ...]) -> Iterator[str]:
        """The nodes that are no states: handlers of this scope, the end."""
        named = dict.fromkeys(edge.source for edge in self._edges)
        node = f"{ANYWHERE}{groups[-1]}" if groups else ANYWHERE
        if node in named:
            yield node
        if not groups:
            yield from (name for name in named if name.startswith(f"{ANYWHERE}{INCLUDE}"))
        if not groups and any(way.target == FINAL for way in self._ways):
            yield FINAL

    def _texts(self, node: str) -> list[str]:
        loops = [f"↺ {edge.label}" for edge in self._loops.get(node, ())]
        return [*_heading(self._flow, node), *_few(loops)]

    # --- drawing ----------------------------------------------------------------------------------

    def _groups(self, groups: tuple[str, ...], drawing: Drawing) -> Iterator[str]:
        for item in inside(self._flow, groups):
            if isinstance(item, str):
                place = drawing.places[item]
                yield f'<rect class="group" {_rect(place)} rx="8"/>'
                yield _text(place.x + 10, place.y + 15, item, "title", anchor="start")
                yield from self._groups((*groups, item), drawing)

    def _drawn_ways(self, drawing: Drawing) -> Iterator[str]:
        for way, points, at in zip(self._ways, drawing.ways, drawing.words, strict=True):
            fired = sum(self._fired(edge) for edge in way.edges)
            yield f'<g class="{self._class("", fired)}">'
            full = "\n".join(edge.label for edge in way.edges if edge.label)
            hint = f"<title>{_safe(full)}</title>" if full else ""
            yield f'<path class="way" d="{_curve(points)}" marker-end="url(#tip)">{hint}</path>'
            line = _line(way)
            if way.labels:
                x, y = at[0] - line.width / 2, at[1] - line.height / 2
                yield f'<rect class="words" {_rect(Place(x, y, line.width, line.height))}/>'
            for index, label in enumerate(way.labels):
                yield _text(at[0], at[1] - line.height / 2 + 11 + index * _ROW, label, "label")
            yield "</g>"

    def _fired(self, edge: Edge) -> int:
        return self._overlay.transitions.get(edge.transition, 0) if self._overlay else 0

    def _nodes(self, drawing: Drawing) -> Iterator[str]:
        for name, place in drawing.places.items():
            if name in self._flow.groups:
                continue
            if name == FINAL:
                yield f'<circle cx="{place.middle:.1f}" cy="{place.y + 10:.1f}" r="8" fill="none" stroke="#52606d"/>'  # noqa: E501 - one element
                yield f'<circle cx="{place.middle:.1f}" cy="{place.y + 10:.1f}" r="5"/>'
                continue
            yield from self._node(name, place)

    def _node(self, name: str, place: Place) -> Iterator[str]:
        state = self._flow.states.get(name)
        count = self._overlay.states.get(name, 0) if self._overlay else 0
        if state is None:
            count = sum(self._fired(edge) for edge in self._edges if edge.source == name)
        yield f'<g class="{self._class("node", count)}">'
        kind = "state" if state is not None else "any"
        yield f'<rect class="{kind}" {_rect(place)} rx="6"/>'
        if self._ends(name):
            inner = Place(place.x + 3, place.y + 3, place.width - 6, place.height - 6)
            yield f'<rect class="{kind}" {_rect(inner)} rx="4"/>'
        if name == self._flow.start:
            yield f'<circle cx="{place.x:.1f}" cy="{place.y:.1f}" r="5"/>'
        for index, text in enumerate(self._texts(name)):
            role = "name" if index == 0 else "loop"
            yield _text(place.middle, place.y + 17 + index * _ROW, text, role)
        if state is not None:
            yield f"<title>{_safe(_hint(state, count))}</title>"
        yield "</g>"

    def _class(self, base: str, count: int) -> str:
        lit = "" if self._overlay is None else " lit" if count else " dim"
        return f"{base}{lit}".strip() or "plain"


# --- pieces --------------------------------------------------------------------------------------


def _heading(flow: CompiledFlow, node: str) -> list[str]:
    if node == FINAL:
        return [""]
    if node.startswith(ANYWHERE):
        return [anywhere(node)]
    return [node, _cut(describe(flow.states[node]))]


def _hint(state: CompiledState, count: int) -> str:
    visits = f"\nvisited {count} times" if count else ""
    return f"{state.id}: {describe(state)}{visits}"


def _box(node: str, texts: list[str]) -> Box:
    if node == FINAL:
        return Box(id=node, width=20, height=20)
    widest = max(len(texts[0]) * _BOLD, *map(len, texts))
    return Box(id=node, width=widest * _LETTER + 24, height=len(texts) * _ROW + 12)


def _line(way: _Way) -> Line:
    labels = way.labels
    width = max((len(label) * _LETTER * 0.95 + 8 for label in labels), default=6.0)
    return Line(source=way.source, target=way.target, width=width, height=len(labels) * _ROW)


def _few(texts: list[str]) -> list[str]:
    shown = [_cut(text) for text in dict.fromkeys(texts)]
    if len(shown) > _MOST:
        return [*shown[: _MOST - 1], f"and {len(shown) - _MOST + 1} more"]
    return shown


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _curve(points: list[Point]) -> str:
    (x, y), *others = points
    parts = [f"M{x:.1f} {y:.1f}"]
    for nx, ny in others:
        half = (y + ny) / 2
        parts.append(f"C{x:.1f} {half:.1f} {nx:.1f} {half:.1f} {nx:.1f} {ny:.1f}")
        x, y = nx, ny
    return "".join(parts)


def _rect(place: Place) -> str:
    sides = {"x": place.x, "y": place.y, "width": place.width, "height": place.height}
    return " ".join(f'{name}="{value:.1f}"' for name, value in sides.items())


def _text(x: float, y: float, text: str, role: str, anchor: str = "middle") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text class={quoteattr(role)} {place}>{_safe(text)}</text>"


def _safe(text: str) -> str:
    """Text that is XML: no markup, no control characters."""
    return escape("".join(c for c in text if c in "\n\t" or c.isprintable()))
