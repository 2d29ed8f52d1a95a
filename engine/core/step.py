"""The step record: what one event, or one deadline, did to a conversation.

One record serves as log line, metric source, journal entry, snapshot trail and debugger. Nothing
is observed twice: whoever wants to know something folds over steps.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from engine.effects import Effect
from engine.events import Event, Millis
from engine.records import record


@record
class Deadline:
    """A moment the conversation had set for itself."""

    name: str
    """Kind and subject: `end_of_turn:u3`, `silence`, `tool:t2`, `timer:long_call`."""
    at: Millis


@record
class Move:
    """One state change of one machine."""

    machine: Literal["user", "agent", "dialog"]
    old: str
    new: str
    because: str
    """Name of the event, handler or rule that caused it."""
    at: Millis
    """When the fact happened: for the user the edge of speech, else the instant of the step."""


@record
class Note:
    """Something worth a line in the timeline that is neither a move nor an effect.

    Kinds in use: `turn` (a user turn was committed), `no_turn` (there were no words in it),
    `no_transcript` (the recogniser was given up), `long_turn` (it had no end), `backchannel`,
    `blocked` (words that may not interrupt: kept or discarded), `heard` (what was heard of an
    utterance), `dropped` (an utterance nobody will hear, and why), `interrupted`, `paused`,
    `resumed`, `early` and `late` (before or after it could matter), `held` (an answer that waits
    for the end of a turn), `ahead`, `ahead_dropped`, `ahead_failed` and `ahead_taken` (requests to
    a model made before the end of a turn, and what came of them), `left`, `slots`, `no_match`,
    `no_input`, `result`, `error`, `pace` (a pause the caller made within a turn, and what they make
    on average), `request` and `superseded` (what a program asked for: its end, and a reply that is
    begun anew).
    """

    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@record
class States:
    """The three states after a step, with what stands beside them."""

    user: str
    agent: str
    dialog: str
    paused: bool = False
    """The agent is SPEAKING, and its audio is held."""


@record
class Step:
    """One indivisible reaction of the conversation."""

    seq: int
    at: Millis
    cause: Event | Deadline
    moves: tuple[Move, ...]
    notes: tuple[Note, ...]
    effects: tuple[Effect, ...]
    states: States
