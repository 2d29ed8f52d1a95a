"""espeak-ng or flite as a program: one process per sentence."""

from __future__ import annotations

import asyncio
import contextlib

import numpy as np

from providers.base import Samples
from providers.embedded.tts_engine import SENTENCE_SECONDS, EngineName, Spoken
from providers.errors import (
    ProviderAnswerError,
    ProviderConfigurationError,
    ProviderMissing,
    ProviderTimeout,
)


class ProgramEngine:
    """espeak-ng or flite as a program: one process per sentence."""

    def __init__(self, name: EngineName, voice: str, speed: int, pitch: int) -> None:
        self.sample_rate = 22_050 if name == "espeak_program" else 16_000
        self._name = name
        self._voice = voice
        self._speed = speed
        self._pitch = pitch

    async def start(self) -> None:
        """Speak one word, to learn the rate and whether the voice exists."""
        if self._name == "flite" and self._voice not in await self._flite_voices():
            raise ProviderConfigurationError(f'there is no flite voice "{self._voice}"')
        self.sample_rate, _ = read_wav(await self._run(self._command("a"), "a"))

    async def speak(self, sentence: str) -> Spoken:
        """Return the whole sentence."""
        # espeak-ng takes [[...]] for phonemes.
        sentence = sentence.replace("[[", " ")
        rate, samples = read_wav(await self._run(self._command(sentence), sentence))
        if rate != self.sample_rate:
            raise ProviderAnswerError(f"{self._name} changed its rate to {rate} Hz")
        return Spoken(samples=samples)

    async def aclose(self) -> None:
        """Nothing is held between sentences."""

    def _command(self, sentence: str) -> tuple[str, ...]:
        if self._name == "flite":
            # flite knows no speed in words: 165 words a minute is about its natural one.
            stretch = f"duration_stretch={165 / self._speed:.3f}"
            voice = ("-voice", self._voice, "--setf", stretch)
            return ("flite", *voice, "-t", sentence, "-o", "/dev/stdout")
        options = ("-v", self._voice, "-s", str(self._speed), "-p", str(self._pitch))
        return ("espeak-ng", "--stdout", "--stdin", *options)

    async def _flite_voices(self) -> list[str]:
        """Return the voices flite has; it takes another one in silence where it lacks one."""
        return (await self._run(("flite", "-lv"))).decode(errors="replace").split()

    async def _run(self, command: tuple[str, ...], text: str = "") -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise ProviderMissing(f"cannot start {self._name}: {error}") from error
        try:
            out, err = await asyncio.wait_for(process.communicate(text.encode()), SENTENCE_SECONDS)
        except TimeoutError as error:
            raise ProviderTimeout(f"{self._name} took more than {SENTENCE_SECONDS:g} s") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0:
            complaint = err.decode(errors="replace").strip()[-200:]
            raise ProviderConfigurationError(f"{self._name}: {complaint}")
        return out


def read_wav(data: bytes) -> tuple[int, Samples]:
    """Return (rate, samples) of a 16-bit mono WAV whose length field may be a lie.

    A program that writes to a pipe cannot go back to fill in the length, so the samples are
    everything after the header.

    Raises:
        ProviderAnswerError: it is no such WAV.
    """
    start = data.find(b"data", 12)
    if data[:4] != b"RIFF" or data[20:24] != b"\x01\x00\x01\x00" or start < 0:
        raise ProviderAnswerError("the program wrote no 16-bit mono WAV")
    body = data[start + 8 :]
    return int.from_bytes(data[24:28], "little"), np.frombuffer(body[: len(body) & ~1], "<i2")
