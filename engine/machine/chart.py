"""A state chart as a literal table, stepped on the `transitions` library. Its only importer.

A chart owns no conversation: it is built once, and every session hands in its own state and gets
the next one back. So a chart is shared by all calls of a process, and a state is just a string that
can be stored in a snapshot.

What is used of the library, and what is not:

- The machine is built without a model (`model=None`, no automatic transitions), and a bare object
  with a `state` attribute is stepped through `Event.trigger`. Registering a model costs a hundred
  times that, and hangs callables on it.
- A row and its states are given to the library when they are first needed, and its answer is
  remembered: without callbacks and guards the same pair always leads to the same state. So a step
  costs a look-up and not 20 microseconds, and a table of thousands of rows is there at once.
- No callbacks. A callback given as text would be looked up on the model and else *imported*, so no
  text of an author may ever get there.
- The library logs a warning for a trigger that is not valid in a state. Here the table is asked
  first, and an illegal move is an exception, because it is a bug of ours and never of an author.
- No queue: run-to-completion lives in the conversation, where it can be stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from transitions import Machine


class Row(NamedTuple):
    """One line of a table: in `source`, `trigger` leads to `dest`."""

    trigger: str
    source: str
    dest: str


class IllegalMove(RuntimeError):
    """A trigger was given to a state whose table has no row for the pair: a bug, not bad input."""


class _Bearer:
    """What the library steps: anything with a `state`."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class Chart:
    """A table of states and rows that can be stepped.

    Attributes:
        name: for messages.
        states: every state, in the order of the table.
        rows: every row, in the order of the table.

    Raises:
        ValueError: a row names a state that is not in `states`, or a pair has two rows.
    """

    __slots__ = ("_known", "_legal", "_machine", "name", "rows", "states")

    def __init__(
        self, name: str, states: Sequence[str], rows: Iterable[Row | tuple[str, str, str]]
    ) -> None:
        self.name = name
        self.states = tuple(states)
        self.rows = tuple(Row(*row) for row in rows)
        self._legal = _legal_pairs(name, self.states, self.rows)
        self._known: dict[tuple[str, str], str] = {}
        self._machine = Machine(model=None, initial=None, auto_transitions=False)

    @property
    def triggers(self) -> tuple[str, ...]:
        """Every trigger, in the order of its first row."""
        return tuple(dict.fromkeys(row.trigger for row in self.rows))

    def allows(self, state: str, trigger: str) -> bool:
        """Say whether the table has a row for this pair."""
        return (state, trigger) in self._legal

    def step(self, state: str, trigger: str) -> str:
        """Return the state that `trigger` leads to.

        Raises:
            IllegalMove: the table has no row for this pair.
        """
        known = self._known.get((state, trigger))
        return self._first_step(state, trigger) if known is None else known

    def _first_step(self, state: str, trigger: str) -> str:
        row = self._legal.get((state, trigger))
        if row is None:
            raise IllegalMove(f"{self.name}: {trigger!r} is not possible in {state!r}")
        ends = dict.fromkeys((row.source, row.dest))
        missing = [name for name in ends if name not in self._machine.states]
        self._machine.add_states(missing)
        self._machine.add_transition(*row)
        bearer = _Bearer(state)
        self._machine.events[trigger].trigger(bearer)
        self._known[state, trigger] = bearer.state
        return bearer.state


def _legal_pairs(
    name: str, states: tuple[str, ...], rows: tuple[Row, ...]
) -> dict[tuple[str, str], Row]:
    """Check the table and return its rows by their (state, trigger) pair.

    The library accepts a row to a missing state, and of two rows for one pair it silently prefers
    the first: both would only show in the middle of a call.
    """
    if not states:
        raise ValueError(f"{name}: a chart needs a state")
    known = set(states)
    pairs: dict[tuple[str, str], Row] = {}
    for row in rows:
        for state in (row.source, row.dest):
            if state not in known:
                raise ValueError(f"{name}: {row.trigger!r} names the unknown state {state!r}")
        if (row.source, row.trigger) in pairs:
            raise ValueError(f"{name}: {row.trigger!r} has two rows in {row.source!r}")
        pairs[row.source, row.trigger] = row
    return pairs
