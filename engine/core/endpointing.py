"""When the caller's turn is over.

The wait counts from the last instant of speech, not from when anybody was told of it:

    no prediction yet      min
    adaptive               min + (max - min) * (1 - p)
    fixed                  max if p < threshold, else min
    dynamic                as adaptive, but from the caller's own pace instead of min

where p is the turn detector's probability, for exactly the text heard so far, that the caller is
done; predictions for older text are dropped. The detector was asked when the words came and has
`PREDICTION_GRACE` to answer: words that come late would otherwise always be judged without it.

Voice or words during the wait begin it anew, whether or not words come of it (a cough), so text
that was heard is always answered in bounded time. The turn is never over before the last stretch
has its final transcript; a recogniser that stays silent is closed by the watchdog `transcript`,
with the last partial.

The pace of a caller (`engine.core.pace`) is learned in every mode, from pauses after which more
words came: within a turn, and after one that was taken for over before the agent could be heard.

A turn that never ends (a detector that is stuck in a noise, a television) is closed after
`max_turn` by `long_turn`, with the words it has. What sounds on is the next stretch for the
recogniser, and is known by its words alone until the voice ends.

`review` compares deadlines with facts and may be called at any time: after every event it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from engine.core.deadlines import Deadlines
from engine.core.hearing import Hearing, UserTurn
from engine.core.outbox import Outbox
from engine.core.pace import Pace
from engine.effects import CloseStretch, PredictEndOfTurn
from engine.events import EndOfTurnPredicted, Millis
from engine.machine.compiled import ListenPolicy
from engine.records import maker

_predict = maker(PredictEndOfTurn)

_KINDS = ("long_turn", "transcript", "end_of_turn")

_Limits: TypeAlias = tuple[Millis | None, Millis | None, Millis | None]
"""When those are due."""

_NONE: _Limits = (None, None, None)
_UNKNOWN: _Limits = (-1, -1, -1)
"""No instant: whatever is wanted is another, and all may be set."""

PREDICTION_GRACE: Millis = 100
"""A text rule answers in 5 ms, an audio model in 30 to 60; who is slower answers the next words."""


def end_of_turn_wait(
    policy: ListenPolicy, probability: float | None, pace: Millis | None = None
) -> Millis:
    """Return how long after the last speech the turn is over.

    Args:
        policy: the listening policy of the state.
        probability: that the caller is done, 0 to 1; None without a prediction.
        pace: how long this caller pauses within a turn; None while nothing is known.
    """
    shortest, longest = policy.min_wait, policy.max_wait
    if policy.end_of_turn == "dynamic" and pace is not None:
        shortest = min(longest, max(shortest, pace))
    if probability is None:
        return shortest
    if policy.end_of_turn == "fixed":
        return longest if probability < policy.threshold else shortest
    unsure = 1.0 - min(1.0, max(0.0, probability))
    return shortest + round((longest - shortest) * unsure)


class Endpointing:
    """Keeps `end_of_turn:TURN`, `transcript:TURN` and `long_turn:TURN` true to the facts."""

    def __init__(self, outbox: Outbox, deadlines: Deadlines, hearing: Hearing) -> None:
        self._outbox = outbox
        self._deadlines = deadlines
        self._hearing = hearing
        self._pace = Pace(outbox)
        self._probability: float | None = None
        self._grace: Millis = 0
        """Until then the detector may still answer."""
        self._kept: _Limits = _NONE
        """What the deadlines of the open turn are; those of a new one are not set yet."""

    def began(self, turn: UserTurn, *, unheard: bool) -> None:
        """The caller makes a sound; `unheard`: the agent has not answered the last turn yet."""
        self._pace.began(turn, unheard=unheard)

    def heard(self, turn: UserTurn, kinds: tuple[str, ...]) -> None:
        """The turn has more words that count: ask the turn detector about all of them."""
        self._pace.went_on(turn)
        self._probability = None
        self._grace = self._outbox.at + PREDICTION_GRACE
        self._outbox.emit(_predict(turn=turn.id, text=turn.text, kinds=kinds))

    def predicted(self, event: EndOfTurnPredicted) -> None:
        """The turn detector answered; a late answer changes nothing."""
        turn = self._hearing.turn
        if turn is None or event.turn != turn.id or event.text != turn.text:
            self._outbox.note("late", turn=event.turn)
            return
        self._probability = event.probability

    def review(self, policy: ListenPolicy) -> None:
        """Set, move or cancel the deadlines of the open turn."""
        if self._pace.pauses:
            self._pace.learn(policy)
        turn = self._hearing.turn
        if turn is None:
            return
        limits = self._limits(turn, policy)
        if limits == self._kept:  # as after most of what is heard
            return
        before, self._kept = self._kept, limits
        if limits[0] != before[0]:
            self._keep(f"long_turn:{turn.id}", limits[0])
        if limits[1] != before[1]:
            self._keep(f"transcript:{turn.id}", limits[1])
        if limits[2] != before[2]:
            self._keep(f"end_of_turn:{turn.id}", limits[2])

    def _limits(self, turn: UserTurn, policy: ListenPolicy) -> _Limits:
        """Return until when the turn may last, its words may come, and more may follow."""
        since = self._since(turn)
        if self._hearing.voice:
            words_due = self._hearing.by_words
            latest = turn.last_speech + policy.transcript_timeout if words_due else None
            return since + policy.max_turn, latest, None
        if turn.owed:
            return None, turn.last_speech + policy.transcript_timeout, None
        over = turn.texts and not turn.overlap
        return None, None, self._over(turn, policy) if over else None

    def _over(self, turn: UserTurn, policy: ListenPolicy) -> Millis:
        """Return when the turn is over if nothing more is heard."""
        due = turn.last_speech + end_of_turn_wait(policy, self._probability, self._pace.average)
        return max(due, self._grace) if self._probability is None else due

    def too_long(self, turn: UserTurn) -> None:
        """The turn has no end: take its latest stretch for over."""
        self._outbox.note("long_turn", turn=turn.id)
        self._outbox.emit(CloseStretch())

    def _since(self, turn: UserTurn) -> Millis:
        """Return since when the caller speaks without an end; over a line: without a breath."""
        if turn.overlap:
            return turn.effort
        if turn.opened is None:
            turn.opened = turn.last_speech if turn.began is None else turn.effort
        return turn.opened

    def closed(self, turn: UserTurn) -> None:
        """The turn is closed."""
        self._pace.closed(turn)
        for kind, due in zip(_KINDS, self._kept, strict=True):
            if due is not None:
                self._deadlines.cancel(f"{kind}:{turn.id}")
        self._probability, self._kept = None, _NONE

    def _keep(self, name: str, due: Millis | None) -> None:
        if due is None:
            self._deadlines.cancel(name)
        else:
            self._deadlines.set(name, max(self._outbox.at, due))

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive."""
        return {
            "probability": self._probability,
            "grace": self._grace,
            "pace": self._pace.to_dict(),
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._probability, self._kept = data["probability"], _UNKNOWN
        self._grace = data["grace"]
        self._pace.from_dict(data.get("pace", {}))
