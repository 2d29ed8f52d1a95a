"""The compiled flow: what a conversation runs. Frozen, shared by every call of the same flow.

The compiler has resolved everything an author may write in several ways: includes are merged,
groups are flattened to leaf states, policies are merged down to each state, targets are resolved,
expressions and templates are compiled to closures. Nothing here knows YAML, and nothing here
changes after it was built.

Values of slots, variables and results are plain Python values: `int`, `float`, `bool`,
`datetime.date`, `datetime.time` (minutes), `datetime.datetime`, `datetime.timedelta`, `str` (text,
enum, phone, email, digits), `list`, `dict`, or `None` for "empty".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from engine.events import Millis
from engine.flow.expressions import Expression
from engine.flow.templates import Template
from engine.machine.compiled_actions import (
    Action as Action,
)
from engine.machine.compiled_actions import (
    ClearAction as ClearAction,
)
from engine.machine.compiled_actions import (
    EmitAction as EmitAction,
)
from engine.machine.compiled_actions import (
    LogAction as LogAction,
)
from engine.machine.compiled_actions import (
    PlayAction as PlayAction,
)
from engine.machine.compiled_actions import (
    SayAction as SayAction,
)
from engine.machine.compiled_actions import (
    SendKeysAction as SendKeysAction,
)
from engine.machine.compiled_actions import (
    SetAction as SetAction,
)
from engine.machine.compiled_policies import (
    Component as Component,
)
from engine.machine.compiled_policies import (
    InterruptionPolicy as InterruptionPolicy,
)
from engine.machine.compiled_policies import (
    ListenPolicy as ListenPolicy,
)
from engine.machine.remembering import HistoryPolicy
from engine.records import record

# --- names ---------------------------------------------------------------------------------------


@record
class SlotType:
    """The type of a slot, variable, argument or result field."""

    kind: str
    """text integer number boolean date time datetime duration phone email digits enum list map."""
    values: tuple[str, ...] = ()
    """The values of an enum, in the author's order."""
    item: SlotType | None = None
    """The type of a list's items."""
    fields: Mapping[str, SlotType] = field(default_factory=dict)
    """The fields of a map (only results have them)."""
    optional: bool = False


@record
class KeySpec:
    """How keys of a telephone fill a slot."""

    digits: int | None = None
    """Keys of a whole value; None: any number, until `finish` or the time is over."""
    least: int = 1
    """Fewer keys than this are no value."""
    finish: str = "#"
    """The key that ends a value; empty: none."""
    timeout: Millis = 3_000
    """How long to wait for the next key."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Single keys that mean a value at once."""

    @property
    def collects(self) -> bool:
        """Whether keys are collected to a value; False: only single keys count."""
        return self.digits is not None or not self.values


@record
class SlotSpec:
    """Something the caller is asked for."""

    name: str
    type: SlotType
    about: str = ""
    ask: Template | None = None
    check: Expression | None = None
    min: Any = None
    max: Any = None
    invalid: Template | None = None
    readback: bool = False
    sensitive: bool = False
    resets: tuple[str, ...] = ()
    default: Any = None
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Enum: value to the phrases that mean it (its own name first). Text: known values."""
    dtmf: KeySpec | None = None
    """How keys fill it; None: they do not."""


@record
class IntentSpec:
    """What the caller may mean. Built-in: `repeat_please`, `go_back`, `off_topic`."""

    name: str
    means: str = ""
    words: tuple[str, ...] = ()
    """Exact phrases, matched without a model."""
    examples: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    """Counter-examples (`not:` in the flow)."""
    dtmf: str | None = None


@record
class Filler:
    """What is said while a tool works."""

    after: Millis
    say: tuple[Template, ...]
    every: Millis | None = None


@record
class ToolSpec:
    """A declared tool."""

    name: str
    use: str
    """`python:package.module.function`; other schemes come later."""
    args: Mapping[str, SlotType] = field(default_factory=dict)
    returns: SlotType | None = None
    timeout: Millis = 10_000
    retry_times: int = 0
    retry_after: Millis = 0
    filler: Filler | None = None
    effect: Literal["read", "write"] = "read"
    idempotent: bool = False
    keep: bool = False


# --- what a state does ---------------------------------------------------------------------------


@record
class Target:
    """Where a transition leads. `call` is a digression when it stands in a handler."""

    kind: Literal["state", "stay", "repeat", "resume", "back", "end", "call"]
    state: str = ""
    """Leaf state id for `state` (the start of a group is already resolved)."""
    flow: str = ""
    """Name of the sub-flow for `call`."""
    args: Mapping[str, Expression] = field(default_factory=dict)


@record
class Transition:
    """One entry of `then` or of a handler."""

    id: str
    """Path in the flow, stable and unique: `check.then[1]`, `flow.handle.no_input[0]`."""
    when: Expression | None
    actions: tuple[Action, ...]
    target: Target


@record
class Handler:
    """What to do about an event: `intent.asks_hours`, `error`, `timer.long_call`, `dtmf.1`."""

    event: str
    """Matches itself and, on dots, everything below it: `error` matches `error.timeout`."""
    transitions: tuple[Transition, ...]


@record
class HandlerScope:
    """The handlers of one scope. A state lists its scopes innermost first, the flow last."""

    owner: str
    """State id, group id, or `flow`."""
    handlers: tuple[Handler, ...]


@record
class TimerSpec:
    """A timer that starts when its owner is entered: `timer.NAME`."""

    name: str
    after: Millis
    every: Millis | None = None


@record
class Collect:
    """Wait until all these slots are filled and valid (form algorithm)."""

    slots: tuple[str, ...]


@record
class Confirm:
    """Ask a yes/no question; sets `answer`."""

    text: Template


@record
class Converse:
    """Let a model talk, until `until` holds, all of `fills` are filled, or the turns are used up.

    Without `until`, the state is done when every slot of `fills` has a value.
    """

    text: Template
    fills: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    intents: tuple[str, ...] | None = None
    """What may be reported beside the built-in intents; None: whatever is handled here."""
    until: Expression | None = None
    max_turns: int | None = None
    """Turns of the caller; when the last one has not completed the state: `no_match`."""


@record
class Run:
    """Call a tool and wait; sets `result` and `results.STATE`."""

    tool: str
    args: Mapping[str, Expression]


@record
class CallFlow:
    """Call a sub-flow and wait for its return; sets `result` and `results.STATE`."""

    flow: str
    args: Mapping[str, Expression]


@record
class TransferTo:
    """Hand the caller to somebody; ends the call, or raises `error.transfer`."""

    to: Template
    kind: Literal["cold", "warm", "agent"]
    brief: Template | None = None


@record
class End:
    """End the call, leave the room, or return to the calling flow."""

    kind: Literal["hangup", "leave", "return"]


@record
class Rest:
    """No verb and no `then`: rest until a handler or timer fires. Waits like a question."""


@record
class PassOn:
    """No verb but a `then`: go on at once (after ordering the `say`)."""


Verb: TypeAlias = Collect | Confirm | Converse | Run | CallFlow | TransferTo | End | Rest | PassOn


@record
class CompiledGroup:
    """A group: only what happens when its border is crossed. Handlers are in the states' scopes."""

    id: str
    enter: tuple[Action, ...] = ()
    exit: tuple[Action, ...] = ()
    timers: tuple[TimerSpec, ...] = ()


