"""The agent's voice as a room sees it: a source to pull from, with word of what was heard.

Samples enter by utterance, leave in 20 ms blocks by the room's pacing, and each utterance is
answered by exactly one `on_finished`, whether it was played, cut, or dropped before it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from media.frames import FRAME_SAMPLES, Samples
from media.playout_buffer import PlayoutBuffer

OnStarted = Callable[[str], None]
"""(utterance): its first sample goes out with the block being pulled."""

OnFinished = Callable[[str, int, bool], None]
"""(utterance, played samples, complete): nothing more of it will be heard."""

Tap = Callable[[Samples], None]
"""Sees every block that goes out, silence too; must not keep the loop busy."""


class OutgoingTrack:
    """An `AudioSource` around a `PlayoutBuffer`.

    Callbacks come on the event loop, from within `pull` or `drop`, after the buffer has settled:
    they may push, pause and drop in turn.

    Args:
        on_started: told when an utterance becomes audible.
        on_finished: told once per utterance, when it is over.
    """

    def __init__(self, on_started: OnStarted, on_finished: OnFinished) -> None:
        self._buffer = PlayoutBuffer()
        self._on_started = on_started
        self._on_finished = on_finished
        self.tap: Tap | None = None
        """The recorder's hook."""
        self.on_pulled: Callable[[], None] | None = None
        """Told after each block; set while somebody waits for samples to go out."""

    @property
    def utterances(self) -> tuple[str, ...]:
        """The utterances that are not over, in the order in which they play."""
        return self._buffer.utterances

    @property
    def paused(self) -> bool:
        """True between `pause` and `resume`."""
        return self._buffer.paused

    @property
    def waiting(self) -> int:
        """Samples that were pushed and have not gone out."""
        return self._buffer.waiting

    def waiting_of(self, utterance: str) -> int | None:
        """Return those of an utterance: what back-pressure looks at. None: it is over."""
        return self._buffer.waiting_of(utterance)

    def open(self, utterance: str) -> None:
        """Give an utterance its place in the queue before its audio is made."""
        self._buffer.open(utterance)

    def push(self, utterance: str, samples: Samples) -> None:
        """Append int16 mono 48 kHz samples; discarded when the utterance is over."""
        self._buffer.push(utterance, samples)

    def finish(self, utterance: str) -> None:
        """Say that all audio of this utterance was pushed."""
        self._buffer.finish(utterance)

    def pause(self, fade_samples: int = 0) -> None:
        """Hold at this very sample: the very next block is silence, after the fade."""
        self._buffer.pause(fade_samples)

    def resume(self) -> None:
        """Go on where `pause` stopped."""
        self._buffer.resume()

    def drop(self, utterances: Iterable[str], fade_samples: int = 0) -> dict[str, int]:
        """End these utterances now; `on_finished` is told of each with `complete` False.

        Returns:
            The played samples of each utterance that was not over before.
        """
        played = self._buffer.drop(utterances, fade_samples)
        for utterance, samples in played.items():
            self._on_finished(utterance, samples, False)
        return played

    def pull(self) -> Samples:
        """Return the next 20 ms, and report what starts and what is complete within them."""
        pulled = self._buffer.pull(FRAME_SAMPLES)
        if self.tap is not None:
            self.tap(pulled.samples)
        for mark in pulled.marks:
            if mark.over:
                self._on_finished(mark.utterance, mark.played, True)
            else:
                self._on_started(mark.utterance)
        if self.on_pulled is not None:
            self.on_pulled()
        return pulled.samples
