"""The deterministic double of a turn detector that hears; see `providers.scripted`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from providers.base import Samples
from providers.errors import ProviderError


class ScriptedTurnListener:
    """A turn detector that hears: knows the probability of each text, and keeps what it was given.

    Args:
        probability: its answer; a function of (audio, text) or a number.
        delay: seconds until it answers.
        error: raised instead.
        seconds: how much audio it looks at.
        sample_rate: Hz it asks for.

    Attributes:
        heard: the audio and the text of every question.
    """

    def __init__(
        self,
        probability: float | Callable[[Samples, str], float] = 1.0,
        *,
        delay: float = 0.0,
        error: ProviderError | None = None,
        seconds: float = 8.0,
        sample_rate: int = 16_000,
    ) -> None:
        self.sample_rate = sample_rate
        self.seconds = seconds
        self.heard: list[tuple[Samples, str]] = []
        self.closed = False
        self._probability = probability
        self._delay = delay
        self._error = error

    async def predict(self, audio: Samples, text: str, kinds: Sequence[str]) -> float:
        """Return the scripted probability after the delay."""
        self.heard.append((audio, text))
        if self._delay:
            await asyncio.sleep(self._delay)
        if self._error is not None:
            raise self._error
        told = self._probability
        return told(audio, text) if callable(told) else told

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True
