"""What installed providers have against their options in a flow, as the validator tells it."""

from __future__ import annotations

import pytest

from engine.flow.catalogue import Catalogue, OptionProblem
from engine.flow.loader import check_text
from engine.worker.options import judge_options

FLOW = """\
turnwise: 1
flow: example
start: bye
pipeline:
  tts: {use: embedded, speeed: 200, pitch: 400}
  llm: [{use: openai, key: $KEY}, {use: openai, model: m, key: $KEY, temperature: warm}]
states:
  bye: {say: Goodbye., pipeline: {vad: {use: embedded, threshold: 3}}, end: hangup}
"""
CATALOGUE = Catalogue(
    providers={"tts": ("embedded",), "llm": ("openai",), "vad": ("embedded",)}, judge=judge_options
)


def test_each_is_told_at_the_option_in_the_words_of_the_validator() -> None:
    found = [one for one in check_text(FLOW, "f.yaml", CATALOGUE).diagnostics if one.is_error]

    assert [
        (one.code, one.span.line, one.span.column, one.message, one.label) for one in found
    ] == [
        ("TW101", 5, 24, "the provider `embedded` has no option `speeed`", "not an option of it"),
        (
            "TW103",
            5,
            44,
            "the option `pitch` of `embedded` cannot be this",
            "should be less than or equal to 99",
        ),
        (
            "TW102",
            6,
            15,
            "the provider `openai` needs the option `model`",
            "it cannot be made without",
        ),
        (
            "TW103",
            6,
            83,
            "the option `temperature` of `openai` cannot be this",
            "should be a valid number, unable to parse string as a number",
        ),
        (
            "TW103",
            8,
            67,
            "the option `threshold` of `embedded` cannot be this",
            "should be less than 1",
        ),
    ]
    assert found[0].help == "did you mean `speed`?"


def test_a_misspelt_option_is_not_missing_as_well() -> None:
    flow = FLOW.replace("{use: openai, key: $KEY}", "{use: openai, modle: m, key: $KEY}")

    found = [one for one in check_text(flow, "f.yaml", CATALOGUE).diagnostics if one.is_error]
    assert [one.code for one in found if one.span.line == 6] == ["TW101", "TW103"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("avatar", {"use": "simli", "face": 3}),  # nobody knows any
        ("tts", {"use": "nosuch", "speed": 3}),  # another finding is about it
        ("llm", {"use": "openai", "model": "m", "key": "sk-1234"}),  # as is another about secrets
        ("llm", {"use": "openai", "model": "$MODEL"}),  # the environment knows
    ],
)
def test_what_is_not_its_business_is_left_alone(kind: str, options: dict[str, object]) -> None:
    assert judge_options(kind, options) == ()


def test_an_option_nobody_has_is_told_with_those_there_are() -> None:
    (problem,) = judge_options("tts", {"use": "embedded", "qq": 1})

    assert problem == OptionProblem(
        option="qq", message="", known=("engine", "pitch", "speed", "voice")
    )
