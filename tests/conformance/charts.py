"""An adapter: statechart cases without audio, text or YAML, on the compiled machine.

A case is written as SCXML's tests write theirs: states with `onentry`, `onexit` and transitions
that log, raise and go somewhere. The adapter compiles it to a `CompiledFlow` and feeds events and
time to the dialog machine; what happened is the list of its log lines.

    chart = Chart(
        {"a": S(enter=[L("in a")], on={"go": T("b", L("moving"))}), "b": S(enter=[L("in b")])},
    )
    run = Run(chart)
    run.event("go")
    assert run.log == ["in a", "moving", "in b"]

What maps to what: an atomic state is a leaf state, a compound state is a group, an external event
is `app.NAME`, `<raise>` and `<send delay>` are `emit` and a timer of the state, a targetless
transition is STAY, a self transition is REPEAT, an eventless transition is `then`, `<final>` is
`end`. SCXML's parallel states and history have no counterpart on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.core.deadlines import Deadlines
from engine.core.dialog import Dialog
from engine.core.history import HistoryItem
from engine.core.outbox import Outbox
from engine.core.speaker import Purpose
from engine.events import SessionStarted
from engine.flow.expressions import Expression
from engine.flow.templates import Template
from engine.machine.compiled import (
    Action,
    CompiledFlow,
    CompiledGroup,
    CompiledState,
    EmitAction,
    End,
    Handler,
    HandlerScope,
    InterruptionPolicy,
    ListenPolicy,
    LogAction,
    PassOn,
    Rest,
    SetAction,
    SlotType,
    Target,
    TimerSpec,
    Transition,
)

_TARGETS = ("stay", "repeat", "resume", "back", "end")


def L(text: str) -> Action:
    """`<log>`."""
    return LogAction(text=Template(text))


def R(event: str) -> Action:
    """`<raise>`."""
    return EmitAction(event=event)


def A(name: str, value: str) -> Action:
    """`<assign>`: every variable of a chart is an integer."""
    return SetAction(root="vars", name=name, value=Expression(value))


def T(target: str, *actions: Action, when: str | None = None) -> Transition:
    """`<transition>` to a state, or to STAY, REPEAT, BACK, END."""
    kind = target.lower() if target.isupper() else "state"
    assert kind in _TARGETS or kind == "state", target
    return Transition(
        id="",
        when=None if when is None else Expression(when),
        actions=actions,
        target=Target(kind=kind, state=target if kind == "state" else ""),  # type: ignore[arg-type]
    )


Reactions = Mapping[str, Transition | Sequence[Transition]]


@dataclass(frozen=True, kw_only=True)
class S:
    """`<state>`: a group when it has `states`, `<final>` when `final`."""

    enter: Sequence[Action] = ()
    exit: Sequence[Action] = ()
    on: Reactions = field(default_factory=dict)
    then: Transition | Sequence[Transition] = ()
    """Eventless transitions."""
    timers: Mapping[str, int] = field(default_factory=dict)
    """Delayed sends in milliseconds: event `timer.NAME`, cancelled on exit."""
    every: Mapping[str, int] = field(default_factory=dict)
    final: bool = False
    states: Mapping[str, S] = field(default_factory=dict)


class Chart:
    """A case, compiled. The first state is the initial one.

    Args:
        states: in document order.
        on: reactions of the whole chart.
        variables: names of variables; all begin with 0.
    """

    def __init__(
        self, states: Mapping[str, S], on: Reactions | None = None, variables: Sequence[str] = ()
    ) -> None:
        self._leaves: dict[str, CompiledState] = {}
        self._groups: dict[str, CompiledGroup] = {}
        outer = _scope("flow", on or {})
        for name, state in states.items():
            self._add(name, state, (), (outer,))
        number = SlotType(kind="integer")
        self.flow = CompiledFlow(
            id="case",
            version="1",
            fingerprint="case",
            start=next(iter(self._leaves)),
            states=self._leaves,
            groups=self._groups,
            slots={},
            intents={},
            tools={},
            variables=dict.fromkeys(variables, number),
            variable_defaults=dict.fromkeys(variables, 0),
            inputs={},
            outputs={},
            timers=(),
            flows={},
            grammars={},
        )

    def _add(
        self, name: str, state: S, groups: tuple[str, ...], scopes: tuple[HandlerScope, ...]
    ) -> None:
        scopes = (_scope(name, state.on), *scopes)
        timers = tuple(
            TimerSpec(name=timer, after=after, every=state.every.get(timer))
            for timer, after in state.timers.items()
        )
        enter, leave = tuple(state.enter), tuple(state.exit)
        if state.states:
            self._groups[name] = CompiledGroup(id=name, enter=enter, exit=leave, timers=timers)
            for inner, child in state.states.items():
                self._add(inner, child, (*groups, name), scopes)
            return
        then = _named(f"{name}.then", _listed(state.then))
        rest = End(kind="hangup") if state.final else PassOn() if then else Rest()
        self._leaves[name] = CompiledState(
            id=name,
            groups=groups,
            say=None,
            verb=rest,
            then=then,
            scopes=scopes,
            interruptions=InterruptionPolicy(),
            listen=ListenPolicy(),
            enter=enter,
            exit=leave,
            timers=timers,
        )


def _listed(given: Transition | Sequence[Transition]) -> tuple[Transition, ...]:
    return (given,) if isinstance(given, Transition) else tuple(given)


def _named(path: str, ways: Sequence[Transition]) -> tuple[Transition, ...]:
    return tuple(
        Transition(id=f"{path}[{n}]", when=way.when, actions=way.actions, target=way.target)
        for n, way in enumerate(ways)
    )


def _scope(owner: str, on: Reactions) -> HandlerScope:
    return HandlerScope(
        owner=owner,
        handlers=tuple(
            Handler(event=_event(e), transitions=_named(f"{owner}.handle.{e}", _listed(ways)))
            for e, ways in on.items()
        ),
    )


def _event(name: str) -> str:
    """Events of a case are `app.NAME`; the engine's own keep their names."""
    own = name.partition(".")[0] in ("timer", "error", "app")
    return name if own else f"app.{name}"


