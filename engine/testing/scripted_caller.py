"""A caller who follows a script: waits for a cue, speaks, interrupts, and measures what it hears.

The caller is a real participant: it hears the agent's audio block by block and speaks audio of its
own through whatever transport its peer stands for. Cues are read from the captions the room
publishes, as a person reads the page; whether the agent is talking is judged by ear.

Everything it measures is measured at the caller: response is the last of its samples sent to the
first agent sample heard, silence after a barge-in is its first sample sent to the agent unheard.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from media.clock import Clock
from media.frames import FRAME_SECONDS, SAMPLE_RATE, Samples

LOUD = 200.0
"""RMS of an int16 block above which somebody is heard: -44 dBFS, far over any comfort noise."""

QUIET_SECONDS = 0.3
"""So long without a loud block, and the other side has stopped (a gap between words is shorter)."""

ASKED_AGAIN = 2
"""How often a line is repeated when the agent asks its question again, and an objection made."""


class Peer(Protocol):
    """The caller's own end of the call."""

    @property
    def speaking(self) -> bool:
        """True while something of what was ordered has not been sent."""
        ...

    def speak(self, samples: Samples) -> None:
        """Queue int16 mono samples at 48 kHz."""
        ...

    def type(self, text: str) -> None:
        """Send a typed turn."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One line of the script; two of the same words are still two lines."""

    cue: str
    """Said when the agent's last words match this pattern."""
    text: str
    audio: Samples | None = None
    """int16 mono, 48 kHz; None: the line is typed."""
    barge_in: float | None = None
    """Seconds after the agent became audible; None waits until the agent is silent."""
    objections: tuple[tuple[str, Line], ...] = ()
    """Pairs of a pattern and a line. When the agent's last words do not match the pattern, it got
    something wrong: that line is said instead, and this one waits for its cue again."""


@dataclass(slots=True, kw_only=True)
class Spoken:
    """What happened to one line, in seconds of the clock."""

    line: Line
    began: float
    """Its first sample was sent."""
    ended: float = 0.0
    """Its last sample was sent."""
    silent: float | None = None
    """Barge-in: the agent was no longer heard from here on."""
    answered: float | None = None
    """The agent was heard again."""

    @property
    def response(self) -> float | None:
        """Seconds from the last sample of the line to the first of the answer."""
        return None if self.answered is None else self.answered - self.ended

    @property
    def interruption(self) -> float | None:
        """Seconds from the first sample of a barge-in to the agent's silence."""
        return None if self.silent is None else self.silent - self.began


@dataclass(slots=True)
class _Ear:
    """When the agent was last heard, and since when."""

    last_loud: float = -1.0
    onset: float = -1.0
    onsets: list[float] = field(default_factory=list)

    def hear(self, samples: Samples, at: float) -> None:
        level = float(np.sqrt(np.mean(np.square(samples.astype(np.float32)))))
        if level < LOUD:
            return
        if at - self.last_loud > QUIET_SECONDS:
            self.onset = at
            self.onsets.append(at)
        self.last_loud = at


