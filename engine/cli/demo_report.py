"""What came of the demo's call: was it booked as said, how fast was it, what was understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.core.step import Step
from engine.effects import CallTool
from engine.events import Millis, TranscriptReceived
from engine.observe.metrics import percentile
from engine.testing.scripted_caller import Spoken
from engine.worker.host import Call
from engine.worker.runs import JOURNAL, RECORDING, TIMELINE


def booked(steps: Sequence[Step], expected: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the booking; empty when it is as expected, and made once."""
    calls = [
        effect
        for step in steps
        for effect in step.effects
        if isinstance(effect, CallTool) and effect.tool == "book_table"
    ]
    if len(calls) != 1:
        return [f"the booking tool was called {len(calls)} times, not once"]
    return [
        f"booked {name}={calls[0].args.get(name)!r}, the caller said {value!r}"
        for name, value in expected.items()
        if calls[0].args.get(name) != value
    ]


def summary(call: Call, spoken: Sequence[Spoken], *, audio: bool) -> Iterator[str]:
    """Give the lines of the summary; latencies are the caller's own measurements."""
    metrics = call.result.metrics
    yield f"turns            {metrics.user_turns} of the caller, {metrics.agent_turns} of the agent"
    yield f"interruptions    {metrics.interruptions}"
    if audio:
        responses = [_millis(s.response) for s in spoken if s.response is not None]
        stops = [_millis(s.interruption) for s in spoken if s.interruption is not None]
        yield f"response         {_percentiles(responses)}  (caller's last sample to agent heard)"
        yield f"barge-in         {_percentiles(stops)}  (caller's first sample to agent silent)"
        yield "recognition"
        yield from _recognition(call.result.steps, spoken)
    if call.folder is not None:
        for name in (RECORDING, JOURNAL, TIMELINE):
            if (call.folder / name).exists():
                yield f"saved            {call.folder / name}"


def _recognition(steps: Sequence[Step], spoken: Sequence[Spoken]) -> Iterator[str]:
    """Each line of the caller beside the words the agent got, in order."""
    heard = [
        step.cause.text
        for step in steps
        if isinstance(step.cause, TranscriptReceived) and step.cause.final and step.cause.text
    ]
    for number, said in enumerate(spoken):
        words = heard[number] if number < len(heard) else ""
        mark = "=" if words == said.line.text else "~"
        yield f'  said "{said.line.text}"'
        yield f'  {mark:>4} "{words}"'


def _millis(seconds: float) -> Millis:
    return round(seconds * 1000)


def _percentiles(values: Sequence[Millis]) -> str:
    if not values:
        return "not measured"
    return (
        f"p50 {percentile(values, 50)} ms, p95 {percentile(values, 95)} ms, {len(values)} measured"
    )
