"""Fifty calls with different settings in one process share nothing but read-only flows (M4)."""

import asyncio
import datetime

from ruamel.yaml import YAML

from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.observe.journal import encode, line_of
from engine.pipeline.pipeline import Services
from engine.session.options import SessionOptions
from engine.session.session import Session
from engine.testing.loop import VirtualClock, run_virtual
from media.loopback import LoopbackRoom
from providers.scripted import (
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedTurnDetector,
    ScriptedVad,
)

CALLS = 50
FLOWS = 5
RATE = 16_000
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

FLOW = """
turnwise: 1
flow: shop_{n}
start: ask
inputs: {{name: text}}
vars: {{asked: {{type: integer, default: {n}}}}}
slots: {{size: {{type: integer, max: {most}, ask: "How many, {{{{ inputs.name }}}}?"}}}}
tools: {{find: {{use: "python:shop.find", args: {{size: integer}}, returns: {{price: integer}}}}}}
interruptions: {{min_time: {min_time}ms}}
listen:
  silence: {silence}s
  no_input: ["Hello from shop {n}?"]
  no_match: ["Sorry?"]
  end_of_turn: {{min: {wait}ms}}
handle:
  no_input: {{to: bye}}
  no_match: {{to: bye}}
  invalid.size: {{say: "At most {most}.", to: STAY}}
  error: {{to: bye}}
states:
  ask: {{collect: [size], then: find}}
  find:
    run: find
    args: {{size: slots.size}}
    then: [{{set: {{asked: vars.asked + 1}}, to: tell}}]
  tell:
    say: "{{{{ inputs.name }}}}, that is {{{{ result.price }}}}, shop {{{{ vars.asked }}}}."
    then: bye
  bye: {{say: "Goodbye, {{{{ inputs.name }}}}.", end: hangup}}
"""


def flow(n):
    text = FLOW.format(n=n, most=6 + n, silence=3 + n, wait=300 + 100 * n, min_time=200 + 100 * n)
    return compile_flow(Flow.model_validate(YAML(typ="safe").load(text)))


class OffsetRoom(LoopbackRoom):
    """Its beat stands beside whole milliseconds: of two things at once either may be first."""

    async def open(self, listener, source):
        await asyncio.sleep(0.0003)
        await super().open(listener, source)


async def call(k, flows):
    """Call number k, which begins when others are in the middle; its journal, line by line."""
    await asyncio.sleep(k * 0.04)
    clock = VirtualClock(datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00"))
    room = OffsetRoom(clock)
    caller = room.join(f"Caller {k}")
    begin = 0.5 + (k % 7) * 0.4  # some interrupt the question, some wait for its end
    heard = [] if k % 9 == 8 else [(begin, begin + 0.6)]
    texts = [NUMBERS[k % 9]] if heard else []
    found = []

    def find(size):
        found.append(size)
        return {"price": 100 * k + size}

    services = Services(
        vad=ScriptedVad(heard, sample_rate=RATE),
        stt=ScriptedRecognizer(texts, sample_rate=RATE),
        turn_detector=ScriptedTurnDetector(),
        tts=ScriptedSynthesizer(sample_rate=RATE),
    )
    options = SessionOptions(
        seed=k,
        caller=caller.participant.id,
        inputs={"name": f"Number {k}"},
        functions={"python:shop.find": find},
    )
    session = Session(flows[k % FLOWS], room, services, clock, options)
    result = await session.run()
    return [line_of(encode(step)) for step in result.steps], found


def test_fifty_calls_at_once_go_as_each_of_them_goes_alone():
    """Every step of every call is the same to the byte, whoever else is calling."""
    flows = [flow(n) for n in range(FLOWS)]

    async def all_at_once():
        return await asyncio.gather(*(call(k, flows) for k in range(CALLS)))

    alone = [run_virtual(call(k, flows)) for k in range(CALLS)]
    together = run_virtual(all_at_once())

    for k in range(CALLS):
        assert together[k] == alone[k], f"call {k} was not left alone"
    journals = ["\n".join(lines) for lines, _ in together]
    assert len(set(journals)) == CALLS
    for k, journal in enumerate(journals):
        assert f"Goodbye, Number {k}." in journal
    assert sum(bool(found) for _, found in together) > CALLS // 2
