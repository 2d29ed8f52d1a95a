"""What one turn of the caller was found to mean, and what it may mean right now.

The dialog builds a `Scope` from the state it is in, `engine.core.understanding` turns the words
(or a key, or a model's report) into `Findings`, and the dialog decides. Findings are typed but not
yet checked: `min`, `max` and `check` of a slot are the dialog's business, so that the author's
`invalid` line can be spoken.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from engine.core.intents import NO_INTENTS, Intents
from engine.machine.compiled import SlotSpec
from engine.records import record

NO_TIME: Final = datetime.datetime.min


@record
class Findings:
    """What was understood. Empty findings mean: nothing, ask a model or take it as no match."""

    slots: Mapping[str, Any] = field(default_factory=dict)
    """Parsed, typed values by slot name, all in scope; in the order of the scope's slots."""
    intent: str | None = None
    answer: bool | None = None
    """Yes or no; only when the scope has a yes/no question open."""
    settled: bool = False
    """Enough to act on: nothing more to ask a model."""

    @property
    def empty(self) -> bool:
        """True when nothing at all was understood."""
        return not self.slots and self.intent is None and self.answer is None


@record
class Scope:
    """What may be understood right now; the dialog builds it for every turn."""

    slots: tuple[SlotSpec, ...] = ()
    """The open question first, then the other slots of the form, then every filled slot."""
    filled: Mapping[str, Any] = field(default_factory=dict)
    """Values of the slots that can be corrected, by name."""
    open_slot: str | None = None
    """Name of the slot the caller was just asked for."""
    yes_no: bool = False
    """A confirm, a readback or another yes/no question is open."""
    intents: Intents = NO_INTENTS
    """Intents somebody handles here, innermost scope first."""
    now: datetime.datetime = NO_TIME
    """The caller's local time, naive: relative times and days count from it. Nobody asks for it
    where no slot is of a `RELATIVE` kind."""
