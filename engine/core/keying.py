"""Keys that fill a slot (`dtmf` of the slot): collected one by one until the value is whole.

A value is whole when it has its number of keys, when the finishing key is pressed, or when no key
follows for a while. Keys that are not part of a value (`*`, the finishing key with nothing before
it) go their usual way, to handlers and intents; digits belong to the open slot. What the caller
says meanwhile wins over keys that were not finished.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.core import form, ladders
from engine.core.findings import Findings
from engine.core.frames import Frame
from engine.core.scene import Scene
from engine.machine.compiled import Collect, SlotSpec

_DEADLINE: Final = "keys"
_DIGITS: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class _Pending:
    """Keys of a value that is not whole yet."""

    keys: str
    slot: str
    frame: int
    visit: int


class Keying:
    """Collects the keys of a dialog's open slot."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.pending: _Pending | None = None
        """Set between the first key of a value and its last."""

    def press(self, frame: Frame, key: str) -> bool:
        """Take a key if it belongs to a value of the open slot; say whether it did."""
        spec = _open_spec(frame)
        if spec is None or spec.dtmf is None:
            return False
        if key in spec.dtmf.values:
            self.drop()
            self._fill(frame, spec, spec.dtmf.values[key])
            return True
        typed = self.pending.keys if self.pending is not None else ""
        if key == spec.dtmf.finish and typed:
            self._complete(frame, spec)
            return True
        if key not in _DIGITS or not spec.dtmf.collects:
            return False
        self.pending = _Pending(typed + key, spec.name, frame.number, frame.visit.number)
        if len(typed) + 1 == spec.dtmf.digits:
            self._complete(frame, spec)
        else:
            self._scene.deadlines.set(_DEADLINE, self._scene.at + spec.dtmf.timeout)
        return True

    def timed_out(self) -> None:
        """No further key came: what there is must do."""
        pending = self.pending
        frame = self._scene.stack.visited(pending.frame, pending.visit) if pending else None
        if pending is None or frame is None:
            self.drop()
        else:
            self._complete(frame, frame.flow.slots[pending.slot])

    def drop(self) -> None:
        """Forget what was typed: the caller speaks, or the question is another one."""
        if self.pending is not None:
            self.pending = None
            self._scene.deadlines.cancel(_DEADLINE)

    def check(self) -> None:
        """Drop keys whose question is not open any more, at the end of a macrostep."""
        pending = self.pending
        if pending is None:
            return
        top = self._scene.stack.top
        here = (top.number, top.visit.number, top.visit.open_slot)
        if self._scene.ended or here != (pending.frame, pending.visit, pending.slot):
            self.drop()

    def _complete(self, frame: Frame, spec: SlotSpec) -> None:
        typed = self.pending.keys if self.pending is not None else ""
        self.drop()
        enough = spec.dtmf is not None and len(typed) >= spec.dtmf.least
        value = read_keys(typed, spec) if enough else None
        if value is None:
            ladders.misunderstood(self._scene, frame)
        else:
            self._fill(frame, spec, value)

    def _fill(self, frame: Frame, spec: SlotSpec, value: Any) -> None:
        form.apply(self._scene, frame, Findings(slots={spec.name: value}, settled=True))

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any] | None:
        """Return the keys under way as JSON-like data."""
        return asdict(self.pending) if self.pending is not None else None

    def from_dict(self, data: Mapping[str, Any] | None) -> None:
        """Restore what `to_dict` gave."""
        self.pending = _Pending(**data) if data is not None else None


def _open_spec(frame: Frame) -> SlotSpec | None:
    if not isinstance(frame.state.verb, Collect):
        return None
    return frame.flow.slots.get(frame.visit.open_slot)


def read_keys(typed: str, spec: SlotSpec) -> Any:
    """Return the value that digits mean for a slot, or None when they mean none.

    Args:
        typed: digits only.
        spec: the slot; times are typed as `1930`, the other kinds as they are written.
    """
    reader = _READERS.get(spec.type.kind)
    try:
        return reader(typed) if reader is not None else None
    except ValueError:
        return None


def _time(typed: str) -> datetime.time:
    return datetime.time(int(typed[:-2]), int(typed[-2:]))


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "digits": str,
    "integer": int,
    "number": float,
    "phone": str,
    "text": str,
    "time": _time,
}
"""How what was typed digit by digit is read, by the kind of the value."""
