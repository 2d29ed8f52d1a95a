"""Half a surrogate pair, wherever it comes from, ends no call: it is `?` for everybody."""

from __future__ import annotations

import asyncio
import io

import pytest

from engine.core.conversation import Conversation
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.session.session import Session, SessionOptions
from media.loopback import LoopbackRoom
from providers.scripted_model import ScriptedModel

HALF = "\ud83d"
FLOW = """\
turnwise: 1
flow: texts
start: look
pipeline: {llm: {use: scripted}}
tools: {look: {use: "python:my.look", returns: {name: text}}}
handle: {error: {say: "Sorry.", to: talk}}
states:
  look: {run: look, then: found}
  found: {say: "Found {{ result.name }}.", then: talk}
  talk: {converse: Talk., max_turns: 3, then: END}
"""


def gives() -> dict[str, str]:
    return {"name": HALF}


def breaks() -> dict[str, str]:
    raise ValueError(HALF)


@pytest.mark.parametrize(("tool", "told"), [(gives, "Found ?."), (breaks, "Sorry.")])
def test_a_call_of_such_texts_is_written_as_utf8_and_replayed(
    compile_text, make_services, virtual, tool, told
):
    flow = compile_text(FLOW)
    file = io.BytesIO()
    options = SessionOptions(functions={"python:my.look": tool})

    async def main(clock):
        room = LoopbackRoom(clock)
        model = ScriptedModel([{}] * 3, replies=[f"Fine {HALF}."] * 3)
        services = make_services([(3.0, 4.0, f"hi {HALF}")], llm=model)
        stream = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
        session = Session(flow, room, services, clock, options, journal=stream)
        async with session:
            first, second = room.join(HALF), room.join("Bea")
            await asyncio.sleep(6)
            first.leave(HALF)
            second.type(HALF)
            await asyncio.sleep(2)
            second.press(HALF)
            session.close(HALF)
            result = await session.wait_closed()
        stream.detach()
        return result

    result = virtual(main)

    said = [message.text for message in result.history.messages]
    assert said == [told, "Fine ?.", "hi ?", "Fine ?.", "?", "Fine ?."]
    assert result.reason == "?"
    _, recorded = entries(file.getvalue().decode("utf-8").splitlines())
    again = replay(Conversation(flow), recorded)
    assert again.difference is None
    assert again.closed
