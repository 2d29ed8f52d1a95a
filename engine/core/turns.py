"""The agent's turns: what was ordered, what is audible, what was heard.

An *utterance* (`a3.1`) is one line of an agent turn (`a3`). A new agent turn begins with the first
line after the queue was empty, after a turn of the caller, or after an interruption: nothing is
ever added to a turn that was cut.

*Lines* are the ordered and audible ones: they stand against the caller. The queue is over when no
line is left, held ones included. Its deadlines are those of `watch`.

This object is also the dialog's mouth (`engine.core.speaker.Speaker`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from engine.core.deadlines import Deadlines
from engine.core.history import History
from engine.core.outbox import Outbox
from engine.core.queue import Queue
from engine.core.speaker import Purpose
from engine.core.utterance import Utterance
from engine.core.watch import Watch
from engine.effects import PauseSpeech, PlayFile, ResumeSpeech, Say, StopSpeech
from engine.events import Millis, PlayoutFinished, PlayoutStarted, SpeechPrepared
from engine.machine.compiled import InterruptionPolicy
from engine.records import maker

_say, _utterance = maker(Say), maker(Utterance)

_OF_THE_MOMENT = ("question", "ladder", "filler", "reply")
"""Purposes of lines that mean nothing any more after the caller has spoken."""


class Turns(Queue):
    """Moves the utterances of the queue, and writes the agent's half of the history."""

    def __init__(self, outbox: Outbox, deadlines: Deadlines, history: History) -> None:
        super().__init__(outbox, history)
        self._watched = Watch(outbox, deadlines)
        self._turn = 0
        self._line = 0
        self._fresh = True
        self.paused_at: Millis | None = None
        """Since when the audio is held; None: it is not."""
        self._hold = False
        self._unsaid = False
        self.last_spoken = ""
        self.cut_off: tuple[tuple[str, str], ...] = ()
        """Text and file of the lines that were on their way when nobody was there any more."""

    # --- what others read ------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """True between `pause` and `resume`."""
        return self.paused_at is not None

    def drained(self) -> bool:
        """Say once, when every line that was ordered is over."""
        if not self._unsaid or self.speaking:
            return False
        self._unsaid = False
        return True

    # --- ordering --------------------------------------------------------------------------------

    def say(
        self,
        text: str,
        *,
        purpose: Purpose,
        policy: InterruptionPolicy,
        voice: str = "",
        remember: bool = True,
    ) -> str:
        """Order a line behind all others and return its id; `remember`: for the history."""
        if remember and purpose in ("line", "question", "reply"):
            self.last_spoken = text
        return self._add(text, purpose, policy, voice=voice, remember=remember)

    def play(
        self, file: str, *, policy: InterruptionPolicy, text: str = "", remember: bool = True
    ) -> str:
        """Order an audio file behind all lines and return its utterance id; `text`: its words."""
        return self._add(text, "line", policy, file, remember=remember)

    def _add(
        self,
        text: str,
        purpose: Purpose,
        policy: InterruptionPolicy,
        file: str = "",
        *,
        voice: str = "",
        remember: bool,
    ) -> str:
        if self._fresh or not self.speaking:
            self._turn, self._line, self._fresh = self._turn + 1, 0, False
        self._line += 1
        turn = f"a{self._turn}"
        utterance = _utterance(
            id=f"{turn}.{self._line}",
            turn=turn,
            text=text,
            purpose=purpose,
            policy=policy,
            state="held",
            file=file,
            voice=voice,
            remember=remember,
        )
        self._queue[utterance.id] = utterance
        self._unsaid = True
        if self._hold:
            self._changed()
        else:
            self._order(utterance)
            self._watch()
        return utterance.id

    def hold(self, hold: bool) -> None:
        """Hand no line to the voice while the caller has the floor; hand all over afterwards."""
        if hold == self._hold:
            return
        self._hold = hold
        if not hold:
            for utterance in self._where(lambda u: u.state == "held"):
                self._order(utterance)
            self._watch()

    def new_turn(self) -> None:
        """Answer a turn of the caller: what is said from now on belongs to a new turn.

        Of what was held back meanwhile, lines are still said before the answer (a tool's result
        must not be lost). Questions are dropped: they were ordered without knowing what the caller
        was saying, and the dialog asks again what is still open. So are fillers.
        """
        self._fresh = True
        if not self._queue:
            return
        for utterance in self._where(lambda u: u.state == "held" and u.purpose in _OF_THE_MOMENT):
            self._discard(utterance, "the caller spoke")

    def _order(self, utterance: Utterance) -> None:
        utterance.state = "ordered"
        self._changed()
        order = partial(PlayFile, file=utterance.file) if utterance.file else _say
        self._outbox.emit(
            order(
                utterance=utterance.id,
                turn=utterance.turn,
                text=utterance.text,
                interruptible=utterance.policy.allow,
                purpose=utterance.purpose,
                voice=utterance.voice,
            )
        )

    # --- holding and cutting ---------------------------------------------------------------------

    def pause(self) -> None:
        """Hold the audio at this sample; the deadlines of the line stand still."""
        head = self.head
        if head is None or self.paused:
            return
        self.paused_at = self._outbox.at
        self._outbox.emit(PauseSpeech(fade=head.policy.fade))
        self._watched.hold(head)

    def resume(self) -> None:
        """Go on at the sample where the audio was held."""
        if self.paused_at is None:
            return
        since, self.paused_at = self.paused_at, None
        self._outbox.emit(ResumeSpeech())
        head = self.head
        if head is not None and head.started is not None:
            head.silent += self._outbox.at - max(since, head.started)
        if head is not None:
            self._watched.go_on(head)
        self._watch()

    def stop(self, *, force: bool = False) -> tuple[str, ...]:
        """Stop every line that may be stopped and return their ids.

        Args:
            force: protected lines as well.
        """
        if not self._queue:
            return ()
        head = self.head
        fade = head.policy.fade if head is not None else 0
        stopped = self._where(
            lambda u: u.state in ("ordered", "audible") and (force or u.policy.allow)
        )
        if stopped:
            self._fresh = True
            self._end_lines(stopped, "interrupted", fade)
        return tuple(u.id for u in stopped)

    def retract(self, utterances: Collection[str]) -> None:
        """Drop those of these lines that are not audible yet and may be stopped."""
        unheard = ("held", "ordered")
        self._withdraw(
            self._where(lambda u: u.id in utterances and u.policy.allow and u.state in unheard),
            "out of date",
        )

    def withdraw(self, utterances: Collection[str], *, force: bool = False) -> tuple[str, ...]:
        """Stop or drop those of these lines that may be, or with `force` all; return their ids."""
        mine = self._where(
            lambda u: u.id in utterances and u.state != "ending" and (force or u.policy.allow)
        )
        if any(u.state != "held" for u in mine):
            self._fresh = True
        self._withdraw(mine, "withdrawn", mine[0].policy.fade if mine else 0)
        return tuple(u.id for u in mine)

    def _withdraw(self, lines: list[Utterance], because: str, fade: Millis = 0) -> None:
        for utterance in [u for u in lines if u.state == "held"]:
            self._discard(utterance, because)
        ordered = [u for u in lines if u.state != "held"]
        if ordered:
            self._end_lines(ordered, because, fade)

    def _end_lines(self, stopped: list[Utterance], because: str, fade: Millis = 0) -> None:
        now = self._outbox.at
        self._outbox.emit(StopSpeech(utterances=tuple(u.id for u in stopped), fade=fade))
        for utterance in stopped:
            self._bury(utterance, now if self.paused_at is None else self.paused_at, because)
        self.resume()  # the audio path stays held over a stop: whatever follows must be audible
        self._watch()

    def _bury(self, utterance: Utterance, stopped: Millis, because: str) -> None:
        """Take a line off the floor; its end, with what was played of it, is still to come."""
        self._announce(utterance, because)
        utterance.state, utterance.stopped = "ending", stopped
        self._changed()
        self._watched.stopped(utterance)

    # --- what the voice reports ------------------------------------------------------------------

    def prepared(self, event: SpeechPrepared) -> None:
        """The length of a line is known, or that of what there is of it."""
        utterance = self._queue.get(event.utterance)
        if utterance is None:
            self._late(event.utterance)
            return
        utterance.prepared(event)
        if utterance.state == "audible":
            self._watched.audible(utterance, self.paused_at)

    def started(self, event: PlayoutStarted) -> None:
        """A line is audible."""
        utterance = self._queue.get(event.utterance)
        if utterance is None or utterance.state != "ordered":
            self._late(event.utterance)
            return
        utterance.state, utterance.started = "audible", self._outbox.at
        self._changed()
        if utterance.remember:
            self._history.opened(utterance.id)
        self._watched.audible(utterance, self.paused_at)

    def finished(self, event: PlayoutFinished) -> Utterance | None:
        """A line is over. Returns it if it still stood against the caller, None if it was dead."""
        utterance = self._queue.get(event.utterance)
        if utterance is None:
            self._late(event.utterance)
            return None
        return self._over(utterance, event.played, event.complete)

    def give_up(self, name: str, *, stop: bool = True) -> Utterance | None:
        """A line failed, or its end never came. Returns it if it stood against the caller.

        Args:
            name: its id.
            stop: the voice does not know yet, and is told.
        """
        utterance = self._queue.get(name)
        if utterance is None or utterance.state == "held":
            return None
        if utterance.state == "ending":  # stopped long ago: the clock must do for a measure
            self._over(utterance, utterance.played_by(self._outbox.at), complete=False)
            return None
        self._fresh = True
        if stop:
            self._end_lines([utterance], "failed")
        else:
            self._bury(utterance, self._outbox.at, "failed")
            self._watch()
        return utterance

    def give_up_all(self) -> tuple[str, ...]:
        """The voice itself failed: every line that was handed to it is lost."""
        lost = self._where(lambda u: u.state in ("ordered", "audible"))
        self._fresh = True
        for utterance in lost:
            self._bury(utterance, self._outbox.at, "failed")
        self._watch()
        return tuple(utterance.id for utterance in lost)

    def _over(self, utterance: Utterance, played: Millis, complete: bool) -> Utterance | None:
        alive = utterance.state != "ending"
        heard = utterance.heard(played, complete=complete)
        self._drop(utterance)
        if utterance.remember:
            self._history.closed(utterance.id, utterance.text, heard, complete=complete)
        if heard or alive:
            self._outbox.note("heard", utterance=utterance.id, text=heard, complete=complete)
        self._watch()
        return utterance if alive else None

    # --- inside ----------------------------------------------------------------------------------

    def _watch(self) -> None:
        """The head of the queue must become audible in time; without one nothing is held."""
        head = self.head
        if head is None:
            self.resume()
        elif head.state == "ordered" and self.paused_at is None:
            self._watched.first_audio(head)

    def _announce(self, utterance: Utterance, because: str) -> None:
        """Say why nobody will hear a line; of one that has begun it is told what was heard."""
        if utterance.started is None and utterance.state != "ending":
            data = {"utterance": utterance.id, "text": utterance.text, "because": because}
            self._outbox.note("dropped", **data)

    def _discard(self, utterance: Utterance, because: str) -> None:
        """Drop a line the voice knows nothing of."""
        self._announce(utterance, because)
        self._drop(utterance)

    def _drop(self, utterance: Utterance) -> None:
        self._watched.forget(utterance)
        del self._queue[utterance.id]
        self._changed()

    def _late(self, utterance: str) -> None:
        self._outbox.note("late", utterance=utterance)

    # --- the end, and snapshots ------------------------------------------------------------------

    def close(self) -> None:
        """The call is over: what is audible ends with it; what was heard is still measured."""
        for utterance in list(self._queue.values()):
            if utterance.state == "held":
                self._discard(utterance, "the call is over")
            else:
                self._announce(utterance, "the call is over")
                utterance.state, utterance.stopped = "ending", self._outbox.at
        self._changed()
        self.paused_at, self._hold = None, False

    def leave(self) -> None:
        """Nobody hears the lines any more: they are over, and remembered for whoever comes back."""
        self.cut_off = self._on_their_way() or self.cut_off
        self.withdraw(self.queued, force=True)

    def _on_their_way(self) -> tuple[tuple[str, str], ...]:
        lines = self._where(lambda u: u.state != "ending" and u.purpose != "filler")
        return tuple((line.text, line.file) for line in lines)

    def lose(self) -> None:
        """The process that played the lines is gone: they are over, as far as the clock knows."""
        self.cut_off = self._on_their_way() or self.cut_off
        self.paused_at, self._hold, self._fresh = None, False, True
        for utterance in list(self._queue.values()):
            self._announce(utterance, "the process is gone")
            self._over(utterance, utterance.played_by(self._outbox.at), complete=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive, as JSON-like data."""
        return {
            "queue": [utterance.to_dict() for utterance in self._queue.values()],
            "turn": self._turn,
            "line": self._line,
            "fresh": self._fresh,
            "paused_at": self.paused_at,
            "hold": self._hold,
            "unsaid": self._unsaid,
            "last_spoken": self.last_spoken,
            "cut_off": [list(line) for line in self.cut_off],
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._queue = {u["id"]: Utterance.from_dict(u) for u in data["queue"]}
        self._turn, self._line, self._fresh = data["turn"], data["line"], data["fresh"]
        self.paused_at, self._hold = data["paused_at"], data["hold"]
        self._unsaid, self.last_spoken = data["unsaid"], data["last_spoken"]
        self.cut_off = tuple((text, file) for text, file in data.get("cut_off", ()))
        self._changed()
