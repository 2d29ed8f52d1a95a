"""Events: facts, in the past tense, that enter a conversation. The counterpart of effects.

Every event carries `at`, the instant it reached the conversation, in integer milliseconds since
the session started. Where the fact itself is older (the edge of speech, found a hang-over later),
the event carries that instant as well. Events are plain frozen data: they are journalled as they
are and replayed as they were.

Ids: `turn` is a user turn (`u3`) or an agent turn (`a3`); `utterance` is one line of an agent turn
(`a3.1`); `call` is one tool call (`t2`); `reply` is one answer of a model that talks (`r2`);
`summary` is one summary of what was said (`s1`).
Results carry the id of the effect that asked for them, so a result nobody waits for any more is
dropped by comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from engine.records import record

Millis: TypeAlias = int
"""Milliseconds since the session started, or a length of time in milliseconds."""


@record
class Word:
    """One word and when it sounds, in milliseconds from the start of its utterance."""

    text: str
    start: Millis
    end: Millis


@record
class Event:
    """The root of all events."""

    at: Millis
    """When the conversation was told."""


# --- the session ---------------------------------------------------------------------------------


@record
class SessionStarted(Event):
    """The session is ready. The only source of randomness, wall time and outside values."""

    seed: int
    started_at: str
    """Wall time of instant 0, ISO 8601 with offset; the base of `now()` and `today()`."""
    channel: str = "text"
    """How the caller reaches us: webrtc, loopback, files, text."""
    caller: str = ""
    """Who calls, as the transport names them; `call.from`."""
    inputs: Mapping[str, Any] = field(default_factory=dict)


@record
class SessionResumed(Event):
    """Another process goes on with the call, from its snapshot.

    What was under way is lost: speech, tools, models. Session time stood still meanwhile; the next
    participant who joins is the caller, back again.
    """


@record
class FlowReplaced(Event):
    """The call goes on with an edited version of its flow, from the state where it stands.

    Whoever posts it has moved the conversation onto that version before (`engine.core.reload`).
    """

    version: str
    fingerprint: str
    """Of the new version; a replay finds it by this."""


@record
class ParticipantJoined(Event):
    """Somebody entered the room. The first one opens the call: the agent may speak."""

    participant: str


@record
class ParticipantLeft(Event):
    """Somebody left the room, or vanished from it."""

    participant: str
    reason: str = "left"
    last: bool = True
    """True when nobody is left to talk to."""
    grace: Millis = 0
    """So long somebody whose connection was lost may take to come back; 0: the call is over."""


@record
class CloseRequested(Event):
    """The outside wants the call to end now (Ctrl-C, drain, API)."""

    reason: str


@record
class ServiceFailed(Event):
    """A provider or stage failed. The flow decides what happens (`error.stt`, `error.tts` ...)."""

    service: Literal[
        "vad", "stt", "turn_detector", "llm", "tts", "tool", "room", "transfer", "keys"
    ]
    message: str
    """For the journal and the author; never spoken, never shown to a model."""
    subject: str = ""
    """The turn, utterance or call it belongs to, when there is one."""


@record
class AppEventReceived(Event):
    """An event from outside the call: the flow sees it as `app.NAME`."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)


CallNews: TypeAlias = Literal["voicemail", "agent.joined", "agent.left"]
"""What a line may tell about a call; the flow sees it under this very name."""


@record
class CallNewsReceived(Event):
    """Whoever placed or routes the call tells about it: a machine answered, a colleague came."""

    name: CallNews
    data: Mapping[str, Any] = field(default_factory=dict)


# --- the user ------------------------------------------------------------------------------------


@record
class SpeechStarted(Event):
    """Voice activity: the user began to speak at `edge`."""

    participant: str
    edge: Millis
    confidence: float = 1.0


@record
class SpeechEnded(Event):
    """Voice activity: the last speech instant was `edge`; found a hang-over later, at `at`."""

    participant: str
    edge: Millis


@record
class FloorDenied(Event):
    """Somebody speaks while another participant has the floor: they are not listened to."""

    participant: str
    holder: str
    """Empty: there is no detector for them, so they are never listened to."""
    edge: Millis
    """When their voice began."""


