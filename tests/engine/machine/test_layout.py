"""A drawing leaves room: no two boxes touch, groups hold their own, everything has a place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.loader import check_file
from engine.machine import svg
from engine.machine.compiler import compile_loaded
from engine.machine.layering import Place, Point
from engine.machine.layout import Box, Drawing, Line, arrange

FOLDER = Path(__file__).parents[3] / "flows"
FLOWS = sorted(
    path
    for path in [*FOLDER.glob("*.yaml"), *FOLDER.glob("templates/*.yaml")]
    if not path.name.endswith(".tests.yaml")
)


def boxes(*names: str) -> tuple[Box, ...]:
    return tuple(Box(id=name, width=60, height=30) for name in names)


def apart(a: Place, b: Place) -> bool:
    return (
        a.x + a.width <= b.x
        or b.x + b.width <= a.x
        or a.y + a.height <= b.y
        or b.y + b.height <= a.y
    )


def holds(outer: Place, inner: Place) -> bool:
    wide = outer.x <= inner.x and inner.x + inner.width <= outer.x + outer.width + 0.01
    high = outer.y <= inner.y and inner.y + inner.height <= outer.y + outer.height + 0.01
    return wide and high


def test_a_box_stands_below_those_that_lead_to_it() -> None:
    drawing = arrange(
        boxes("a", "b", "c"), [Line(source="a", target="b"), Line(source="b", target="c")]
    )
    ys = [drawing.places[name].y for name in "abc"]

    assert ys == sorted(set(ys))


def test_a_line_back_does_not_turn_the_drawing_over() -> None:
    lines = [Line(source="a", target="b"), Line(source="b", target="a", width=40, height=15)]
    drawing = arrange(boxes("a", "b"), lines)

    assert drawing.places["a"].y < drawing.places["b"].y
    assert drawing.ways[1][0][1] > drawing.ways[1][-1][1]


def test_words_stand_between_their_boxes() -> None:
    lines = [Line(source="a", target="b", width=40, height=15)]
    drawing = arrange(boxes("a", "b"), lines)

    bottom = drawing.places["a"].y + 30
    assert bottom < drawing.words[0][1] < drawing.places["b"].y


def test_hundreds_of_long_lines_are_drawn_at_once() -> None:
    """Each state of a long chain has a handler that leads to the last one."""
    names = [f"s{index}" for index in range(400)]
    lines = [Line(source=a, target=b) for a, b in zip(names, names[1:], strict=False)]
    lines += [Line(source=name, target=names[-1], width=40, height=15) for name in names[:-2]]
    drawing = arrange(boxes(*names), lines)

    assert len(drawing.ways) == len(lines)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[tuple[Box, ...], list[Line]]:
    names = [f"n{index}" for index in range(draw(st.integers(1, 10)))]
    cut = draw(st.integers(0, len(names)))
    sizes = st.integers(20, 120)
    made = [Box(id=n, width=draw(sizes), height=draw(st.integers(20, 60))) for n in names]
    inside = tuple(made[:cut])
    deeper = draw(st.booleans()) and len(inside) > 1
    if deeper:
        inside = (*inside[:1], Box(id="inner", inside=inside[1:]))
    top = (*([Box(id="group", inside=inside)] if inside else []), *made[cut:])
    ends = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda p: p[0] != p[1])
    pairs = draw(st.lists(ends, max_size=14)) if len(names) > 1 else []
    lines = [Line(source=a, target=b, width=draw(sizes), height=15) for a, b in pairs]
    return top, lines


@given(graphs())
def test_no_two_boxes_touch_and_groups_hold_their_own(
    graph: tuple[tuple[Box, ...], list[Line]],
) -> None:
    top, lines = graph
    drawing = arrange(top, lines)

    def judge(level: tuple[Box, ...]) -> None:
        for a, b in combinations(level, 2):
            assert apart(drawing.places[a.id], drawing.places[b.id])
        for box in level:
            for other in box.inside:
                assert holds(drawing.places[box.id], drawing.places[other.id])
            judge(box.inside)

    judge(top)
    assert len(drawing.ways) == len(drawing.words) == len(lines)
    assert drawing == arrange(top, lines)


def cut(
    level: tuple[Box, ...], lines: list[Line], drawing: Drawing
) -> list[tuple[Line, str, Point, Point]]:
    """Return where lines run through boxes that are neither of their ends, nor around one.

    A piece of a line is drawn as a curve inside the rectangle between its two points.
    """
    found = []
    everything = list(members(level))
    for line, way in zip(lines, drawing.ways, strict=True):
        foreign = [box.id for box in everything if not {line.source, line.target} & set(names(box))]
        for (x, y), (nx, ny) in pairwise(way):
            piece = Place(min(x, nx), min(y, ny), abs(nx - x), abs(ny - y))
            found += [
                (line, name, (x, y), (nx, ny))
                for name in foreign
                if not apart(shrunk(drawing.places[name]), piece)
            ]
    return found


def members(level: tuple[Box, ...]) -> Iterator[Box]:
    for box in level:
        yield box
        yield from members(box.inside)


def names(box: Box) -> Iterator[str]:
    yield box.id
    yield from (other.id for other in members(box.inside))


def shrunk(place: Place) -> Place:
    """A little smaller: to touch is not to cut."""
    return Place(place.x + 0.01, place.y + 0.01, place.width - 0.02, place.height - 0.02)


@given(graphs())
def test_no_line_runs_through_a_box_that_is_not_its_own(
    graph: tuple[tuple[Box, ...], list[Line]],
) -> None:
    top, lines = graph

    assert cut(top, lines, arrange(top, lines)) == []


@given(graphs())
def test_a_line_leads_from_the_border_of_its_box_to_the_border_of_the_other(
    graph: tuple[tuple[Box, ...], list[Line]],
) -> None:
    top, lines = graph
    drawing = arrange(top, lines)

    for line, way in zip(lines, drawing.ways, strict=True):
        for name, (x, y) in ((line.source, way[0]), (line.target, way[-1])):
            place = drawing.places[name]
            assert place.x <= x <= place.x + place.width
            assert min(abs(y - place.y), abs(y - place.y - place.height)) < 0.01
        ys = [y for _, y in way]
        assert ys in (sorted(ys), sorted(ys, reverse=True))


@given(graphs())
def test_a_line_passes_through_the_middle_of_its_words(
    graph: tuple[tuple[Box, ...], list[Line]],
) -> None:
    top, lines = graph
    drawing = arrange(top, lines)

    for way, (x, y) in zip(drawing.ways, drawing.words, strict=True):
        assert any(
            abs(x - ax) < 0.01
            and abs(x - bx) < 0.01
            and min(ay, by) - 0.01 <= y <= max(ay, by) + 0.01
            for (ax, ay), (bx, by) in pairwise(way)
        )


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_no_line_of_a_flow_that_is_shipped_runs_through_a_box(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def noted(level: tuple[Box, ...], lines: list[Line]) -> Drawing:
        drawing = arrange(level, lines)
        drawn.append((level, lines, drawing))
        return drawing

    monkeypatch.setattr(svg, "arrange", noted)
    svg.to_svg(compile_loaded(check_file(path)))

    ((level, lines, drawing),) = drawn
    assert cut(level, lines, drawing) == []
