"""What the deciding half costs: an event, a step of the dialog, a flow to compile. No I/O, no loop.

    python bench/core.py [--blocks 15] [--json]

event   A caller is asked for a number and says it, again and again, as the session would tell it:
        voice, two partials, end of voice, final transcript, prediction, the deadline of the turn,
        the line prepared, begun and over. The figure is the time of all of them by their number
        (deadlines are events of time and count). `by_event` has each kind for itself; `commit` is
        the deadline that ends the turn: there the words are understood and the dialog moves.
step    One application event in a ring of states: a guard that fails, a guard that holds, a
        variable set, leaving, entering, a line spoken under the state's own policy, what the
        recogniser expects, and the record of it all. In rings of 10, 100 and 1,000 states.
compile A flow of 1,000 states (the one of bench/validate.py), loaded and checked: from there to
        what calls run, fingerprint and grammars included.

Time is the processor's (`time.process_time`), so that what else the machine does matters little;
what reading that clock takes is not counted.
Each figure is taken in blocks, the three rings in turn; `best` is the fastest block, `p50` the
median one.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import validate
from blocks import in_turn, machine, reading, spread

from engine.core.conversation import Conversation
from engine.effects import PredictEndOfTurn, Say
from engine.events import (
    AppEventReceived,
    EndOfTurnPredicted,
    Event,
    ParticipantJoined,
    PlayoutFinished,
    PlayoutStarted,
    SessionStarted,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    TranscriptReceived,
)
from engine.flow.catalogue import Catalogue
from engine.flow.loader import check_text
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded

TALK = """\
turnwise: 1
flow: talk
start: ask
vars: {count: {type: integer, default: 0}}
slots: {size: {type: integer, min: 1, max: 12, ask: "For how many people?"}}
intents:
  gives_up: {means: no longer wants it, words: [never mind]}
listen: {no_input: ["Are you still there?"], no_match: ["Sorry?"]}
handle:
  intent.gives_up: {to: END}
  no_input: {to: END}
  no_match: {to: END}
states:
  ask:
    collect: [size]
    then:
      - {when: vars.count > 100000, to: END}
      - {set: {count: vars.count + 1}, clear: [size], to: REPEAT}
"""

RING = """\
turnwise: 1
flow: ring
start: s0
vars: {{count: {{type: integer, default: 0}}, kind: {{type: text, default: blue}}}}
listen: {{no_input: ["Are you still there?"], no_match: ["Sorry?"]}}
interruptions: {{min_words: 1}}
handle:
  no_input: {{to: END}}
  no_match: {{to: END}}
  error: {{to: END}}
states:
{states}"""

STATE = """\
  s{n}:
    say: "This is part {{{{ vars.count }}}}."
    listen: {{silence: {silence}s}}
    interruptions: {{min_time: 700ms}}
    handle:
      app.go:
        - {{when: 'vars.count > 100000 and vars.kind == "red"', to: END}}
        - {{when: vars.count >= 0 and visits < 100, set: {{count: vars.count + 1}}, to: s{next}}}
