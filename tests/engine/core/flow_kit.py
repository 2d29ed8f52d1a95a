"""Small factories: compiled flows by hand, and a dialog that is talked to in one line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from engine.core.deadlines import Deadlines
from engine.core.dialog import Dialog
from engine.core.history import HistoryItem
from engine.core.outbox import Outbox
from engine.effects import CallTool, Effect, ReportError
from engine.events import SessionStarted, ToolReturned, TransferEnded, Understood
from engine.flow.expressions import Expression
from engine.flow.templates import Template
from engine.machine.compiled import (
    Action,
    CallFlow,
    ClearAction,
    Collect,
    CompiledFlow,
    CompiledGroup,
    CompiledState,
    Confirm,
    Converse,
    EmitAction,
    End,
    Handler,
    HandlerScope,
    IntentSpec,
    InterruptionPolicy,
    ListenPolicy,
    LogAction,
    PassOn,
    Rest,
    Run,
    SayAction,
    SetAction,
    SlotSpec,
    SlotType,
    Target,
    TimerSpec,
    ToolSpec,
    TransferTo,
    Transition,
    Verb,
)

SPECIAL = {"STAY", "REPEAT", "RESUME", "BACK", "END"}


def type_(text: str) -> SlotType:
    """`integer`, `text?`, `list(time)`, `free|full`."""
    optional, text = text.endswith("?"), text.removesuffix("?")
    if text.startswith("list("):
        return SlotType(kind="list", item=type_(text[5:-1]), optional=optional)
    if "|" in text:
        return SlotType(kind="enum", values=tuple(text.split("|")), optional=optional)
    return SlotType(kind=text, optional=optional)


def slot(name: str, type_text: str = "text", **more: Any) -> SlotSpec:
    for key in ("ask", "invalid"):
        if isinstance(more.get(key), str):
            more[key] = Template(more[key])
    if "check" in more:
        more["check"] = Expression(more["check"])
    more.setdefault("ask", Template(f"{name.capitalize()}?"))
    return SlotSpec(name=name, type=type_(type_text), **more)


def intent(name: str, *words: str) -> IntentSpec:
    return IntentSpec(name=name, words=words or (name.replace("_", " "),))


def say(text: str) -> SayAction:
    return SayAction(text=Template(text))


def put(name: str, value: str, root: str = "vars") -> SetAction:
    return SetAction(root=root, name=name, value=Expression(value))  # type: ignore[arg-type]


def clear(*names: str) -> ClearAction:
    return ClearAction(names=names)


def emit(event: str) -> EmitAction:
    return EmitAction(event=event)


def log(text: str) -> LogAction:
    return LogAction(text=Template(text))


def to(
    target: str, *actions: Action, when: str | None = None, args: Mapping[str, str] | None = None
) -> Transition:
    """`to("check", say("Okay."), when="answer")`; `call:hours` is a digression."""
    if target in SPECIAL:
        goal = Target(kind=target.lower())  # type: ignore[arg-type]
    elif target.startswith("call:"):
        given = {name: Expression(source) for name, source in (args or {}).items()}
        goal = Target(kind="call", flow=target[5:], args=given)
    else:
        goal = Target(kind="state", state=target)
    guard = None if when is None else Expression(when)
    return Transition(id="", when=guard, actions=actions, target=goal)


Handling = Mapping[str, Transition | Sequence[Transition]]


def _listed(given: str | Transition | Sequence[Transition]) -> tuple[Transition, ...]:
    if isinstance(given, str):
        given = to(given)
    return (given,) if isinstance(given, Transition) else tuple(given)


def _named(prefix: str, transitions: tuple[Transition, ...]) -> tuple[Transition, ...]:
    return tuple(
        Transition(id=f"{prefix}[{n}]", when=t.when, actions=t.actions, target=t.target)
        for n, t in enumerate(transitions)
    )


def scope_of(owner: str, handling: Handling) -> HandlerScope:
    return HandlerScope(
        owner=owner,
        handlers=tuple(
            Handler(
                event=event, transitions=_named(f"{owner}.handle.{event}", _listed(transitions))
            )
            for event, transitions in handling.items()
        ),
    )


class State:
    """One state as an author would write it; `make_flow` compiles it."""

    def __init__(
        self,
        verb: Verb | None = None,
        *,
        then: str | Transition | Sequence[Transition] | None = None,
        text: str = "",
        handle: Handling | None = None,
        group: tuple[str, ...] = (),
        **more: Any,
    ) -> None:
        self.then = _listed(then) if then is not None else ()
        self.verb = verb or (PassOn() if self.then else Rest())
        self.say = Template(text) if text else None
        self.handle = handle or {}
        self.group = group
        self.more = more


LADDER = ListenPolicy(
    no_input=(Template("Still there?"), Template("I cannot hear you.")),
    no_match=(Template("Pardon?"), Template("Once more?")),
)


def make_flow(
    states: Mapping[str, State],
    *,
    start: str = "",
    handle: Handling | None = None,
    slots: Sequence[SlotSpec] = (),
    intents: Sequence[IntentSpec] = (),
    tools: Sequence[ToolSpec] = (),
    groups: Sequence[CompiledGroup] = (),
    group_handle: Mapping[str, Handling] | None = None,
    inputs: Sequence[SlotSpec] = (),
    outputs: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    timers: Sequence[TimerSpec] = (),
    flows: Mapping[str, CompiledFlow] | None = None,
    listen: ListenPolicy = LADDER,
    **more: Any,
) -> CompiledFlow:
    outer = scope_of("flow", handle or {})
    around = {name: scope_of(name, handling) for name, handling in (group_handle or {}).items()}
    compiled = {}
    for name, state in states.items():
        mine = [around[g] for g in reversed(state.group) if g in around]
        settings = {"interruptions": InterruptionPolicy(), "listen": listen, **state.more}
        compiled[name] = CompiledState(
            id=name,
            groups=state.group,
            say=state.say,
            verb=state.verb,
            then=_named(f"{name}.then", state.then),
            scopes=(scope_of(name, state.handle), *mine, outer),
            grammar=name if isinstance(state.verb, Collect | Confirm | Converse | Rest) else "",
            **settings,
        )
    return CompiledFlow(
        id=more.pop("id", "test"),
        version="1",
        fingerprint="test",
        start=start or next(iter(states)),
        states=compiled,
        groups={g.id: g for g in groups},
        slots={s.name: s for s in slots},
        intents={i.name: i for i in intents},
        tools={t.name: t for t in tools},
        variables={n: type_(t) for n, t in (variables or {}).items()},
        inputs={i.name: i for i in inputs},
        outputs={n: Expression(e) for n, e in (outputs or {}).items()},
        timers=tuple(timers),
        flows=flows or {},
        grammars={},
        **more,
    )


def collect(*slots: str) -> Collect:
    return Collect(slots=slots)


def confirm(text: str) -> Confirm:
    return Confirm(text=Template(text))


def converse(text: str = "Have a chat.", until: str | None = None, **more: Any) -> Converse:
    guard = None if until is None else Expression(until)
    return Converse(text=Template(text), until=guard, **more)


def run(tool: str, **args: str) -> Run:
    return Run(tool=tool, args={name: Expression(source) for name, source in args.items()})


def call(flow: str, **args: str) -> CallFlow:
    return CallFlow(flow=flow, args={name: Expression(source) for name, source in args.items()})


def transfer(to_: str = "desk") -> TransferTo:
    return TransferTo(to=Template(to_), kind="cold")


def end(kind: str = "hangup") -> End:
    return End(kind=kind)  # type: ignore[arg-type]


def tool(name: str, returns: Mapping[str, str] | None = None, **more: Any) -> ToolSpec:
    shape = None
    if returns is not None:
        fields = {field: type_(text) for field, text in returns.items()}
        shape = SlotType(kind="map", fields=fields)
    return ToolSpec(name=name, use=f"python:x.{name}", returns=shape, **more)


class Mouth:
    """A speaker whose every line is over at once, unless it is told to hold."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.lines: list[tuple[str, str]] = []
        self.policies: list[InterruptionPolicy] = []
        self.speaking = False
        self.holds = False
        self.retracted: list[str] = []
        self.items: list[HistoryItem] = []

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        return tuple(self.items)

    def retract(self, utterances: Collection[str]) -> None:
        self.retracted += utterances

    @property
    def last_spoken(self) -> str:
        return self.lines[-1][0] if self.lines else ""

    def say(self, text: str, *, purpose: str, policy: InterruptionPolicy, voice: str = "") -> str:
        assert text.strip(), "an empty line was ordered"
        self.lines.append((text, purpose))
        self.items.append(HistoryItem(id=f"a.{len(self.lines)}", role="assistant", text=text))
        self.policies.append(policy)
        self.speaking = self.holds
        return f"a.{len(self.lines)}"

    def play(self, file: str, *, policy: InterruptionPolicy) -> str:
        return self.say(f"[{file}]", purpose="line", policy=policy)


