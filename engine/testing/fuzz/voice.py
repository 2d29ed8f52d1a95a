"""The agent's voice and its physics: lines are made, played, held at a sample, cut, or fail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.effects import Say
from engine.events import Millis, PlayoutFinished, PlayoutStarted, ServiceFailed, SpeechPrepared

if TYPE_CHECKING:
    from engine.testing.fuzz.world import World

WAYS = [
    *["good"] * 24,
    "slow",
    "fails",
    "fails unsaid",
    "no audio",
    "no end",
    "unprepared",
    "dies",
]
"""What becomes of a line: `fails unsaid` reports no end, `dies` takes all other lines with it."""

STOPS = [*["good"] * 8, "never", "late", "twice"]
"""How the end of a line that was cut is reported."""

_FIRST_AUDIO: Millis = 100
_SLOW: Millis = 4_000


@dataclass(slots=True)
class Line:
    """One line the voice was given."""

    id: str
    text: str
    length: Millis
    way: str
    played: Millis = 0
    since: Millis | None = None
    """Playing since then; None: not started, or held."""
    started: bool = False
    asked: bool = False
    """Its audio is being made."""


class Voice:
    """Plays one line after the other, as well as the case lets it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: list[Line] = []
        self._paused = False
        self._closed = False

    @property
    def audible(self) -> bool:
        """Whether anything is heard right now."""
        return bool(self._queue) and self._queue[0].since is not None

    # --- orders ----------------------------------------------------------------------------------

    def say(self, effect: Say) -> None:
        """Queue a line."""
        way, _ = self._world.fates.draw("voice", WAYS)
        text = effect.text or "a file"
        self._queue.append(Line(effect.utterance, text, 60 * len(text), way))
        self._next()

    def stop(self, utterances: Iterable[str]) -> None:
        """Drop lines and report, or fail to report, how much of each was played."""
        for name in utterances:
            line = self._take(name)
            if line is None:
                continue
            how, _ = self._world.fates.draw("stop", STOPS)
            if how == "never":
                continue
            after = 8_000 if how == "late" else 20
            for _ in range(2 if how == "twice" else 1):
                self._world.later(after, lambda line=line: self._report(line, complete=False))  # type: ignore[misc]
        self._next()

    def pause(self) -> None:
        """Hold the audio at this sample."""
        self._paused = True
        if self._queue and self._queue[0].since is not None:
            head = self._queue[0]
            self._measure(head)

    def resume(self) -> None:
        """Go on at that sample."""
        self._paused = False
        if self._queue and self._queue[0].started:
            self._play(self._queue[0])
        else:
            self._next()

    def hang_up(self) -> None:
        """The call is over: what was played of its lines is still reported."""
        self._closed = True
        self.stop([line.id for line in self._queue])

    def lose(self) -> None:
        """The process is gone, with everything it played."""
        self._queue.clear()
        self._paused = False

    # --- playing ---------------------------------------------------------------------------------

    def _next(self) -> None:
        if self._closed or self._paused or not self._queue or self._queue[0].asked:
            return
        line, later = self._queue[0], self._world.later
        line.asked = True
        if line.way in ("fails", "fails unsaid", "dies"):
            later(50, lambda: self._fail(line))
        elif line.way != "no audio":
            later(_SLOW if line.way == "slow" else _FIRST_AUDIO, lambda: self._begin(line))

    def _begin(self, line: Line) -> None:
        if line not in self._queue:
            return
        if self._paused:  # nothing starts while the audio is held
            line.asked = False
            return
        happens, now = self._world.happens, self._world.now
        line.started, line.since = True, now
        if line.way != "unprepared":
            self._world.later(10, lambda: self._prepared(line))
        if line.way != "no end":
            self._end_after(line, line.length)
        happens(PlayoutStarted(at=now, utterance=line.id))

    def _prepared(self, line: Line) -> None:
        if line in self._queue:
            now = self._world.now
            self._world.happens(SpeechPrepared(at=now, utterance=line.id, duration=line.length))

    def _play(self, line: Line) -> None:
        line.since = self._world.now
        if line.way != "no end":
            self._end_after(line, max(0, line.length - line.played))

    def _end_after(self, line: Line, rest: Millis) -> None:
        since = line.since
        self._world.later(rest, lambda: self._end(line, since))

    def _end(self, line: Line, since: Millis | None) -> None:
        if line not in self._queue or line.since is None or line.since != since:
            return  # cut, or held since
        self._measure(line)
        self._queue.remove(line)
        self._report(line, complete=True)
        self._next()

    def _fail(self, line: Line) -> None:
        if line not in self._queue:
            return
        world, unsaid = self._world, line.way == "fails unsaid"
        lost = list(self._queue) if line.way == "dies" else [line]
        self._queue = [other for other in self._queue if other not in lost]
        subject = "" if line.way == "dies" else line.id
        world.happens(
            ServiceFailed(at=world.now, service="tts", message="it broke", subject=subject)
        )
        for other in [] if unsaid else lost:
            self._report(other, complete=False)
        self._next()

    def _report(self, line: Line, *, complete: bool) -> None:
        world = self._world
        world.happens(
            PlayoutFinished(at=world.now, utterance=line.id, played=line.played, complete=complete)
        )

    def _take(self, name: str) -> Line | None:
        line = next((line for line in self._queue if line.id == name), None)
        if line is not None:
            self._measure(line)
            self._queue.remove(line)
        return line

    def _measure(self, line: Line) -> None:
        if line.since is not None:
            line.played = min(line.length, line.played + self._world.now - line.since)
            line.since = None
