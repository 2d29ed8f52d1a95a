"""The floor: one joint table that couples the user's and the agent's machine.

The two machines never call each other. After everything that may change who holds the floor, the
facts are compared with `RULES`, from top to bottom; the first rule that holds, and whose trigger
the machine's own table allows in its state, moves that machine; then the table is read again from
the top, until no rule moves anything. So the order of the rules is their priority, and the outcome
depends on the facts alone, not on the way they came about.

What the facts mean, and which wins:

- `closing` beats everything, `opened` lets the agent out of STARTING.
- `audible` beats `holding`: who is heard has the floor, until the interruption rules take it away.
- `holding` (a turn of the caller is open, and no line of the agent stands against it) beats work.
- The user's state follows: voice first, else it is LISTENING exactly while the agent is SPEAKING.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple, TypeAlias

from engine.core import agent, user
from engine.core.outbox import Outbox
from engine.events import Millis
from engine.machine.chart import Chart


class Facts(NamedTuple):
    """Everything the two machines depend on."""

    opened: bool
    """Somebody joined."""
    closing: bool
    """The call was ended."""
    voice: bool
    """The caller's voice is heard."""
    holding: bool
    """The caller has the floor: speaking, or in the end-of-turn wait."""
    audible: bool
    """A line of the agent has begun and is not over."""
    lines: bool
    """A line was handed to the voice and is not over."""
    working: bool
    """A turn is being worked on: a model, a tool, or this very step."""


_Facts: TypeAlias = tuple[bool, bool, bool, bool, bool, bool, bool]
"""`Facts`, unnamed: they are compared after every event, and seldom read."""


class Rule(NamedTuple):
    """One line of the joint table."""

    because: str
    machine: Literal["user", "agent"]
    trigger: str
    when: Callable[[Facts, str], bool]
    """Given the facts and the *agent's* state."""


def _work(facts: Facts, state: str) -> bool:
    if facts.holding or facts.audible:
        return False
    if state == agent.SPEAKING:  # in the gap between two lines of one queue it goes on SPEAKING
        return facts.working and not facts.lines
    return facts.working or facts.lines


def _nothing(facts: Facts, _: str) -> bool:
    return not (facts.holding or facts.audible or facts.working or facts.lines)


RULES = (
    Rule("voice", "user", "voice", lambda f, _: f.voice),
    Rule("call over", "agent", "close", lambda f, _: f.closing),
    Rule("call open", "agent", "open", lambda f, _: f.opened),
    Rule("audible", "agent", "speak", lambda f, _: f.audible),
    Rule("user has the floor", "agent", "listen", lambda f, _: f.holding and not f.audible),
    Rule("at work", "agent", "think", _work),
    Rule("nothing to say", "agent", "rest", _nothing),
    Rule("agent speaks", "user", "listen", lambda f, a: not f.voice and a == agent.SPEAKING),
    Rule("agent silent", "user", "rest", lambda f, a: not f.voice and a != agent.SPEAKING),
)

_CHARTS: dict[str, Chart] = {"user": user.CHART, "agent": agent.CHART}


def _possible(user_state: str, agent_state: str) -> tuple[Rule, ...]:
    """Return the rules whose trigger the machine's own table allows in its state, in order."""
    states = {"user": user_state, "agent": agent_state}
    return tuple(
        rule for rule in RULES if _CHARTS[rule.machine].allows(states[rule.machine], rule.trigger)
    )


_POSSIBLE = {pair: _possible(*pair) for pair in product(user.STATES, agent.STATES)}
"""The joint table, read once for every pair of states."""


@lru_cache(maxsize=4_096)
def _moves(known: _Facts, user_state: str, agent_state: str) -> tuple[tuple[str, str, str], ...]:
    """Return machine, name and new state of the rules that hold, one after the other.

    Remembered: there are 2,304 cases in all, and a call meets a few dozen.
    """
    facts, moves = Facts(*known), []
    while (move := _first(facts, user_state, agent_state)) is not None:
        rule, state = move
        moves.append((rule.machine, rule.because, state))
        if rule.machine == "agent":
            agent_state = state
        else:
            user_state = state
    return tuple(moves)


def _first(facts: Facts, user_state: str, agent_state: str) -> tuple[Rule, str] | None:
    """Return the first rule that holds and where it leads to; None when none does."""
    for rule in _POSSIBLE[user_state, agent_state]:
        if rule.when(facts, agent_state):
            state = agent_state if rule.machine == "agent" else user_state
            return rule, _CHARTS[rule.machine].step(state, rule.trigger)
    return None


class Floor:
    """The states of both machines, and the one place where they change."""

    __slots__ = ("_facts", "_outbox", "_since", "agent", "user")

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._facts: _Facts | None = None
        """Those of the last time: with the same ones nothing can move."""
        self._since: Millis = 0
        self.user = user.IDLE
        self.agent = agent.STARTING

    def settle(self, facts: _Facts, edge: Millis) -> bool:
        """Move both machines until the joint table has nothing more to say.

        Args:
            facts: how things stand, in the order of `Facts`.
            edge: when the caller's voice last began or ended: the instant of the user's moves to
                and from SPEAKING. Told later than it happened, so it may lie before the step, but
                never before the user's last move.

        Returns:
            Whether the facts are others than the last time.
        """
        if facts == self._facts:
            return False
        self._facts = facts
        for machine, because, new in _moves(facts, self.user, self.agent):
            if machine == "agent":
                self._outbox.moved("agent", self.agent, new, because)
                self.agent = new
            else:
                told = edge if user.SPEAKING in (self.user, new) else self._outbox.at
                self._since = max(self._since, told)
                self._outbox.moved("user", self.user, new, because, self._since)
                self.user = new
        return True

    def to_dict(self) -> dict[str, str | Millis]:
        """Return what must survive."""
        return {"user": self.user, "agent": self.agent, "since": self._since}

    def from_dict(self, data: dict[str, str | Millis]) -> None:
        """Restore what `to_dict` gave."""
        self.user, self.agent = str(data["user"]), str(data["agent"])
        self._since, self._facts = int(data["since"]), None
