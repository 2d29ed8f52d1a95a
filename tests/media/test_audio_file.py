from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from media.audio_file import open_writer, read_audio
from media.errors import AudioFileError
from media.frames import Samples
from media.levels import rms_dbfs


def sine(seconds: float, rate: int = 48_000, hertz: float = 440) -> Samples:
    axis = np.arange(int(rate * seconds)) / rate
    return (np.sin(2 * np.pi * hertz * axis) * 8000).astype(np.int16)


def test_a_wav_reads_back_sample_for_sample(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "a.wav", channels=1)
    tone = sine(0.5)
    writer.write(tone[:7000, np.newaxis])
    writer.write(tone[7000:, np.newaxis])
    writer.close()
    assert np.array_equal(read_audio(tmp_path / "a.wav"), tone)


def test_other_rates_and_channels_become_48_khz_mono(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.repeat(sine(1.0, 16_000), 2).tobytes())
    heard = read_audio(tmp_path / "a.wav")
    assert len(heard) == pytest.approx(48_000, abs=50)
    assert rms_dbfs(heard) == pytest.approx(rms_dbfs(sine(1.0)), abs=0.5)


@pytest.mark.parametrize("suffix", [".ogg", ".opus"])
def test_opus_keeps_length_and_level(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    writer = open_writer(path, channels=2)
    tone = sine(1.01)
    writer.write(np.stack([tone, tone], axis=1))
    writer.close()
    heard = read_audio(path)
    assert len(heard) == pytest.approx(len(tone), abs=1500)
    assert rms_dbfs(heard) == pytest.approx(rms_dbfs(tone), abs=1.5)
    assert path.stat().st_size < 20_000


@pytest.mark.parametrize(
    ("name", "content"), [("missing.wav", None), ("empty.wav", b""), ("text.wav", b"hello" * 99)]
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioFileError, match=name):
        read_audio(path)


@pytest.mark.parametrize("name", ["a.mp3", "a", "missing/a.wav", "missing/a.ogg"])
def test_what_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioFileError, match=name):
        open_writer(tmp_path / name, channels=1)


_DYING = """
import os, sys
import numpy as np
from media.audio_file import open_writer
writer = open_writer(sys.argv[1], channels=2)
for _ in range(6):
    writer.write(np.full((24_000, 2), 3000, dtype=np.int16))
os._exit(9)
"""


@pytest.mark.parametrize("suffix", [".wav", ".ogg"])
def test_a_process_that_dies_loses_less_than_a_second(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    subprocess.run(
        [sys.executable, "-c", _DYING, str(path)],
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )
    assert len(read_audio(path)) > 48_000 * 2.2
