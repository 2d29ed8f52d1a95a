"""CompiledFlow to pictures and data: Mermaid, DOT, JSON, all in document order.

A picture shows every `then` and every handler once. The handlers of a group or of the flow start
at a node of their own, "anywhere in GROUP" or "anywhere" (Mermaid cannot draw an edge from a box to
what is inside it). A way that leads back to where the caller is (STAY, RESUME, REPEAT, BACK, a
digression) is a loop whose label names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.machine.compiled import (
    CallFlow,
    Collect,
    CompiledFlow,
    CompiledState,
    Confirm,
    Converse,
    End,
    HandlerScope,
    PassOn,
    Rest,
    Run,
    TransferTo,
    Transition,
)
from engine.machine.fingerprint import meaning, scope_path
from engine.machine.overlay import Overlay

ANYWHERE = "any."
"""Id of the node for the flow's handlers; `any.GROUP` for a group's, `any.include.NAME` for
those of a fragment. States have no dots."""
INCLUDE = "include."
"""What the owner of a fragment's handlers begins with."""
FINAL = "[*]"
"""Id of the node where calls end."""
_MAX_LABEL = 60

# Words of Mermaid's state diagrams that cannot be ids there.
_RESERVED = frozenset(
    ("state", "end", "note", "direction", "class", "default", "fork", "join", "choice", "style")
)
_ESCAPES = str.maketrans(
    {"#": "#35;", ":": "#58;", ";": "#59;", "<": "#lt;", ">": "#gt;", "\n": " "}
)


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a state, `any.GROUP` or `ANYWHERE` to a state, or to `[*]`."""

    source: str
    target: str
    label: str
    transition: str = ""
    """Id of the transition; empty for the end of a state with `end` or `transfer`."""


def to_json(flow: CompiledFlow) -> str:
    """The whole flow as JSON text, two spaces deep, with its fingerprint."""
    data = {"fingerprint": flow.fingerprint, **meaning(flow)}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def to_mermaid(flow: CompiledFlow, overlay: Overlay | None = None) -> str:
    """The flow as a Mermaid `stateDiagram-v2`; states of an overlay are lit."""
    lines = ["stateDiagram-v2", f"  [*] --> {_mermaid_id(flow.start)}"]
    lines += _mermaid_states(flow, (), "  ")
    ways = list(edges(flow))
    lines += [f"  {_mermaid_id(node)} : {text}" for node, text in _extra_nodes(ways)]
    for edge in ways:
        source, target = _mermaid_id(edge.source), _mermaid_id(edge.target)
        label = f" : {_mermaid_text(edge.label)}" if edge.label else ""
        lines.append(f"  {source} --> {target}{label}")
    if overlay is not None:
        lines.append("  classDef lit fill:#d9f2e3,stroke:#18794e")
        visited = [_mermaid_id(name) for name in flow.states if overlay.states.get(name)]
        lines += [f"  class {','.join(visited)} lit"] if visited else []
    return "\n".join(lines) + "\n"


def to_dot(flow: CompiledFlow, overlay: Overlay | None = None) -> str:
    """The flow as a Graphviz digraph; groups are clusters, what an overlay names is lit."""
    overlay = overlay or Overlay()
    ways = list(edges(flow))
    lines = [f"digraph {_quoted(flow.id)} {{", "  node [shape=box];"]
    lines += ['  "[*]" [shape=circle, label=""];', f'  "[*]" -> {_quoted(flow.start)};']
    lines += _dot_states(flow, (), "  ")
    for node, text in _extra_nodes(ways):
        lines.append(f"  {_quoted(node)} [label={_quoted(text)}, style=dashed];")
    for edge in ways:
        marks = [f"label={_quoted(edge.label)}"] if edge.label else []
        marks += ["color=darkgreen, penwidth=2"] if overlay.transitions.get(edge.transition) else []
        label = f" [{', '.join(marks)}]" if marks else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{label};")
    lit = [name for name in flow.states if overlay.states.get(name)]
    lines += [f"  {_quoted(name)} [style=filled, fillcolor=honeydew2];" for name in lit]
    return "\n".join([*lines, "}"]) + "\n"


def edges(flow: CompiledFlow) -> Iterator[Edge]:
    """Every way through the flow, in document order; each handler once, at its owner."""
    shown: set[str] = set()
    for state in flow.states.values():
        for transition in state.then:
            yield _edge(state.id, "", transition)
        if isinstance(state.verb, (End, TransferTo)):
            yield Edge(state.id, FINAL, _ending(state))
        for scope in state.scopes:
            path = scope_path(scope)
            if path != "flow" and path not in shown:
                shown.add(path)
                yield from _handled(_node(flow, scope.owner), scope)
    everywhere = (scope for state in flow.states.values() for scope in state.scopes[-1:])
    outer = next((scope for scope in everywhere if scope_path(scope) == "flow"), None)
    if outer is not None:
        yield from _handled(ANYWHERE, outer)


def _node(flow: CompiledFlow, owner: str) -> str:
    return owner if owner in flow.states else f"{ANYWHERE}{owner}"


def _handled(node: str, scope: HandlerScope) -> Iterator[Edge]:
    for handler in scope.handlers:
        for transition in handler.transitions:
            yield _edge(node, handler.event, transition)


def _extra_nodes(ways: Sequence[Edge]) -> Iterator[tuple[str, str]]:
    """The nodes that stand for groups and for the flow, where they have handlers."""
    for node in dict.fromkeys(edge.source for edge in ways):
        if node.startswith(ANYWHERE):
            yield node, anywhere(node)


def anywhere(node: str) -> str:
    """Name the place at which handlers hold: `anywhere in GROUP`, `anywhere (by FRAGMENT)`."""
    owner = node.removeprefix(ANYWHERE)
    if owner.startswith(INCLUDE):
        return f"anywhere (by {owner.removeprefix(INCLUDE)})"
    return f"anywhere in {owner}" if owner else "anywhere"


def _edge(owner: str, event: str, transition: Transition) -> Edge:
    guard = f"[{transition.when.source}]" if transition.when is not None else ""
    target = transition.target
    match target.kind:
        case "state":
            dest, where = target.state, ""
        case "end":
            dest, where = FINAL, ""
        case "call":
            dest, where = owner, f"/ call {target.flow}"
        case kind:
            dest, where = owner, f"/ {kind.upper()}"
    label = " ".join(part for part in (event, guard, where) if part)
    return Edge(owner, dest, label, transition.id)


def _ending(state: CompiledState) -> str:
    if isinstance(state.verb, TransferTo):
        return f"transfer to {state.verb.to.source}"
    return state.verb.kind if isinstance(state.verb, End) else ""


def describe(state: CompiledState) -> str:
    """What a state does, in a few words: `collect date, time`."""
    match state.verb:
        case Collect(slots=slots):
            return f"collect {', '.join(slots)}"
        case Confirm(text=text):
            return f"confirm {_short(text.source)}"
        case Converse(text=text):
            return f"converse {_short(text.source)}"
        case Run(tool=tool):
            return f"run {tool}"
        case CallFlow(flow=name):
            return f"call {name}"
        case TransferTo(kind=kind):
            return f"transfer ({kind})"
        case End(kind=kind):
            return f"end: {kind}"
        case Rest():
            return "rest"
        case PassOn() if state.say is not None:
            return f"say {_short(state.say.source)}"
        case _:
            return "branch"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 3] + "..."


# --- groups as boxes -----------------------------------------------------------------------------


def inside(flow: CompiledFlow, groups: tuple[str, ...]) -> Iterator[CompiledState | str]:
    """The states and groups directly inside `groups`, in document order."""
    depth = len(groups)
    seen: set[str] = set()
    for state in flow.states.values():
        if state.groups == groups:
            yield state
        elif state.groups[:depth] == groups and state.groups[depth] not in seen:
            seen.add(state.groups[depth])
            yield state.groups[depth]


def _mermaid_states(flow: CompiledFlow, groups: tuple[str, ...], indent: str) -> Iterator[str]:
    for item in inside(flow, groups):
        if isinstance(item, str):
            yield f"{indent}state {_mermaid_id(item)} {{"
            yield from _mermaid_states(flow, (*groups, item), indent + "  ")
            yield f"{indent}}}"
        else:
            yield f"{indent}{_mermaid_id(item.id)} : {item.id}"
            yield f"{indent}{_mermaid_id(item.id)} : {_mermaid_text(describe(item))}"


def _mermaid_id(name: str) -> str:
    # ids of states have no capitals and no dots, so these cannot meet another one
    if name in _RESERVED:
        return f"STATE_{name}"
    return name if name == FINAL else name.replace(ANYWHERE, "ANY_").replace(".", "_")


def _mermaid_text(text: str) -> str:
    """Escape what would end a label or be read as markup."""
    return text.translate(_ESCAPES)


def _dot_states(flow: CompiledFlow, groups: tuple[str, ...], indent: str) -> Iterator[str]:
    for item in inside(flow, groups):
        if isinstance(item, str):
            yield f"{indent}subgraph {_quoted('cluster_' + item)} {{"
            yield f"{indent}  label={_quoted(item)};"
            yield from _dot_states(flow, (*groups, item), indent + "  ")
            yield f"{indent}}}"
        else:
            label = _quoted(f"{item.id}\n{describe(item)}")
            yield f"{indent}{_quoted(item.id)} [label={label}];"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
