"""One request of the program around a call, until it is over. Data only; `requests` moves it.

waiting   not begun: nobody is there yet, or somebody else is at work
running   the model writes it, or waits for tools; or the transfer is under way
said      nothing more is made of it: only its lines are still due
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from engine.requests import ReplyRequested, SayRequested, TransferRequested


@dataclass(slots=True)
class Asked:
    """A request under way."""

    id: str
    kind: Literal["say", "reply", "transfer"]
    order: dict[str, Any]
    """The fields of its event."""
    stage: Literal["waiting", "running", "said"] = "waiting"
    texts: list[str] = field(default_factory=list)
    """What the model has written and was not ordered yet."""
    lines: list[str] = field(default_factory=list)
    """Its utterances."""
    heard: list[str] = field(default_factory=list)
    begun: bool = False
    """Something of it was audible."""
    cut: bool = False
    """Something of it was not heard."""
    given_up: bool = False
    """It is not begun anew."""
    error: str = ""
    length: int = 0
    """Characters the model has written."""
    round: int = 1
    """Replies of the model so far, each but the first about results of tools."""
    offered: list[str] = field(default_factory=list)
    """The tools it may use in this one."""
    calls: list[str] = field(default_factory=list)
    """What it has asked for in this one."""
    resting: bool = False
    """It goes on when the tools it asked for have answered."""

    @property
    def reply(self) -> str:
        """The name of the model's reply that is being written."""
        return self.id if self.round == 1 else f"{self.id}.{self.round}"

    @property
    def protected(self) -> bool:
        """Nothing but force stops it."""
        return self.order.get("interruptible") is False

    @property
    def within(self) -> str:
        """The tool call that has asked for it; empty: somebody else has."""
        return str(self.order.get("within", ""))

    @property
    def whole(self) -> bool:
        """It is said as one line, once it is written to its end."""
        return self.protected or bool(self.within)

    def again(self) -> Asked:
        """Return the same request, before anything was done about it."""
        return Asked(id=self.id, kind=self.kind, order=self.order)

    def fail(self, error: str) -> None:
        """Nothing more comes of it."""
        self.stage, self.error, self.cut, self.given_up = "said", error, True, True

    @classmethod
    def of(cls, event: SayRequested | ReplyRequested | TransferRequested) -> Asked:
        """Take what was asked for."""
        kind: Literal["say", "reply", "transfer"] = "say"
        if not isinstance(event, SayRequested):
            kind = "reply" if isinstance(event, ReplyRequested) else "transfer"
        order = asdict(event)
        del order["at"], order["request"]
        return cls(id=event.request, kind=kind, order=order)