@record
class TranscriptReceived(Event):
    """The recogniser heard words. A final closes one stretch of speech, a partial does not."""

    participant: str
    text: str
    final: bool
    confidence: float = 1.0
    words: tuple[Word, ...] = ()
    """Word times, counted from the start of this stretch of speech; empty when unknown."""
    accepted: bool = True
    """False: words were heard, but the recogniser does not trust them (out of grammar)."""
    eager: bool = False
    """A partial that the recogniser takes for all the caller wants to say; a final may follow."""


@record
class EndOfTurnPredicted(Event):
    """A turn detector judged the text so far: the probability that the user is done, 0 to 1."""

    turn: str
    text: str
    """The text that was judged; a prediction for older text is dropped."""
    probability: float


@record
class TextReceived(Event):
    """The user typed a whole turn."""

    participant: str
    text: str


@record
class KeyPressed(Event):
    """One key of a telephone keypad: 0-9, *, #, A-D."""

    participant: str
    key: str


# --- understanding and tools ---------------------------------------------------------------------


@record
class Understood(Event):
    """A model reported what a turn meant. The report is judged, never obeyed."""

    turn: str
    report: Mapping[str, Any]
    """`slots`, `intent`, `answer` as in the `report` contract; untrusted."""


@record
class ToolReturned(Event):
    """A tool call ended: with a value, or with an error."""

    call: str
    value: Any = None
    """JSON-like data."""
    error: str | None = None
    """For the journal and the author; never spoken, never shown to a model."""


@record
class TransferEnded(Event):
    """A transfer was carried out (`error` is None) or failed."""

    error: str | None = None


# --- free talk -----------------------------------------------------------------------------------


@record
class ReplyStarted(Event):
    """The first piece of a model's reply came, whatever it is."""

    reply: str


@record
class ReplyDelta(Event):
    """The next sentence of a reply is complete."""

    reply: str
    text: str


@record
class ReplyReported(Event):
    """Within a reply, the model reported what the caller's turn meant. Judged, never obeyed."""

    reply: str
    report: Mapping[str, Any]
    """As in `Understood`; untrusted."""


@record
class ReplyToolCalled(Event):
    """Within a reply, the model asks for a tool. The conversation decides whether it runs."""

    reply: str
    id: str
    """The model's name for this call; the result is told under it."""
    tool: str
    args: Mapping[str, Any]
    """Untrusted."""


@record
class ReplyFinished(Event):
    """The model has said everything of this reply."""

    reply: str


@record
class Summarized(Event):
    """A model has summed up the older part of the call."""

    summary: str
    text: str
    """Untrusted, as everything a model writes."""


# --- the agent's speech --------------------------------------------------------------------------


@record
class SpeechPrepared(Event):
    """All audio of an utterance is made: its length and, where the voice tells, its words."""

    utterance: str
    duration: Millis
    words: tuple[Word, ...] = ()
    more: bool = False
    """It is read while it plays, and goes on: `duration` is that of what there is by now."""


@record
class PlayoutStarted(Event):
    """The first sample of an utterance went out to the room."""

    utterance: str
    ready: Millis | None = None
    """When the voice had given that sample; None: whoever reports it cannot tell."""


@record
class PlayoutFinished(Event):
    """An utterance is over: played to its end, or cut after `played` milliseconds of it."""

    utterance: str
    played: Millis
    """Milliseconds of this utterance that really went out, pauses not counted."""
    complete: bool


REPLY_EVENTS: tuple[type[Event], ...] = (
    ReplyStarted,
    ReplyDelta,
    ReplyReported,
    ReplyToolCalled,
    ReplyFinished,
)
"""What a reply of a model that talks brings."""

EVENT_TYPES: dict[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        AppEventReceived,
        CallNewsReceived,
        CloseRequested,
        EndOfTurnPredicted,
        FloorDenied,
        FlowReplaced,
        KeyPressed,
        ParticipantJoined,
        ParticipantLeft,
        PlayoutFinished,
        PlayoutStarted,
        ReplyDelta,
        ReplyFinished,
        ReplyReported,
        ReplyStarted,
        ReplyToolCalled,
        ServiceFailed,
        SessionResumed,
        SessionStarted,
        SpeechEnded,
        SpeechPrepared,
        SpeechStarted,
        Summarized,
        TextReceived,
        ToolReturned,
        TranscriptReceived,
        TransferEnded,
        Understood,
    )
}
"""Every concrete event by name: the journal reads itself back with this table."""
