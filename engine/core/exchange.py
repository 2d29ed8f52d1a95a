"""Turn-taking: brings voice, words, lines and rules together. Who speaks, who waits, who is cut.

`hearing` keeps what comes from the caller, `turns` what goes to him, `endpointing`, `interruption`
and `silence` decide about time, `floor` tells the two states. They never call each other's
decisions: this module asks one and orders the others. `review` is run after everything that
happened and makes deadlines, held lines and both states true to the facts.

Two promises of this module:

- What the caller says is either committed to the dialog, kept until a line is over, or dropped with
  a note that says why.
- No line becomes audible against a caller who has the floor: what is ordered meanwhile waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from engine.core.deadlines import Deadlines
from engine.core.dialog import Dialog
from engine.core.endpointing import Endpointing
from engine.core.floor import Floor
from engine.core.hearing import Hearing, UserTurn
from engine.core.history import History
from engine.core.interruption import Heard, Interruption, Verdict, Words
from engine.core.outbox import Outbox
from engine.core.people import People
from engine.core.silence import Silence
from engine.core.turns import Turns
from engine.core.utterance import Utterance
from engine.events import (
    EndOfTurnPredicted,
    KeyPressed,
    PlayoutFinished,
    SpeechEnded,
    SpeechStarted,
    TextReceived,
    TranscriptReceived,
)


class Exchange:
    """The half of a conversation that knows about time and voice; the dialog is the other."""

    def __init__(
        self,
        outbox: Outbox,
        deadlines: Deadlines,
        turns: Turns,
        history: History,
        dialog: Dialog,
    ) -> None:
        self._outbox = outbox
        self._deadlines = deadlines
        self._history = history
        self._dialog = dialog
        self._working = False
        self.opened = False
        self.closing = False
        self.away = False  # the caller's connection was lost, and they may come back
        self.asked_for = False  # something the program around the call asked for is at work
        self.turns = turns
        self.hearing = Hearing(outbox)
        self.endpointing = Endpointing(outbox, deadlines, self.hearing)
        self.interruption = Interruption(outbox, deadlines, self.hearing, turns, dialog)
        self.silence = Silence(outbox, deadlines)
        self.floor = Floor(outbox)
        self.people = People()

    # --- voice and words -------------------------------------------------------------------------

    def speech_started(self, event: SpeechStarted) -> None:
        """The caller makes a sound."""
        self._over(self.hearing.part(event.participant))
        turn = self.hearing.started(event, overlap=self.interruption.contested())
        self.endpointing.began(turn, unheard=self.interruption.unheard(self.floor.agent))
        if turn.overlap:
            self.interruption.voice_began(event.confidence)

    def speech_ended(self, event: SpeechEnded) -> None:
        """The caller's voice is over."""
        self._voice_over(self.hearing.ended(event))

    def left(self, participant: str) -> None:
        """Somebody left, perhaps in the middle of a word."""
        self._voice_over(self.hearing.left(participant))

    def deaf(self) -> None:
        """Hearing failed: no end of speech and no transcript can be relied on."""
        self._voice_over(self.hearing.deaf())

    def _voice_over(self, turn: UserTurn | None) -> None:
        if turn is not None and turn.overlap and self.interruption.voice_ended():
            self._go_on("shorter than min_time")

    def transcript(self, event: TranscriptReceived) -> bool:
        """Words came, or there were none. Says whether only those in the making have changed."""
        self.people.spoke(event.participant, event.text)
        hearing, overlap = self.hearing, self.interruption.contested()
        before, voice = hearing.turn, hearing.voice
        take: Callable[..., UserTurn | None] = hearing.final if event.final else hearing.partial
        turn = take(event, overlap=overlap)
        if turn is None:
            if event.text.strip():
                self._outbox.note("late", transcript=event.text)
            return False
        if not event.final and turn is before and voice == hearing.voice and not turn.overlap:
            self.endpointing.review(self._dialog.listen)
            return True
        self.silence.stop()
        self._heard(turn, event)
        self._over(hearing.part())
        return False

    def _heard(self, turn: UserTurn, words: Heard) -> None:
        if turn.overlap:
            self._judge(turn, words)
        elif words.final:
            self._take(turn, words)

    def _take(self, turn: UserTurn, words: Heard) -> None:
        if words.text.strip():
            self.hearing.take(words.text, trusted=words.accepted)
            self.endpointing.heard(turn, self._dialog.kinds)

    # --- over a line of the agent ----------------------------------------------------------------

    def _judge(self, turn: UserTurn, words: Heard) -> None:
        verdict = self.interruption.judge(words, expected=self._expected(words))
        if verdict is Verdict.CUT:
            self._interrupt("words")
        if words.final and verdict in (Verdict.CUT, Verdict.KEEP):
            self._take(turn, words)
        if verdict in (Verdict.KEEP, Verdict.DISCARD):
            action = "keep" if verdict is Verdict.KEEP else "discard"
            self._outbox.note("blocked", turn=turn.id, text=words.text, action=action)
        elif verdict is Verdict.BACKCHANNEL:
            self._outbox.note("backchannel", turn=turn.id, text=words.text)
            self._go_on("backchannel")

    def _expected(self, words: Heard) -> bool:
        """Say whether words answer what is asked; they need be no more than one."""
        dialog = self._dialog
        return dialog.yes_no_open or (words.final and dialog.expects(words.text))

    def voice_insists(self) -> None:
        """The deadline `interrupt`: the voice has lasted long enough to count."""
        turn, policy = self.hearing.turn, self.interruption.policy
        if turn is None or policy is None:
            return
        said = Words(text=turn.partial, final=False, accepted=turn.partial_trusted)
        verdict = self.interruption.judge(said, expected=self._expected(said))
        if turn.texts or verdict is Verdict.CUT or not policy.false_alarm_resume:
            self._interrupt("voice")
        else:
            self.turns.pause()
            self.interruption.held()
            self._outbox.note("paused", turn=turn.id)

    def false_alarm(self) -> None:
        """The deadline `false_alarm`: no words came."""
        if not self.interruption.asks_for_words():
            self._go_on("no words")

    def _go_on(self, because: str) -> None:
        self.interruption.over()
        if self.turns.paused:
            self.turns.resume()
            self._outbox.note("resumed", because=because)

    def _interrupt(self, because: str) -> None:
        if self._dialog.ended is not None:
            return  # the flow's last lines are heard
        stopped = self.turns.stop()
        self.interruption.over()
        if stopped:
            self._outbox.note("interrupted", utterances=list(stopped), because=because)
            self._dialog.interrupted()

    # --- the end of a turn -----------------------------------------------------------------------

    def predicted(self, event: EndOfTurnPredicted) -> None:
        """The turn detector answered: nothing else changes by that."""
        self.endpointing.predicted(event)
        self.endpointing.review(self._dialog.listen)

    def transcript_missing(self, name: str) -> None:
        """The deadline `transcript`: what was heard last in this turn must do."""
        if (turn := self.hearing.turn) is None or turn.id != name:
            return
        heard = self.hearing.give_up()
        self._outbox.note("no_transcript", turn=turn.id, partial=heard)
        self._heard(turn, Words(text=heard, final=True, accepted=turn.partial_trusted))

    @property
    def expected_turn(self) -> tuple[str, str]:
        """Id and text of the open turn, if it may well be over; else empty texts."""
        turn, dialog = self.hearing.turn, self._dialog
        if turn is None or turn.overlap or not self.turns.measured:
            return "", ""  # or what was heard of a line that was cut is about to be told
        listen = dialog.listen
        wanted = listen.preempt != "none" and "speech" in listen.accept
        return (turn.id, turn.expected) if wanted and dialog.ended is None else ("", "")

    def premise(self) -> object:
        """Return everything the answer to the open turn depends on but its words."""
        return self._dialog.changes, self.turns.history

    def end_turn(self, text: str) -> None:
        """Take the open turn for over with this text."""
        turn = self.hearing.close()
        assert turn is not None, "a turn is open"
        self.endpointing.closed(turn)
        self._commit(turn.id, text, trusted=True)

    def turn_over(self, name: str) -> None:
        """The deadline `end_of_turn`: with this turn the caller is done."""
        if self.hearing.turn is not None and self.hearing.turn.id == name:
            self._over(self.hearing.close())

    def _over(self, turn: UserTurn | None) -> None:
        """Hand a turn that was closed, if one was, to the dialog."""
        if turn is None:
            return
        self.endpointing.closed(turn)
        if "speech" not in self._dialog.listen.accept:
            self._outbox.note("blocked", turn=turn.id, text=turn.text, action="discard")
            return
        self._commit(turn.id, turn.text, trusted=turn.trusted)

    def turn_too_long(self, name: str) -> None:
        """The deadline `long_turn`: what was heard until now is the turn, whatever goes on."""
        if (turn := self.hearing.turn) is None or turn.id != name:
            return
        self.endpointing.too_long(turn)
        self.deaf()
        self.transcript_missing(name)
        if turn.texts and not turn.overlap:
            self.turn_over(name)

    def typed(self, event: TextReceived) -> None:
        """The caller typed a turn: nothing to wait for, and it cuts what may be cut."""
        text = event.text.strip()
        if not text:
            return
        self.silence.stop()
        self.people.spoke(event.participant, text)
        self._interrupt("text")
        self._commit(self.hearing.next_id(), text, trusted=True)

    def key(self, event: KeyPressed) -> None:
        """The caller pressed a key."""
        self.silence.stop()
        if "dtmf" not in self._dialog.listen.accept or self._dialog.ended:
            self._outbox.note("blocked", key=event.key, action="discard")
            return
        self._interrupt("key")
        self.turns.new_turn()
        self.work(partial(self._dialog.key_pressed, event.key))

    def _commit(self, turn: str, text: str, *, trusted: bool) -> None:
        if self._dialog.ended:
            self._outbox.note("late", turn=turn, text=text)
            return
        label = self.people.label()
        told = {"turn": turn, "text": text, "trusted": trusted, **label}
        self._outbox.note_values("turn", told)
        self._history.user(turn, text, label.get("speaker", ""))
        self.turns.new_turn()
        last, unanswered = self.hearing.last  # what is said now belongs to what nothing answered
        before = unanswered if self._dialog.answering(last) else ""
        words = self.hearing.committed(turn, text if trusted else "", before)
        self.work(partial(self._dialog.user_turn, turn, words))

    def work(self, ask: Callable[[], None]) -> None:
        """Let the dialog work on something; meanwhile the agent is seen to think."""
        self._working = True
        self.review()
        self.settle()
        ask()
        self._working = False

    # --- lines -----------------------------------------------------------------------------------

    def line_finished(self, event: PlayoutFinished) -> Utterance | None:
        """A line is over. Returns it unless it was dead before."""
        utterance = self.turns.finished(event)
        if utterance is not None:
            self.line_over()
        return utterance

    def line_over(self) -> None:
        """A line left the queue: words that waited for its end are answered now.

        What is queued behind it was ordered without knowing those words, so they are judged again,
        as if they were said now; words that may not interrupt it wait for the end of the queue. So
        do words after the flow's last one: nobody is left to answer them, and its goodbye is heard.
        """
        turn = self.hearing.turn
        kept = turn is not None and turn.overlap and bool(turn.texts)
        if turn is not None and kept and self.turns.lines and self._dialog.ended is None:
            words = Words(text=turn.text, final=True, accepted=turn.trusted)
            if self.interruption.judge_kept(words) is Verdict.CUT:
                self._interrupt("words kept")
        if not self.turns.lines:
            self.interruption.over()

    # --- making everything true to the facts -----------------------------------------------------

    def review(self) -> None:
        """Bring the open turn, the deadlines and the held lines up to date."""
        turn = self.hearing.turn
        if turn is not None:
            if turn.overlap:
                turn.overlap = self.interruption.contested()
            if not (self.hearing.voice or turn.owed or turn.texts):
                self._drop(turn)
                turn = None
        self.endpointing.review(self._dialog.listen)
        if self.turns.paused_at is not None and self.interruption.pointless:
            self._go_on("nobody speaks")
        self.interruption.review()
        self.turns.hold((turn is not None and not turn.overlap) or self.away)

    def _drop(self, turn: UserTurn) -> None:
        """Nothing that counts was said: this was no turn, and the floor goes back."""
        self.hearing.close()
        self.endpointing.closed(turn)
        self._outbox.note("no_turn", turn=turn.id)

    def review_silence(self) -> None:
        """Count silence exactly while it is the caller's."""
        dialog = self._dialog
        if (
            self.hearing.turn is None  # first what most often is not so
            and not self.turns.speaking
            and dialog.waiting
            and not dialog.busy
            and dialog.ended is None
            and self.opened
            and not self.away
            and not self.asked_for
        ):
            self.silence.count(dialog.listen.silence)
        else:
            self.silence.stop()

    def settle(self) -> None:
        """Bring both states up to date."""
        head, hearing, floor = self.turns.head, self.hearing, self.floor
        turn = hearing.turn
        facts = (
            self.opened,
            self.closing,
            hearing.voice,
            turn is not None and not turn.overlap,
            head is not None and head.state == "audible",
            head is not None,
            self._working or self.asked_for or (self.opened and self._dialog.busy),
        )
        if floor.settle(facts, hearing.edge):
            self._dialog.see(floor.agent, floor.user)

    @property
    def parts(self) -> Mapping[str, Any]:
        """What must survive, by its name in a snapshot."""
        return {
            "floor": self.floor,
            "hearing": self.hearing,
            "endpointing": self.endpointing,
            "interruption": self.interruption,
        }

    def close(self) -> None:
        """The call is over."""
        self.closing = True
        self._hush()
        self.turns.close()

    def wait_for_caller(self) -> None:
        """The caller's connection was lost: nobody is heard, and nobody hears what is said."""
        self._hush()
        self.turns.leave()
        self.away = True

    def lose(self) -> None:
        """Whatever was heard or said is lost: another process goes on with the call."""
        self._hush()
        self.turns.lose()

    def _hush(self) -> None:
        self.interruption.over()
        if (turn := self.hearing.turn) is not None:
            self.endpointing.closed(turn)
            if turn.text:
                self._outbox.note("late", turn=turn.id, text=turn.text)
        self.hearing.hush()
