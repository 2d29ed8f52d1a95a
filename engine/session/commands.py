"""What a program may ask of its call while it goes on. Every method may be called from any thread.

Nothing here waits, and nothing here decides: a request enters the conversation as an event, in one
order with everything else that happens, and the conversation decides (`engine.core.requests`). So
a call that was steered by a program is replayed like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.core.pictures import checked_url
from engine.errors import UnsupportedError
from engine.events import CloseRequested, TextReceived
from engine.pipeline.synthesis import Sound
from engine.pipeline.tools import CALL
from engine.requests import (
    EndRequested,
    InterruptRequested,
    KeysRequested,
    ReplyRequested,
    SayRequested,
    TransferRequested,
)
from engine.session.current import CURRENT
from engine.session.desk import MEMORY, RequestDesk
from engine.session.given import names_of, one_of, text_of, truth_of, words_of
from engine.session.handle import Handle
from engine.session.outside import outside_event
from engine.session.subscriptions import Handler, Subscriptions
from engine.session.venue import Venue

MOST_FRAMES = 5
TransferKind = Literal["cold", "warm", "agent"]
_KEYS = re.compile(r"[0-9*#A-D]+")


class Commands:
    """The half of a session that a program talks to.

    Args:
        desk: takes requests to the conversation.
        subscriptions: who is told what happens.
        venue: gives the place of the call, as it is now.
    """

    def __init__(
        self, desk: RequestDesk, subscriptions: Subscriptions, venue: Callable[[], Venue]
    ) -> None:
        self._desk = desk
        self._place = venue
        self._subscriptions = subscriptions
        self._sounds: list[Handle] = []

    # --- speech ----------------------------------------------------------------------------------

    def say(
        self,
        text: str = "",
        *,
        audio: Sound | str | None = None,
        interruptible: bool | None = None,
        add_to_context: bool = True,
    ) -> Handle:
        """Say a line behind everything that is ordered; returns at once.

        Args:
            text: what to say; with `audio`: its words, for history and screens.
            audio: played instead: a file (relative to the flow's folder), 48 kHz int16 mono
                samples, or an async iterator of such.
            interruptible: False: only force stops it; None: as the flow says.
            add_to_context: False: neither history nor any model is told of it.

        Raises:
            ValueError: there is nothing to say, or it is neither a text nor audio.
        """
        clean = words_of(text, "text")
        file, sound = _audio(audio)
        if not clean and not file and sound is None:
            raise ValueError("say needs a text or audio")
        interruptible, remember = truth_of(interruptible), bool(add_to_context)
        return self._desk.handle(
            lambda name, at: SayRequested(
                at=at,
                request=name,
                text=clean,
                audio=file if sound is None else MEMORY + name,
                interruptible=interruptible,
                remember=remember,
            ),
            interruptible=interruptible,
            sound=sound,
        )

    def reply(
        self,
        instructions: str,
        *,
        frames: Sequence[Any] = (),
        tools: Sequence[str] | None = None,
        interruptible: bool | None = None,
        wait_for_playback: bool = True,
    ) -> Handle:
        """Let the language model say something, once nobody else has the floor; returns at once.

        The instructions are the model's task for this one reply, beside the persona of the state.
        They are never taken for words of the caller, and are not kept.

        Args:
            instructions: what to say.
            frames: what the model is shown, at most 5 pictures: video frames, pixels (uint8, height
                x width x 3), or URLs (`http(s)`, `data:`). A frame takes about 1 ms to encode. That
                the model cannot see is an `error` of the handle.
            tools: the flow's tools it may use, by name; None: those the talk of the state may use.
                One the flow has not is an `error` of the handle.
            interruptible: False: only force stops it; None: as the flow says.
            wait_for_playback: awaiting the handle waits until it was heard; False: only until the
                model has written it.

        Raises:
            ValueError: there are no instructions, too many frames, something is no picture, or
                `tools` is no list of names.
        """
        pictures = _pictures(frames)
        task, offered = words_of(instructions, "instructions"), names_of(tools, "tools")
        interruptible = truth_of(interruptible)
        if not task:
            raise ValueError("reply needs instructions")
        within = self._within()
        return self._desk.handle(
            lambda name, at: ReplyRequested(
                at=at,
                request=name,
                instructions=task,
                interruptible=interruptible,
                tools=offered,
                pictures=tuple(f"{MEMORY}{name}.{n}" for n in range(1, len(pictures) + 1)),
                within=within,
            ),
            interruptible=interruptible,
            pictures=pictures,
            early=not wait_for_playback,
        )

    def interrupt(self, *, force: bool = False) -> None:
        """Stop what is said and drop what is ordered; protected lines only with `force`."""
        insist = bool(force)
        self._desk.ask(lambda at: InterruptRequested(at=at, force=insist))

    def play_sound(self, sound: Sound | str, *, interruptible: bool | None = None) -> Handle:
        """Play a sound in its turn among the lines; nobody's words, so not in the history.

        Args:
            sound: as `audio` of `say`.
            interruptible: as in `say`.
        """
        handle = self.say(audio=sound, interruptible=interruptible, add_to_context=False)
        self._sounds = [known for known in self._sounds if not known.done()] + [handle]
        return handle

    def stop_sound(self) -> None:
        """Stop every sound of `play_sound`, the protected ones as well."""
        for handle in self._sounds:
            handle.interrupt(force=True)
        self._sounds = []

    # --- the caller's side, and the line ---------------------------------------------------------

    def send_text(self, text: str, participant: str = "program") -> None:
        """Give the dialog a turn as if the caller had typed it.

        Args:
            text: what they say.
            participant: who says it, in the journal.

        Raises:
            ValueError: one of them is no text.
        """
        clean, who = words_of(text, "text"), text_of(participant, "participant")
        self._desk.ask(lambda at: TextReceived(at=at, participant=who, text=clean))

    def send_dtmf(self, keys: str) -> None:
        """Press telephone keys on our side of the line.

        Raises:
            ValueError: there are none, or one of them is no telephone key.
            UnsupportedError: this room has no keys to press.
        """
        pressed = text_of(keys, "keys")
        if not _KEYS.fullmatch(pressed):
            raise ValueError(f"{keys!r} are no telephone keys: 0-9, *, #, A-D")
        if not self._place().has_keys:
            raise UnsupportedError("this room has no keys to press")
        self._desk.ask(lambda at: KeysRequested(at=at, keys=pressed))

    def transfer(self, to: str, kind: TransferKind = "cold", *, brief: str = "") -> Handle:
        """Hand the caller over when all that is ordered was said; the call ends if that succeeds.

        Args:
            to: where to; `$NAME` is the value of that environment variable.
            kind: `warm`: whoever takes the call is told `brief` first; `agent`: another program.
            brief: what they should know.

        Returns:
            A handle; its `error` tells why nobody took the call.

        Raises:
            ValueError: there is no destination, no such kind, or something is no text.
        """
        where, told = words_of(to, "to"), text_of(brief, "brief")
        if not where:
            raise ValueError("transfer needs a destination")
        how = one_of(kind, TransferKind, "kind")
        within = self._within()
        return self._desk.handle(
            lambda name, at: TransferRequested(
                at=at, request=name, to=where, kind=how, brief=told, within=within
            )
        )

    def raise_event(self, name: str, data: Mapping[str, Any] | None = None) -> None:
        """Tell the flow something: `app.NAME`, `voicemail`, `agent.joined` or `agent.left`.

        Args:
            name: of the event, as the flow's handlers have it.
            data: what the handlers read as `event.KEY`: anything a tool may return, taken as what
                it is in JSON. A date is a text, a `Decimal` a number, a set a list.

        Raises:
            ValueError: no event of this name comes from outside, or there is something in `data`
                that is no data; says which part, and why.
        """
        event = outside_event(text_of(name, "name"), data, 0)
        self._desk.ask(lambda at: replace(event, at=at))

    async def capture_frames(self, n: int = 1) -> list[Any]:
        """Return the latest video frames of what is shown in the room, oldest first.

        Args:
            n: at most so many; fewer where there are fewer.

        Raises:
            ValueError: `n` is not 1 to 5.
            UnsupportedError: this room has no video (it is no `media.room.Camera`).
        """
        if not 1 <= n <= MOST_FRAMES:
            raise ValueError(f"capture_frames takes 1 to {MOST_FRAMES} frames, not {n}")
        camera = self._place().camera
        if camera is None:
            raise UnsupportedError("this room has no video")
        return list(camera.latest_frames(n))[-n:]

    def _within(self) -> str:
        """The tool call of this session that asks; empty: something else does."""
        return CALL.get() if CURRENT.get(None) is self else ""

    # --- the end ---------------------------------------------------------------------------------

    def close(self, reason: str = "closed") -> None:
        """Ask for the end of the call, now. Idempotent; never blocks."""
        why = text_of(reason, "reason")
        self._desk.ask(lambda at: CloseRequested(at=at, reason=why))

    def hangup(self, reason: str = "hangup") -> None:
        """End the call when all that is ordered was said."""
        why = text_of(reason, "reason")
        self._desk.ask(lambda at: EndRequested(at=at, reason=why))

    def leave(self, reason: str = "left") -> None:
        """Leave the room to those who are in it, when all that is ordered was said."""
        why = text_of(reason, "reason")
        self._desk.ask(lambda at: EndRequested(at=at, reason=why, kind="leave"))

    # --- being told ------------------------------------------------------------------------------

    def on(self, name: str, handler: Handler | None = None) -> Callable[..., Any]:
        """Call `handler` with a notice whenever something happens; also as a decorator.

        Args:
            name: one of `engine.session.notices.NAMES`.
            handler: sync or async, any callable. One that raises is reported as an `error`.

        Returns:
            What ends it again; as a decorator: the handler.

        Raises:
            ValueError: nothing of that name ever happens.
        """
        if handler is not None:
            return self._subscriptions.add(name, handler)

        def decorate(function: Handler) -> Handler:
            self._subscriptions.add(name, function)
            return function

        return decorate


def _pictures(frames: Sequence[Any]) -> tuple[str, ...]:
    """Return the URLs of pictures."""
    if len(frames) > MOST_FRAMES:
        raise ValueError(f"a model is shown at most {MOST_FRAMES} pictures, not {len(frames)}")
    if not frames:
        return ()
    from media.images import data_url  # who shows nothing needs no encoder

    return tuple(
        checked_url(frame) if isinstance(frame, str) else data_url(frame) for frame in frames
    )


def _audio(audio: Sound | str | None) -> tuple[str, Sound | None]:
    """Return the name of a file, or else what is played as it is."""
    if audio is None or isinstance(audio, str | Path):
        return text_of(str(audio or ""), "audio"), None
    if isinstance(audio, np.ndarray) or hasattr(audio, "__aiter__"):
        return "", audio
    kinds = "a file, int16 samples or an async iterator of such"
    raise ValueError(f"`audio` must be {kinds}, not {type(audio).__name__}")
