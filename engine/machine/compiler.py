"""Flow to CompiledFlow: everything an author may write in several ways becomes one way.

Only flows without errors come here, so a missing name is a bug and raises. Three walks: `_index`
learns every state and where it stands, `_leaf` builds each leaf state with all that applies to it,
`compile` adds the declarations, the fingerprint and the grammars.

Order matters and is kept: states in document order, scopes innermost first, handlers and
transitions as written. What is the same for many states (the flow's handlers, policies without
changes) is one object shared by all of them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from engine.errors import FlowError
from engine.flow.expressions import Expression
from engine.flow.model import Action as WrittenAction
from engine.flow.model import Flow, Interruptions, Listen, Policies, State, Timer
from engine.flow.model import Transition as WrittenTransition
from engine.flow.outline import is_fragment
from engine.flow.templates import Template
from engine.machine.compiled import (
    Action,
    CallFlow,
    ClearAction,
    Collect,
    CompiledFlow,
    CompiledGroup,
    CompiledState,
    Component,
    Confirm,
    Converse,
    EmitAction,
    End,
    Handler,
    HandlerScope,
    InterruptionPolicy,
    ListenPolicy,
    LogAction,
    PassOn,
    PlayAction,
    Rest,
    Run,
    SayAction,
    SendKeysAction,
    SetAction,
    Target,
    TimerSpec,
    TransferTo,
    Transition,
    Verb,
)
from engine.machine.compiled_actions import PolicyChange
from engine.machine.components import own_components
from engine.machine.declarations import (
    intents,
    migration,
    pipeline,
    slot,
    slot_type,
    template,
    tool,
    variable,
)
from engine.machine.fingerprint import fingerprint, own_fingerprint
from engine.machine.grammar import build_grammars, grammar_name
from engine.machine.policies import change_of, merge_interruptions, merge_listen
from engine.machine.remembering import history_policy

if TYPE_CHECKING:  # a flow written in code needs neither YAML nor its rules
    from engine.flow.loader import LoadResult

SubFlow: TypeAlias = "Flow | LoadResult | CompiledFlow"

_KINDS: Mapping[str, Target] = {
    "STAY": Target(kind="stay"),
    "REPEAT": Target(kind="repeat"),
    "RESUME": Target(kind="resume"),
    "BACK": Target(kind="back"),
    "END": Target(kind="end"),
}


def compile_loaded(loaded: LoadResult, folder: str = "") -> CompiledFlow:
    """Compile what the loader read, with its sub-flows.

    Args:
        loaded: the flow.
        folder: where its file lies, seen from the folder of the flow that will be run.

    Raises:
        FlowError: it has errors; the findings are with it.
    """
    if loaded.flow is None and is_fragment(loaded.source.data):
        raise FlowError(f"{loaded.source.file} is a fragment: include it in a flow")
    if loaded.flow is None:
        errors = tuple(found for found in loaded.diagnostics if found.is_error)
        raise FlowError(f"{loaded.source.file} has {len(errors)} errors", loaded.diagnostics)
    return compile_flow(loaded.flow, loaded.subflows, folder)


def compile_flow(
    flow: Flow, subflows: Mapping[str, SubFlow] | None = None, folder: str = ""
) -> CompiledFlow:
    """Compile a flow without errors.

    Args:
        flow: the model.
        subflows: for each name in `flow.flows`, the flow it stands for; as the loader gave it,
            or compiled already, where it has sub-flows of its own.
        folder: as for `compile_loaded`.

    Raises:
        FlowError: a sub-flow has errors.
        KeyError, ValueError: the flow has errors that `validate` would have found.
    """
    compiled = {
        name: _subflow(given, posixpath.join(folder, posixpath.dirname(flow.flows.get(name, ""))))
        for name, given in (subflows or {}).items()
    }
    return _Compiler(flow, folder).compile(compiled)


def _subflow(given: SubFlow, folder: str) -> CompiledFlow:
    if isinstance(given, CompiledFlow):
        return given
    if isinstance(given, Flow):
        return compile_flow(given, folder=folder)
    return compile_loaded(given, folder)


@dataclass(frozen=True, slots=True)
class _Place:
    """A state or group, and the groups around it, outermost first."""

    state: State
    groups: tuple[str, ...]


class _Compiler:
    def __init__(self, flow: Flow, folder: str) -> None:
        self._flow = flow
        self._folder = folder
        self._places = dict(_index(flow.states, ()))
        self._scopes: dict[str, HandlerScope] = {}
        self._interruptions: dict[tuple[int, ...], InterruptionPolicy] = {}
        self._listen: dict[tuple[int, ...], ListenPolicy] = {}
        self._components: dict[str, Component] = {}

    def compile(self, subflows: Mapping[str, CompiledFlow]) -> CompiledFlow:
        flow = self._flow
        places = self._places.items()
        variables = {name: variable(name, written) for name, written in flow.vars.items()}
        compiled = CompiledFlow(
            id=flow.flow,
            version=flow.version,
            fingerprint="",
            start=self._entry(flow.start),
            states={name: self._leaf(name) for name, place in places if not place.state.states},
            groups={name: self._group(name) for name, place in places if place.state.states},
            slots={name: slot(name, written) for name, written in flow.slots.items()},
            intents=intents(flow.intents),
            tools={name: tool(name, written) for name, written in flow.tools.items()},
            variables={name: slot_type(written.type) for name, written in flow.vars.items()},
            variable_defaults={name: spec.default for name, spec in variables.items()},
            inputs={name: variable(name, written) for name, written in flow.inputs.items()},
            outputs={name: Expression(text) for name, text in flow.outputs.items()},
            timers=_timers(flow.timers),
            flows=subflows,
            grammars={},
            pipeline=pipeline(flow.pipeline),
            components=self._components,
            mode=(flow.pipeline and flow.pipeline.mode) or "cascade",
            phrases=tuple(flow.phrases),
            migrations=tuple(migration(rule) for rule in flow.migrate or ()),
        )
        digest = fingerprint(compiled)
        own = own_fingerprint(compiled) if subflows else digest
        return replace(compiled, fingerprint=digest, own=own, grammars=build_grammars(compiled))

    # --- states ---

    def _leaf(self, name: str) -> CompiledState:
        place = self._places[name]
        state = place.state
        compiled = CompiledState(
            id=name,
            groups=place.groups,
            say=template(state.say),
            verb=_verb(state),
            then=self._transitions(state.then or (), f"{name}.then"),
            scopes=tuple(self._scopes_of(name, place)),
            interruptions=self._merged_interruptions(place),
            listen=self._merged_listen(place),
            enter=self._actions(state.enter),
            exit=self._actions(state.exit),
            timers=_timers(state.timers),
            resume=template(state.resume),
            history=history_policy(level.pipeline for level in self._levels(place)),
            components=own_components(self._components, self._levels(place)[1:]),
            instructions=tuple(
                Template(text)
                for level in self._levels(place)
                if (text := level.instructions) is not None
            ),
        )
        return replace(compiled, grammar=grammar_name(compiled))

    def _group(self, name: str) -> CompiledGroup:
        state = self._places[name].state
        return CompiledGroup(
            id=name,
            enter=self._actions(state.enter),
            exit=self._actions(state.exit),
            timers=_timers(state.timers),
        )

    def _entry(self, path: str) -> str:
        """The leaf state that entering `path` leads to; ids are unique: its last part names it."""
        name = path.rpartition(".")[2]
        inner = self._places[name].state
        while inner.states:
            name = (inner.start or next(iter(inner.states))).rpartition(".")[2]
            inner = self._places[name].state
        return name

    # --- what holds in a state ---

    def _levels(self, place: _Place) -> list[Policies]:
        """Flow, groups and state, outermost first."""
        return [self._flow, *(self._places[group].state for group in place.groups), place.state]

    def _merged_interruptions(self, place: _Place) -> InterruptionPolicy:
        layers = _present(level.interruptions for level in self._levels(place))
        return _shared(self._interruptions, layers, merge_interruptions)

    def _merged_listen(self, place: _Place) -> ListenPolicy:
        layers = _present(level.listen for level in self._levels(place))
        return _shared(self._listen, layers, merge_listen)

    def _scopes_of(self, name: str, place: _Place) -> Iterator[HandlerScope]:
        for owner in (name, *reversed(place.groups)):
            handle = self._places[owner].state.handle
            if handle:
                yield self._scope(owner, _owner(owner), handle)
        for owner, handlers in self._flow.layers:
            if handlers:
                yield self._scope(owner, owner, handlers)

    def _scope(
        self, owner: str, path: str, handle: Mapping[str, Sequence[WrittenTransition]]
    ) -> HandlerScope:
        if path not in self._scopes:
            handlers = (
                Handler(event=event, transitions=self._transitions(ways, f"{path}.handle.{event}"))
                for event, ways in handle.items()
            )
            self._scopes[path] = HandlerScope(owner=owner, handlers=tuple(handlers))
        return self._scopes[path]

    # --- transitions and actions ---

    def _transitions(
        self, written: Sequence[WrittenTransition], path: str
    ) -> tuple[Transition, ...]:
        return tuple(
            Transition(
                id=f"{path}[{index}]",
                when=None if way.when is None else Expression(way.when),
                actions=self._lowered([way, *(way.do or ())]),
                target=self._target(way),
            )
            for index, way in enumerate(written)
        )

    def _target(self, way: WrittenTransition) -> Target:
        if way.call is not None:
            return Target(kind="call", flow=way.call, args=_expressions(way.args))
        assert way.to is not None  # the model demands one of the two
        return _KINDS.get(way.to) or Target(kind="state", state=self._entry(way.to))

    def _actions(self, written: Sequence[WrittenAction] | None) -> tuple[Action, ...]:
        return self._lowered(written or ())

    def _lowered(self, written: Sequence[WrittenAction]) -> tuple[Action, ...]:
        return tuple(
            action
            for part in written
            for key, value in part.ordered()
            for action in self._action(key, value, change_of(part.interruptions))
        )

    def _action(self, key: str, value: Any, change: PolicyChange | None) -> Iterator[Action]:
        match key:
            case "say":
                yield SayAction(text=Template(value), change=change)
            case "play":
                file = posixpath.normpath(posixpath.join(self._folder, value))
                yield PlayAction(file=file, change=change)
            case "send_dtmf":
                yield SendKeysAction(keys=Template(value))
            case "set":
                for path, source in value.items():
                    yield self._assignment(path, Expression(source))
            case "clear":
                yield ClearAction(names=tuple(path.rpartition(".")[2] for path in value))
            case "emit":
                yield EmitAction(event=value)
            case "log":
                yield LogAction(text=Template(value))
            case _:
                raise ValueError(f"the action `{key}` passed the validation and is not supported")

    def _assignment(self, path: str, value: Expression) -> SetAction:
        root, _, name = path.rpartition(".")
        in_slots = root == "slots" or (not root and name in self._flow.slots)
        return SetAction(root="slots" if in_slots else "vars", name=name, value=value)


# --- parts that need no context ------------------------------------------------------------------


def _index(states: Mapping[str, State], groups: tuple[str, ...]) -> Iterator[tuple[str, _Place]]:
    for name, state in states.items():
        yield name, _Place(state, groups)
        if state.states:
            yield from _index(state.states, (*groups, name))


def _owner(name: str) -> str:
    """Where the ids of its transitions begin; a state called `flow` must not look like the flow."""
    return f"states.{name}" if name == "flow" else name


def _verb(state: State) -> Verb:
    match state.verb:
        case "collect":
            return Collect(slots=tuple(state.collect or ()))
        case "confirm":
            return Confirm(text=Template(state.confirm or ""))
        case "converse":
            return Converse(
                text=Template(state.converse or ""),
                fills=tuple(state.fills or ()),
                tools=tuple(state.tools or ()),
                intents=None if state.intents is None else tuple(state.intents),
                until=None if state.until is None else Expression(state.until),
                max_turns=state.max_turns,
            )
        case "run":
            return Run(tool=state.run or "", args=_expressions(state.args))
        case "call":
            return CallFlow(flow=state.call or "", args=_expressions(state.args))
        case "transfer" if state.transfer is not None:
            to = state.transfer
            return TransferTo(to=Template(to.to), kind=to.kind, brief=template(to.brief))
        case "end":
            return End(kind=state.end or "hangup")
        case None:
            return PassOn() if state.then else Rest()
        case verb:
            raise ValueError(f"the verb `{verb}` passed the validation and is not supported")


def _timers(written: Mapping[str, Timer]) -> tuple[TimerSpec, ...]:
    return tuple(
        TimerSpec(name=name, after=timer.after, every=timer.every)
        for name, timer in written.items()
    )


def _expressions(written: Mapping[str, str]) -> dict[str, Expression]:
    return {name: Expression(source) for name, source in written.items()}


_Layer = TypeVar("_Layer", Interruptions, Listen)


_Policy = TypeVar("_Policy", InterruptionPolicy, ListenPolicy)


def _present(layers: Iterator[_Layer | None]) -> list[_Layer]:
    return [layer for layer in layers if layer is not None]


def _shared(
    known: dict[tuple[int, ...], _Policy],
    layers: list[_Layer],
    merge: Callable[[Sequence[_Layer]], _Policy],
) -> _Policy:
    """The policy of these layers, one object for all states where the same layers apply."""
    key = tuple(id(layer) for layer in layers)
    if key not in known:
        known[key] = merge(layers)
    return known[key]
