"""When a call says what: the instants of turn-taking, as a table.

Every scenario is played twice, on the bare core and through the real session with scripted
providers on virtual time; both must agree on every step. The world is the same in all of them:

    the end of the voice is reported    0.5 s after it
    final words come                    0.2 s after the voice ended
    the model                           begins after 0.1 s and has said its sentence after 0.3 s
    the voice gives its first sample    0.2 s after it was asked

Instants are seconds since the start of the session and hold to 0.05 s: the room takes a block of
audio every 0.02 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.core.step import Step
from engine.effects import ReportError, Say
from engine.events import PlayoutFinished, PlayoutStarted
from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow
from engine.observe.timeline import render
from engine.testing.golden import run_session
from engine.testing.script import Script
from engine.testing.simulator import Simulator

TOLERANCE = 0.05

WORLD: Mapping[str, Any] = {"flow": "x", "voice_end": 500, "model": [{"reports": {}}]}
VOICE: Mapping[str, Any] = {"first_audio": 193}  # audio never comes just when a block is taken

ANSWER = "Here is your answer."  # four words: 0.1 s, then one every 0.05 s, and the end
LONG = "Once upon a time."
OTHER = "Whatever you want then."


def says(at: float, text: str, lasts: float = 1.0) -> dict[str, Any]:
    """The caller speaks; the words are final 0.2 s after."""
    return {"at": ms(at), "user": text, "lasts": ms(lasts), "words_after": 200}


def coughs(at: float, lasts: float = 1.0) -> dict[str, Any]:
    """The caller makes a sound in which nobody finds words."""
    return {"at": ms(at), "noise": ms(lasts), "words_after": 200}


def tells(text: str) -> dict[str, Any]:
    """The model says this sentence of four words."""
    assert len(text.split()) == 4
    return {"reply": text, "first_token": 100, "gap": 50}


def leaves(at: float) -> dict[str, Any]:
    return {"at": ms(at), "leaves": "left"}


def ms(seconds: float) -> int:
    return round(seconds * 1000)


# --- the flows -----------------------------------------------------------------------------------

CHAT = """
turnwise: 1
flow: chat
start: talk
pipeline: {{llm: {{use: scripted}}}}
{policy}
handle: {{error: {{say: "Sorry, that did not work.", to: END}}}}
states:
  talk: {{say: Hello., converse: Have a chat., max_turns: 9, then: END}}
"""

QUESTION = """
turnwise: 1
flow: question
start: ask
pipeline: {llm: {use: scripted}}
slots: {size: {type: "[small, large]", ask: "Hello."}}
listen: {silence: 60s, no_match: [Pardon?, Once more?]}
handle:
  error: {say: "Sorry, that did not work.", to: END}
  no_match: {to: END}
states:
  ask: {collect: [size], then: done}
  done: {say: Here is your answer., end: hangup}
"""

NOTICE = """
turnwise: 1
flow: notice
start: tell
slots: {size: {type: "[small, large]", ask: "Which size?"}}
handle: {error: {to: END}}
states:
  tell:
    say: This call is recorded.
    interruptions: {allow: false, blocked: keep}
    then: ask
  ask: {collect: [size], then: done}
  done: {say: Here is your answer., end: hangup}
"""

LOOKING_UP = """
turnwise: 1
flow: looking_up
start: talk
pipeline: {llm: {use: scripted}}
tools: {look: {use: "python:desk.look", returns: {name: text}, timeout: 30s}}
handle: {error: {say: "Sorry, that did not work.", to: END}}
states:
  talk: {say: Hello., converse: Have a chat., tools: [look], max_turns: 9, then: END}
