"""One level of a drawing: boxes in rows, and lines that run through the rows without cutting a box.

The layered drawing of Sugiyama, in five steps: turn the lines that lead back, give each box a row
below those that lead to it, put a stand-in into every row a line passes (and one with the size of
its words where it has words), order each row by the middle of its neighbours, and move every row as
near to its neighbours as the order allows. A line goes straight down through a row, in the place of
its stand-in, and aslant only between two rows, where there are no boxes: so it meets none but its
own. Everything is deterministic: ties fall to the order of the input.

The libraries for this are programs (Graphviz), too large (it is 300 lines), or under the GPL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Pair: TypeAlias = tuple[str, str]

BESIDE = 24.0
"""Pixels between neighbours in a row."""
BELOW = 22.0
"""Pixels between rows; a line crosses two such gaps and the row of its words."""
_SWEEPS = 12
_STAND_INS = 4_000
"""In a drawing that would need more, lines run straight from their words to their target, over what
is between: hundreds of states with a handler each that leads to the same one would take minutes."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A line between two boxes of the level."""

    index: int
    source: str
    target: str
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """A line that leaves the level: from one of its boxes to its lower or its upper border."""

    index: int
    end: str
    """Which end of the line is in here: `source` or `target`."""
    box: str
    down: bool


@dataclass(slots=True)
class Level:
    """The boxes directly inside one group."""

    boxes: list[str]
    lines: list[Between] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    sizes: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Width and height of each box, needed by `draw`."""
    places: dict[str, Place] = field(default_factory=dict)
    words: dict[int, Point] = field(default_factory=dict)
    """The middle of the words of each line."""
    rows: list[list[str]] = field(default_factory=list)
    near: dict[str, list[str]] = field(default_factory=dict)
    """The neighbours of a box or stand-in, in the rows above and below."""
    row_of: dict[str, int] = field(default_factory=dict)
    bands: list[tuple[float, float]] = field(default_factory=list)
    """Top and bottom of each row."""
    short: bool = False
    """Lines have a stand-in for their words and no others."""
    _forward_of: dict[int, Pair] = field(default_factory=dict)
    _chains: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    """The stand-ins of a line from its upper box on, and of an exit from its box on."""

    def plan(self) -> None:
        """Give every box its row: from then on it is known which lines lead down."""
        self._forward_of = self._forward()
        self._rank(dict.fromkeys(self._forward_of.values()))

    def down(self, line: Between) -> bool:
        """Whether a line leads down."""
        return self._forward_of[line.index] == (line.source, line.target)

    def draw(self) -> tuple[float, float]:
        """Place everything; return width and height."""
        last = len(self.rows)
        spans = [self.row_of[b] - self.row_of[a] for a, b in self._forward_of.values()]
        spans += [last - self.row_of[e.box] if e.down else self.row_of[e.box] for e in self.exits]
        self.short = sum(spans) > _STAND_INS
        for line in self.lines:
            self._chains[line.index, ""] = self._stand_in(line)
        for one in self.exits:
            self._chains[one.index, one.end] = self._lead_out(one)
        self._order()
        self.places = self._place()
        for line in self.lines:
            words = self.places[f"{line.index}/words"]
            self.words[line.index] = words.middle, words.y + words.height / 2
        width = max((p.x + p.width for p in self.places.values()), default=0.0)
        return width, max((bottom for _, bottom in self.bands), default=0.0)

    def way(self, line: Between, begin: float, end: float) -> list[Point]:
        """Return the points of a line between its boxes.

        Args:
            line: one of this level.
            begin: where it leaves its source, from left to right.
            end: where it enters its target.
        """
        down = self.down(line)
        chain = self._chains[line.index, ""]
        first, last = self.row_of[line.source], self.row_of[line.target]
        return [
            (begin, self.bands[first][1 if down else 0]),
            *self._through(chain if down else chain[::-1], down),
            (end, self.bands[last][0 if down else 1]),
        ]

    def way_out(self, one: Exit, begin: float) -> list[Point]:
        """Return the points of an exit from its box to the border."""
        row = self.bands[self.row_of[one.box]]
        way = [(begin, row[1 if one.down else 0])]
        way += self._through(self._chains[one.index, one.end], one.down)
        border = self.bands[-1][1] if one.down else self.bands[0][0]
        return way if way[-1][1] == border else [*way, (way[-1][0], border)]

    def _through(self, chain: list[str], down: bool) -> Iterator[Point]:
        for name in chain:
            top, bottom = self.bands[self.row_of[name]]
            x = self.places[name].middle
            yield x, top if down else bottom
            if top != bottom:
                yield x, bottom if down else top

    def _forward(self) -> dict[int, Pair]:
        """The lines, those that close a circle turned round."""
        after: dict[str, list[str]] = {name: [] for name in self.boxes}
        for line in self.lines:
            after[line.source].append(line.target)
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
        pairs = {line.index: (line.source, line.target) for line in self.lines}
        return {index: (b, a) if (a, b) in back else (a, b) for index, (a, b) in pairs.items()}

    def _rank(self, pairs: Iterable[Pair]) -> None:
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

    def _stand_in(self, line: Between) -> list[str]:
        upper, lower = self._forward_of[line.index]
        first = self.row_of[upper] + 1
        last = first + 1 if self.short else self.row_of[lower]
        names = [f"{line.index}/words", *(f"{line.index}/{n}" for n in range(first + 1, last))]
        self.sizes[names[0]] = line.width, line.height
        self._chain([upper, *names, lower], names, first, 1)
        return names

    def _lead_out(self, one: Exit) -> list[str]:
        row, step = self.row_of[one.box], 1 if one.down else -1
        rows = [] if self.short else range(row + step, len(self.rows) if one.down else -1, step)
        names = [f"{one.index}/{one.end}/{n}" for n in rows]
        self._chain([one.box, *names], names, row + step, step)
        return names

    def _chain(self, whole: list[str], names: list[str], row: int, step: int) -> None:
        """Put stand-ins into one row after the other; they and their ends are neighbours."""
        for name in names:
            self.sizes.setdefault(name, (6.0, 0.0))
            self.rows[row].append(name)
            self.row_of[name] = row
            self.near[name] = []
            row += step
        for a, b in zip(whole, whole[1:], strict=False):
            self.near[a].append(b)
            self.near[b].append(a)

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
            self.bands.append((y, y + tallest))
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
