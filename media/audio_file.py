"""Audio files: any format in, WAV or Ogg/Opus out, written so that a crash loses under a second."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import IO, Any, Protocol

import av
import numpy as np
import numpy.typing as npt

from media.errors import AudioFileError
from media.frames import FRAME_SAMPLES, SAMPLE_RATE, Samples, silence

Columns = npt.NDArray[np.int16]
"""int16 samples of all channels, shape (n, channels), at 48 kHz."""

# How much sound an Ogg page may gather before it is written, in microseconds.
_PAGE_MICROSECONDS = 250_000


def read_audio(path: Path | str) -> Samples:
    """Return a whole file as 48 kHz mono, whatever its format, rate and channels.

    Raises:
        AudioFileError: it is missing, or there is no audio in it.
    """
    try:
        with av.open(str(path)) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                raise AudioFileError(f"{path} has no audio in it.")
            # A resampler of PyAV owns threads, which is fine for the moment a file is read.
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            blocks = [
                block.to_ndarray().reshape(-1)
                for frame in [*container.decode(stream), None]
                for block in resampler.resample(frame)
            ]
    except (OSError, av.FFmpegError) as error:
        raise AudioFileError(f"{path} cannot be read as audio: {error}") from error
    return np.concatenate([silence(0), *blocks])


class AudioWriter(Protocol):
    """An audio file being written, at 48 kHz."""

    def write(self, columns: Columns) -> None:
        """Append samples; what was appended before is readable if the process dies now."""
        ...

    def close(self) -> None:
        """Write the rest and close the file."""
        ...


def open_writer(path: Path | str, channels: int) -> AudioWriter:
    """Create a file; its suffix tells the format: `.wav`, or `.ogg` or `.opus`.

    Raises:
        AudioFileError: the suffix is another one, or the file cannot be created.
    """
    path = Path(path)
    try:
        if path.suffix == ".wav":
            return WavWriter(path, channels)
        if path.suffix in {".ogg", ".opus"}:
            return OpusWriter(path, channels)
    except (OSError, av.FFmpegError) as error:
        raise AudioFileError(f"{path} cannot be written: {error}") from error
    raise AudioFileError(f"{path}: an audio file is written as .wav, .ogg or .opus")


class WavWriter:
    """16 bit PCM. The length in the header is brought up to date with every piece."""

    def __init__(self, path: Path, channels: int) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._wave = wave.Wave_write(self._file)
        self._wave.setnchannels(channels)
        self._wave.setsampwidth(2)
        self._wave.setframerate(SAMPLE_RATE)
        self._wave.writeframes(b"")
        self._file.flush()

    def write(self, columns: Columns) -> None:
        """Append samples."""
        self._wave.writeframes(np.ascontiguousarray(columns, dtype="<i2").tobytes())
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._wave.close()
        self._file.close()


class OpusWriter:
    """Opus in Ogg, 32 kbit/s a channel; pages are written every quarter of a second."""

    def __init__(self, path: Path, channels: int) -> None:
        options = {"page_duration": str(_PAGE_MICROSECONDS), "flush_packets": "1"}
        # Opened here: PyAV opens a path with its first page only, when an error comes too late.
        self._file: IO[bytes] = path.open("wb", buffering=0)
        self._container = av.open(self._file, "w", format="ogg", options=options)
        layout = "stereo" if channels == 2 else "mono"
        self._stream: Any = self._container.add_stream(
            "libopus", rate=SAMPLE_RATE, layout=layout, options={"application": "voip"}
        )
        self._stream.bit_rate = 32_000 * channels
        self._layout = layout
        self._rest: Columns = np.zeros((0, channels), dtype=np.int16)
        self._position = 0

    def write(self, columns: Columns) -> None:
        """Append samples; less than a block of 20 ms is kept for the next piece."""
        waiting = np.concatenate([self._rest, columns])
        whole = len(waiting) // FRAME_SAMPLES * FRAME_SAMPLES
        for at in range(0, whole, FRAME_SAMPLES):
            self._encode(waiting[at : at + FRAME_SAMPLES])
        self._rest = waiting[whole:]

    def close(self) -> None:
        """Write the rest, padded to a whole block, and close the file."""
        if len(self._rest):
            padding = np.zeros((FRAME_SAMPLES - len(self._rest), self._rest.shape[1]), np.int16)
            self.write(padding)
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._file.close()

    def _encode(self, block: Columns) -> None:
        packed = np.ascontiguousarray(block).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=self._layout)
        frame.sample_rate, frame.pts = SAMPLE_RATE, self._position
        self._position += FRAME_SAMPLES
        self._container.mux(self._stream.encode(frame))
