"""What the dialog does when one of its own deadlines is due, and the longest of them: the call's.

Each deadline belongs to a part of the dialog, by the kind before its colon; what follows the colon
names the call, turn, reply or timer it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.core import transfer
from engine.core.keying import Keying
from engine.core.listening import Listening
from engine.core.scene import Scene
from engine.core.talking import Talking
from engine.core.timers import Timers
from engine.core.tooling import Tools
from engine.events import Millis

MAX_ELAPSED: Millis = 30 * 60_000
"""Length of a call until `error.limit` (S14)."""
GRACE: Millis = 60_000
"""What a handler of that error has to bring the call to its end."""


class Alarms:
    """Takes due deadlines to the parts that set them."""

    __slots__ = ("_overtime", "keying", "listening", "scene", "talking", "timers", "tools")

    def __init__(
        self,
        scene: Scene,
        tools: Tools,
        timers: Timers,
        listening: Listening,
        talking: Talking,
        keying: Keying,
    ) -> None:
        self.scene = scene
        self.tools = tools
        self.timers = timers
        self.listening = listening
        self.talking = talking
        self.keying = keying
        self._overtime = False

    def begin(self) -> None:
        """The call begins: it may not last for ever."""
        self.scene.deadlines.set("limit", MAX_ELAPSED)

    def ring(self, name: str) -> None:
        """A deadline is due.

        Raises:
            ValueError: it is none of the dialog's.
        """
        kind, _, subject = name.partition(":")
        act = _DUE.get(kind)
        if act is None:
            raise ValueError(f"not a deadline of the dialog: {name}")
        act(self, subject)

    def call_too_long(self) -> None:
        """Raise the limit; whoever handles it has a minute to bring the call to its end."""
        scene = self.scene
        if self._overtime:
            scene.report("error.limit", "the call did not end in time", scene.stack.top)
            scene.doomed = True
            return
        self._overtime = True
        scene.deadlines.set("limit", scene.at + GRACE)
        minutes = MAX_ELAPSED // 60_000
        scene.fail("error.limit", f"the call is longer than {minutes} minutes", scene.stack.top)

    def to_dict(self) -> bool:
        """Return whether the call is too long already; the deadlines are kept apart."""
        return self._overtime

    def from_dict(self, data: bool) -> None:
        """Restore what `to_dict` gave."""
        self._overtime = data


_DUE: Mapping[str, Callable[[Alarms, str], object]] = {
    "first_token": lambda alarms, reply: alarms.talking.late("first_token", reply),
    "token_gap": lambda alarms, reply: alarms.talking.late("token_gap", reply),
    "reply": lambda alarms, reply: alarms.talking.late("reply", reply),
    "keys": lambda alarms, _: alarms.keying.timed_out(),
    "understand": lambda alarms, turn: alarms.listening.failed(turn, "the model took too long"),
    "tool": lambda alarms, call: alarms.tools.timed_out(call),
    "retry": lambda alarms, call: alarms.tools.retry(call),
    "filler": lambda alarms, call: alarms.tools.fill(call),
    "timer": lambda alarms, rest: alarms.timers.fired(f"timer:{rest}"),
    "transfer": lambda alarms, _: transfer.timed_out(alarms.scene),
    "limit": lambda alarms, _: alarms.call_too_long(),
}
"""One table for all calls: what is bound to a call would weigh 2 kB in each."""