@record
class CompiledState:
    """A leaf state with everything that applies to it."""

    id: str
    groups: tuple[str, ...]
    """The groups around it, outermost first."""
    say: Template | None
    verb: Verb
    then: tuple[Transition, ...]
    scopes: tuple[HandlerScope, ...]
    """Innermost first: the state, its groups, the flow, its includes in order."""
    interruptions: InterruptionPolicy
    listen: ListenPolicy
    enter: tuple[Action, ...] = ()
    exit: tuple[Action, ...] = ()
    timers: tuple[TimerSpec, ...] = ()
    resume: Template | None = None
    """Said when a digression comes back here, before the open question."""
    instructions: tuple[Template, ...] = ()
    """The persona of the model: of the flow, the groups and the state, outermost first."""
    history: HistoryPolicy = HistoryPolicy()
    components: Mapping[str, str] = field(default_factory=dict)
    """Kind of a component (`tts`) to the name of the one that serves here, where the state or a
    group around it has one of its own; its options are in `CompiledFlow.components`."""
    grammar: str = ""
    """Name in `CompiledFlow.grammars` for what may be said here; empty for non-waiting states."""


@record
class Migration:
    """How a snapshot of an older version is read: names then to names now."""

    versions: str
    """`<1.2`, `<=1.2`, or `1.2` alone."""
    states: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)


@record
class CompiledFlow:
    """One flow, ready to run."""

    id: str
    version: str
    fingerprint: str
    """Hex digest over the meaning of the flow and its sub-flows; comments do not count."""
    start: str
    """Leaf state id."""
    states: Mapping[str, CompiledState]
    groups: Mapping[str, CompiledGroup]
    slots: Mapping[str, SlotSpec]
    intents: Mapping[str, IntentSpec]
    tools: Mapping[str, ToolSpec]
    variables: Mapping[str, SlotType]
    """Their first values are in `variable_defaults`."""
    inputs: Mapping[str, SlotSpec]
    outputs: Mapping[str, Expression]
    timers: tuple[TimerSpec, ...]
    flows: Mapping[str, CompiledFlow]
    """Sub-flows by the name this flow calls them."""
    grammars: Mapping[str, str]
    """JSGF (JSpeech Grammar Format 1.0) text by name; see `engine.machine.grammar`."""
    pipeline: Mapping[str, Any] = field(default_factory=dict)
    """Component name to its options (`{"use": NAME, ...}`); missing: the embedded default."""
    phrases: tuple[str, ...] = ()
    """Sentence patterns of callers with slots in braces: "a table for {party_size} at {time}"."""
    mode: Literal["cascade", "realtime"] = "cascade"
    variable_defaults: Mapping[str, Any] = field(default_factory=dict)
    """What each variable holds at the start; missing or None: empty."""
    migrations: tuple[Migration, ...] = ()
    """What snapshots of older versions need; no part of the fingerprint, no call notices it."""
    components: Mapping[str, Component] = field(default_factory=dict)
    """What states and groups have of their own, by name; the name tells kind and options, so that
    the same component has one name in all flows of a call."""
    own: str = ""
    """Hex digest over the meaning of the flow without its sub-flows."""
