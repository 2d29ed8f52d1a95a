"""A typed conversation with a flow that has a language model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.cli.typing_in import Chat
from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow
from engine.testing.flow_tests.models import RealModel
from providers.base import ReplyRequest, ReplyText, ReportRequest
from providers.errors import ProviderUnavailable
from providers.scripted_model import Answer, ScriptedModel, Talk

FLOW = """\
turnwise: 1
flow: desk
start: ask
pipeline: {llm: {use: openai, model: any, url: "http://localhost:1"}}
slots: {size: {type: integer, ask: "For how many?"}}
listen: {no_match: [Pardon?]}
handle: {no_match: {to: bye}, no_input: {to: bye}, error: {to: bye}}
states:
  ask: {collect: [size], then: bye}
  bye: {say: "For {{ slots.size }}.", end: hangup}
"""
FREE = FLOW.replace(
    "ask: {collect: [size], then: bye}",
    "ask: {converse: Find out for how many., fills: [size], max_turns: 3, then: bye}",
)


def compiled(text: str) -> CompiledFlow:
    return compile_flow(Flow.model_validate(YAML(typ="safe").load(text)))


def typed(text: str, model: ScriptedModel | None, *lines: str) -> list[str]:
    real = None if model is None else RealModel(lambda _: model)
    chat = Chat(compiled(text), now="2026-05-01T12:00", model=real)
    told = list(chat.begin())
    for line in lines:
        told += chat.take(line)
    return [line.text for line in told]


def test_what_words_do_not_tell_the_model_reports() -> None:
    model = ScriptedModel([Answer(report={"slots": {"size": 4}}, delay=0.0)])

    told = typed(FLOW, model, "my parents and both my sisters")

    assert told[:2] == ["For how many?", "For 4."]
    assert model.requests[0].text == "my parents and both my sisters"
    assert model.closed


def test_a_model_that_fails_leaves_the_words() -> None:
    model = ScriptedModel([Answer(error=ProviderUnavailable("down"), delay=0.0)])

    assert typed(FLOW, model, "my parents and both my sisters")[1] == "Pardon?"


@pytest.mark.parametrize("report", [None, [], "four", {"slots": object()}])
def test_a_report_that_is_no_data_is_a_model_that_fails(report: Any) -> None:
    class Wrong(ScriptedModel):
        async def report(self, request: ReportRequest) -> Any:
            return report

    assert typed(FLOW, Wrong(), "my parents and both my sisters")[1] == "Pardon?"


def test_a_piece_of_a_reply_that_is_none_is_a_model_that_fails() -> None:
    class Wrong(ScriptedModel):
        async def converse(self, request: ReplyRequest) -> AsyncGenerator[Any, None]:
            yield ReplyText(text="Well.")
            yield {"text": "four"}

    assert typed(FREE, Wrong()) == ["For .", "the call is over (hangup)"]


def test_free_talk_is_what_the_model_says() -> None:
    model = ScriptedModel(
        replies=[
            Talk(text="Good day. How many are you?", first=0.0, gap=0.0),
            Talk(text="Fine.", report={"slots": {"size": 4}}, first=0.0, gap=0.0),
        ]
    )

    told = typed(FREE, model, "my parents and both my sisters")

    assert told[:2] == ["Good day.", "How many are you?"]
    assert told[-2:] == ["For 4.", "the call is over (hangup)"]


def test_without_a_model_free_talk_asks_in_the_authors_words() -> None:
    assert typed(FREE, None, "four people")[:2] == ["For how many?", "For 4."]