"""

VISITS = 40
"""Of one state; a call may have 50."""
STEPS = 400


def compiled(text: str) -> CompiledFlow:
    return compile_loaded(check_text(text, "bench.yaml", Catalogue()))


def opened(flow: CompiledFlow) -> Conversation:
    conversation = Conversation(flow)
    conversation.receive(SessionStarted(at=0, seed=1, started_at="2026-05-01T12:00:00+02:00"))
    conversation.receive(ParticipantJoined(at=0, participant="caller"))
    return conversation


class Talk:
    """Feeds a conversation what a session would, and keeps the time of every kind of event."""

    def __init__(self, flow: CompiledFlow) -> None:
        self.conversation = opened(flow)
        self.now = 0
        self.spent: dict[str, list[float]] = defaultdict(list)
        self._reading = reading()
        self._line("a1.1")

    def turn(self) -> None:
        """The caller answers; the agent asks again, and its line is played to the end."""
        who = {"participant": "caller"}
        at = self._later(300)
        self._give(SpeechStarted(at=at, edge=at - 60, **who))
        self._give(TranscriptReceived(at=self._later(300), text="for", final=False, **who))
        self._give(TranscriptReceived(at=self._later(300), text="for four", final=False, **who))
        at = self._later(300)
        self._give(SpeechEnded(at=at, edge=at - 60, **who))
        final = TranscriptReceived(at=self._later(100), text="For four people.", final=True, **who)
        asked = next(e for e in self._give(final) if isinstance(e, PredictEndOfTurn))
        predicted = EndOfTurnPredicted(
            at=self._later(5), turn=asked.turn, text=asked.text, probability=1.0
        )
        self._give(predicted)
        self.now = self.conversation.next_deadline or self.now
        effects = self._timed("commit", lambda: self.conversation.advance(self.now))
        self._line(next(e.utterance for e in effects if isinstance(e, Say)))

    def _line(self, name: str) -> None:
        self._give(PlayoutStarted(at=self._later(20), utterance=name))
        self._give(SpeechPrepared(at=self._later(5), utterance=name, duration=400))
        self._give(PlayoutFinished(at=self._later(400), utterance=name, played=400, complete=True))

    def _later(self, millis: int) -> int:
        self.now += millis
        return self.now

    def _give(self, event: Event) -> list[Any]:
        return self._timed(type(event).__name__, lambda: self.conversation.receive(event))

    def _timed(self, kind: str, run: Callable[[], list[Any]]) -> list[Any]:
        began = time.process_time_ns()
        steps = run()
        spent = time.process_time_ns() - began - self._reading
        self.spent[kind].append(spent / 1000)
        return [effect for step in steps for effect in step.effects]


def events(blocks: int) -> dict[str, Any]:
    """Microseconds by event: over all of them, and by kind."""
    flow = compiled(TALK)
    kinds: dict[str, list[float]] = defaultdict(list)

    def block() -> float:
        talk = Talk(flow)
        talk.spent.clear()
        for _ in range(VISITS):
            talk.turn()
        for kind, spent in talk.spent.items():
            kinds[kind].append(sum(spent) / len(spent))
        everything = [value for spent in talk.spent.values() for value in spent]
        return sum(everything) / len(everything)

    found = in_turn({"all": block}, blocks)
    return {
        **spread(found["all"]),
        "by_event": {kind: spread(values) for kind, values in kinds.items()},
    }


def ring(states: int) -> CompiledFlow:
    written = (STATE.format(n=n, next=(n + 1) % states, silence=5 + n % 3) for n in range(states))
    return compiled(RING.format(states="".join(written)))


def walk(flow: CompiledFlow) -> float:
    """Microseconds of one step, over a walk through the ring."""
    conversation = opened(flow)
    now, spent, clock = 0, 0, reading()
    said = ["a1.1"]
    steps = min(STEPS, VISITS * len(flow.states))
    for _ in range(steps):
        for name in said:  # what was said is over, untimed: the queue of lines stays short
            conversation.receive(PlayoutStarted(at=now, utterance=name))
            conversation.receive(PlayoutFinished(at=now, utterance=name, played=400, complete=True))
        now += 1000
        event = AppEventReceived(at=now, name="go")
        began = time.process_time_ns()
        done = conversation.receive(event)
        spent += time.process_time_ns() - began - clock
        said = [e.utterance for s in done for e in s.effects if isinstance(e, Say)]
        assert len(said) == 1, "every step says one line"
    return spent / steps / 1000


def steps(blocks: int, sizes: tuple[int, ...]) -> dict[str, Any]:
    flows = {str(size): ring(size) for size in sizes}
    work = {name: (lambda flow=flow: walk(flow)) for name, flow in flows.items()}
    found = in_turn(work, blocks)
    return {name: spread(values) for name, values in found.items()}


def compiling(blocks: int, states: int) -> dict[str, Any]:
    """Milliseconds from a checked flow to what calls run."""
    loaded = check_text(validate.generated(states), "generated.yaml", Catalogue())

    def block() -> float:
        began = time.process_time()
        compile_loaded(loaded)
        return (time.process_time() - began) * 1000

    return {"states": states, **spread(in_turn({"all": block}, blocks)["all"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=15)
    parser.add_argument("--sizes", default="10,100,1000", help="states of the rings")
    parser.add_argument("--compile", type=int, default=1000, help="states of the compiled flow")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = tuple(int(size) for size in options.sizes.split(","))
    found = {
        "machine": machine(),
        "event_us": events(options.blocks),
        "step_us": steps(options.blocks, sizes),
        "compile_ms": compiling(max(3, options.blocks // 3), options.compile),
    }
    if options.json:
        print(json.dumps(found))
        return
    print(f"{found['machine']}\n\n{'':32}{'best':>8}{'p50':>8}")
    rows = {"event, us": found["event_us"]}
    rows |= {f"  {kind}": row for kind, row in found["event_us"]["by_event"].items()}
    rows |= {f"step of {size} states, us": row for size, row in found["step_us"].items()}
    rows[f"compile {options.compile} states, ms"] = found["compile_ms"]
    for name, row in rows.items():
        print(f"{name:32}{row['best']:8.1f}{row['p50']:8.1f}")


if __name__ == "__main__":
    main()
