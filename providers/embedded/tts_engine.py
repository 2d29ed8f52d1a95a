"""What an engine of the embedded voice is, and which ones this machine has."""

from __future__ import annotations

import ctypes.util
import importlib.util
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from providers.base import Samples

EngineName = Literal["espeak_library", "espeak_program", "flite"]

SENTENCE_SECONDS: Final = 10.0
"""Longest wait for one sentence; espeak-ng takes some 10 ms, flite 60 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One sentence."""

    samples: Samples
    marks: Sequence[tuple[int, float]] = ()
    """(index of a character, second) of the words, where the engine tells."""


class Engine(Protocol):
    """Speaks sentences."""

    sample_rate: int

    async def start(self) -> None:
        """Get ready; raises `ProviderError` where it cannot, or has no such voice."""
        ...

    async def speak(self, sentence: str) -> Spoken:
        """Return the whole sentence; cancelling ends the work."""
        ...

    async def aclose(self) -> None:
        """Release its process."""
        ...


def available() -> tuple[EngineName, ...]:
    """Return what is on this machine, best first: the library tells when each word sounds."""
    wheel = importlib.util.find_spec("espeakng_loader") is not None
    found: dict[EngineName, bool] = {
        "espeak_library": wheel or ctypes.util.find_library("espeak-ng") is not None,
        "espeak_program": shutil.which("espeak-ng") is not None,
        "flite": shutil.which("flite") is not None,
    }
    return tuple(name for name, there in found.items() if there)
