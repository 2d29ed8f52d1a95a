"""What of a call is personal: the words, keys and lines that tell a value declared `sensitive`.

The journal has to hold everything, for it must replay; so it says of what it holds which part is
personal, in notes of the kind `personal`, and whoever shows a call leaves that part out:

    waits=true         from here on, what the caller says may be such a value ...
    waits=false        ... until the dialog waits for something else
    turn=u4            this turn told one
    utterance=a3.1     this line says one, or an answer of the caller's that may be one

A line is known by its template, and by the values themselves: what a flow has copied to a variable
is still found, what it has changed is not. Prompts leave out personal turns and lines as well,
unless the talk is about the very slots.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from engine.core.frames import Frame
from engine.core.outbox import Outbox
from engine.flow.templates import Template
from engine.machine.compiled import CompiledFlow, Converse

_SHORTEST = 3
"""A value of fewer characters is found in too many lines that do not tell it."""

_OF_THE_TURN = frozenset({"turn", "event", "corrections"})
"""What a template reads when it says something of the turn that is answered."""


class Personal:
    """Keeps account of it, and leaves the notes.

    Attributes:
        watches: anything can be personal in this call; if not, nothing need be told to this.
    """

    def __init__(self, outbox: Outbox, flow: CompiledFlow) -> None:
        self.watches = _asks_for_some(flow)
        self._outbox = outbox
        self._waits = False
        self._ids: dict[str, None] = {}
        self._texts: dict[str, None] = {}

    @property
    def ids(self) -> Collection[str]:
        """Turns and utterances that are personal."""
        return self._ids.keys()

    # --- the caller ------------------------------------------------------------------------------

    def check(self, frame: Frame) -> None:
        """Note whether the dialog waits for something personal, at the end of a macrostep.

        A state that waits for nobody changes nothing: the caller may still be saying the value.
        """
        if not frame.waiting:
            return
        sensitive = frame.memory.sensitive
        waits = bool(sensitive) and any(name in sensitive for name in _wanted(frame))
        if waits != self._waits:
            self._waits = waits
            self._outbox.note("personal", waits=waits)

    def heard(self, turn: str) -> None:
        """Take a turn of the caller: personal if it was waited for."""
        if self._waits:
            self._mark("turn", turn)

    def told(self, turn: str, frame: Frame, slots: Iterable[str]) -> None:
        """A turn gave values for these slots although nothing personal was waited for.

        Where it is waited for, the turn was marked before, and keys belong to no turn.
        """
        if turn and not self._waits and any(frame.flow.slots[name].sensitive for name in slots):
            self._mark("turn", turn)

    # --- the agent -------------------------------------------------------------------------------

    def rendered(
        self, text: str, template: Template, frame: Frame, names: Mapping[str, Any]
    ) -> None:
        """Remember a text if its template reads something personal."""
        if text and not template.constant and self._reads(template, frame, names):
            self._texts[text] = None

    def said(self, utterance: str, text: str, frames: Iterable[Frame]) -> None:
        """Take a line: personal if its text is."""
        if text in self._texts or self.tells(text, frames):
            self._mark("utterance", utterance)

    def tells(self, text: str, frames: Iterable[Frame]) -> bool:
        """Say whether a text holds a sensitive value, however it is spelled."""
        spelled = ""
        for frame in frames:
            for value in _secrets(frame) if frame.memory.sensitive else ():
                spelled = spelled or _bare(text)
                bare = _bare(str(value))
                if len(bare) >= _SHORTEST and bare in spelled:
                    return True
        return False

    def _reads(self, template: Template, frame: Frame, names: Mapping[str, Any]) -> bool:
        if not (self._ids or frame.memory.sensitive):
            return False
        chains = [use.chain for use in template.names]
        values, specs = frame.memory.slots, frame.flow.slots
        for chain in chains:
            name = chain[1] if chain[0] == "slots" and len(chain) > 1 else ""
            if name in specs and specs[name].sensitive and values[name] is not None:
                return True
        roots, value = {chain[0] for chain in chains}, names.get("value")
        if "value" in roots and value in _secrets(frame):
            return True
        if names["turn"]["id"] not in self._ids:
            return False
        refused = "value" in roots and value == names["event"].get("value")
        return refused or bool(roots & _OF_THE_TURN)

    def _mark(self, kind: str, subject: str) -> None:
        if subject not in self._ids:
            self._ids[subject] = None
            self._outbox.note("personal", **{kind: subject})

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        return {"waits": self._waits, "ids": list(self._ids), "texts": list(self._texts)}

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._waits = data["waits"]
        self._ids, self._texts = dict.fromkeys(data["ids"]), dict.fromkeys(data["texts"])
        if self._waits or self._ids:  # in the version of the flow that ran before
            self.watches = True


def _asks_for_some(flow: CompiledFlow) -> bool:
    return any(spec.sensitive for spec in flow.slots.values()) or any(
        _asks_for_some(called) for called in flow.flows.values()
    )


def _wanted(frame: Frame) -> Iterable[str]:
    """The slots that are asked for; a talk asks for all of its own at once."""
    if isinstance(frame.state.verb, Converse):
        return frame.state.verb.fills
    return [name for name in (frame.visit.open_slot,) if name in frame.flow.slots]


def _secrets(frame: Frame) -> Iterable[Any]:
    memory = frame.memory
    return [memory.slots[name] for name in memory.sensitive if memory.slots[name] is not None]


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
