"""What a session needs of whoever records it."""

from __future__ import annotations

from typing import Protocol

from media.frames import Samples


class Tape(Protocol):
    """Whoever keeps both sides of a call as sound: `media.recorder.Recorder`."""

    @property
    def started(self) -> float:
        """The clock's instant of its first sample, in seconds."""
        ...

    def agent_sent(self, samples: Samples) -> None:
        """Take a block of the agent that goes out now."""
        ...

    def received(self, speaker: str, samples: Samples, at: float) -> None:
        """Take samples of somebody else that end at the instant `at` (seconds)."""
        ...
