"""Every expression and every speech of a flow, with its place, read once for all passes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from engine.flow.diagnostics import Path
from engine.flow.expressions import Expression, NameUse, Problem, parse_expression
from engine.flow.model import Action, Listen, Policies, State, ValueType
from engine.flow.rules.checked import Checked
from engine.flow.rules.parts import Way
from engine.flow.templates import parse_template

Kind: TypeAlias = Literal["guard", "value", "speech", "log", "prompt"]


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """One expression or speech."""

    kind: Kind
    """guard: true or false. value: anything. speech, log and prompt: text with braces."""
    path: Path
    source: str
    scope: str
    """The state or group it stands in; empty for the flow."""
    names: tuple[NameUse, ...]
    problems: tuple[Problem, ...]
    expression: Expression | None = None
    value: ValueType | None = None
    """What `value` is, where it has a meaning."""
    after: str = ""
    """The state whose result `result` is, where that is known."""


def texts_of(
    checked: Checked,
    scopes: Iterable[tuple[str, Path, Policies]],
    ways: Iterable[Way],
    working: Container[str],
) -> Iterator[Text]:
    """All texts: declarations first, then scope by scope, then ways.

    Args:
        checked: the flow.
        scopes: name, path and model of the flow, of groups and states.
        ways: all transitions.
        working: the states that give a result.
    """
    yield from _declared(checked)
    for name, path, scope in scopes:
        yield from _policies(name, path, scope)
        if isinstance(scope, State):
            yield from _state(name, path, scope)
    for way in ways:
        yield from _way(way, way.scope if way.scope in working and not way.event else "")


def _declared(checked: Checked) -> Iterator[Text]:
    flow = checked.flow
    for name, slot in flow.slots.items():
        path: Path = ("slots", name)
        yield from _speech(slot.ask, (*path, "ask"))
        if slot.check is not None:
            yield _expression("guard", slot.check, (*path, "check"), value=slot.type)
        if slot.invalid is not None:
            yield _template(slot.invalid, (*path, "invalid"), value=slot.type)
    for name, tool in flow.tools.items():
        if tool.filler is not None:
            where: Path = ("tools", name, "filler", "say")
            for index, line in enumerate(tool.filler.say):
                yield _template(line, checked.item(where, index))
    for name, source in flow.outputs.items():
        yield _expression("value", source, ("outputs", name))


def _policies(name: str, path: Path, scope: Policies) -> Iterator[Text]:
    listen = scope.listen or Listen()
    for key, lines in (("no_input", listen.no_input), ("no_match", listen.no_match)):
        for index, line in enumerate(lines or ()):
            yield _template(line, (*path, "listen", key, index), name)


def _state(name: str, path: Path, state: State) -> Iterator[Text]:
    yield from _speech(state.say, (*path, "say"), name)
    yield from _speech(state.confirm, (*path, "confirm"), name)
    yield from _speech(state.resume, (*path, "resume"), name)
    yield from _speech(state.converse, (*path, "converse"), name, kind="prompt")
    if state.until is not None:
        yield _expression("guard", state.until, (*path, "until"), name)
    if state.transfer is not None:
        yield _template(state.transfer.to, (*path, "transfer", "to"), name)
        yield from _speech(state.transfer.brief, (*path, "transfer", "brief"), name)
    yield from _values(state.args, (*path, "args"), name)
    for key, actions in (("enter", state.enter), ("exit", state.exit)):
        yield from _actions(actions or (), (*path, key), name, "")


def _way(way: Way, after: str) -> Iterator[Text]:
    transition, scope = way.transition, way.scope
    if transition.when is not None:
        yield _expression("guard", transition.when, (*way.path, "when"), scope, after=after)
    yield from _action(transition, way.path, scope, after)
    yield from _actions(transition.do or (), (*way.path, "do"), scope, after)
    yield from _values(transition.args, (*way.path, "args"), scope, after)


def _actions(actions: Sequence[Action], path: Path, scope: str, after: str) -> Iterator[Text]:
    for index, action in enumerate(actions):
        yield from _action(action, (*path, index), scope, after)


def _action(action: Action, path: Path, scope: str, after: str) -> Iterator[Text]:
    yield from _speech(action.say, (*path, "say"), scope, after=after)
    if action.log is not None:
        yield _template(action.log, (*path, "log"), scope, after=after, kind="log")
    yield from _values(action.set or {}, (*path, "set"), scope, after)


def _values(values: Mapping[str, str], path: Path, scope: str, after: str = "") -> Iterator[Text]:
    for name, source in values.items():
        yield _expression("value", source, (*path, name), scope, after=after)


def _speech(source: str | None, path: Path, scope: str = "", **more: Any) -> Iterator[Text]:
    if source is not None:
        yield _template(source, path, scope, **more)


def _template(source: str, path: Path, scope: str = "", kind: Kind = "speech", **more: Any) -> Text:
    template, problems = parse_template(source)
    names = () if template is None else template.names
    return Text(kind, path, source, scope, names, tuple(problems), **more)


def _expression(kind: Kind, source: str, path: Path, scope: str = "", **more: Any) -> Text:
    expression, problems = parse_expression(source)
    names = () if expression is None else expression.names
    return Text(kind, path, source, scope, names, tuple(problems), expression, **more)
