"""Places for boxes and lines: every group is drawn by itself, then as one box among its neighbours.

A line between two groups is drawn in pieces: from its box to the border of its group, from there to
the border of the other group, and on to its box there. Which way a piece leads, up or down, is
decided by the level that holds both ends; so the rows of a level are planned before what is inside
its boxes is drawn, and its boxes placed after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.machine.layering import Between, Exit, Level, Place, Point

MARGIN = 16.0
TITLE = 18.0
"""Height of a group's title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A state, or a group of boxes."""

    id: str
    width: float = 0.0
    height: float = 0.0
    inside: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line between two boxes that are not inside each other, with room for words."""

    source: str
    target: str
    width: float = 0.0
    height: float = 0.0


@dataclass(slots=True)
class Drawing:
    """Where everything is. Lines and words are in the order they were given."""

    width: float
    height: float
    places: dict[str, Place]
    ways: list[list[Point]]
    words: list[Point]
    """The middle of each line's words."""


def arrange(boxes: Sequence[Box], lines: Sequence[Line]) -> Drawing:
    """Place all boxes and lines; the upper left corner is (0, 0)."""
    sheet = _sheet(boxes, lines, [])
    ways = []
    for index, line in enumerate(lines):
        way = sheet.ways[index]
        source, target = sheet.places[line.source], sheet.places[line.target]
        down = way[0][1] < way[-1][1]
        begin = (way[0][0], source.y + source.height if down else source.y)
        end = (way[-1][0], target.y if down else target.y + target.height)
        ways.append(_thinned([begin, *way, end]))
    words = [sheet.words[index] for index in range(len(lines))]
    return Drawing(sheet.width, sheet.height, sheet.places, ways, words)


@dataclass(slots=True)
class _Sheet:
    """A level that is drawn, with everything inside its boxes; coordinates are its own."""

    width: float = 0.0
    height: float = 0.0
    places: dict[str, Place] = field(default_factory=dict)
    ways: dict[int, list[Point]] = field(default_factory=dict)
    """Lines whose ends are both in here."""
    outward: dict[tuple[int, str], list[Point]] = field(default_factory=dict)
    """By line and end: from the box to the border."""
    words: dict[int, Point] = field(default_factory=dict)

    def take(self, other: _Sheet, x: float, y: float) -> None:
        """Put what is drawn inside a box where the box is."""
        for key, place in other.places.items():
            self.places[key] = Place(place.x + x, place.y + y, place.width, place.height)
        for index, way in other.ways.items():
            self.ways[index] = _moved(way, x, y)
        for part, way in other.outward.items():
            self.outward[part] = _moved(way, x, y)
        for index, (px, py) in other.words.items():
            self.words[index] = px + x, py + y


def _sheet(boxes: Sequence[Box], lines: Sequence[Line], exits: Sequence[Exit]) -> _Sheet:
    """Draw one level.

    Args:
        boxes: directly in it.
        lines: all of the drawing.
        exits: the lines that leave the level, by the innermost box they come from.
    """
    owner = {name: box.id for box in boxes for name in _ids(box)}
    level = Level([box.id for box in boxes])
    for index, line in enumerate(lines):
        a, b = owner.get(line.source), owner.get(line.target)
        if a is not None and b is not None and a != b:
            between = Between(index=index, source=a, target=b, width=line.width, height=line.height)
            level.lines.append(between)
    level.exits = [
        Exit(index=one.index, end=one.end, box=owner[one.box], down=one.down) for one in exits
    ]
    level.plan()
    inner = {
        box.id: _sheet(box.inside, lines, list(_leaving(box, level, lines, exits)))
        for box in boxes
        if box.inside
    }
    for box in boxes:
        level.sizes[box.id] = _size(box, inner.get(box.id))
    sheet = _Sheet(*level.draw(), words=level.words)
    sheet.places = {box.id: level.places[box.id] for box in boxes}
    for name, found in inner.items():
        place = level.places[name]
        sheet.take(found, place.x + MARGIN, place.y + MARGIN + TITLE)
    _draw_lines(sheet, level)
    return sheet


def _size(box: Box, inner: _Sheet | None) -> tuple[float, float]:
    if inner is None:
        return box.width, box.height
    return max(inner.width + 2 * MARGIN, box.width), inner.height + 2 * MARGIN + TITLE


def _leaving(
    box: Box, level: Level, lines: Sequence[Line], exits: Sequence[Exit]
) -> Iterator[Exit]:
    """The lines that lead from inside a group across its border."""
    own = set(_ids(box)) - {box.id}
    for one in exits:
        if one.box in own:
            yield one
    for between in level.lines:
        line, down = lines[between.index], level.down(between)
        if line.source in own:
            yield Exit(index=between.index, end="source", box=line.source, down=down)
        if line.target in own:
            yield Exit(index=between.index, end="target", box=line.target, down=not down)


def _draw_lines(sheet: _Sheet, level: Level) -> None:
    """Join the pieces inside the boxes of a level with those between them."""
    for one in level.exits:
        part = one.index, one.end
        before = sheet.outward.get(part, [])
        begin = before[-1][0] if before else level.places[one.box].middle
        sheet.outward[part] = [*before, *level.way_out(one, begin)]
    for line in level.lines:
        first = sheet.outward.pop((line.index, "source"), [])
        last = sheet.outward.pop((line.index, "target"), [])
        begin = first[-1][0] if first else level.places[line.source].middle
        end = last[-1][0] if last else level.places[line.target].middle
        sheet.ways[line.index] = [*first, *level.way(line, begin, end), *last[::-1]]


def _moved(way: Sequence[Point], x: float, y: float) -> list[Point]:
    return [(px + x, py + y) for px, py in way]


def _thinned(way: Sequence[Point]) -> list[Point]:
    """Leave out points that lie straight between their neighbours, one above the other."""
    kept: list[Point] = []
    for point in way:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and kept[-2][0] == kept[-1][0] == point[0]:
            kept.pop()
        kept.append(point)
    return kept


def _ids(box: Box) -> Iterator[str]:
    yield box.id
    for other in box.inside:
        yield from _ids(other)
