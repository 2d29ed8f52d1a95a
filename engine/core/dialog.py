"""The dialog machine: runs a compiled flow. (Public interface; the parts follow.)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.deadlines import Deadlines
from engine.core.outbox import Outbox
from engine.core.speaker import Speaker
from engine.events import SessionStarted, ToolReturned, TransferEnded, Understood
from engine.machine.compiled import CompiledFlow, InterruptionPolicy, ListenPolicy


class Dialog:
    """One run of a flow: events in, effects into the outbox.

    Every method below takes one event, runs it to completion and returns at a stable point; the
    instant is always `outbox.at`.
    """

    def __init__(
        self, flow: CompiledFlow, outbox: Outbox, deadlines: Deadlines, speaker: Speaker
    ) -> None:
        self.agent_state: str = "IDLE"
        """`agent.state` in guards; whoever runs the agent's machine keeps it current."""
        self.user_state: str = "IDLE"
        """`user.state` in guards; likewise."""

    # --- events ----------------------------------------------------------------------------------

    def start(self, event: SessionStarted) -> None:
        """Take the session's facts: clock, channel, caller, inputs. Nothing is spoken yet."""
        raise NotImplementedError

    def begin(self) -> None:
        """Enter the start state: the caller is there."""
        raise NotImplementedError

    def user_turn(self, turn: str, text: str) -> None:
        """Take a committed user turn, spoken or typed. Empty text: words nobody can trust."""
        raise NotImplementedError

    def key_pressed(self, key: str) -> None:
        """Take one key of the keypad."""
        raise NotImplementedError

    def understood(self, event: Understood) -> None:
        """Take a model's report about a turn; a report nobody waits for is dropped."""
        raise NotImplementedError

    def no_input(self) -> None:
        """The caller was silent for too long."""
        raise NotImplementedError

    def tool_returned(self, event: ToolReturned) -> None:
        """A tool call ended."""
        raise NotImplementedError

    def transfer_ended(self, event: TransferEnded) -> None:
        """A transfer was carried out or failed."""
        raise NotImplementedError

    def raise_event(self, name: str, data: Mapping[str, Any] | None = None) -> None:
        """Something else happened: `agent.joined`, `error.stt`, `error.llm`, `app.X` ..."""
        raise NotImplementedError

    def deadline(self, name: str) -> None:
        """One of the dialog's own deadlines is due: understand tool retry filler timer ..."""
        raise NotImplementedError

    def speech_over(self) -> None:
        """Every ordered utterance is over: a transfer may now happen."""
        raise NotImplementedError

    # --- what the turn-taking half reads ---------------------------------------------------------

    @property
    def state(self) -> str:
        """Qualified id of the current leaf state; `hours/tell` inside a called flow."""
        raise NotImplementedError

    @property
    def waiting(self) -> bool:
        """True in collect, confirm and rest: the user may speak, and silence counts."""
        raise NotImplementedError

    @property
    def busy(self) -> bool:
        """True while a model or tool that the dialog waits for is at work."""
        raise NotImplementedError

    @property
    def interruptions(self) -> InterruptionPolicy:
        """Who may interrupt the agent in this state."""
        raise NotImplementedError

    @property
    def listen(self) -> ListenPolicy:
        """When the user's turn is over in this state."""
        raise NotImplementedError

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds that are asked for, open question first; `("yesno",)` for a yes/no question."""
        raise NotImplementedError

    @property
    def yes_no_open(self) -> bool:
        """True while a yes/no question is open: its words are never mere back-channel."""
        raise NotImplementedError

    @property
    def ended(self) -> str | None:
        """`hangup` or `leave` once the flow has ended, else None."""
        raise NotImplementedError

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return everything that must survive, as JSON-like data."""
        raise NotImplementedError

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave, for the same flow."""
        raise NotImplementedError
