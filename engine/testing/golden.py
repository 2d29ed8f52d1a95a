"""Plays a golden conversation twice: on the bare core, and through the whole shell.

The second run is the real `Session` with scripted providers and the in-memory room, on a virtual
loop. Both must give equal steps: that equality is the strongest test of the shell, and the snapshot
of the timeline is the strongest one of the core. What both worlds agree on stands in
`engine.testing.simulator`.
"""

from __future__ import annotations

import asyncio
import datetime
import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.core.step import Step
from engine.effects import Transfer
from engine.errors import FlowError
from engine.flow.loader import check_file
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.observe.timeline import render
from engine.pipeline.pipeline import Services
from engine.session.session import Session, SessionOptions
from engine.testing.expectations import unmet
from engine.testing.loop import VirtualClock, run_virtual
from engine.testing.script import Desk, Happening, Script, ToolAnswer, read_script
from engine.testing.simulator import BEAT_OFFSET, VAD_START, Simulator, reported
from media.frames import FRAME_SECONDS, SAMPLE_RATE, Samples
from media.loopback import LoopbackParticipant, LoopbackRoom
from media.room import AudioSource, RoomListener
from providers.errors import ProviderUnavailable
from providers.scripted import (
    Heard,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedTurnDetector,
    ScriptedVad,
    Voicing,
)
from providers.scripted_model import Answer, ScriptedModel

_TOO_LATE = 1e-6
"""Seconds by which words in the making that are due with the end of their stretch come after it, as
on the bare core, however the sums of seconds are rounded."""

_MANY = 1_000
"""So often the last answer of a script stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a golden conversation."""

    timeline: str
    """Of the bare core, as text."""
    difference: str
    """Line diff between the core's timeline and the session's; empty: they are equal."""
    unmet: tuple[str, ...]
    """Expectations of the script that did not come true, one sentence each."""

    @property
    def ok(self) -> bool:
        """Both worlds agree, and every expectation came true."""
        return not self.difference and not self.unmet


def play(path: Path) -> Outcome:
    """Play a conversation file in both worlds.

    Raises:
        ScriptError: the file is no conversation.
        FlowError: the flow has errors.
    """
    script = read_script(path)
    flow = load_flow(path.parent / script.flow)
    bare = Simulator(flow, script).run()
    real = run_session(flow, script)
    return Outcome(
        timeline=render(bare),
        difference=_difference(bare, real),
        unmet=tuple(unmet(script.expect, bare)),
    )


def load_flow(path: Path) -> CompiledFlow:
    """Load, check and compile a flow file.

    Raises:
        FlowError: it has errors; carries the findings.
    """
    result = check_file(path)
    errors = [found for found in result.diagnostics if found.is_error]
    if errors:
        told = "; ".join(f"{found.code}: {found.message}" for found in errors)
        raise FlowError(f"{path.name} has errors: {told}", result.diagnostics)
    return compile_loaded(result)


def run_session(
    flow: CompiledFlow, script: Script, hear: Callable[[Samples, float], None] | None = None
) -> list[Step]:
    """Play a script through the real session on virtual time and return its steps.

    Args:
        flow: what the agent does.
        script: what the caller and the world do.
        hear: told every block of 20 ms that the caller hears, silence included, and its instant
            in seconds: int16 mono, 48 kHz.
    """
    return list(run_virtual(_call(flow, script, hear)))


async def _call(
    flow: CompiledFlow, script: Script, hear: Callable[[Samples, float], None] | None
) -> tuple[Step, ...]:
    started = datetime.datetime.fromisoformat(script.now)
    clock = VirtualClock(started)
    room = _OffsetRoom(clock)
    caller = room.join()
    caller.on_heard = hear
    options = SessionOptions(
        seed=script.seed,
        started_at=script.now,
        inputs=script.inputs,
        functions=_functions(flow, script),
        environment=_Echo(),
        desk=None if script.transfer is None else _ScriptedDesk(script.transfer),
        steps_kept=None,
    )
    session = Session(flow, room, _services(script), clock, options)
    loop = asyncio.get_running_loop()
    for happening in script.script:
        if not happening.voiced:
            action = _action(happening, caller, session)
            loop.call_at(loop.time() + happening.at / 1000, action)
    await session.run()
    return session.steps


class _OffsetRoom(LoopbackRoom):
    """A room whose beat stands a little beside whole milliseconds; the simulator says why."""

    async def open(self, listener: RoomListener, source: AudioSource) -> None:
        """Enter after the offset, so that the first beat comes then."""
        await asyncio.sleep(BEAT_OFFSET / 1_000_000)
        await super().open(listener, source)


def _action(
    happening: Happening, caller: LoopbackParticipant, session: Session
) -> Callable[[], None]:
    if happening.key is not None:
        key = happening.key
        return lambda: caller.press(key)
    if happening.types is not None:
        text = happening.types
        return lambda: caller.type(text)
    if happening.close is not None:
        reason = happening.close
        return lambda: session.close(reason)
    gone = happening.leaves or "left"
    return lambda: caller.leave(gone)


