"""What the caller heard, counted in samples: the queue between made speech and sent speech. PURE.

An utterance is pushed in pieces, finished once, and pulled in whatever block size the room sends.
Utterances are played in the order in which they were opened, whatever the order in which their
audio arrives: an utterance whose audio is still being made holds back the ones behind it.

Rules:

- A block is always full: where speech ends, the next utterance follows in the same block, and where
  none does the rest is silence. No rest shorter than a block ever stays behind.
- An utterance starts with the block that carries its first sample and is complete with the block
  that carries its last one, provided `finish` was called: an underrun is not an end.
- A pause may ring out and rise again: a fading copy of what follows goes out, nothing is used up,
  and on resuming the same samples come again, rising. Neither changes any count.
- While paused only silence is pulled and nothing starts or completes; an utterance that was
  finished meanwhile completes at the first pull after `resume`.
- A dropped utterance is over at once. Its audible tail may ring out with a linear fade; the samples
  of the tail count as played. Audio that arrives for it later is discarded.
- Every sample that was pushed is either played or flushed: `pushed == played + flushed + waiting`.

Every operation is linear in the samples it touches: nothing is concatenated, nothing is moved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from media.frames import FRAME_SAMPLES, Samples, silence

_REMEMBERED = 64
"""Utterances that are remembered as over: audio of an older one cannot be under way any more, and
a call may have thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutMark:
    """One thing that happened to an utterance within a pulled block."""

    utterance: str
    over: bool
    """False: its first sample is in this block. True: its last one is, or it had none left."""
    played: int
    """Samples of this utterance pulled so far, this block included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One block for the room, and the marks in it, in the order in which they sound."""

    samples: Samples
    marks: tuple[PlayoutMark, ...] = ()


@dataclass(slots=True)
class _Utterance:
    id: str
    pieces: deque[Samples] = field(default_factory=deque)
    waiting: int = 0
    played: int = 0
    started: bool = False
    finished: bool = False

    def take(self, block: Samples) -> int:
        """Move samples into `block` until either is exhausted; return how many."""
        filled = 0
        while self.pieces and filled < len(block):
            piece = self.pieces.popleft()
            count = min(len(piece), len(block) - filled)
            block[filled : filled + count] = piece[:count]
            filled += count
            if count < len(piece):
                self.pieces.appendleft(piece[count:])
        self.waiting -= filled
        self.played += filled
        return filled

    def next(self, count: int) -> Samples:
        """Return a copy of the next samples, at most `count`; they stay where they are."""
        found = silence(min(count, self.waiting))
        filled = 0
        for piece in self.pieces:
            part = piece[: len(found) - filled]
            found[filled : filled + len(part)] = part
            filled += len(part)
            if filled == len(found):
                break
        return found

    def rise(self, count: int) -> None:
        """Let the next samples begin softly."""
        block = silence(min(count, self.waiting))
        taken = self.take(block)
        self.waiting += taken
        self.played -= taken
        if taken:
            self.pieces.appendleft(_faded(block[::-1])[::-1])


def _faded(samples: Samples) -> Samples:
    """Return the samples with a linear ramp from all of them down to nothing."""
    ramp = np.linspace(1.0, 0.0, len(samples), endpoint=False)
    faded: Samples = (samples * ramp).astype(np.int16)
    return faded


