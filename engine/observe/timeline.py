"""The timeline: a call as lines of text, made by folding over its steps.

One line per event, deadline, note or effect::

      3.200  @  end_of_turn:u1
             *  turn              u1 "four people tomorrow"                idle/thinking/details
             <  CallTool          t1 tool=find_table args={"size":4}

Columns: instant in seconds with three decimals (once a step), mark, name, fields that matter, and
the states user/agent/dialog when they changed (`!` beside the agent: its speech is held). Marks:
`>` an event came in, `@` a deadline fired, `*` something worth noting, `<` an effect went out.
Audio appears as its duration. What is personal is masked (`engine.observe.personal`), unless a
reader asks for it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any

from engine.core.step import Deadline, Note, States, Step
from engine.effects import CallTool, Effect
from engine.events import Event, Millis
from engine.observe.personal import MASK, redacted

_NAME_WIDTH = 20
_TEXT_COLUMN = 36
"""Where the fields stand; a folded line goes on there."""
_NARROWEST = 60
_STATES_COLUMN = 88
"""Where the states stand; a longer line pushes them to the right rather than wrapping."""

_IDS = frozenset(
    {"turn", "utterance", "call", "participant", "service", "reason", "key", "reply", "summary"}
)
"""Fields whose value says by itself what it is."""

_SECONDS = frozenset({"edge", "duration", "played", "fade"})

_HIDDEN: Mapping[str, frozenset[str]] = {
    "CallTool": frozenset({"idempotency_key", "use", "sensitive"}),
    "StartReply": frozenset({"instructions", "history", "report", "tools"}),
    "Summarize": frozenset({"instructions", "history"}),
    "Understand": frozenset({"schema", "hints"}),
    "SessionStarted": frozenset({"started_at"}),
    "PlayFile": frozenset({"turn", "text"}),
    "Say": frozenset({"turn"}),
    "PlayoutStarted": frozenset({"ready"}),
}
"""What a reader of a timeline does not need; the journal has it."""

_TEXT_LIMIT = 120


class Timeline:
    """Turns steps into lines, remembering the states so that only changes are printed.

    Args:
        width: fold lines that are longer than so many columns; None: let them be long.
    """

    def __init__(self, width: int | None = None) -> None:
        self._width = None if width is None else max(width, _NARROWEST)
        self._states: States | None = None

    def lines(self, step: Step) -> list[str]:
        """Return the lines of the next step of the call."""
        rows = [_cause(step.cause)]
        rows += [("*", note.kind, _note(note)) for note in step.notes]
        rows += [("<", type(effect).__name__, _fields(effect)) for effect in step.effects]
        lines = [_row(None if i else step.at, *row) for i, row in enumerate(rows)]
        states = ""
        if step.states != self._states:
            self._states = step.states
            states = show_states(step.states)
        if self._width is not None:
            return _folded(lines, states, self._width)
        if states:
            lines[0] = f"{lines[0]:<{_STATES_COLUMN}}  {states}"
        return [line.rstrip() for line in lines]


def render(steps: Iterable[Step], *, personal: bool = False, width: int | None = None) -> str:
    """Return the whole timeline as text, one line per event, note and effect.

    Args:
        steps: of one call, from its beginning.
        personal: show what is personal as well.
        width: fold what is longer than so many columns.
    """
    timeline = Timeline(width)
    shown = steps if personal else redacted(steps)
    return "".join(f"{line}\n" for step in shown for line in timeline.lines(step))


def show_states(states: States) -> str:
    """Return `user/agent/dialog`, in the words of the state charts."""
    held = "!" if states.paused else ""
    return f"{states.user.lower()}/{states.agent.lower()}{held}/{states.dialog}"


def shown_args(call: CallTool) -> dict[str, Any]:
    """Return a tool's arguments with the sensitive ones masked."""
    return dict(call.args) | dict.fromkeys(call.sensitive, MASK)


def show_millis(at: Millis) -> str:
    """Return seconds with three decimals."""
    return f"{at / 1000:.3f}"


def _row(at: Millis | None, mark: str, name: str, text: str) -> str:
    instant = "" if at is None else show_millis(at)
    return f"{instant:>9}  {mark}  {name:<{_NAME_WIDTH}}  {text}"


def _folded(lines: list[str], states: str, width: int) -> list[str]:
    """Fold rows under their last column; the states stand at the right edge of the first."""
    found: list[str] = []
    for number, line in enumerate(lines):
        parts = textwrap.wrap(
            line.rstrip(), width, subsequent_indent=" " * _TEXT_COLUMN, break_on_hyphens=False
        )
        if number == 0 and states:
            room = width - len(parts[0]) - 2
            if len(states) <= room:
                parts[0] = f"{parts[0]}{states:>{width - len(parts[0])}}"
            else:
                parts.insert(1, f"{states:>{width}}")
        found += parts
    return found


def _cause(cause: Event | Deadline) -> tuple[str, str, str]:
    if isinstance(cause, Deadline):
        return "@", cause.name, ""
    return ">", type(cause).__name__, _fields(cause)


def _note(note: Note) -> str:
    return " ".join(_field(name, value) for name, value in note.data.items())


def _fields(record: Event | Effect) -> str:
    if isinstance(record, CallTool) and record.sensitive:
        record = replace(record, args=shown_args(record))
    hidden = _HIDDEN.get(type(record).__name__, frozenset())
    shown = [
        _field(f.name, getattr(record, f.name))
        for f in fields(record)
        if f.name != "at" and f.name not in hidden and not _is_default(f, record)
    ]
    return " ".join(shown)


def _is_default(field: Field[Any], record: object) -> bool:
    value = getattr(record, field.name)
    if field.default is not MISSING:
        return bool(value == field.default)
    return field.default_factory is not MISSING and value == field.default_factory()


def _field(name: str, value: Any) -> str:
    if name in _IDS and isinstance(value, str):
        return value if value and " " not in value else json.dumps(value, ensure_ascii=False)
    if name == "text":
        return json.dumps(_shorten(str(value)), ensure_ascii=False)
    if name == "words":
        return f"words={len(value)}"
    if name in _SECONDS and isinstance(value, int) and not isinstance(value, bool):
        return f"{name}={show_millis(value)}"
    return f"{name}={_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, str) and value and not set(value) & set(' "\n'):
        return _shorten(value)
    if is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in fields(value)}
    return _shorten(json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":")))


def _shorten(text: str) -> str:
    return text if len(text) <= _TEXT_LIMIT else f"{text[: _TEXT_LIMIT - 3]}..."
