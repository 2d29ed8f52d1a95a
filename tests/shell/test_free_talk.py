"""Free talk through the whole shell: a model's stream in, speech out, on virtual time."""

from __future__ import annotations

import asyncio
import datetime
import io
from collections.abc import Callable
from typing import Any

from ruamel.yaml import YAML

from engine.core.conversation import Conversation
from engine.effects import Say
from engine.events import ReplyDelta
from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.pipeline.pipeline import Services
from engine.session.options import CallResult
from engine.session.session import Session
from engine.testing.loop import VirtualClock, run_virtual
from media.loopback import LoopbackRoom
from providers.errors import ProviderUnavailable
from providers.scripted import ScriptedSynthesizer
from providers.scripted_model import ScriptedModel, Talk

SUMMED_UP = """
turnwise: 1
flow: chat
start: talk
pipeline: {llm: {use: scripted}, history: summary}
listen: {silence: 40m}
states:
  talk: {converse: Be nice., max_turns: 200}
"""


def look_up(word: str, times: int = 2) -> str:
    """Look a word up.

    At length, and with details no model needs.
    """
    return f"{word} x {times}"


def held(model: ScriptedModel | None, *acts: tuple[float, str], **services: Any) -> CallResult:
    """A call in which somebody types at these instants, and at last says goodbye."""
    flow = compile_flow(Flow.from_instructions("You are Ann.", [look_up], llm={"use": "scripted"}))

    async def main() -> CallResult:
        clock = VirtualClock(datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00"))
        room = LoopbackRoom(clock)
        caller = room.join("Ann")
        session = Session(flow, room, Services(llm=model, **services), clock)
        loop = asyncio.get_running_loop()
        for at, text in (*acts, (acts[-1][0] + 5, "goodbye")):
            say: Callable[[str], None] = caller.type
            loop.call_later(at, say, text)
        return await session.run()

    return run_virtual(main())


def said(result: CallResult) -> list[str]:
    return [e.text for step in result.steps for e in step.effects if isinstance(e, Say)]


def test_the_first_sentence_is_spoken_while_the_rest_is_written() -> None:
    model = ScriptedModel(replies=[Talk(text="First. Second one. Third.", gap=0.5)])
    result = held(model, (5.0, "tell me"), tts=ScriptedSynthesizer())

    deltas = [s.at for s in result.steps if isinstance(s.cause, ReplyDelta)]

    assert len(deltas) == 3
    assert deltas[0] < deltas[1] < deltas[2]


def test_a_tool_of_the_model_runs_with_the_defaults_it_left_out() -> None:
    calls = (("look_up", {"word": "tea", "times": None}),)
    model = ScriptedModel(replies=[Talk(calls=calls), "Tea twice."])

    result = held(model, (1.0, "look up tea"))

    assert model.talks[1].history[-1]["output"] == '"tea x 2"'
    assert model.talks[0].tools[0].description == "Look a word up."
    assert "Tea twice." in said(result)


def test_without_a_model_the_caller_is_told_and_the_call_ends() -> None:
    result = held(None, (1.0, "one"), (2.0, "two"), (3.0, "three"))

    assert said(result).count("Sorry, I did not get that. Could you say it again?") == 2
    assert result.reason == "error.llm"


def test_a_model_that_breaks_in_the_middle_is_no_silence() -> None:
    broken = Talk(text="Well. It", error=ProviderUnavailable("gone"))
    result = held(ScriptedModel(replies=[broken, "Back again."]), (1.0, "one"), (4.0, "two"))

    lines = said(result)
    assert lines[1:4] == [
        "Well.",
        "Sorry, I did not get that. Could you say it again?",
        "Back again.",
    ]


def test_a_report_that_fails_for_a_passing_reason_is_asked_for_once_more() -> None:
    reports = [ProviderUnavailable("busy"), {"slots": {}, "intent": "says_goodbye"}]
    model = ScriptedModel(reports, replies=["I see."])

    result = held(model, (1.0, "well I think I am done here"))

    assert len(model.requests) == 2
    assert said(result)[-1] == "Goodbye."
    assert result.steps[-1].at < 10_000


def test_typing_over_a_reply_stops_the_model() -> None:
    model = ScriptedModel(replies=[Talk(text="One. " * 50, gap=0.2), "Of course."])

    result = held(model, (1.0, "count"), (3.0, "stop it please"))

    assert model.cancelled == 1
    assert said(result)[-2:] == ["Of course.", "Goodbye."]


def long_talk(summaries: list[Any], journal: io.StringIO | None = None) -> tuple[Any, ...]:
    """Twenty turns, typed every two seconds, in a flow whose history is summed up."""
    told: list[Any] = []
    flow = compile_flow(Flow.model_validate(YAML(typ="safe").load(SUMMED_UP)))
    model = ScriptedModel(
        [{}] * 30, replies=[f"Answer {n}." for n in range(30)], summaries=summaries
    )

    async def main() -> CallResult:
        clock = VirtualClock(datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00"))
        room = LoopbackRoom(clock)
        caller = room.join("Ann")
        session = Session(flow, room, Services(llm=model), clock, journal=journal)
        session.on("error", told.append)
        loop = asyncio.get_running_loop()
        for number in range(1, 21):
            loop.call_later(2 * number, caller.type, f"question {number}")
        loop.call_later(50, session.close)
        return await session.run()

    return run_virtual(main()), model, told, flow


def answered(result: CallResult) -> list[int]:
    return [s.at for s in result.steps for e in s.effects if isinstance(e, Say)]


def test_the_older_part_of_a_talk_is_summed_up_and_no_reply_waits_for_it() -> None:
    journal = io.StringIO()
    result, model, errors, flow = long_talk([Talk(text="Ann is curious.", first=2.5)], journal)

    (request,) = model.summed_up
    assert "Sum up this telephone call" in request.instructions
    assert request.history[0]["text"] == "Answer 0."
    assert model.talks[-1].history[0]["text"].endswith("summed up: Ann is curious.")
    assert len(model.talks[-1].history) < 30
    assert errors == []
    never, *_ = long_talk([Talk(hangs=True)])
    assert answered(result) == answered(never)
    lines = journal.getvalue().split("\n")[:-1]
    assert replay(Conversation(flow), entries(lines)[1]).difference is None


def test_a_summary_that_fails_is_an_error_event_and_nothing_else() -> None:
    result, model, errors, _ = long_talk([Talk(error=ProviderUnavailable("gone"), first=0.5)] * 3)

    assert [(e.error, e.subject) for e in errors][0] == ("error.llm", "s1")
    assert "summary: ProviderUnavailable: gone" in errors[0].message
    assert len(answered(result)) == 21
    assert model.talks[-1].history[0]["role"] != "developer"


def test_what_a_provider_makes_of_messages_stays_with_it() -> None:
    class Rude(ScriptedModel):
        """Turns what it is given into what its service wants, in place."""

        told: list[list[Any]]

        def __init__(self) -> None:
            super().__init__([{}] * 9, replies=["Okay."] * 9)
            self.told = []

        async def converse(self, request: Any) -> Any:
            self.told.append([message.get("text") for message in request.history])
            for message in request.history:
                message["content"] = message.pop("text")
            async for chunk in super().converse(request):
                yield chunk

    model = Rude()
    held(model, (5, "one"), (10, "two"))

    assert model.told[1][-3:] == ["one", "Okay.", "two"]
