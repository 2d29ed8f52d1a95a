"""What the participants' screens are told after each step: states, words, tool calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.core.step import States, Step
from engine.effects import CallTool, Say
from engine.events import PlayoutStarted, TextReceived, ToolReturned, TranscriptReceived

Caption = tuple[str, dict[str, Any]]
"""Topic and data."""


class Captions:
    """Folds steps into what a page shows.

    Topics: `states` {user, agent, dialog, paused}, when they changed; `transcript`
    {who, text, final}, the user's words as they are recognised, the agent's when they become
    audible; `tool` {call, tool, state, error}.
    """

    def __init__(self) -> None:
        self._states: States | None = None
        self._lines: dict[str, str] = {}
        self._tools: dict[str, str] = {}

    def of(self, step: Step) -> list[Caption]:
        """Return what the next step of the call changes on the screens."""
        captions = [*self._orders(step), *self._cause(step)]
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

    def _cause(self, step: Step) -> Iterator[Caption]:
        match step.cause:
            case TranscriptReceived(text=text, final=final) if text:
                yield "transcript", {"who": "user", "text": text, "final": final}
            case TextReceived(text=text):
                yield "transcript", {"who": "user", "text": text, "final": True}
            case PlayoutStarted(utterance=utterance) if utterance in self._lines:
                text = self._lines.pop(utterance)
                yield "transcript", {"who": "agent", "text": text, "final": True}
            case ToolReturned(call=call, error=error) if call in self._tools:
                state = "returned" if error is None else "failed"
                yield "tool", {"call": call, "tool": self._tools.pop(call), "state": state}

    def _orders(self, step: Step) -> Iterator[Caption]:
        for effect in step.effects:
            match effect:
                case Say():
                    self._lines[effect.utterance] = effect.text
                case CallTool():
                    self._tools[effect.call] = effect.tool
                    yield (
                        "tool",
                        {"call": effect.call, "tool": effect.tool, "state": "called"},
                    )
