"""A caller who listens: lines on their cues, questions answered again, wrong words objected to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from engine.testing.loop import VirtualLoop
from engine.testing.scripted_caller import ASKED_AGAIN, Line, ScriptedCaller
from media.clock import LoopClock
from media.frames import Samples


class TypedPeer:
    """An agent that answers each typed turn as a table says, or as it did last."""

    speaking = False

    def __init__(self, answers: Mapping[str, list[str]]) -> None:
        self.answers = {text: list(lines) for text, lines in answers.items()}
        self.heard: list[str] = []
        self.caller: ScriptedCaller | None = None

    def speak(self, samples: Samples) -> None:
        raise AssertionError("a typed call")

    def type(self, text: str) -> None:
        self.heard.append(text)
        lines = self.answers.get(text, [])
        self.say(lines.pop(0) if lines else "goodbye")

    def say(self, text: str) -> None:
        assert self.caller is not None
        self.caller.read("transcript", {"who": "agent", "text": text})
        if text == "goodbye":
            self.caller.read("ended", {})


def play(greeting: str, lines: list[Line], answers: Mapping[str, list[str]]) -> list[str]:
    """Return what the caller said."""

    async def call() -> list[str]:
        peer = TypedPeer(answers)
        peer.caller = ScriptedCaller(lines, LoopClock())
        peer.say(greeting)
        await peer.caller.run(peer)
        return peer.heard

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(call())


NUMBER = Line(cue="number", text="one two")
WRONG = Line(cue="right", text="no")
YES = Line(cue="right", text="yes", objections=(("1 2!", WRONG),))


def test_what_was_heard_right_is_confirmed() -> None:
    said = play("your number?", [NUMBER, YES], {"one two": ["1 2! is that right?"]})

    assert said == ["one two", "yes"]


def test_what_was_misheard_is_objected_to_and_said_again() -> None:
    said = play(
        "your number?",
        [NUMBER, YES],
        {
            "one two": ["1 2 2! is that right?", "1 2! is that right?"],
            "no": ["your number?"],
        },
    )

    assert said == ["one two", "no", "one two", "yes"]


def test_nobody_objects_for_ever() -> None:
    said = play("is 7 right?", [YES], {"no": ["is 7 right?"] * (ASKED_AGAIN + 5)})

    assert said == ["no"] * (ASKED_AGAIN + 1) + ["yes"]


def test_a_question_asked_again_is_answered_again() -> None:
    said = play("your number?", [NUMBER], {"one two": ["your number?", "your number?"]})

    assert said == ["one two"] * (ASKED_AGAIN + 1)
