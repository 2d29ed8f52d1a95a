"""What the participants' screens are told after each step: states, words, tool calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.core.people import People
from engine.core.step import Deadline, States, Step
from engine.effects import CallTool, HangUp, ReportError, Say
from engine.events import (
    Event,
    FlowReplaced,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    PlayoutStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
)
from engine.observe.personal import Redactor

Caption = tuple[str, dict[str, Any]]
"""Topic and data."""


class Captions:
    """Folds steps into what a page shows.

    Topics: `flow` {id, version}, when somebody joins, or it was edited; `states` {user, agent,
    dialog, paused}, when they changed; `transcript` {id, who, text, final}, the user's words as
    they are recognised, with their `speaker` where there is more than one participant, the agent's
    when they become audible; `heard` {id, text}, what was heard
    of a line that was cut; `tool` {call, tool, state}; `error` {name}; `ended` {reason}.

    Args:
        flow: the flow's id and version.
    """

    def __init__(self, flow: str, version: str) -> None:
        self._flow = {"id": flow, "version": version}
        self._turns = 0
        self._people = People()
        self._redactor = Redactor()
        self._states: States | None = None
        self._lines: dict[str, str] = {}
        self._tools: dict[str, str] = {}

    def of(self, step: Step) -> list[Caption]:
        """Return what the next step of the call changes on the screens."""
        cause = self._redactor.step(step).cause  # a PIN is not put on a screen
        captions = [*self._cause(cause), *self._cut(step), *self._orders(step)]
        if step.states != self._states:
            self._states = states = step.states
            data = {
                "user": states.user,
                "agent": states.agent,
                "dialog": states.dialog,
                "paused": states.paused,
            }
            captions.append(("states", data))
        return captions

    def _cause(self, cause: Event | Deadline) -> Iterator[Caption]:
        match cause:
            case ParticipantJoined(participant=participant):
                self._people.joined(participant)
                yield "flow", self._flow
            case ParticipantLeft(participant=participant):
                self._people.left(participant)
            case FlowReplaced(version=version):
                self._flow = {**self._flow, "version": version}
                yield "flow", self._flow
            case TranscriptReceived(text=text, final=final):
                yield from self._user_words(cause, text, final)
            case TextReceived(text=text):
                yield from self._user_words(cause, text, final=True)
            case PlayoutStarted(utterance=utterance) if utterance in self._lines:
                text = self._lines.pop(utterance)
                data = {"id": utterance, "who": "agent", "text": text, "final": True}
                yield "transcript", data
            case PlayoutFinished(utterance=utterance):
                self._lines.pop(utterance, None)  # it was cut before it was audible
            case ToolReturned(call=call, error=error) if call in self._tools:
                state = "returned" if error is None else "failed"
                yield "tool", {"call": call, "tool": self._tools.pop(call), "state": state}

    def _cut(self, step: Step) -> Iterator[Caption]:
        for note in step.notes:
            if note.kind == "heard" and not note.data["complete"]:
                yield "heard", {"id": note.data["utterance"], "text": note.data["text"]}

    def _user_words(
        self, cause: TranscriptReceived | TextReceived, text: str, final: bool
    ) -> Iterator[Caption]:
        """Words so far replace each other under one id, until they are final."""
        self._people.spoke(cause.participant, text)
        if text:
            data = {"id": f"said{self._turns}", "who": "user", "text": text, "final": final}
            yield "transcript", {**data, **self._people.label()}
        if final:
            self._turns += 1

    def _orders(self, step: Step) -> Iterator[Caption]:
        for effect in step.effects:
            match effect:
                case Say() if effect.text:
                    self._lines[effect.utterance] = effect.text
                case CallTool():
                    self._tools[effect.call] = effect.tool
                    yield (
                        "tool",
                        {"call": effect.call, "tool": effect.tool, "state": "called"},
                    )
                case ReportError():
                    yield "error", {"name": effect.name}
                case HangUp():
                    yield "ended", {"reason": effect.reason}