class PlayoutBuffer:
    """The agent's speech on its way out. See the module's text for the rules."""

    def __init__(self) -> None:
        self._queue: list[_Utterance] = []
        self._known: dict[str, _Utterance] = {}
        self._over: list[str] = []
        """The latest that are over, the oldest first."""
        self._tail: Samples = silence(0)
        self._flushed = 0
        self._played = 0
        self._paused = False
        self._fade = 0

    @property
    def paused(self) -> bool:
        """True between `pause` and `resume`."""
        return self._paused

    @property
    def waiting(self) -> int:
        """Samples that were pushed and are neither played nor flushed."""
        return sum(utterance.waiting for utterance in self._queue)

    def waiting_of(self, utterance: str) -> int | None:
        """Return the samples of an utterance that are neither played nor flushed; None: over."""
        place = self._known.get(utterance)
        return None if place is None else place.waiting

    @property
    def played(self) -> int:
        """Samples of all utterances that went out, or will with a tail that rings out."""
        return self._played

    @property
    def flushed(self) -> int:
        """Samples that were pushed and will never be heard."""
        return self._flushed

    @property
    def utterances(self) -> tuple[str, ...]:
        """The utterances that are not over, in the order in which they play."""
        return tuple(utterance.id for utterance in self._queue)

    def open(self, utterance: str) -> None:
        """Give an utterance its place in the queue. Nothing happens if it has, or had, one."""
        self._place(utterance)

    def push(self, utterance: str, samples: Samples) -> None:
        """Append int16 mono samples to an utterance; opens it. The array must not change later.

        Raises:
            TypeError: the samples are not one-dimensional int16.
            ValueError: the utterance was finished before.
        """
        if samples.dtype != np.int16 or samples.ndim != 1:
            raise TypeError(f"int16 mono samples expected, got {samples.dtype}, {samples.ndim}-d")
        place = self._place(utterance)
        if place is None:
            self._flushed += len(samples)
        elif place.finished:
            raise ValueError(f"utterance {utterance!r} was finished, more audio came")
        elif len(samples):
            place.pieces.append(samples)
            place.waiting += len(samples)

    def finish(self, utterance: str) -> None:
        """Say that no more audio of this utterance will come; opens it. Idempotent."""
        place = self._place(utterance)
        if place is not None:
            place.finished = True

    def pull(self, count: int = FRAME_SAMPLES) -> Pulled:
        """Return exactly `count` samples and the marks that fall into them."""
        block = silence(count)
        filled = self._pull_tail(block)
        if self._paused:
            return Pulled(samples=block)
        marks: list[PlayoutMark] = []
        while self._queue:
            head = self._queue[0]
            taken = head.take(block[filled:])
            filled += taken
            self._played += taken
            if taken and not head.started:
                head.started = True
                marks.append(PlayoutMark(utterance=head.id, over=False, played=head.played))
            if head.waiting or not head.finished:
                break
            self._close(head)
            marks.append(PlayoutMark(utterance=head.id, over=True, played=head.played))
        return Pulled(samples=block, marks=tuple(marks))

    def pause(self, fade_samples: int = 0) -> None:
        """Hold everything at this very sample; the next pull is silence.

        Args:
            fade_samples: how many of the next samples ring out, fading, and rise on resuming.
        """
        audible = not self._paused and bool(self._queue) and self._queue[0].started
        self._paused = True
        # A tail that still rings out was already counted as played; silence wins over exactness
        # of at most one fade.
        self._tail = silence(0)
        self._fade = fade_samples if audible else 0
        if self._fade:
            self._tail = _faded(self._queue[0].next(self._fade))

    def resume(self) -> None:
        """Go on at the sample where `pause` stopped."""
        self._paused = False
        if self._fade and self._queue and self._queue[0].started:
            self._queue[0].rise(self._fade)
        self._fade = 0

    def drop(self, utterances: Iterable[str], fade_samples: int = 0) -> dict[str, int]:
        """End these utterances now.

        An utterance never heard of is remembered as over, so that audio under way is discarded.

        Args:
            utterances: their ids, in any order.
            fade_samples: how much of the audible one may still ring out, fading.

        Returns:
            The played samples of each one that was not over before, in the order given.
        """
        played: dict[str, int] = {}
        for name in utterances:
            place = self._place(name)
            if place is None:
                continue
            audible = place.started and self._queue[0] is place and not self._paused
            if audible and fade_samples > 0:
                self._ring_out(place, fade_samples)
            self._flushed += place.waiting
            self._close(place)
            played[name] = place.played
        return played

    def _place(self, name: str) -> _Utterance | None:
        """Return the utterance, opened if need be; None when it is over."""
        if name in self._over:
            return None
        place = self._known.get(name)
        if place is None:
            place = self._known[name] = _Utterance(name)
            self._queue.append(place)
        return place

    def _close(self, place: _Utterance) -> None:
        self._queue.remove(place)
        del self._known[place.id]
        self._over.append(place.id)
        del self._over[:-_REMEMBERED]

    def _ring_out(self, place: _Utterance, fade_samples: int) -> None:
        tail = silence(min(fade_samples, place.waiting))
        self._played += place.take(tail)
        self._tail = _faded(tail)

    def _pull_tail(self, block: Samples) -> int:
        count = min(len(self._tail), len(block))
        block[:count] = self._tail[:count]
        self._tail = self._tail[count:]
        return count
