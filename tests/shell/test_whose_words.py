"""Only what the caller said is ever stored, or told to a model, as the caller's words.

Not the author's instructions, not what the program asks for, not what a tool found in a document,
not a summary, not what the agent said: in the history, in what models are told, in turns, and in
what a call is resumed from. The same when a reply is cut or fails in the middle.
"""

from __future__ import annotations

import asyncio
import datetime
import json
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.core import snapshot
from engine.core.context import Message
from engine.effects import StartReply, Summarize
from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.pipeline.pipeline import Services
from engine.session.options import SessionOptions
from engine.session.session import Session
from engine.testing.loop import VirtualClock, run_virtual
from media.loopback import LoopbackRoom
from providers.errors import ProviderUnavailable
from providers.scripted import ScriptedSynthesizer
from providers.scripted_model import ScriptedModel, Talk

FLOW = """
turnwise: 1
flow: desk
start: talk
instructions: PERSONA of the desk.
pipeline: {llm: {use: scripted}, history: summary}
tools: {search: {use: "python:desk.search", args: {about: text}}}
listen: {silence: 40m}
states:
  talk: {say: GREETING., converse: TASK of the state., tools: [search], max_turns: 200}
"""
NOT_THEIRS = ("PERSONA", "TASK", "GREETING", "REQUEST", "DOCUMENT", "SUMMARY", "ANSWER")
TYPED = [f"question {number}" for number in range(1, 21)]


def replies() -> list[Talk]:
    """Some use a tool, some are long enough to be cut, one fails in the middle."""
    made = []
    for number in range(60):
        text = f"ANSWER {number}, " + "at some length, " * (number % 4) + "that is."
        calls = (("search", {"about": "terms"}),) if number % 5 == 1 else ()
        error = ProviderUnavailable("gone") if number == 7 else None
        made.append(Talk(text=text, calls=calls, error=error))
    return made


@pytest.fixture(scope="module")
def call() -> tuple[Session, ScriptedModel, dict[str, Any]]:
    flow = compile_flow(Flow.model_validate(YAML(typ="safe").load(FLOW)))
    model = ScriptedModel([{}] * 60, replies(), ["SUMMARY one.", "SUMMARY two."])
    taken: dict[str, Any] = {}

    async def main() -> Session:
        clock = VirtualClock(datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00"))
        room = LoopbackRoom(clock)
        caller = room.join("Ann")
        functions = {"python:desk.search": lambda about: f"DOCUMENT about {about}"}
        options = SessionOptions(functions=functions, steps_kept=None)
        services = Services(llm=model, tts=ScriptedSynthesizer())
        async with Session(flow, room, services, clock, options) as session:
            await asyncio.sleep(3)
            for number, text in enumerate(TYPED):
                caller.type(text)
                if number % 6 == 2:
                    session.reply("REQUEST of the program.")
                await asyncio.sleep(2 if number % 3 else 7)  # some replies are cut
            taken.update(snapshot.take(session._conversation))
        return session

    return run_virtual(main()), model, taken


def test_the_call_was_what_it_should_be(call: tuple[Session, ScriptedModel, Any]) -> None:
    session, model, _ = call
    told = json.dumps([request.history for request in model.talks], default=str)
    asked = "".join(request.instructions for request in model.talks)
    assert all(word in told for word in ("DOCUMENT", "SUMMARY", "ANSWER", "GREETING"))
    assert all(word in asked for word in ("PERSONA", "TASK", "REQUEST"))
    assert any(m.interrupted for m in session.history().messages)


def test_in_the_history(call: tuple[Session, ScriptedModel, Any]) -> None:
    session, _, _ = call
    theirs = [m.text for m in session.history().messages if m.role == "user"]
    assert theirs == TYPED
    assert session.history().copy(roles=("system", "developer")).messages == ()
    mine = [m for m in session.history() if isinstance(m, Message) and m.role == "assistant"]
    assert not [m.text for m in mine if "REQUEST" in m.text or "DOCUMENT" in m.text]


def test_in_what_models_are_told(call: tuple[Session, ScriptedModel, Any]) -> None:
    session, _, _ = call
    orders = [
        effect
        for step in session.steps
        for effect in step.effects
        if isinstance(effect, StartReply | Summarize)
    ]
    assert len(orders) > len(TYPED)
    for order in orders:
        theirs = [item["text"] for item in order.history if item["role"] == "user"]
        start = TYPED.index(theirs[0]) if theirs else 0
        assert theirs == TYPED[start : start + len(theirs)]


def test_in_turns(call: tuple[Session, ScriptedModel, Any]) -> None:
    session, _, _ = call
    turns = [n.data["text"] for s in session.steps for n in s.notes if n.kind == "turn"]
    assert turns == TYPED


def test_in_what_a_call_is_resumed_from(call: tuple[Session, ScriptedModel, Any]) -> None:
    _, _, taken = call
    history = taken["conversation"]["history"]
    stored = json.dumps(history, default=str)
    assert "question 20" in stored
    theirs = [line for line in _texts(history) if any(word in line for word in NOT_THEIRS)]
    assert all(line.startswith(("ANSWER", "GREETING")) for line in theirs)


def _texts(data: Any) -> list[str]:
    if isinstance(data, str):
        return [data]
    items = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [text for item in items for text in _texts(item)]
