"""Takes what a program asks for to the conversation, and tells its handles what became of it.

A request enters as an event, in the order in which it was made, from whatever thread. What was
asked for before the call has begun waits for its beginning; after its end nothing happens any more.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from engine.core.step import Deadline, Step
from engine.events import Event, Millis, ReplyFinished, ReplyStarted, ReplyToolCalled
from engine.pipeline.stage import Post, SessionTime
from engine.pipeline.synthesis import Sound
from engine.requests import InterruptRequested
from engine.session.handle import CALL_OVER, Handle

MEMORY = "memory:"
"""Before the name of audio that the session holds, where a file's path would stand."""

MakeEvent: TypeAlias = Callable[[Millis], Event]


class RequestDesk:
    """The requests of one session.

    Args:
        post: the way into the mailbox.
        time: the session's time.
        steps: those of the process before, when the call goes on here.
    """

    def __init__(self, post: Post, time: SessionTime, steps: Iterable[Step] = ()) -> None:
        self._post = post
        self._time = time
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._waiting: list[MakeEvent] = []
        self.handles: dict[str, Handle] = {}
        """Of the requests that are not over; while there are none, no step has to be seen."""
        self.sounds: dict[str, Sound] = {}
        """The audio of requests that are not over, by the name effects have for it."""
        self.pictures: dict[str, tuple[str, ...]] = {}
        """The URLs of pictures of requests that are not over, by the name of all of a request."""
        self._over = False
        self._calling = ""
        self._numbers = itertools.count(1 + max(map(_number, steps), default=0))

    def picture(self, name: str) -> str:
        """Return the URL of a picture of a request that is not over; any other name is one.

        Args:
            name: `memory:q3.1` for the first picture of `q3`.
        """
        request, _, number = name.rpartition(".")
        known = self.pictures.get(request)
        return name if known is None else known[int(number) - 1]

    def open(self) -> None:
        """The call has begun, on this loop and in this thread."""
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        waiting, self._waiting = self._waiting, []
        for event_at in waiting:
            self._post(event_at(self._time.now()))

    def ask(self, event_at: MakeEvent) -> None:
        """Let an event happen, from any thread; after the end nothing does.

        Args:
            event_at: makes the event, given the instant at which it reaches the conversation.
        """
        if self._over:
            return
        if self._loop is None:
            self._waiting.append(event_at)
        elif threading.get_ident() == self._thread:
            self._post(event_at(self._time.now()))
        else:
            self._loop.call_soon_threadsafe(lambda: self.ask_here(event_at))

    def ask_here(self, event_at: MakeEvent) -> None:
        """Let an event happen; only on the loop."""
        if not self._over:
            self._post(event_at(self._time.now()))

    def handle(
        self,
        order: Callable[[str, Millis], Event],
        *,
        interruptible: bool | None = None,
        sound: Sound | None = None,
        pictures: Sequence[str] = (),
        early: bool = False,
    ) -> Handle:
        """Ask for something somebody may wait for.

        Args:
            order: makes the event, given the id of the request and the instant.
            interruptible: as it was asked for.
            sound: what is to be played.
            pictures: URLs of what a model is to be shown.
            early: it is over for whoever waits as soon as it is written.
        """
        name = f"q{next(self._numbers)}"

        def stop(force: bool) -> None:
            self.ask(lambda at: InterruptRequested(at=at, request=name, force=force))

        handle = Handle(name, interruptible, stop, early=early)
        if self._over:
            handle.finish(heard="", interrupted=True, error=CALL_OVER)
            return handle
        self.handles[name] = handle
        if sound is not None:
            self.sounds[MEMORY + name] = sound
        if pictures:
            self.pictures[MEMORY + name] = tuple(pictures)
        self.ask(lambda at: order(name, at))
        return handle

    def saw(self, step: Step) -> None:
        """Tell the handles what the next step of the call means for them."""
        self._follow(step.cause)
        for note in step.notes:
            if note.kind == "request":
                name = note.data["request"]
                self.sounds.pop(MEMORY + name, None)
                self.pictures.pop(MEMORY + name, None)
                handle = self.handles.pop(name, None)
                if handle is not None:
                    told = {key: note.data[key] for key in ("heard", "interrupted", "error")}
                    handle.finish(**told)

    def _follow(self, cause: Event | Deadline) -> None:
        """Tell the handle of a reply that it is written; one that asks for tools goes on."""
        if isinstance(cause, ReplyStarted):
            self._calling = ""
        elif isinstance(cause, ReplyToolCalled):
            self._calling = cause.reply
        elif isinstance(cause, ReplyFinished) and cause.reply != self._calling:
            handle = self.handles.get(cause.reply.partition(".")[0])
            if handle is not None:
                handle.written()

    def end(self) -> None:
        """The call is over: nothing can be asked any more; what was before is told to its end."""
        self._over = True

    def close(self) -> None:
        """Nothing more is heard of what is left."""
        self.end()
        left, self.handles = self.handles, {}
        for handle in left.values():
            handle.finish(heard="", interrupted=True, error=CALL_OVER)
        self.sounds.clear()
        self.pictures.clear()


def _number(step: Step) -> int:
    """Return the number of the request that caused a step; 0: none did."""
    name = str(getattr(step.cause, "request", "") or "q0")
    return int(name[1:]) if name[1:].isdigit() else 0
