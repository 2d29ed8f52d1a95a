"""Nothing of a call grows with its length but the words of its history.

The whole object graph of a session is walked twice, sixty turns apart, and every collection
in it compared. Sizes and counts only: no memory is measured, and no time.
"""

import asyncio
import datetime
import gc
from collections import deque

from ruamel.yaml import YAML

from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow
from engine.pipeline.pipeline import Services
from engine.session.options import SessionOptions
from engine.session.session import Session
from engine.testing.loop import VirtualClock, run_virtual
from media.loopback import LoopbackRoom
from providers.base import ReplyText
from providers.scripted import (
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedTurnDetector,
    ScriptedVad,
)

TALK = """
turnwise: 1
flow: long_talk
start: talk
intents: {says_goodbye: {means: says goodbye, words: [goodbye]}}
tools: {look: {use: "python:shop.look", args: {}, returns: {found: integer}}}
listen: {silence: 20s, no_input: ["Are you still there?"], no_match: ["Sorry?"]}
handle:
  intent.says_goodbye: {to: END}
  no_input: {to: END}
  no_match: {to: END}
  app.look: {to: looking}
  error: {to: END}
states:
  talk:
    say: "Hello."
    converse: "Talk about anything."
    max_turns: 999
    then: END
    handle: {dtmf.1: {say: "You pressed one.", to: STAY}}
  looking: {run: look, args: {}, then: [{say: "{{ result.found }} found.", to: talk}]}
"""

WARM = 60
"""Turns after which every ring and every table of limited size is full."""
TURNS = 60
"""Turns that may leave nothing behind."""
KEPT = ("_history", "_items", "values", ".frames[].history", ".stack.top.history")
"""What is kept on purpose: the words of the call, a number for each answer, and the latest 100
waiting states, for BACK."""


class Chatty:
    """A model that always has two sentences, and never anything to report."""

    async def report(self, request):
        return {}

    async def converse(self, request):
        await asyncio.sleep(0.1)
        yield ReplyText(text=f"That is number {len(request.history)}. ")
        yield ReplyText(text="Tell me more about it.")

    async def aclose(self):
        pass


def sizes(root):
    """The number of entries of every collection that belongs to an object, by its path."""
    found, seen = {}, set()
    waiting = deque([(root, "session")])
    while waiting:
        thing, path = waiting.popleft()
        if id(thing) in seen or isinstance(thing, CompiledFlow | asyncio.AbstractEventLoop):
            continue
        seen.add(id(thing))
        if isinstance(thing, dict):
            found[path] = len(thing)
            inner = [(value, f"{path}[{key!r:.40}]") for key, value in thing.items()]
        elif isinstance(thing, list | tuple | set | frozenset | deque):
            found[path] = max(len(thing), found.get(path, 0))
            inner = [(value, f"{path}[]") for value in thing]
        elif callable(thing) and hasattr(thing, "__self__"):
            inner = [(thing.__self__, path)]
        elif type(thing).__module__.partition(".")[0] in ("engine", "media"):
            inner = [(value, f"{path}.{name}") for name, value in attributes(thing)]
        else:
            continue
        waiting.extend(inner)
    return found


def attributes(thing):
    names = set(getattr(thing, "__dict__", ()))
    for cls in type(thing).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        names.update([slots] if isinstance(slots, str) else slots)
    return [(name, getattr(thing, name)) for name in sorted(names) if hasattr(thing, name)]


def grown(before, after):
    """Collections that are larger now, but for what is kept on purpose."""
    return {
        path: (before.get(path, 0), size)
        for path, size in after.items()
        if size > before.get(path, 0) + 2 and not any(part in path for part in KEPT)
    }


async def hold(session, room, vad, turns):
    """Turns of every kind; at rest at the end."""
    (caller,) = room.callers
    for number in range(turns):
        caller.type(f"What about number {number}?")
        await asyncio.sleep(1.5)  # the first of two lines is audible
        if number % 3 == 0:
            caller.type("No, wait, something else.")  # cut it
        if number % 4 == 0:
            caller.press("1")
        if number % 5 == 0:  # a voice without words, over the line: held, and resumed
            vad.speak(vad.position + 0.1, vad.position + 0.8)
        if number % 10 == 0:
            session.raise_event("app.look")
        await asyncio.sleep(3.5)


class OneCaller(LoopbackRoom):
    """Forgets what was heard and read in it: those tables are the test's own."""

    def __init__(self, clock):
        super().__init__(clock)
        self.callers = []

    def join(self, name=""):
        member = super().join(name)
        member.hear = lambda samples, at: None
        member.read = lambda topic, data: None
        self.callers.append(member)
        return member


def test_a_long_call_leaves_nothing_behind_but_its_words():
    """Between turn 60 and turn 120 no table, no queue and no number of tasks has grown."""
    flow = compile_flow(Flow.model_validate(YAML(typ="safe").load(TALK)))

    async def main():
        clock = VirtualClock(datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00"))
        room = OneCaller(clock)
        room.join()
        vad = ScriptedVad()
        stt = ScriptedRecognizer([""] * (WARM + TURNS), sample_rate=16_000)
        services = Services(
            vad=vad,
            stt=stt,
            turn_detector=ScriptedTurnDetector(),
            tts=ScriptedSynthesizer(sample_rate=16_000),
            llm=Chatty(),
        )
        options = SessionOptions(
            steps_kept=100, functions={"python:shop.look": lambda: {"found": 3}}
        )
        session = Session(flow, room, services, clock, options)
        call = asyncio.get_running_loop().create_task(session.run())
        await asyncio.sleep(2)
        found = []
        for turns in (WARM, TURNS):
            await hold(session, room, vad, turns)
            gc.collect()
            found.append((sizes(session), len(asyncio.all_tasks()), session.stats().user_turns))
        session.close("enough")
        result = await call
        return found, result

    ((before, tasks, turns), (after, tasks_later, turns_later)), result = run_virtual(main())

    assert result.reason == "enough"
    assert turns >= WARM
    assert turns_later >= turns + TURNS
    assert grown(before, after) == {}
    assert tasks_later == tasks
    assert len(before) > 100, "the walk has really been through the session"
