"""What the caller's voice and words do to a line that is under way.

Voice alone (modes `vad` and `hybrid`), once it has lasted `min_time` in all, since its edges:

    resume allowed     the audio is held at the sample; the agent is still SPEAKING
    resume not allowed the line is cut

Stretches of one turn with no more than a breath between them are counted together. Voice in the
first `echo_guard` of what the agent says does not count: it may be the agent's own, from the
caller's loudspeaker. Words count from the beginning.

While an answer is only worked on, and no line of it is ordered, words extend the turn it answers;
unless the `thinking` profile of the state does not allow it, which then holds for them as for a
protected line.

Words (judged at every transcript, the first rule that holds):

    nothing, or only back-channel words     go on; a final is noted as `backchannel` and forgotten
    the line is protected                   go on; a final is kept or discarded, as `blocked` says
    not trusted by the recogniser           go on, unless the audio is held and there are enough
    the audio is held                       the interruption is real: cut the line
    enough words, or a phrase (stt, hybrid) cut the line
    any words after `min_time` (vad, hybrid) cut the line
    otherwise                               go on; a final is kept and answered after the line

Held audio goes on at the same sample when no words have come for `false_alarm_pause` after the
voice ended (was noticed to have ended). Where the voice does not end, the recogniser is asked after
`LONGEST_HOLD` for the words it has; if there are none, the audio goes on, and this voice no longer
counts until it ends. Held audio goes on at once when the voice turns out to have been shorter
than `min_time`, or its words back-channel.

"Enough" is `min_words`; one word is enough where it is expected (a yes/no question is open, or the
words alone answer what is asked) and the recogniser is done, and before the reply is audible
(THINKING), unless that profile says otherwise. Back-channel are the words of `ignore`, unless they
are expected, and sounds of hesitation. How words are told apart and counted: `engine.core.words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from engine.core import agent
from engine.core.deadlines import Deadlines
from engine.core.hearing import Hearing, UserTurn
from engine.core.outbox import Outbox
from engine.core.turns import Turns
from engine.core.words import word_count, words_of
from engine.effects import CloseStretch
from engine.events import Millis, TranscriptReceived
from engine.machine.compiled import InterruptionPolicy

JUST_BEGUN: Millis = 700
"""Who speaks against a reply that began so little before does not answer it: to hear a word, and to
begin to speak, takes longer."""

LONGEST_HOLD: Millis = 5_000
"""A voice of which no word is known after so long may well be a noise."""

HESITATIONS = frozenset({"uh", "um", "uhm", "er", "erm", "hm", "hmm", "mm", "ah", "oh", "eh"})
"""Sounds that are no words in any state, whatever `ignore` says."""


class Verdict(Enum):
    """What words do to the line under way."""

    GO_ON = auto()
    """Nothing, or nothing yet."""
    CUT = auto()
    """The caller takes the floor."""
    KEEP = auto()
    """The line goes on and the words are answered after it."""
    DISCARD = auto()
    """The line goes on and the words are forgotten."""
    BACKCHANNEL = auto()
    """The caller said that he listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A transcript as it is judged."""

    text: str
    final: bool
    confidence: float = 1.0
    accepted: bool = True


Heard: TypeAlias = Words | TranscriptReceived
"""What is judged: a transcript as it came, or words that were kept or are taken for one."""


def is_backchannel(text: str, policy: InterruptionPolicy, *, expected: bool) -> bool:
    """Say whether a text consists of nothing but words that never interrupt."""
    left = list(words_of(text))
    ignored = () if expected else policy.ignore
    patterns = sorted((words_of(phrase) for phrase in ignored), key=len, reverse=True)
    while left:
        for pattern in patterns:
            if pattern and tuple(left[: len(pattern)]) == pattern:
                del left[: len(pattern)]
                break
        else:
            if left.pop(0) not in HESITATIONS:
                return False
    return True


def has_phrase(text: str, policy: InterruptionPolicy) -> bool:
    """Say whether a phrase that always interrupts stands in the text, as whole words."""
    heard = words_of(text)
    for phrase in map(words_of, policy.phrases):
        size = len(phrase)
        if size and any(heard[i : i + size] == phrase for i in range(len(heard) - size + 1)):
            return True
    return False


def judge(
    words: Heard,
    policy: InterruptionPolicy,
    *,
    expected: bool,
    voiced: Millis,
    paused: bool,
) -> Verdict:
    """Decide what words do to the line under way; the table stands at the top of this module.

    Args:
        words: what was heard.
        policy: of the line.
        expected: a yes/no question is open, or the words alone answer what is asked.
        voiced: how long the voice has lasted, in all.
        paused: the audio is held.
    """
    spoken = word_count(words.text)
    if not spoken:
        return Verdict.GO_ON
    if is_backchannel(words.text, policy, expected=expected):
        return Verdict.BACKCHANNEL if words.final else Verdict.GO_ON
    if not policy.allow:
        kept = Verdict.KEEP if policy.blocked == "keep" else Verdict.DISCARD
        return kept if words.final else Verdict.GO_ON
    if not words.accepted or words.confidence < policy.min_confidence:
        return _judge_doubtful(words, spoken >= policy.min_words and paused)
    enough = 1 if expected and words.final else policy.min_words
    by_words = policy.mode != "vad" and (spoken >= enough or has_phrase(words.text, policy))
    by_voice = policy.mode != "stt" and voiced >= policy.min_time
    if paused or by_words or by_voice:
        return Verdict.CUT
    return Verdict.KEEP if words.final else Verdict.GO_ON


def _judge_doubtful(words: Heard, enough: bool) -> Verdict:
    """Noise often comes as one wrong word; somebody who goes on speaking means it."""
    if enough:
        return Verdict.CUT
    return Verdict.DISCARD if words.final else Verdict.GO_ON


class State(Protocol):
    """What matters of the dialog: the policy where it stands, whether it works, or has ended."""

    interruptions: InterruptionPolicy
    busy: bool
    ended: str | None


class Interruption:
    """Keeps `interrupt` and `false_alarm`, and finds the policy that holds."""

    def __init__(
        self,
        outbox: Outbox,
        deadlines: Deadlines,
        hearing: Hearing,
        turns: Turns,
        dialog: State,
    ) -> None:
        self._outbox = outbox
        self._dialog = dialog
        self._deadlines = deadlines
        self._hearing = hearing
        self._turns = turns
        self._confidence = 1.0
        self._only_backchannel = False
        self._holds = False
        """`false_alarm` runs although the voice goes on ..."""
        self._asked = False
        """... and the recogniser was asked for its words."""
        self._turn = ""
        """The turn of the agent that is heard, or was heard last ..."""
        self._since: Millis = 0
        """... and since when."""

    @property
    def policy(self) -> InterruptionPolicy | None:
        """The policy of the line at the head of the queue; None when there is none."""
        head = self._turns.head
        if head is None:
            return self._shield()
        if self._dialog.ended is not None:  # nobody would answer, and it may be what was asked for
            return _protected(head.policy)
        if head.state == "audible" or head.turn == self._turn:
            return head.policy
        # Before it is audible a reply costs nothing: one word is enough to reconsider it.
        return _while_thinking(head.policy)

    def contested(self) -> bool:
        """Say whether something of the agent stands against the caller: words are judged."""
        return self._turns.head is not None or self._shield() is not None

    def _shield(self) -> InterruptionPolicy | None:
        """What protects an answer of which no line is ordered yet: only a profile that says so.

        Whoever forbids to interrupt a line does not mean that a slow tool makes the agent deaf.
        """
        early = self._dialog.interruptions.thinking
        return early if early is not None and not early.allow and self._dialog.busy else None

    @property
    def pointless(self) -> bool:
        """Whether audio is held although nobody speaks and nothing is waited for."""
        if self._turns.paused_at is None or self._hearing.voice:
            return False
        return self._holds or self._deadlines.get("false_alarm") is None

    def unheard(self, state: str) -> bool:
        """Say whether the reply to the last turn is not audible yet, or has just begun.

        Args:
            state: of the agent.
        """
        if state == agent.SPEAKING:
            return self._outbox.at - self._since < JUST_BEGUN
        return state == agent.THINKING

    def voice_began(self, confidence: float) -> None:
        """The voice begins over a line."""
        self._confidence, self._only_backchannel = confidence, False
        self._deadlines.cancel("false_alarm")
        if self._turns.paused:
            self.held()

    def held(self) -> None:
        """The audio is held for a voice; not for ever."""
        self._holds, self._asked = True, False
        self._deadlines.set("false_alarm", self._outbox.at + LONGEST_HOLD)

    def asks_for_words(self) -> bool:
        """The audio was held for long enough. False: nothing more is waited for."""
        policy = self.policy
        if not self._hearing.voice or self._asked or policy is None:
            self._only_backchannel = True  # there were no words, as far as anybody can tell
            return False
        self._asked = True
        self._outbox.emit(CloseStretch())
        self._deadlines.set("false_alarm", self._outbox.at + policy.false_alarm_pause)
        return True

    def judge(self, words: Heard, *, expected: bool) -> Verdict:
        """Decide what words do to the line under way."""
        policy = self.policy
        if policy is None:
            return Verdict.CUT
        # A protected line makes the lines behind it wait, and so do the words for its end.
        if words.text.strip():
            self._only_backchannel = is_backchannel(words.text, policy, expected=expected)
        return judge(
            words,
            policy,
            expected=expected,
            voiced=self._voiced(policy),
            paused=self._turns.paused,
        )

    def judge_kept(self, words: Heard) -> Verdict:
        """Decide what words that waited for the end of a line do to the next one.

        No question that is still to come can have been open to them.
        """
        head = self._turns.head
        if head is None:
            return Verdict.CUT
        voiced = self._voiced(head.policy)
        return judge(words, head.policy, expected=False, voiced=voiced, paused=False)

    def voice_ended(self) -> bool:
        """The voice ended over a line. Returns whether held audio may go on at once."""
        policy = self.policy
        if policy is None or not self._turns.paused:
            return False
        if self._voiced(policy) < policy.min_time:
            return True
        self._holds = False
        self._deadlines.set("false_alarm", self._outbox.at + policy.false_alarm_pause)
        return False

    def review(self) -> None:
        """Set or cancel `interrupt`: voice over a line that voice may stop."""
        head = self._turns.head
        if head is not None and head.state == "audible" and head.turn != self._turn:
            self._turn, self._since = head.turn, self._outbox.at
        turn = self._hearing.turn
        if turn is None or not turn.overlap:  # as after most events
            self._deadlines.cancel("interrupt")
            return
        policy = self.policy if self._may_stop(turn) else None
        if (
            policy is not None
            and policy.allow
            and policy.mode != "stt"
            and self._confidence >= policy.min_confidence
        ):
            due = turn.voiced_for(policy.min_time, self._guarded(policy))
            self._deadlines.set("interrupt", max(self._outbox.at, due))
        else:
            self._deadlines.cancel("interrupt")

    def _may_stop(self, turn: UserTurn) -> bool:
        """Say whether there is a voice that would stop a line, if the line lets it."""
        return (
            turn.began is not None
            and self._hearing.voice
            and not self._turns.paused
            and not self._only_backchannel
        )

    def _guarded(self, policy: InterruptionPolicy) -> Millis:
        """Return until when voice does not count: it may be an echo of the agent's own."""
        head = self._turns.head
        if not policy.echo_guard or head is None or head.turn != self._turn:
            return 0
        return self._since + policy.echo_guard

    def _voiced(self, policy: InterruptionPolicy) -> Millis:
        """Return how much voice there was that counts."""
        return self._hearing.voiced(self._outbox.at, after=self._guarded(policy))

    def over(self) -> None:
        """The line was cut, or the audio goes on: nothing hangs in the balance any more."""
        self._deadlines.cancel("interrupt")
        self._deadlines.cancel("false_alarm")

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive."""
        return {
            "confidence": self._confidence,
            "only_backchannel": self._only_backchannel,
            "holds": self._holds,
            "asked": self._asked,
            "turn": self._turn,
            "since": self._since,
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._confidence = data["confidence"]
        self._only_backchannel = data["only_backchannel"]
        self._holds, self._asked = data.get("holds", False), data.get("asked", False)
        self._turn, self._since = data.get("turn", ""), data.get("since", 0)


@lru_cache(maxsize=256)
def _protected(policy: InterruptionPolicy) -> InterruptionPolicy:
    return replace(policy, allow=False)


@lru_cache(maxsize=256)
def _while_thinking(policy: InterruptionPolicy) -> InterruptionPolicy:
    return policy.thinking or replace(policy, min_words=1)