"""


def chat(policy: str = "listen: {silence: 60s}") -> str:
    return CHAT.format(policy=policy)


def compiled(text: str) -> CompiledFlow:
    return compile_flow(Flow.model_validate(YAML(typ="safe").load(text)))


# --- what came of it -----------------------------------------------------------------------------


class Outcome:
    """The steps of a call, in the words of the table."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self._texts = {e.utterance: e.text for s in steps for e in s.effects if isinstance(e, Say)}

    def instants(self, what: str) -> list[float]:
        """When this happened: `THINKING`, `audible TEXT`, `finished TEXT`, `paused` ..."""
        return [at / 1000 for at, name in self._happened() if name == what]

    def _happened(self) -> Iterable[tuple[int, str]]:
        for step in self.steps:
            yield from ((m.at, m.new) for m in step.moves if m.machine == "agent")
            cause = step.cause
            if isinstance(cause, PlayoutStarted):
                yield step.at, f"audible {self._texts[cause.utterance]}"
            if isinstance(cause, PlayoutFinished):
                word = "finished" if cause.complete else "cut"
                yield step.at, f"{word} {self._texts[cause.utterance]}"
            for effect in step.effects:
                if isinstance(effect, ReportError):
                    yield step.at, effect.name
            yield from ((step.at, note.kind) for note in step.notes)

    def heard(self) -> list[str]:
        """What the caller heard, line by line."""
        notes = [n.data for s in self.steps for n in s.notes if n.kind == "heard"]
        return [str(data["text"]) for data in notes if data["text"]]

    def turns(self) -> list[str]:
        return [str(n.data["text"]) for s in self.steps for n in s.notes if n.kind == "turn"]

    def played(self, text: str) -> float:
        """Seconds of audio of a line that really went out."""
        finished = [s.cause for s in self.steps if isinstance(s.cause, PlayoutFinished)]
        return sum(f.played for f in finished if self._texts[f.utterance] == text) / 1000

    def idle_thinking(self) -> list[str]:
        """Steps after which the agent is THINKING although nothing is waited for."""
        waiting, found = set[str](), []
        for step in self.steps:
            _follow(waiting, step)
            if step.states.agent == "THINKING" and not waiting:
                found.append(f"{step.at}: {step.cause}")
        return found


def _follow(waiting: set[str], step: Step) -> None:
    """Keep the set of requests, calls and lines that were ordered and are not over."""
    ended = {"Understood": "turn", "ReplyFinished": "reply", "ToolReturned": "call"}
    ended |= {"ServiceFailed": "subject", "PlayoutFinished": "utterance"}
    begun = {"Understand": "turn", "StartReply": "reply", "CallTool": "call", "Say": "utterance"}
    cancelled = {"CancelReply": "reply", "CancelUnderstanding": "turn", "CancelTool": "call"}
    name = ended.get(type(step.cause).__name__)
    if name is not None:
        waiting.discard(getattr(step.cause, name))
    for effect in step.effects:
        if (name := cancelled.get(type(effect).__name__)) is not None:
            waiting.discard(getattr(effect, name))
        if (name := begun.get(type(effect).__name__)) is not None:
            waiting.add(getattr(effect, name))


def play(flow: str, script: Sequence[Mapping[str, Any]], **world: Any) -> Outcome:
    """Play a call in both worlds; they agree to the last step."""
    voice = {**VOICE, "lines": {"Hello.": {"lasts": 100}, **world.pop("lines", {})}}
    made = Script.model_validate({**WORLD, "script": list(script), "voice": voice, **world})
    machine = compiled(flow)
    bare = Simulator(machine, made).run()
    assert render(run_session(machine, made)) == render(bare)
    return Outcome(bare)


# --- the table -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """What is played, and what must happen when. `ms` long lines; the last one stays."""

    flow: str
    script: Sequence[Mapping[str, Any]]
    expect: Sequence[tuple[str, float]]
    """What happens, and the instant of it in seconds."""
    heard: Sequence[str] | None = None
    """All the caller heard, line by line; None: not looked at."""
    never: Sequence[str] = ()
    """What does not happen."""
    lines: Mapping[str, Any] = field(default_factory=dict)
    """How long lines last, in milliseconds."""
    world: Mapping[str, Any] = field(default_factory=dict)


