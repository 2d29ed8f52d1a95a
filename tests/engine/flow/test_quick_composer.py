"""The quick composer makes the same tree as the exact one, or says that it is not sure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from ruamel.yaml.error import YAMLError

from engine.flow.composer import compose, compose_exactly
from engine.flow.nodes import Node, TreeError
from engine.flow.quick_composer import Unsure, compose_quickly

ROOT = Path(__file__).parents[3]
FLOWS = sorted((ROOT / "flows").rglob("*.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in FLOWS]
TEXTS += [
    path.read_bytes().decode("utf-8")
    for path in sorted((ROOT / "tests/diagnostics/bad").glob("*.yaml"))
]

SIGNS = (
    *("{", "}", "[", "]", ",", ":", ": ", ":\n", "-", "- ", "-\n", "?", "? ", "#", " #", "# x\n"),
    *("&a ", "*a", "!x ", "|", "|\n", ">\n", ">-\n", "'", '"', '"a"', "'a'", "%", "@", "`", "\n"),
    *("\n\n", "\n  ", "\n    ", " ", "  ", "\t", "\\", "\\n", "a", "a: ", "b: c", "1", "é", "😀"),
    *(
        "\r\n",
        "\u00a0",
        "\u2028",
        "\ufeff",
        "---\n",
        "...\n",
        "<<: ",
        "~",
        "null",
        "{{ a }}",
        "=",
        "/",
    ),
)
PIECES = st.lists(st.sampled_from(SIGNS), max_size=3).map("".join)


def dumped(node: Node) -> object:
    """Everything a node says."""
    return (
        (node.kind, node.start, node.end, node.style, node.text, node.tag, node.in_flow, node.size),
        [dumped(item) for item in node.items],
        [(dumped(e.key), dumped(e.value), e.name, e.merged) for e in node.entries],
    )


def agree(text: str) -> bool:
    """Whether the quick one read the text; then both must say the same."""
    try:
        quick = compose_quickly(text)
    except Unsure:
        return False
    try:
        exact = compose_exactly(text)
    except (YAMLError, TreeError) as error:
        pytest.fail(f"accepted {text!r}, and the parser says {error}")
    assert exact is not None
    assert dumped(quick) == dumped(exact)
    return True


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A part of a flow with pieces of YAML put in and taken out."""
    text = draw(st.sampled_from(TEXTS))
    lines = text.splitlines(keepends=True)
    start = draw(st.integers(0, max(len(lines) - 1, 0)))
    text = "".join(lines[start : start + draw(st.integers(1, 40))])
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(PIECES) + text[at + draw(st.sampled_from((0, 0, 1, 2, 5))) :]
    return text


LEAVES = st.sampled_from(
    ("a", "a b", "a#b", "a:b", "-1", "-", "", "~", "'it''s'", '"a \\" b"', '"x: y"', "a, b", "1.5")
)
KEYS = st.sampled_from(("a", "b c", '"k"', "'k'", "x.y", "dtmf.#", "1", "a:b", "k,", "<<", "é"))
COMMENTS = st.sampled_from(("",) * 6 + (" # c", "   #", "\n", "\n# c", "\n      # c: d"))
BLOCKS = st.sampled_from(("|", ">", "|-", ">-", "|+", "|2", "| # c"))
WORDS = st.sampled_from(("one", "two three", " four", "a: b", "# no", "", "- x"))


def flows(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    gap = st.sampled_from((", ", ",\n   ", ",", " , ", ", # c\n "))
    lists = st.tuples(st.lists(st.one_of(inner, pairs(inner)), max_size=3), gap)
    maps = st.tuples(st.lists(pairs(inner), max_size=3), gap)
    return st.one_of(
        lists.map(lambda made: f"[{made[1].join(made[0])}]"),
        maps.map(lambda made: f"{{{made[1].join(made[0])}}}"),
    )


def pairs(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(KEYS, inner).map(": ".join)


INLINE = st.recursive(LEAVES, flows, max_leaves=5)


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """The lines of a map or a list; now and then at a wrong column."""
    listed = depth > 0 and draw(st.booleans())
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        head = draw(st.sampled_from(("-", "-", "-  "))) if listed else draw(KEYS) + ":"
        kind = draw(st.sampled_from(("inline", "inline", "inline", "below", "text")))
        step = draw(st.sampled_from((2, 2, 2, 2, 4, 1, 0)))
        if kind == "below" and depth < 4:
            below = draw(blocks(depth + 1))
            if listed and draw(st.booleans()):
                lines.append(f"{head} {below[0]}")
                below, step = below[1:], len(head) + 1
            else:
                lines.append(head + draw(COMMENTS))
            lines += [" " * step + line for line in below]
        elif kind == "text":
            lines.append(f"{head} {draw(BLOCKS)}")
            lines += [" " * step + line for line in draw(st.lists(WORDS, min_size=1, max_size=3))]
        else:
            lines.append(f"{head} {draw(INLINE)}{draw(COMMENTS)}")
    return [part for line in lines for part in line.split("\n")]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A whole document."""
    return "\n".join(draw(blocks())) + draw(st.sampled_from(("\n", "\n", "", "\n\n", "  \n")))


@given(spoilt())
def test_both_read_a_spoilt_flow_the_same_way(text: str) -> None:
    event(f"read quickly: {agree(text)}")


@given(documents())
def test_both_read_a_made_document_the_same_way(text: str) -> None:
    event(f"read quickly: {agree(text)}")


@given(st.lists(st.sampled_from(SIGNS), max_size=14).map("".join))
def test_both_read_any_signs_the_same_way(text: str) -> None:
    event(f"read quickly: {agree(f'a: {text}')}")


@given(st.one_of(spoilt(), documents()))
def test_both_read_the_line_breaks_of_windows_the_same_way(text: str) -> None:
    event(f"read quickly: {agree(text.replace(chr(10), chr(13) + chr(10)))}")


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.name)
def test_every_shipped_flow_is_read_quickly(path: Path) -> None:
    """Else nobody would notice that the quick road is no longer taken."""
    assert agree(path.read_text(encoding="utf-8"))


def test_what_it_is_not_sure_of_is_read_exactly() -> None:
    """An anchor, here."""
    node = compose("a: &x {b: 1}\nc: *x\n")
    assert node is not None
    assert node.entries[0].value is node.entries[1].value
