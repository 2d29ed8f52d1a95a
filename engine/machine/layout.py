"""Places for boxes and lines: the layered drawing of Sugiyama, groups drawn as boxes of their own.

Each group is drawn first, by itself, and is then one box among those around it. One drawing goes in
five steps: turn the lines that lead back, give each box a row below those that lead to it, put a
stand-in into every row a line passes (and one with the size of its words where it has words), order
each row by the middle of its neighbours, and move every row as near to its neighbours as the order
allows. Everything is deterministic: ties fall to the order of the input.

The libraries for this are programs (Graphviz), too large (it is 200 lines), or under the GPL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Pair: TypeAlias = tuple[str, str]

BESIDE = 24.0
"""Pixels between neighbours in a row."""
BELOW = 22.0
"""Pixels between rows; a line crosses two such gaps and the row of its words."""
MARGIN = 16.0
TITLE = 18.0
"""Height of a group's title."""
_SWEEPS = 12
_STAND_INS = 4_000
"""In a drawing that would need more, lines run straight from their words to their target: hundreds
of states with a handler each that leads to the same one would take minutes."""


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box is."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The horizontal middle."""
        return self.x + self.width / 2


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
    ways: dict[int, list[Point]] = {}
    words: dict[int, Point] = {}
    places, width, height = _arrange(boxes, lines, ways, words)
    routes = []
    for index, line in enumerate(lines):
        source, target = places[line.source], places[line.target]
        down = source.y + source.height <= target.y
        begin = (source.middle, source.y + source.height if down else source.y)
        end = (target.middle, target.y if down else target.y + target.height)
        routes.append([begin, *ways.get(index, []), end])
    return Drawing(width, height, places, routes, [words[index] for index in range(len(lines))])


def _arrange(
    boxes: Sequence[Box],
    lines: Sequence[Line],
    ways: dict[int, list[Point]],
    words: dict[int, Point],
) -> tuple[dict[str, Place], float, float]:
    """One level: its groups first. Fills in the lines that run between its boxes."""
    inner: dict[str, dict[str, Place]] = {}
    own: dict[str, dict[int, list[Point]]] = {}
    said: dict[str, dict[int, Point]] = {}
    sizes: dict[str, tuple[float, float]] = {}
    for box in boxes:
        sizes[box.id] = box.width, box.height
        if box.inside:
            own[box.id], said[box.id] = {}, {}
            inner[box.id], width, height = _arrange(box.inside, lines, own[box.id], said[box.id])
            sizes[box.id] = max(width + 2 * MARGIN, box.width), height + 2 * MARGIN + TITLE
    owner = {name: box.id for box in boxes for name in _ids(box)}
    level = _Level(list(sizes), sizes)
    for index, line in enumerate(lines):
        a, b = owner.get(line.source), owner.get(line.target)
        if a is not None and b is not None and a != b:
            level.lines.append((index, a, b, line.width, line.height))
    placed, width, height = level.draw(ways, words)
    places = dict(placed)
    for name, found in inner.items():
        x, y = placed[name].x + MARGIN, placed[name].y + MARGIN + TITLE
        for key, place in found.items():
            places[key] = Place(place.x + x, place.y + y, place.width, place.height)
        for index, way in own[name].items():
            ways[index] = [(px + x, py + y) for px, py in way]
        for index, (px, py) in said[name].items():
            words[index] = px + x, py + y
    return places, width, height


def _ids(box: Box) -> Iterator[str]:
    yield box.id
    for other in box.inside:
        yield from _ids(other)