class _Mute:
    """A speaker for charts that never speak."""

    speaking = False
    last_spoken = ""
    history: tuple[HistoryItem, ...] = ()

    def say(
        self, text: str, *, purpose: Purpose, policy: InterruptionPolicy, voice: str = ""
    ) -> str:
        assert purpose == "error", f"a chart does not speak: {text}"
        return "a1.1"

    def play(self, file: str, *, policy: InterruptionPolicy) -> str:
        raise AssertionError(file)

    def retract(self, utterances: object) -> None:
        raise AssertionError(utterances)


class Run:
    """One run of a chart: events and time in, log lines out."""

    def __init__(self, chart: Chart) -> None:
        self.log: list[str] = []
        self.fired: list[str] = []
        self._outbox, self._deadlines = Outbox(), Deadlines()
        self._now = 0
        self.dialog = Dialog(
            chart.flow,
            self._outbox,
            self._deadlines,
            _Mute(),
            fired=lambda flow, way: self.fired.append(way),
        )
        self.dialog.start(SessionStarted(at=0, seed=1, started_at="2026-01-01T00:00:00+00:00"))
        self._step(self.dialog.begin)

    @property
    def state(self) -> str:
        """The leaf state."""
        return self.dialog.state

    @property
    def over(self) -> bool:
        """A final state was entered."""
        return self.dialog.ended is not None

    def event(self, *names: str) -> None:
        """External events, one after the other."""
        for name in names:
            self._step(lambda name=name: self.dialog.raise_event(_event(name)))  # type: ignore[misc]

    def wait(self, millis: int) -> None:
        """Let time pass; what is due fires in its order."""
        end = self._now + millis
        while (due := self._deadlines.pop_due(end)) is not None:
            self._now = due.at
            self._step(lambda name=due.name: self.dialog.deadline(name))  # type: ignore[misc]
        self._now = end

    def _step(self, act: object) -> None:
        self._outbox.begin(self._now)
        act()  # type: ignore[operator]
        self.log += [str(n.data["text"]) for n in self._outbox.notes if n.kind == "log"]
