"""A reply the program around a call asked for, while the model writes it.

Sentences are ordered as they come. Those of a protected reply, and of one a tool has asked for, are
ordered as one line, when it is written to its end: nothing may come between them. The limits are
those of free talk, and so are the rounds: when the tools the model asked for have answered, it goes
on under the next name (`q1`, `q1.2` ...).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.core.asked import Asked
from engine.core.deadlines import Deadlines
from engine.core.dialog import Dialog
from engine.core.outbox import Outbox
from engine.core.speaker import Purpose
from engine.core.talking import (
    FIRST_TOKEN,
    LONGEST_REPLY,
    MAX_CALLS,
    MAX_ROUNDS,
    TOKEN_GAP,
    WHOLE_REPLY,
)
from engine.core.turns import Turns
from engine.effects import CancelReply, StartReply
from engine.events import Event, ReplyDelta, ReplyFinished, ReplyReported, ReplyToolCalled
from engine.machine.compiled import InterruptionPolicy

LIMITS = ("first_token", "token_gap", "reply")


class Writing:
    """Lets a model write replies, and says what they say."""

    def __init__(self, outbox: Outbox, deadlines: Deadlines, turns: Turns, dialog: Dialog) -> None:
        self._outbox = outbox
        self._deadlines = deadlines
        self._turns = turns
        self._dialog = dialog

    def begin(self, asked: Asked) -> None:
        """Order the reply."""
        self._order(asked)

    def again(self, asked: Asked) -> None:
        """Let the model go on: it is told what the tools gave. The last time it may only speak."""
        asked.round += 1
        asked.calls, asked.resting = [], False
        self._order(asked)

    def _order(self, asked: Asked) -> None:
        last = asked.round >= MAX_ROUNDS
        names = () if last else asked.order["tools"]
        briefing = self._dialog.aside.briefing(asked.order["instructions"], names)
        asked.offered = [str(tool["name"]) for tool in briefing.tools]
        order = StartReply(
            reply=asked.reply,
            turn="",
            instructions=briefing.instructions,
            history=(*briefing.history, *_shown(asked.order["pictures"])),
            tools=briefing.tools,
        )
        self._outbox.emit(order)
        asked.stage = "running"
        self._deadlines.set(f"first_token:{asked.id}", self._outbox.at + FIRST_TOKEN)
        self._deadlines.set(f"reply:{asked.id}", self._outbox.at + WHOLE_REPLY)

    def take(self, asked: Asked, event: Event, policy: InterruptionPolicy) -> None:
        """The model has written something, or asked for a tool."""
        self._deadlines.cancel(f"first_token:{asked.id}")
        self._deadlines.set(f"token_gap:{asked.id}", self._outbox.at + TOKEN_GAP)
        if isinstance(event, ReplyDelta):
            asked.texts.append(event.text.strip())
            asked.length += len(event.text)
            if not asked.whole:
                self._say(asked, policy)
            if asked.length > LONGEST_REPLY:
                self._outbox.emit(CancelReply(reply=asked.reply))
                self._end(asked, policy)
        elif isinstance(event, ReplyToolCalled) and asked.offered:
            offered = asked.offered if len(asked.calls) < MAX_CALLS else ()
            asked.calls.append(self._dialog.aside.call(event, offered))
        elif isinstance(event, ReplyReported | ReplyToolCalled):
            self._outbox.note("late", reply=asked.reply)  # it was offered none
        elif isinstance(event, ReplyFinished) and asked.calls:
            self.forget(asked)
            asked.resting = True  # `requests` lets it go on
        elif isinstance(event, ReplyFinished):
            self._end(asked, policy)

    def stop(self, asked: Asked) -> None:
        """Nobody waits for the rest of it."""
        if asked.stage == "running":
            if not asked.resting:
                self._outbox.emit(CancelReply(reply=asked.reply))
            self._dialog.aside.drop(asked.calls)
        self.forget(asked)

    def forget(self, asked: Asked) -> None:
        """It has no limits any more."""
        for kind in LIMITS:
            self._deadlines.cancel(f"{kind}:{asked.id}")

    def _end(self, asked: Asked, policy: InterruptionPolicy) -> None:
        self.forget(asked)
        self._say(asked, policy)
        asked.stage = "said"

    def _say(self, asked: Asked, policy: InterruptionPolicy) -> None:
        text, asked.texts = " ".join(filter(None, asked.texts)), []
        if text:
            purpose: Purpose = "line" if asked.whole else "reply"
            asked.lines.append(self._turns.say(text, purpose=purpose, policy=policy))


def _shown(pictures: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """What the caller shows, as a message without words."""
    if pictures:
        parts = [{"type": "image", "url": name, "detail": "auto"} for name in pictures]
        yield {"role": "user", "content": parts}
