"""How loud a WAV file is along its time: for drawings of it."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from media.errors import AudioFileError

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """The loudest sample of each piece of each channel."""

    bucket: float
    """Length of a piece, in seconds."""
    channels: tuple[npt.NDArray[np.uint8], ...]
    """0 to 255, on a square-root scale: what is quiet is still seen."""
    first_sound: tuple[float | None, ...]
    """Where each channel first leaves silence, in seconds; None: never."""


def read_peaks(path: Path | str, *, bucket: float = 0.02, at_most: int = 20_000) -> Peaks:
    """Measure a 16 bit WAV file piece by piece; memory does not grow with its length.

    Args:
        path: the file.
        bucket: length of a piece in seconds; longer where there would be more than `at_most`.
        at_most: so many pieces of each channel.

    Raises:
        AudioFileError: it is missing, or no 16 bit WAV file.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise AudioFileError(f"{path} is no 16 bit WAV file.")
            return _measure(file, bucket, at_most)
    except (OSError, EOFError, wave.Error) as error:
        raise AudioFileError(f"{path} cannot be read as a WAV file: {error}") from error


def _measure(file: wave.Wave_read, bucket: float, at_most: int) -> Peaks:
    rate, count, channels = file.getframerate(), file.getnframes(), file.getnchannels()
    samples = max(round(bucket * rate), -(-count // at_most), 1)
    block = max(_BLOCK // samples, 1) * samples
    found: list[npt.NDArray[np.int32]] = [np.zeros((0, channels), np.int32)]
    while data := file.readframes(block):
        whole = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], dtype="<i2")
        columns = np.abs(whole.astype(np.int32)).reshape(-1, channels)
        starts = np.arange(0, len(columns), samples)
        found.append(np.maximum.reduceat(columns, starts, axis=0))
    peaks = np.concatenate(found)
    scaled = np.sqrt(np.minimum(peaks, 32767) / 32767) * 255
    return Peaks(
        bucket=samples / rate,
        channels=tuple(np.round(scaled[:, n]).astype(np.uint8) for n in range(channels)),
        first_sound=tuple(_first(peaks[:, n], samples / rate) for n in range(channels)),
    )


def _first(peaks: npt.NDArray[np.int32], bucket: float) -> float | None:
    sounding = np.flatnonzero(peaks > 64)
    return float(sounding[0] * bucket) if len(sounding) else None