@dataclass(slots=True)
class _Level:
    """The boxes directly inside one group."""

    boxes: list[str]
    sizes: dict[str, tuple[float, float]]
    lines: list[tuple[int, str, str, float, float]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    near: dict[str, list[str]] = field(default_factory=dict)
    """The neighbours of a box or stand-in, in the rows above and below."""
    row_of: dict[str, int] = field(default_factory=dict)
    short: bool = False
    """Lines have a stand-in for their words and no others."""

    def draw(
        self, ways: dict[int, list[Point]], words: dict[int, Point]
    ) -> tuple[dict[str, Place], float, float]:
        forward = self._forward()
        self._rank(set(forward.values()))
        spans = (self.row_of[b] - self.row_of[a] for a, b in forward.values())
        self.short = sum(spans) > _STAND_INS
        stands = {index: self._stand_in(index, *forward[index]) for index in forward}
        self._order()
        places = self._place()
        for index, a, b, _, _ in self.lines:
            chain = stands[index] if forward[index] == (a, b) else stands[index][::-1]
            middles = [(places[s].middle, places[s].y + places[s].height / 2) for s in chain]
            ways[index] = middles
            word = next(s for s in chain if s.endswith("/words"))
            words[index] = places[word].middle, places[word].y + places[word].height / 2
        width = max((p.x + p.width for p in places.values()), default=0.0)
        height = max((p.y + p.height for p in places.values()), default=0.0)
        return {name: places[name] for name in self.boxes}, width, height

    def _forward(self) -> dict[int, Pair]:
        """The lines, those that close a circle turned round."""
        after: dict[str, list[str]] = {name: [] for name in self.boxes}
        for _, a, b, _, _ in self.lines:
            after[a].append(b)
        done: set[str] = set()
        back: set[Pair] = set()
        for start in self.boxes:
            if start in done:
                continue
            way, todo = [start], [iter(after[start])]
            while way:
                following = next(todo[-1], None)
                if following is None:
                    done.add(way.pop())
                    todo.pop()
                elif following in way:
                    back.add((way[-1], following))
                elif following not in done:
                    way.append(following)
                    todo.append(iter(after[following]))
        return {index: (b, a) if (a, b) in back else (a, b) for index, a, b, _, _ in self.lines}

    def _rank(self, pairs: set[Pair]) -> None:
        """A box stands below all that lead to it; every other row is for words."""
        below: dict[str, list[str]] = {name: [] for name in self.boxes}
        open_: dict[str, int] = dict.fromkeys(self.boxes, 0)
        for a, b in pairs:
            below[a].append(b)
            open_[b] += 1
        self.row_of = dict.fromkeys(self.boxes, 0)
        ready = [name for name in self.boxes if not open_[name]]
        while ready:
            name = ready.pop()
            for other in below[name]:
                self.row_of[other] = max(self.row_of[other], self.row_of[name] + 2)
                open_[other] -= 1
                if not open_[other]:
                    ready.append(other)
        self.rows = [[] for _ in range(max(self.row_of.values(), default=0) + 1)]
        self.near = {name: [] for name in self.boxes}
        for name in self.boxes:
            self.rows[self.row_of[name]].append(name)

    def _stand_in(self, index: int, upper: str, lower: str) -> list[str]:
        chain: list[str] = []
        first = self.row_of[upper] + 1
        last = first + 1 if self.short else self.row_of[lower]
        line = next(line for line in self.lines if line[0] == index)
        for row in range(first, last):
            name = f"{index}/{row}" if row > first else f"{index}/words"
            self.sizes[name] = (line[3], line[4]) if row == first else (6.0, 0.0)
            self.rows[row].append(name)
            self.row_of[name] = row
            self.near[name] = []
            chain.append(name)
        whole = [upper, *chain, lower]
        for a, b in zip(whole, whole[1:], strict=False):
            self.near[a].append(b)
            self.near[b].append(a)
        return chain

    def _order(self) -> None:
        best, least = [list(row) for row in self.rows], self._crossings()
        for sweep in range(_SWEEPS):
            side = -1 if sweep % 2 == 0 else 1
            where = {name: i for row in self.rows for i, name in enumerate(row)}
            for row in self.rows[::-side]:
                means = {name: self._mean(name, side, where) for name in row}
                row.sort(key=means.__getitem__)
                where.update((name, i) for i, name in enumerate(row))
            crossings = self._crossings()
            if crossings < least:
                best, least = [list(row) for row in self.rows], crossings
        self.rows = best

    def _mean(self, name: str, side: int, where: dict[str, int]) -> float:
        row = self.row_of[name] + side
        found = [where[other] for other in self.near[name] if self.row_of[other] == row]
        return sum(found) / len(found) if found else float(where[name])

    def _crossings(self) -> int:
        where = {name: i for row in self.rows for i, name in enumerate(row)}
        count = 0
        for index, row in enumerate(self.rows):
            ends = [(where[name], where[other]) for name in row for other in self.near[name]
                    if self.row_of[other] == index + 1]  # fmt: skip
            count += sum(
                (a[0] - b[0]) * (a[1] - b[1]) < 0 for i, a in enumerate(ends) for b in ends[:i]
            )
        return count

    def _place(self) -> dict[str, Place]:
        middle: dict[str, float] = {}
        for row in self.rows:
            x = 0.0
            for name in row:
                width = self.sizes[name][0]
                middle[name] = x + width / 2
                x += width + BESIDE
        for sweep in range(_SWEEPS):
            for row in self.rows if sweep % 2 == 0 else self.rows[::-1]:
                self._pull(row, middle)
        left = min((middle[n] - self.sizes[n][0] / 2 for n in middle), default=0.0)
        places: dict[str, Place] = {}
        y = 0.0
        for row in self.rows:
            tallest = max((self.sizes[name][1] for name in row), default=0.0)
            for name in row:
                width, height = self.sizes[name]
                x = middle[name] - width / 2 - left
                places[name] = Place(x, y + (tallest - height) / 2, width, height)
            y += tallest + BELOW
        return places

    def _pull(self, row: list[str], middle: dict[str, float]) -> None:
        """Move a row to the middle of its neighbours, in order: least squares, blocks merged."""
        offset, offsets = 0.0, []
        for index, name in enumerate(row):
            if index:
                offset += (self.sizes[row[index - 1]][0] + self.sizes[name][0]) / 2 + BESIDE
            offsets.append(offset)
        blocks: list[tuple[float, int]] = []
        for name, shift in zip(row, offsets, strict=True):
            near = [middle[other] for other in self.near[name]]
            block = (sum(near) / len(near) if near else middle[name]) - shift, 1
            while blocks and blocks[-1][0] > block[0]:
                value, size = blocks.pop()
                total = size + block[1]
                block = (value * size + block[0] * block[1]) / total, total
            blocks.append(block)
        starts = [value for value, size in blocks for _ in range(size)]
        for name, start, shift in zip(row, starts, offsets, strict=True):
            middle[name] = start + shift
