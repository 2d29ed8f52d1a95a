"""What every stage shares: the session's time, a mailbox to post to, tasks of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from engine.events import Event, Millis, ServiceFailed
from engine.wording import writable
from media.clock import Clock
from media.tasks import TaskOwner

Post: TypeAlias = Callable[[Event], None]
"""Puts an event into the session's mailbox; never blocks, never raises."""

Service: TypeAlias = Literal["vad", "stt", "turn_detector", "llm", "tts", "tool", "room"]


class SessionTime:
    """Session milliseconds from a clock's seconds. Instant 0 is when `start` was called."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._origin = clock.monotonic()

    def start(self, at: Millis = 0) -> None:
        """Make this very moment instant 0, or `at` of a session that began elsewhere."""
        self._origin = self._clock.monotonic() - at / 1000

    def now(self) -> Millis:
        """Return the current instant in whole milliseconds."""
        return self.millis(self._clock.monotonic())

    def millis(self, seconds: float) -> Millis:
        """Return the session instant of a clock instant."""
        return round((seconds - self._origin) * 1000)

    def seconds(self, at: Millis) -> float:
        """Return the clock instant of a session instant."""
        return self._origin + at / 1000

    def until(self, at: Millis) -> float:
        """Return the seconds from now to a session instant; 0 when it has passed."""
        return max(0.0, self.seconds(at) - self._clock.monotonic())


class Stage:
    """One asynchronous element of the pipeline. It starts tasks only through `tasks`.

    A stage may have none for the whole call; then nobody is there who would own them.

    Args:
        service: what it stands for in `ServiceFailed`.
        post: the way into the mailbox.
        time: the session's time.
    """

    def __init__(self, service: Service, post: Post, time: SessionTime) -> None:
        self.service: Service = service
        self.post = post
        self.time = time
        self._owner: TaskOwner | None = None

    @property
    def tasks(self) -> TaskOwner:
        """The owner of its tasks."""
        if self._owner is None:
            self._owner = TaskOwner(self.fail)
        return self._owner

    def begin(self) -> bool:
        """Let what it started early begin here and now; return whether there was something."""
        return self._owner is not None and self._owner.begin()

    async def open(self) -> None:
        """Get ready; raises what its provider raises."""

    async def aclose(self) -> None:
        """End the stage's work and release what it holds."""
        if self._owner is not None:
            await self._owner.aclose()

    def fail(self, error: BaseException, subject: str = "") -> None:
        """Turn an exception into an event: none crosses the mailbox."""
        self.post(
            ServiceFailed(
                at=self.time.now(), service=self.service, message=describe(error), subject=subject
            )
        )


def describe(error: BaseException) -> str:
    """Return one line, which can be written, that names an error's kind and says what it says."""
    try:
        text = writable(" ".join(str(error).split()))
    except Exception:  # of somebody's own kind, whose words are broken as well: its name is left
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
