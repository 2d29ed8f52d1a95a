"""Hears the participants of a room: each by an ear of its own, or all of them mixed.

An *ear* is the way from one stream of audio to a detector of voice. Samples of two participants
never meet in one, unless they are mixed on purpose; the recogniser hears whoever has the floor.
Somebody who joins takes an ear nobody uses any more, or a new one where another detector can be
made; where none can, they are not listened to.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from engine.events import FloorDenied, Millis
from engine.pipeline.detection import Detection
from engine.pipeline.floor import Floor, FloorPolicy
from engine.pipeline.mixing import Mixer
from engine.pipeline.recognition import Recognition
from engine.pipeline.stage import Post, SessionTime, Stage, describe
from media.frames import SAMPLE_RATE, Samples
from media.resample import Resampler
from providers.base import VoiceActivityDetector, VoiceEdge

_log = logging.getLogger("turnwise.pipeline")

MakeDetector = Callable[[], VoiceActivityDetector]


class Witness(Protocol):
    """Somebody who judges the voice of whoever has the floor."""

    @property
    def sample_rate(self) -> int:
        """The rate at which they hear."""
        ...

    def hear(self, samples: Samples) -> None:
        """Take the next audio."""
        ...

    def edge(self, edge: VoiceEdge) -> None:
        """Speech begins or ends."""
        ...


class Ear:
    """One stream of audio, and the detector that listens to it."""

    def __init__(self, number: int, detection: Detection | None) -> None:
        self.number = number
        self.detection = detection
        self.heard = 0
        self._resamplers: dict[int, Resampler] = {}

    def at_rate(self, samples: Samples, rates: set[int]) -> dict[int, Samples]:
        """Return the next samples at each of these rates."""
        self.heard += len(samples)
        for rate in rates - self._resamplers.keys():
            self._resamplers[rate] = Resampler(SAMPLE_RATE, rate)
        return {rate: self._resamplers[rate].feed(samples) for rate in rates}


class Ears(Stage):
    """All ears of one call.

    Args:
        vad: the detector of the first participant; None: edges of speech are not looked for.
        another: makes one for each further participant; None: only one at a time is heard.
        recognition: hears whoever has the floor; None: nobody is recognised.
        policy: what several participants mean.
        post: the way into the mailbox.
        time: the session's time.
        witness: who else hears whoever has the floor.
    """

    def __init__(
        self,
        vad: VoiceActivityDetector | None,
        another: MakeDetector | None,
        recognition: Recognition | None,
        policy: FloorPolicy,
        post: Post,
        time: SessionTime,
        witness: Witness | None = None,
    ) -> None:
        super().__init__("vad", post, time)
        self._another = another
        self._witness = witness
        self._recognition = recognition
        self._floor = Floor()
        self._mixer = Mixer() if policy == "mix" else None
        self._ears: list[Ear] = []
        self._by_participant: dict[str, Ear] = {}
        self._unheard: set[str] = set()
        """Those for whom there is no ear; each is told of once."""
        self._add(vad)

    def hear(self, participant: str, samples: Samples, at: float) -> None:
        """Take a block of a participant's audio; `at`: the clock's instant of its end."""
        if self._mixer is None:
            ear = self._by_participant.get(participant) or self._ear_for(participant)
            if ear is not None:
                self._listen(ear, participant, samples, at)
            return
        mixed = self._mixer.feed(participant, samples, at)
        if len(mixed):
            self._listen(self._ears[0], self._mixer.loudest, mixed, at)

    def left(self, participant: str) -> None:
        """Somebody is gone: what they were saying is over, and their ear is free."""
        self._floor.left(participant)
        if self._mixer is not None:
            self._mixer.left(participant)
            return
        ear = self._by_participant.pop(participant, None)
        if ear is not None and ear.detection is not None:
            ear.detection.stop()

    async def aclose(self) -> None:
        """Close every detector."""
        await super().aclose()
        for ear in self._ears:
            if ear.detection is not None:
                await ear.detection.aclose()

    def _listen(self, ear: Ear, participant: str, samples: Samples, at: float) -> None:
        recognition, detection = self._recognition, ear.detection
        mine = self._mixer is not None or self._floor.holder in ("", participant)
        witness = self._witness if mine else None
        stages = (recognition, detection, witness)
        blocks = ear.at_rate(samples, {one.sample_rate for one in stages if one is not None})
        if recognition is not None:
            recognition.hear(participant, blocks[recognition.sample_rate], ear.number)
        if witness is not None:
            witness.hear(blocks[witness.sample_rate])
        if detection is not None:
            start = at - ear.heard / SAMPLE_RATE
            detection.hear(participant, blocks[detection.sample_rate], start)

    def _ear_for(self, participant: str) -> Ear | None:
        used = set(map(id, self._by_participant.values()))
        free = next((ear for ear in self._ears if id(ear) not in used), None)
        if free is None and self._another is not None:
            try:
                free = self._add(self._another())
            except Exception as error:  # whatever a provider raises, the first is still heard
                self._another = None
                _log.warning("only one participant is listened to: %s", describe(error))
        if free is not None:
            self._by_participant[participant] = free
        elif participant not in self._unheard:
            self._unheard.add(participant)
            self._deny(participant, "", self.time.now())
        return free

    def _add(self, vad: VoiceActivityDetector | None) -> Ear:
        number = len(self._ears)
        detection = None
        if vad is not None:

            def edge(participant: str, edge: VoiceEdge, at: Millis) -> None:
                self._edge(number, participant, edge, at)

            detection = Detection(vad, self._admitted, edge, self.post, self.time)
        ear = Ear(number, detection)
        self._ears.append(ear)
        return ear

    def _admitted(self, participant: str, at: Millis, *, again: bool) -> bool:
        """Say whether somebody who speaks is listened to; who is not is told once."""
        if self._mixer is not None or self._floor.take(participant, at):
            return True
        if not again:
            self._deny(participant, self._floor.holder, at)
        return False

    def _deny(self, participant: str, holder: str, edge: Millis) -> None:
        now = self.time.now()
        self.post(FloorDenied(at=now, participant=participant, holder=holder, edge=edge))

    def _edge(self, number: int, participant: str, edge: VoiceEdge, at: Millis) -> None:
        """An edge of somebody who is listened to."""
        if edge.kind == "end":
            if self._mixer is not None:
                participant = self._mixer.loudest
                self._mixer.forget()
            self._floor.silent(participant, at)
        if self._recognition is not None:
            self._recognition.edge(edge, number, participant)
        if self._witness is not None:
            self._witness.edge(edge)
