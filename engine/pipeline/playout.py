"""The agent's voice on its way to the room: what is ordered, audible, held, cut and over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.events import Millis, PlayoutFinished, PlayoutStarted
from engine.pipeline.stage import Post, SessionTime
from media.frames import SAMPLE_RATE, Samples, to_millis
from media.tracks import OutgoingTrack


@dataclass(frozen=True, slots=True)
class _Reader:
    """Somebody who waits with further samples of an utterance."""

    utterance: str
    ahead: int
    room: asyncio.Future[None]


class Playout:
    """Ties utterances to samples that really went out.

    Every utterance that was opened is answered by exactly one `PlayoutFinished`.

    Args:
        post: the way into the mailbox.
        time: the session's time.
    """

    def __init__(self, post: Post, time: SessionTime) -> None:
        self._post = post
        self._time = time
        self.track = OutgoingTrack(self._started, self._finished)
        self._ready: dict[str, Millis] = {}
        self.on_over: Callable[[str], None] = lambda _: None
        """Told when an utterance is over, after its event was posted."""
        self._reader: _Reader | None = None

    def open(self, utterance: str) -> None:
        """Give an utterance its place behind those that were ordered before."""
        self.track.open(utterance)

    def push(self, utterance: str, samples: Samples) -> None:
        """Append 48 kHz audio to an utterance."""
        if utterance not in self._ready:
            self._ready[utterance] = self._time.now()
        self.track.push(utterance, samples)

    def finish(self, utterance: str) -> None:
        """Say that all audio of an utterance is there."""
        self.track.finish(utterance)

    async def has_room(self, utterance: str, ahead: int) -> bool:
        """Wait until at most `ahead` samples of an utterance are still to be played.

        One utterance is made at a time, so one waits at a time.

        Returns:
            Whether it can still be heard; False: it is over.
        """
        if (self.track.waiting_of(utterance) or 0) > ahead:
            room = asyncio.get_running_loop().create_future()
            self._reader = _Reader(utterance, ahead, room)
            self.track.on_pulled = self._went_out
            await room
        return self.track.waiting_of(utterance) is not None

    def _went_out(self) -> None:
        """Let somebody go on who waits for samples to be played, if enough of them were."""
        reader = self._reader
        if reader is None or (self.track.waiting_of(reader.utterance) or 0) > reader.ahead:
            return
        self._reader = self.track.on_pulled = None
        if not reader.room.done():
            reader.room.set_result(None)

    def stop(self, utterances: Iterable[str], fade: Millis = 0) -> None:
        """Drop these utterances now; `fade` milliseconds of the audible one may ring out."""
        # Those the track no longer has are over, and were answered when they ended.
        known = set(self.track.utterances)
        self.track.drop([u for u in utterances if u in known], fade * SAMPLE_RATE // 1000)

    def pause(self, fade: Millis = 0) -> None:
        """Hold at this very sample; `fade` milliseconds ring out, and rise again on resuming."""
        self.track.pause(fade * SAMPLE_RATE // 1000)

    def resume(self) -> None:
        """Go on at that sample."""
        self.track.resume()

    def _started(self, utterance: str) -> None:
        at, ready = self._time.now(), self._ready.get(utterance)
        self._post(PlayoutStarted(at=at, utterance=utterance, ready=ready))

    def _finished(self, utterance: str, samples: int, complete: bool) -> None:
        self._ready.pop(utterance, None)
        self._post(
            PlayoutFinished(
                at=self._time.now(),
                utterance=utterance,
                played=to_millis(samples),
                complete=complete,
            )
        )
        self._went_out()
        self.on_over(utterance)