class ScriptedCaller:
    """Plays a script. Connect its `hear` and `read` to the peer's callbacks, then `run` it.

    Args:
        lines: the script. A line is due when its cue matches the agent's last words; if none is,
            a line that was said before and matches is repeated: the agent asked again.
        clock: the peer's clock.
    """

    def __init__(self, lines: Sequence[Line], clock: Clock) -> None:
        self._clock = clock
        self._ahead = list(lines)
        self._said: list[Line] = []
        self._repeats: dict[str, int] = {}
        self._ear = _Ear()
        self._agent_words: list[str] = []
        self._states: Mapping[str, Any] = {}
        self._answered_words = 0
        self._last_sent = 0.0
        self.spoken: list[Spoken] = []
        self.ended = asyncio.Event()
        """Set when the room says that the call has ended; set it when the peer knows it first."""

    async def run(self, peer: Peer) -> list[Spoken]:
        """Play until the call has ended; return what was measured."""
        while not self.ended.is_set():
            line = self._due()
            if line is not None:
                await self._say(peer, line)
            await asyncio.sleep(FRAME_SECONDS)
        return self.spoken

    def hear(self, samples: Samples, at: float) -> None:
        """Take a block of the agent's voice and the instant (seconds) of its arrival."""
        self._ear.hear(samples, at)

    def sent(self, samples: Samples, at: float) -> None:
        """Take a block of our own as it goes out, where the peer tells; makes figures exact."""
        if samples.any():
            self._last_sent = at

    def read(self, topic: str, data: Mapping[str, Any]) -> None:
        """Take a message of the room."""
        if topic == "transcript" and data.get("who") == "agent":
            self._agent_words.append(str(data["text"]))
        elif topic == "states":
            self._states = data
        elif topic == "ended":
            self.ended.set()

    def _due(self) -> Line | None:
        """The line to say now, or None: nothing new was asked, or it is not our turn yet."""
        asked = " ".join(self._agent_words[self._answered_words :])
        if not asked:
            return None
        line = self._matching(asked)
        if line is None:
            return None
        if line in self._ahead:
            line = self._objection(line, asked) or line
        now = self._clock.monotonic()
        if line.barge_in is not None and line in self._ahead:
            audible = self._states.get("agent") == "SPEAKING" and self._hears(now)
            return line if audible and now - self._ear.onset >= line.barge_in else None
        resting = self._states.get("agent") not in ("SPEAKING", "THINKING")
        return line if resting and not self._hears(now) else None

    def _matching(self, asked: str) -> Line | None:
        for line in self._ahead:
            if re.search(line.cue, asked, re.IGNORECASE):
                return line
        for line in reversed(self._said):
            again = self._repeats.get(line.text, 0) < ASKED_AGAIN
            if again and re.search(line.cue, asked, re.IGNORECASE):
                return line
        return None

    def _objection(self, line: Line, asked: str) -> Line | None:
        """What to say instead of `line`, because the agent's words show that it got us wrong."""
        for expected, objection in line.objections:
            made = sum(spoken.line is objection for spoken in self.spoken)
            if made <= ASKED_AGAIN and not re.search(expected, asked, re.IGNORECASE):
                return objection
        return None

    def _hears(self, now: float) -> bool:
        return now - self._ear.last_loud < QUIET_SECONDS

    async def _say(self, peer: Peer, line: Line) -> None:
        if line in self._ahead:
            self._ahead.remove(line)
            self._said.append(line)
        elif line in self._said:
            self._repeats[line.text] = self._repeats.get(line.text, 0) + 1
        self._answered_words = len(self._agent_words)
        spoken = Spoken(line=line, began=self._clock.monotonic())
        self.spoken.append(spoken)
        if line.audio is None:
            peer.type(line.text)
        else:
            peer.speak(line.audio)
        while peer.speaking and not self.ended.is_set():
            await asyncio.sleep(FRAME_SECONDS / 4)
            self._note_silence(spoken)
        spoken.ended = (
            max(self._last_sent, spoken.began) if line.audio is not None else spoken.began
        )
        await self._await_answer(spoken)

    def _note_silence(self, spoken: Spoken) -> None:
        """A barge-in has worked once nothing loud arrived for five blocks."""
        if spoken.line.barge_in is None or spoken.silent is not None:
            return
        if self._clock.monotonic() - self._ear.last_loud >= 5 * FRAME_SECONDS:
            spoken.silent = max(self._ear.last_loud, spoken.began)

    async def _await_answer(self, spoken: Spoken, within: float = 8.0) -> None:
        heard_before = len(self._ear.onsets)
        while self._clock.monotonic() - spoken.ended < within and not self.ended.is_set():
            new = [t for t in self._ear.onsets[heard_before:] if t >= spoken.ended]
            if new:
                spoken.answered = new[0]
                return
            self._note_silence(spoken)
            await asyncio.sleep(FRAME_SECONDS / 4)


def trimmed(samples: Samples, below_peak_db: float = 45.0) -> Samples:
    """Cut the silence before and after speech, so that its ends are those of the voice.

    Args:
        samples: int16 mono, 48 kHz.
        below_peak_db: a 10 ms block counts as voice when it is at most this far below the loudest.
    """
    block = SAMPLE_RATE // 100
    blocks = samples[: len(samples) // block * block].astype(np.float32).reshape(-1, block)
    level = np.sqrt(np.mean(np.square(blocks), axis=1))
    voiced = np.flatnonzero(level > level.max(initial=0.0) / 10 ** (below_peak_db / 20))
    if not len(voiced):
        return samples[:0]
    return samples[voiced[0] * block : (voiced[-1] + 1) * block]