QUIET = "listen: {silence: 60s}"

SCENARIOS = {
    "a question and its answer": Scenario(
        chat(),
        [says(0.5, "tell me", 2.0), tells(ANSWER), leaves(8)],
        [("THINKING", 3.00), (f"audible {ANSWER}", 3.20), (f"finished {ANSWER}", 5.20)],
        lines={ANSWER: {"lasts": 2000}},
    ),
    "... without thinking ahead": Scenario(
        chat("listen: {silence: 60s, preempt: none}"),
        [says(0.5, "tell me", 2.0), tells(ANSWER), leaves(8)],
        [("THINKING", 3.00), (f"audible {ANSWER}", 3.50), (f"finished {ANSWER}", 5.50)],
        lines={ANSWER: {"lasts": 2000}},
    ),
    "what a model understands is known with the end of the turn": Scenario(
        QUESTION,
        [says(0.5, "the bigger one", 2.0)],
        [("THINKING", 3.00), (f"audible {ANSWER}", 3.20)],
        world={"model": [{"reports": {"slots": {"size": "large"}}, "after": 300}]},
    ),
    "barge-in, where the audio can be held": Scenario(
        chat(),
        [says(0.5, "tell me", 2.0), tells(LONG), says(5.0, "no wait"), tells(OTHER), leaves(9)],
        [
            (f"audible {LONG}", 3.20),
            ("paused", 5.50),
            (f"cut {LONG}", 6.20),
            ("THINKING", 6.50),
            (f"audible {OTHER}", 6.70),
        ],
        heard=["Hello.", "Once", OTHER],
        lines={LONG: {"lasts": 8000}},
    ),
    "barge-in, where it cannot": Scenario(
        chat(f"{QUIET}\ninterruptions: {{false_alarm: {{resume: false}}}}"),
        [says(0.5, "tell me", 2.0), tells(LONG), says(5.0, "no wait"), tells(OTHER), leaves(9)],
        [(f"audible {LONG}", 3.20), (f"cut {LONG}", 5.50), (f"audible {OTHER}", 6.70)],
        heard=["Hello.", "Once", OTHER],
        lines={LONG: {"lasts": 8000}},
    ),
    "a cough holds the line, which goes on at the same sample": Scenario(
        chat(),
        [says(0.5, "tell me", 2.0), tells(LONG), coughs(5.0), leaves(16)],
        [("paused", 5.50), ("resumed", 8.50), (f"finished {LONG}", 14.20)],
        heard=["Hello.", LONG],
        never=["interrupted"],
        lines={LONG: {"lasts": 8000}},
    ),
    "a sound of agreement is no turn": Scenario(
        chat(),
        [says(0.5, "tell me", 2.0), tells(LONG), says(5.0, "uh", 0.3), leaves(13)],
        [("backchannel", 5.50), (f"finished {LONG}", 11.20)],
        heard=["Hello.", LONG],
        never=["interrupted"],
        lines={LONG: {"lasts": 8000}},
    ),
    "words over a protected line are answered right after it": Scenario(
        NOTICE,
        [says(1.2, "a large one")],
        [
            ("audible This call is recorded.", 0.20),
            ("finished This call is recorded.", 4.20),
            ("THINKING", 4.20),
            (f"audible {ANSWER}", 4.40),
        ],
        heard=["This call is recorded.", ANSWER],
        never=["paused"],
        lines={"This call is recorded.": {"lasts": 4000}},
    ),
    "a slow tool leaves the caller nobody's silence": Scenario(
        LOOKING_UP,
        [
            says(0.5, "look it up", 1.5),
            {**tells("I will look now."), "calls": {"look": {}}},
            says(5.0, "are you there"),
            tells("Yes, still with you."),
            tells("Her name is Ann."),
            leaves(27),
        ],
        [
            ("audible I will look now.", 2.70),
            ("audible Yes, still with you.", 6.70),
            ("audible Her name is Ann.", 23.00),
        ],
        heard=["Hello.", "I will look now.", "Yes, still with you.", "Her name is Ann."],
        lines={"I will look now.": {"lasts": 1000}},
        world={"tools": {"look": [{"returns": {"name": "Ann"}, "after": 20_000}]}},
    ),
    "a cough during the end-of-turn wait": Scenario(
        chat("listen: {silence: 60s, end_of_turn: {min: 1s, max: 1s}}"),
        [says(0.5, "tell me", 2.0), coughs(3.05, 0.3), tells(ANSWER), leaves(9)],
        [("THINKING", 4.35), (f"audible {ANSWER}", 4.55)],
        heard=["Hello.", ANSWER],
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_it_happens_when_the_table_says(scenario):
    outcome = play(scenario.flow, scenario.script, lines=scenario.lines, **scenario.world)

    for what, at in scenario.expect:
        found = outcome.instants(what)
        assert any(abs(instant - at) <= TOLERANCE for instant in found), f"{what}: {at} in {found}"
    for what in scenario.never:
        assert not outcome.instants(what), what
    assert scenario.heard is None or outcome.heard() == list(scenario.heard)
    assert not outcome.idle_thinking()


FAILURES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], str]] = {
    "the model raises": ({"reply": "", "error": "down", "first_token": 100}, {}, "error.llm"),
    "the model never says anything": ({"reply": "", "hangs": True}, {}, "error.llm"),
    "the model stops in the middle": (
        {"reply": "I will", "hangs": True, "first_token": 100},
        {},
        "error.llm",
    ),
    "the voice raises": (tells(ANSWER), {ANSWER: {"error": "down"}}, "error.tts"),
    "the voice gives no audio": (tells(ANSWER), {ANSWER: {"lasts": 0}}, "error.tts"),
    "the voice hangs": (tells(ANSWER), {ANSWER: {"never": True}}, "error.tts"),
}


