from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media.audio_file import open_writer, read_audio
from media.errors import AudioFileError
from media.files import FileRoom
from media.frames import Samples
from media.room import Participant
from media.tracks import OutgoingTrack

RunVirtual = Callable[[Coroutine[Any, Any, Any]], Any]


class Ear:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.audio: list[Samples] = []
        self.over = asyncio.Event()

    def participant_joined(self, participant: Participant) -> None:
        self.lines.append(f"joined {participant.id}")

    def participant_left(self, participant: Participant, reason: str, last: bool) -> None:
        self.lines.append(reason)
        self.over.set()

    def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
        self.audio.append(samples)

    def key_pressed(self, participant: Participant, key: str) -> None:
        raise AssertionError(key)

    def text_received(self, participant: Participant, text: str) -> None:
        raise AssertionError(text)

    def room_failed(self, message: str) -> None:
        self.lines.append(message)
        self.over.set()


def tone(count: int, level: int) -> Samples:
    return np.full(count, level, dtype=np.int16)


def write(path: Path, samples: Samples) -> Path:
    writer = open_writer(path, channels=1)
    writer.write(samples[:, np.newaxis])
    writer.close()
    return path


def track() -> OutgoingTrack:
    return OutgoingTrack(lambda utterance: None, lambda utterance, played, complete: None)


def test_the_file_speaks_waits_and_leaves(run_virtual: RunVirtual, tmp_path: Path) -> None:
    heard, said = write(tmp_path / "in.wav", tone(5000, 300)), tmp_path / "out.wav"

    async def call() -> tuple[list[str], Samples, float]:
        room, ear, voice = FileRoom(heard, said, patience=60.0), Ear(), track()
        voice.push("a1.1", tone(3000, 400))
        await room.open(ear, voice)
        await ear.over.wait()
        room.publish("ended", {"reason": "left"})
        await room.close("done")
        await room.close("done")
        return ear.lines, np.concatenate(ear.audio), asyncio.get_running_loop().time()

    lines, audio, seconds = run_virtual(call())

    assert lines == ["joined caller", "left"]
    assert np.array_equal(audio[:5000], tone(5000, 300))
    assert not audio[5000:].any()
    assert seconds == pytest.approx(60.1, abs=0.1)
    out = read_audio(said)
    assert np.array_equal(out[:3000], tone(3000, 400))
    assert len(out) == len(audio)


def test_a_listener_that_raises_breaks_the_room_loudly(
    run_virtual: RunVirtual, tmp_path: Path
) -> None:
    heard = write(tmp_path / "in.wav", tone(5000, 300))

    class Broken(Ear):
        def audio_received(self, participant: Participant, samples: Samples, at: float) -> None:
            raise ValueError("no")

    async def call() -> list[str]:
        room, ear = FileRoom(heard), Broken()
        await room.open(ear, track())
        await ear.over.wait()
        await room.close("broken")
        return ear.lines

    assert "the file room broke: ValueError('no')" in run_virtual(call())


def test_a_missing_file_is_named(run_virtual: RunVirtual, tmp_path: Path) -> None:
    async def call() -> None:
        with pytest.raises(AudioFileError, match=r"nobody\.wav"):
            FileRoom(tmp_path / "nobody.wav")

    run_virtual(call())
