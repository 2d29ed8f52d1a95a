"""Calls told in instants: a caller who speaks and coughs, and what came of it, in both worlds.

The world is the same in all of them:

    the end of the voice is reported    0.5 s after it
    final words come                    0.2 s after the voice ended
    the model                           begins after 0.1 s and has said its sentence after 0.3 s
    the voice gives its first sample    0.2 s after it was asked

Instants are seconds since the start of the session and hold to 0.05 s: the room takes a block of
audio every 0.02 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from engine.core.step import Step
from engine.effects import ReportError, Say
from engine.events import PlayoutFinished, PlayoutStarted, SpeechPrepared
from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow
from engine.observe.timeline import render
from engine.testing.golden import run_session
from engine.testing.script import Script
from engine.testing.simulator import Simulator

WORLD: Mapping[str, Any] = {"flow": "x", "voice_end": 500, "model": [{"reports": {}}]}
VOICE: Mapping[str, Any] = {"first_audio": 193}  # audio never comes just when a block is taken

ANSWER = "Here is your answer."  # four words: 0.1 s, then one every 0.05 s, and the end
LONG = "Once upon a time."
OTHER = "Whatever you want then."
SORRY = "Sorry, that did not work."


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


def chat(policy: str = "") -> str:
    """A flow that talks freely; nothing but the defaults, and this policy."""
    return CHAT.format(policy=policy)


CANNOT_HOLD = "interruptions: {false_alarm: {resume: false}}"
"""The audio is cut where it would be held: what is left to a sink that cannot pause."""


@cache
def compiled(text: str) -> CompiledFlow:
    return compile_flow(Flow.model_validate(YAML(typ="safe").load(text)))


# --- what came of it -----------------------------------------------------------------------------


class Outcome:
    """The steps of a call, in the words of the table."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self._texts = {e.utterance: e.text for s in steps for e in s.effects if isinstance(e, Say)}

    def errors(self) -> list[tuple[str, str]]:
        """Name and message of every error that was reported."""
        effects = [effect for step in self.steps for effect in step.effects]
        return [(e.name, e.message) for e in effects if isinstance(e, ReportError)]

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

    def remembered(self) -> list[tuple[str, str]]:
        """What history keeps of both sides, in order: who, and the words."""
        notes = [note for step in self.steps for note in step.notes]
        sides = {"turn": "user", "heard": "agent"}
        kept = [(sides[n.kind], str(n.data["text"])) for n in notes if n.kind in sides]
        return [(who, text) for who, text in kept if text]

    def wrongly_heard(self) -> list[str]:
        """Lines of which history keeps other words than those that were played to their end."""
        words = {
            s.cause.utterance: s.cause.words
            for s in self.steps
            if isinstance(s.cause, SpeechPrepared)
        }
        wrong = []
        for step in self.steps:
            over = step.cause
            if not isinstance(over, PlayoutFinished) or over.utterance not in words:
                continue
            whole = [word for word in words[over.utterance] if word.end <= over.played]
            told = [n.data["text"] for n in step.notes if n.kind == "heard"]
            if sum(len(text.split()) for text in told) != len(whole):
                wrong.append(f"{step.at}: {told} of {whole}")
        return wrong

    def turns(self) -> list[str]:
        """What was answered, turn by turn."""
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


def scripted(script: Sequence[Mapping[str, Any]], **world: Any) -> Script:
    """Return a script in the world of these calls; `lines`: how long lines last, and so on."""
    voice = {**VOICE, "lines": {"Hello.": {"lasts": 100}, **world.pop("lines", {})}}
    return Script.model_validate({**WORLD, "script": list(script), "voice": voice, **world})


def play(flow: str, script: Sequence[Mapping[str, Any]], **world: Any) -> Outcome:
    """Play a call in both worlds; they agree to the last step."""
    made, machine = scripted(script, **world), compiled(flow)
    bare = Simulator(machine, made).run()
    assert render(run_session(machine, made)) == render(bare)
    return Outcome(bare)