# --- scripted providers --------------------------------------------------------------------------


def _services(script: Script) -> Services:
    """Make providers for one run, all at the room's rate: no resampler stands between."""
    vad = ScriptedVad(
        start_delay=VAD_START / 1000, end_delay=script.voice_end / 1000, sample_rate=SAMPLE_RATE
    )
    for speech in script.speech:
        # The first block heard ends at instant 0: audio is one block older than the session.
        vad.speak(speech.at / 1000 + FRAME_SECONDS, speech.end / 1000 + FRAME_SECONDS)
    probabilities = {h.user: h.done for h in script.speech if h.user is not None}
    return Services(
        vad=vad,
        stt=ScriptedRecognizer(_stretches(script), sample_rate=SAMPLE_RATE),
        turn_detector=ScriptedTurnDetector(probabilities),
        tts=_synthesizer(script),
        llm=_model(script),
    )


def _stretches(script: Script) -> Iterator[Heard]:
    for speech in script.speech:
        heard = _heard(speech)
        yield heard
        for text in speech.rest:
            yield replace(heard, text=text, partials=())


def _heard(speech: Happening) -> Heard:
    return Heard(
        text=speech.user or "",
        delay=None if speech.stt_delay is None else speech.stt_delay / 1000,
        at=_heard_at(speech),
        partials=tuple((after / 1000 + _TOO_LATE, text) for after, text in speech.partials.items()),
        confidence=speech.confidence,
        accepted=speech.accepted,
    )


def _heard_at(speech: Happening) -> float | None:
    """Seconds from the reported start of a stretch to its words, where nobody waits for its end."""
    if speech.words_after is None:
        return None
    return speech.end / 1000 + speech.words_after / 1000 - reported(speech.at + VAD_START) / 1e6


def _synthesizer(script: Script) -> ScriptedSynthesizer:
    voice = script.voice
    lines = {
        text: Voicing(
            duration=None if spoken.lasts is None else spoken.lasts / 1000,
            error=None if spoken.error is None else ProviderUnavailable(spoken.error),
            error_after=spoken.after / 1000,
            never=spoken.never,
        )
        for text, spoken in voice.lines.items()
    }
    return ScriptedSynthesizer(
        first_audio=voice.first_audio / 1000,
        words_per_minute=voice.words_per_minute,
        lines=lines,
        sample_rate=SAMPLE_RATE,
    )


def _model(script: Script) -> ScriptedModel | None:
    if script.model is None and not script.replies:
        return None
    replies = [told.talk() for told in script.replies]
    return ScriptedModel(_answers(script), replies, [told.talk() for told in script.summaries])


def _answers(script: Script) -> list[Answer]:
    answers = [
        Answer(
            report=None if given.never else given.reports or {},
            error=None if given.error is None else ProviderUnavailable(given.error),
            delay=given.after / 1000,
        )
        for given in script.model or ()
    ]
    return answers + answers[-1:] * _MANY


# --- tools and transfers -------------------------------------------------------------------------


def _functions(flow: CompiledFlow, script: Script) -> dict[str, Callable[..., Any]]:
    """Make a function for every tool of the flow: mocked, or failing the run when it is called."""
    functions: dict[str, Callable[..., Any]] = {}
    flows = [flow]
    while flows:
        current = flows.pop()
        flows += current.flows.values()
        for name, tool in current.tools.items():
            functions[tool.use] = _mock(script.tools.get(name, ()))
    return functions


def _mock(answers: Sequence[ToolAnswer]) -> Callable[..., Any]:
    calls = 0

    async def tool(**_: Any) -> Any:
        nonlocal calls
        answer = answers[min(calls, len(answers) - 1)]
        calls += 1
        if answer.never:
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(answer.after / 1000)
        if answer.error is not None:
            raise RuntimeError(answer.error)
        return answer.returns

    return tool


class _Echo(dict[str, str]):
    """An environment in which every variable is set, to its own name: no run depends on ours."""

    def __missing__(self, name: str) -> str:
        return name


class _ScriptedDesk:
    """Carries out transfers as the script says."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def transfer(self, order: Transfer) -> None:
        """Take the caller after a while, or refuse."""
        await asyncio.sleep(self._desk.after / 1000)
        if self._desk.error is not None:
            raise RuntimeError(self._desk.error)


# --- comparison ----------------------------------------------------------------------------------


def _difference(bare: Sequence[Step], real: Sequence[Step]) -> str:
    if list(bare) == list(real):
        return ""
    lines = difflib.unified_diff(
        render(bare, personal=True).splitlines(),
        render(real, personal=True).splitlines(),
        "bare core",
        "session",
        lineterm="",
    )
    text = "\n".join(lines)
    if text:
        return text
    pairs = ((b, r) for b, r in zip(bare, real, strict=False) if b != r)
    one, other = next(pairs)
    return f"steps differ where the timeline does not show it:\n  {one}\n  {other}"