@pytest.mark.parametrize(("reply", "lines", "error"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_named_and_the_caller_hears_a_line_in_bounded_time(reply, lines, error):
    outcome = play(chat(), [says(0.5, "tell me", 2.0), reply, reply, leaves(30)], lines=lines)

    apology = outcome.instants("audible Sorry, that did not work.")
    assert outcome.instants(error)
    assert len(apology) == 1
    assert apology[0] <= 3.0 + 10.0 + 1.0, "ten seconds is what a voice has for its first sample"


@pytest.mark.parametrize("answer", [{"never": True}, {"error": "down"}], ids=["hangs", "raises"])
def test_a_model_that_does_not_understand_in_time_costs_a_question_at_most(answer):
    outcome = play(QUESTION, [says(0.5, "the bigger one", 2.0), leaves(9)], model=[answer])

    assert outcome.instants("error.llm")
    assert outcome.instants("audible Pardon?")[0] <= 3.0 + 1.5 + 0.25


def test_a_cough_costs_no_audio():
    """The line is played to its last sample, and no sample of it twice."""
    scenario = SCENARIOS["a cough holds the line, which goes on at the same sample"]
    outcome = play(scenario.flow, scenario.script, lines=scenario.lines)

    assert outcome.played(LONG) == 8.0


@pytest.mark.parametrize("at", [3.25, 4.05, 5.0, 6.35, 7.9])
def test_the_same_is_remembered_whether_or_not_the_audio_can_be_held(at):
    """History keeps what was heard, up to a word, and that depends on the samples alone."""
    script = [says(0.5, "tell me", 2.0), tells(LONG), says(at, "no wait"), tells(OTHER), leaves(16)]
    held, cut = (
        play(flow, script, lines={LONG: {"lasts": 8000}}).heard()
        for flow in (chat(), SCENARIOS["barge-in, where it cannot"].flow)
    )

    assert held == cut
    assert all(LONG.startswith(text) for text in held[1:-1])
