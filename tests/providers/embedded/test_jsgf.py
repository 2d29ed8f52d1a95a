"""Grammars are read, pruned to known words, written back and spoken."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.embedded.jsgf import Grammar, GrammarError, parse

SMALL = """#JSGF V1.0 UTF-8 en;
grammar small;
/* what a caller may say */
public <top> = [please] <number> (people | guests)+ {count} | /0.2/ "Never Mind" // bye
  | <number> * ;
<number> = one | two | <NULL>;
"""


def said(grammar: Grammar, count: int = 300) -> set[str]:
    return set(grammar.sentences(count, random.Random(0)))


def test_everything_that_is_said_comes_from_the_rules() -> None:
    sentences = said(parse(SMALL))

    assert "never mind" in sentences
    assert any(s.startswith("please one people") for s in sentences)
    words = {word for sentence in sentences for word in sentence.split()}
    assert words == {"please", "one", "two", "people", "guests", "never", "mind"}


def test_alternatives_with_unknown_words_are_dropped_and_nothing_else() -> None:
    grammar = parse("#JSGF V1.0; grammar g; public <a> = <b> x | [<b>] y | z; <b> = xyzzy w;")

    pruned = grammar.pruned(lambda word: word != "xyzzy")

    assert grammar.words() == {"x", "y", "z", "xyzzy", "w"}
    assert said(pruned) == {"y", "z"}
    assert "b" not in pruned.rules


def test_a_grammar_of_unknown_words_alone_can_say_nothing() -> None:
    pruned = parse("#JSGF V1.0; grammar g; public <a> = xyzzy+;").pruned(lambda word: False)

    assert pruned.public == ()
    assert pruned.sentences(5, random.Random(0)) == []


def test_what_is_written_is_read_back_the_same() -> None:
    first = parse(SMALL)
    again = parse(first.text())

    assert again.words() == first.words()
    assert said(Grammar(again.rules, ("top",))) == said(first)


def test_recursion_ends() -> None:
    grammar = parse("#JSGF V1.0; grammar g; public <a> = x <a>;")

    assert grammar.sentences(3, random.Random(0)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grammar g; public <a> = b;", "begins with"),
        ("#JSGF V1.0; grammar g; <a> = b;", "no rule is public"),
        ("#JSGF V1.0; grammar g; public <a> = <b>;", "<b> is used and never defined"),
        ("#JSGF V1.0; grammar g; public <a> = b; <a> = c;", "<a> is defined twice"),
        ("#JSGF V1.0; grammar g; public <a> = (b;", r"expected \), found ;"),
        ("#JSGF V1.0; grammar g; public <a> = b", "expected ;, found the end"),
        ('#JSGF V1.0; grammar g;\npublic <a> = "b', "line 2: cannot read"),
        ("#JSGF V1.0; grammar g; import <x.y>;", "expected rule"),
    ],
)
def test_bad_grammars_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(GrammarError, match=message):
        parse(text)


WORDS = st.sampled_from(["one", "two", "three", "o'clock"])
EXPRESSIONS = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(" ".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda xs: f"({' | '.join(xs)})"),
        inner.map(lambda x: f"[{x}]"),
        inner.map(lambda x: f"({x})+"),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.sets(WORDS))
def test_no_pruned_grammar_speaks_an_unknown_word(expression: str, known: set[str]) -> None:
    grammar = parse(f"#JSGF V1.0; grammar g; public <a> = {expression};")

    pruned = grammar.pruned(known.__contains__)

    spoken = {word for sentence in said(pruned, 20) for word in sentence.split()}
    assert spoken <= known
    if pruned.public:
        assert parse(pruned.text()).words() <= known


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(GrammarError):
        parse(f"#JSGF V1.0; grammar g; {text}")


def test_absurd_nesting_is_refused() -> None:
    with pytest.raises(GrammarError, match="nested too deep"):
        parse(f"#JSGF V1.0; grammar g; public <a> = {'(' * 5000};")