class Talk:
    """A dialog and everything around it, driven by hand."""

    def __init__(self, flow: CompiledFlow, *, begin: bool = True, **started: Any) -> None:
        self.flow = flow
        self.outbox = Outbox()
        self.deadlines = Deadlines()
        self.mouth = Mouth(self.outbox)
        self.dialog = Dialog(flow, self.outbox, self.deadlines, self.mouth)
        self.effects: list[Effect] = []
        self.at = 0
        self.turns = 0
        facts = {"seed": 7, "started_at": "2026-05-01T12:00:00+02:00", **started}
        self.dialog.start(SessionStarted(at=0, **facts))
        if begin:
            self.do(self.dialog.begin)

    # --- driving ---------------------------------------------------------------------------------

    def do(self, method: Any, *args: Any) -> list[str]:
        """Call the dialog in a step of its own; returns the texts it said."""
        self.outbox.begin(self.at)
        before = len(self.mouth.lines)
        method(*args)
        self.effects += self.outbox.effects
        return [text for text, _ in self.mouth.lines[before:]]

    def user(self, text: str) -> list[str]:
        self.turns += 1
        self.mouth.items.append(HistoryItem(id=f"u{self.turns}", role="user", text=text))
        return self.do(self.dialog.user_turn, f"u{self.turns}", text)

    def silence(self) -> list[str]:
        return self.do(self.dialog.no_input)

    def key(self, key: str) -> list[str]:
        return self.do(self.dialog.key_pressed, key)

    def event(self, name: str, **data: Any) -> list[str]:
        return self.do(self.dialog.raise_event, name, data)

    def returned(self, call: str, value: Any = None, error: str | None = None) -> list[str]:
        event = ToolReturned(at=self.at, call=call, value=value, error=error)
        return self.do(self.dialog.tool_returned, event)

    def reported(self, turn: str, **report: Any) -> list[str]:
        return self.do(self.dialog.understood, Understood(at=self.at, turn=turn, report=report))

    def transferred(self, error: str | None = None) -> list[str]:
        return self.do(self.dialog.transfer_ended, TransferEnded(at=self.at, error=error))

    def quiet(self) -> list[str]:
        self.mouth.speaking = False
        return self.do(self.dialog.speech_over)

    def wait(self, millis: int) -> list[str]:
        """Let time pass; every deadline fires in its own step."""
        until, said = self.at + millis, []
        while (due := self.deadlines.pop_due(until)) is not None:
            self.at = due.at
            said += self.do(self.dialog.deadline, due.name)
        self.at = until
        return said

    # --- looking ---------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self.dialog.state

    @property
    def said(self) -> list[str]:
        return [text for text, _ in self.mouth.lines]

    @property
    def slots(self) -> dict[str, Any]:
        return self.dialog.to_dict()["scene"]["frames"][0]["memory"]["slots"]

    def notes(self, kind: str) -> list[dict[str, Any]]:
        return [note.data for note in self.outbox.notes if note.kind == kind]

    def of(self, kind: type) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def calls(self) -> list[CallTool]:
        return self.of(CallTool)

    @property
    def errors(self) -> list[str]:
        return [effect.name for effect in self.of(ReportError)]
