"""The mouth of the dialog: the little it must know about speech.

The dialog decides *what* is said; when it becomes audible, whether it may be cut and what the
caller heard of it belongs to the turn-taking half (`engine.core.turns`), which implements this.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Protocol, TypeAlias

from engine.core.history import HistoryItem
from engine.machine.compiled import InterruptionPolicy

Purpose: TypeAlias = Literal["line", "question", "ladder", "filler", "error", "reply"]
"""Why a line is said; the caller hears no difference, the timeline does."""


class Speaker(Protocol):
    """Takes lines in the order in which the caller shall hear them."""

    @property
    def speaking(self) -> bool:
        """True while any ordered utterance is not over."""
        ...

    @property
    def last_spoken(self) -> str:
        """Text of the last line or question that was ordered; empty before the first."""
        ...

    @property
    def cut_off(self) -> Sequence[tuple[str, str]]:
        """Text and file of the lines that nobody was there to hear, when that was so last."""
        ...

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        """What was said and heard, oldest first; lines still to come are taken as heard."""
        ...

    def retract(self, utterances: Collection[str]) -> None:
        """Drop those of these lines that are not audible yet and may be stopped."""
        ...

    def say(
        self, text: str, *, purpose: Purpose, policy: InterruptionPolicy, voice: str = ""
    ) -> str:
        """Order a line behind all others and return its utterance id.

        Args:
            text: what to say, ready to be spoken, never empty.
            purpose: why it is said.
            policy: who may interrupt it.
            voice: the component that speaks it; empty: the flow's own.
        """
        ...

    def play(self, file: str, *, policy: InterruptionPolicy) -> str:
        """Order an audio file behind all lines and return its utterance id.

        Args:
            file: its path, relative to the folder of the flow that is run.
            policy: who may interrupt it.
        """
        ...
