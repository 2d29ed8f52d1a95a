"""The call stack of flows (S9) and the visits of states (S10).

A `Visit` is one stay in one state. It has a number that is never used again: work carries it, and a
result for a visit that is over is recognised by it. A `Frame` is one run of one flow; the frame on
top is the one the caller talks to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from engine.core.memory import Memory
from engine.machine.compiled import (
    Collect,
    CompiledFlow,
    CompiledState,
    Confirm,
    Converse,
    Rest,
)
from engine.machine.moves import Moves, moves_of

Stage: TypeAlias = Literal["fresh", "working", "sent", "done", "failed"]
"""How far the verb of a visit got. `sent` is a transfer that was ordered and cannot be recalled."""

MAX_FRAMES = 5
"""Frames at once (S14). Deeper calls are a recursion nobody could follow by ear."""

_MAX_HISTORY = 100
"""Waiting states remembered for BACK; nobody goes back further."""

_WAITING = frozenset({Collect, Confirm, Converse, Rest})
"""What waits for the caller."""


@dataclass(slots=True)
class Visit:
    """One stay in one state."""

    number: int
    state: str
    stage: Stage = "fresh"
    asks: bool = True
    """The question is due at the next stable point."""
    asked: str = ""
    """The question as it was last put."""
    open_slot: str = ""
    """The slot the caller was asked for."""
    reading_back: str = ""
    """The slot that was said back and waits for a yes or no."""
    no_input: int = 0
    no_match: int = 0
    turns: int = 0
    """Free talk: turns of the caller."""
    turn: str = ""
    """Free talk: the turn of which nothing has been understood yet, and its text."""
    text: str = ""
    settled: bool = False
    """Free talk: words alone gave the latest turn its meaning."""
    failures: int = 0
    """Free talk: replies that failed, one after the other."""
    halted: bool = False
    """Free talk: after a failure, only a turn of the caller starts another reply."""
    used_up: int = 0
    """Free talk: the number of turns at which `no_match` was raised."""
    failure: dict[str, Any] | None = None
    """An error that waits until this frame is on top again."""
    since: str = ""
    """The caller's turn that led here, where a model is told of nothing before."""


@dataclass(slots=True)
class Frame:
    """One run of one flow."""

    number: int
    name: str
    """What the calling flow calls it; empty for the first."""
    flow: CompiledFlow
    role: Literal["root", "step", "digression"]
    """Called by nobody, by a state, or by a handler."""
    memory: Memory
    visit: Visit
    parent: int = 0
    """Number of the frame whose flow knows this one by `name`."""
    visits: dict[str, int] = field(default_factory=dict)
    tries: dict[str, int] = field(
        default_factory=lambda: {"no_input": 0, "no_match": 0, "turns": 0}
    )
    history: list[str] = field(default_factory=list)
    """Waiting states that were left, the latest at the end."""
    state: CompiledState = field(init=False, compare=False)
    """The state this frame is in: that of its visit. A new frame is about to enter the first."""
    waiting: bool = field(init=False, compare=False)
    """Whether that state waits for the caller."""
    moves: Moves = field(init=False, compare=False, repr=False)
    """Where it can go from there."""
    names: Mapping[str, Any] | None = field(init=False, compare=False, repr=False, default=None)
    """What its expressions may read, once the scene has said so."""

    def __post_init__(self) -> None:
        self.moves = moves_of(self.flow)
        self.enter(self.visit, self.flow.states[self.visit.state or self.flow.start])

    def enter(self, visit: Visit, state: CompiledState) -> None:
        """Begin another visit, of this state."""
        self.visit, self.state = visit, state
        self.waiting = type(state.verb) in _WAITING

    def remember(self, state: str) -> None:
        """Note that a waiting state was left, for BACK."""
        self.history.append(state)
        del self.history[:-_MAX_HISTORY]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-like data."""
        visit = {name: getattr(self.visit, name) for name in Visit.__slots__}
        return {
            "number": self.number,
            "name": self.name,
            "version": self.flow.version,
            "role": self.role,
            "parent": self.parent,
            "memory": self.memory.to_dict(),
            "visit": visit,
            "visits": dict(self.visits),
            "tries": dict(self.tries),
            "history": list(self.history),
        }

    @classmethod
    def from_dict(cls, flow: CompiledFlow, data: Mapping[str, Any]) -> Frame:
        """Return the frame that `to_dict` stored."""
        return cls(
            number=data["number"],
            name=data["name"],
            flow=flow,
            role=data["role"],
            parent=data["parent"],
            memory=Memory.from_dict(flow, data["memory"]),
            visit=Visit(**data["visit"]),
            visits=dict(data["visits"]),
            tries=dict(data["tries"]),
            history=list(data["history"]),
        )


class Stack:
    """The frames, the first call at the bottom.

    Attributes:
        frames: all of them.
        top: the one the caller talks to; there is none (`AttributeError`) before the flow began.
        where: the current state with the names of the called flows before it, as `note_place`
            found it; empty before the flow began.
    """

    __slots__ = ("frames", "top", "where")

    top: Frame

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.where = ""

    def push(self, frame: Frame) -> None:
        """Put a frame on top."""
        self.frames.append(frame)
        self.top = frame

    def pop(self) -> None:
        """Drop the frame on top; one under it is left."""
        self.frames.pop()
        self.top = self.frames[-1]

    def dismantle(self) -> None:
        """Let go of all frames, and of what they know of the call."""
        for frame in self.frames:
            frame.names = None
        if self.frames:
            del self.top
        self.frames.clear()

    @property
    def full(self) -> bool:
        """True when one more call would be too deep."""
        return len(self.frames) >= MAX_FRAMES

    def down_from(self, frame: Frame) -> Sequence[Frame]:
        """Return a frame and those under it, the frame first."""
        if frame is self.frames[0]:
            return (frame,)
        return self.frames[self.frames.index(frame) :: -1]

    def find(self, number: int) -> Frame | None:
        """Return the frame with this number, or None when it is gone."""
        for frame in reversed(self.frames):
            if frame.number == number:
                return frame
        return None

    def alive(self, number: int) -> Frame:
        """Return the frame with this number. Raises `KeyError`: its work must not outlive it."""
        frame = self.find(number)
        if frame is None:
            raise KeyError(number)
        return frame

    def caller_of(self, frame: Frame) -> Frame | None:
        """Return the frame under this one."""
        place = self.frames.index(frame)
        return self.frames[place - 1] if place else None

    def visited(self, frame: int, visit: int) -> Frame | None:
        """Return the frame if it is alive and still in that very visit."""
        found = self.find(frame)
        return found if found is not None and found.visit.number == visit else None

    def note_place(self) -> str:
        """A state was entered, or a frame is gone: find where we are now, and return it."""
        frames = self.frames
        state = self.top.visit.state
        names = [frame.name for frame in frames[1:]] if len(frames) > 1 else ()
        self.where = "/".join([*names, state]) if names else state
        return self.where

    def to_list(self) -> list[dict[str, Any]]:
        """Return all frames as JSON-like data."""
        return [frame.to_dict() for frame in self.frames]

    def restore(self, root: CompiledFlow, frames: list[Mapping[str, Any]]) -> None:
        """Replace all frames by stored ones."""
        self.frames = []
        for data in frames:
            parent = self.find(data["parent"])
            flow = root if parent is None else parent.flow.flows[data["name"]]
            self.push(Frame.from_dict(flow, data))
        if self.frames:
            self.note_place()
