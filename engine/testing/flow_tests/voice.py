"""The agent's voice on virtual time: lines play one after the other, at the speed of speech."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from engine.events import (
    Event,
    Millis,
    PlayoutFinished,
    PlayoutStarted,
    SpeechPrepared,
    Word,
)

WORD: Millis = 400
"""How long a word takes: 150 words a minute."""


@dataclass(slots=True)
class _Line:
    utterance: str
    text: str
    played: Millis = 0
    since: Millis | None = None
    """When it went on; None while it is held."""

    @property
    def duration(self) -> Millis:
        return max(1, len(self.text.split())) * WORD


class TextVoice:
    """Reports what a perfect voice would report about the lines it is given.

    Args:
        post: where events go.
        now: the instant.
        later: calls an action at an instant.
    """

    def __init__(
        self,
        post: Callable[[Event], None],
        now: Callable[[], Millis],
        later: Callable[[Millis, Callable[[], None]], None],
    ) -> None:
        self._post = post
        self._now = now
        self._later = later
        self._queue: deque[_Line] = deque()
        self._current: _Line | None = None
        self._paused = False
        self._round = 0

    @property
    def busy(self) -> bool:
        """Whether any line is audible or waits for its turn."""
        return self._current is not None or bool(self._queue)

    def say(self, utterance: str, text: str) -> None:
        """Queue a line."""
        self._queue.append(_Line(utterance, text))
        self._next()

    def stop(self, utterances: Collection[str]) -> None:
        """Drop lines; what was played of the audible one is told."""
        waiting = [line for line in self._queue if line.utterance in utterances]
        self._queue = deque(line for line in self._queue if line.utterance not in utterances)
        current = self._current
        if current is not None and current.utterance in utterances:
            self._hold()
            self._current = None
            self._over(current, complete=False)
        for line in waiting:
            self._over(line, complete=False)
        self._next()

    def pause(self) -> None:
        """Hold the audible line."""
        self._paused = True
        self._hold()

    def resume(self) -> None:
        """Go on with it."""
        self._paused = False
        self._go_on()
        self._next()

    def _next(self) -> None:
        if self._current is not None or self._paused or not self._queue:
            return
        self._current = line = self._queue.popleft()
        words = tuple(
            Word(text=word, start=n * WORD, end=(n + 1) * WORD)
            for n, word in enumerate(line.text.split())
        )
        at, name = self._now(), line.utterance
        self._post(SpeechPrepared(at=at, utterance=name, duration=line.duration, words=words))
        self._post(PlayoutStarted(at=at, utterance=name))
        self._go_on()

    def _go_on(self) -> None:
        line = self._current
        if line is None or line.since is not None:
            return
        line.since = self._now()
        self._round += 1
        played = self._round

        def end() -> None:
            if played == self._round and line is self._current:
                line.played = line.duration
                self._current = None
                self._over(line, complete=True)
                self._next()

        self._later(line.since + line.duration - line.played, end)

    def _hold(self) -> None:
        self._round += 1
        line = self._current
        if line is not None and line.since is not None:
            line.played += self._now() - line.since
            line.since = None

    def _over(self, line: _Line, *, complete: bool) -> None:
        self._post(
            PlayoutFinished(
                at=self._now(), utterance=line.utterance, played=line.played, complete=complete
            )
        )
