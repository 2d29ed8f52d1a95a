"""Advice says how to write what the author meant."""

from __future__ import annotations

import pytest

from engine.flow.loader import load_text
from engine.flow.shape_help import meant_key

HEAD = "turnwise: 1\nflow: f\nstart: a\nstates:\n  a: {end: hangup}\n"


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("slots: {x: 3}", "write the type: `x: {type: integer, default: 3}`"),
        ("vars: {x: true}", "write the type: `x: {type: boolean, default: true}`"),
        ("interruptions: {allow: off}", "write `false`"),
        ("interruptions: {phrases: stop}", "write `phrases: [stop]`"),
        ("listen: {accept: [sppech]}", "did you mean `speech`?"),
        ("version: 1.10", 'put it in quotes to make it text: "1.10"'),
        ("intents: {x: asks for y}", "write `x: {means: asks for y}`"),
        ("handle: {error: [a]}", "write `{to: a}`"),
        ("handle: {error: {to: [a, b]}}", "name one: `to: a`"),
        ("description: [One., Two.]", "write one text: `description: One. Two.`"),
        ("tools: {x: {use: 'python:a', filler: Hm.}}", "a map with `after` and `say` stands here"),
        ("listen: {silence: 6sec}", "write `6s`"),
        ("listen: {silence: 1m30s}", "write `90s`"),
        ("listen: {silence: 2 minutes}", "write `2m`"),
        ("listen: {silence: 500 milliseconds}", "write `500ms`"),
    ],
)  # fmt: skip
def test_a_wrong_value_gets_advice(written: str, advice: str) -> None:
    (found,) = [f for f in load_text(HEAD + written + "\n").diagnostics if f.is_error]
    assert found.help == advice


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("goto", ["to", "when"], "to"),
        ("goto", ["then", "say"], "then"),
        ("if", ["when", "to"], "when"),
        ("prompt", ["say", "collect"], "say"),
        ("Prompt", ["ask", "say"], "ask"),
        ("sya", ["say"], "say"),
        ("whatever", ["say"], None),
    ],
)
def test_words_of_other_languages_are_understood(
    word: str, known: list[str], meant: str | None
) -> None:
    assert meant_key(word, known) == meant
