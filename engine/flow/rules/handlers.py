"""Handlers and guards that do nothing (TW308, TW310, TW315, TW405)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from engine.flow.diagnostics import Diagnostic
from engine.flow.expression_syntax import read
from engine.flow.expressions import EvaluationError, Expression
from engine.flow.model import Slot
from engine.flow.rules.book import Book
from engine.flow.rules.parts import FLOW, Place
from engine.flow.rules.references import BUILT_IN_INTENTS
from engine.flow.rules.texts import Text

# --- handlers ------------------------------------------------------------------------------------


def silent_handlers(book: Book) -> Iterator[Diagnostic]:
    """An event that cannot come where its handler stands (TW310)."""
    emitted = {action.emit for _, action in book.actions}
    for name, path, scope in book.scopes:
        inside = book.members[name]
        for event in scope.handle:
            if event in emitted or _is_unknown(book, event):
                continue
            found = _passing(book, name, event) or _never(book, inside, event)
            if found is not None:
                why, help_ = found
                yield book.checked.find(
                    "TW310", (*path, "handle", event), f"the handler of `{event}` never fires",
                    span=book.checked.key((*path, "handle", event)),
                    label=why,
                    help=help_,
                )  # fmt: skip


def _is_unknown(book: Book, event: str) -> bool:
    """Whether the name in it is declared nowhere; that has a finding of its own."""
    first, _, name = event.partition(".")
    declared = {"intent": {*book.flow.intents, *BUILT_IN_INTENTS}, "tool": {*book.flow.tools}}
    return bool(name) and name not in declared.get(first, {name})


def _passing(book: Book, name: str, event: str) -> tuple[str, str] | None:
    """A state that only speaks and goes on hears nothing."""
    place = book.places.get(name)
    if place is None or place.is_group or event.partition(".")[0] in ("error", "app"):
        return None
    if place.state.verb is None and place.state.then:
        return f"`{name}` goes on at once, so nothing can happen in it", (
            "move it to the state that waits, to a group or to the flow"
        )
    return None


def _never(book: Book, inside: list[Place], event: str) -> tuple[str, str] | None:
    if not inside:
        return None
    first, _, rest = event.partition(".")
    verbs = {place.state.verb for place in inside} if first == "error" else set()
    if event in ("error.tool", "error.timeout") and "run" not in verbs:
        return "no state here runs a tool", "move it to where a tool runs, or remove it"
    if event == "error.transfer" and "transfer" not in verbs:
        return "no state here transfers the caller", "move it to where a transfer is, or remove it"
    if first in ("corrected", "invalid") and not book.flow.slots:
        return "the flow has no slots", "remove it"
    tool = book.flow.tools.get(rest) if first == "tool" else None
    if tool is not None and not tool.keep:
        return f"`{rest}` ends with the state that runs it", "say `keep: true` in the tool"
    if first == "dtmf" and all("dtmf" not in _accepted(book, place) for place in inside):
        return "keys are not listened to here", "add `dtmf` to `listen.accept`, or remove it"
    if first == "timer" and rest and not _runs(book, inside, rest):
        return f"timer `{rest}` does not run here", "declare the timer here, or move the handler"
    return None


def _accepted(book: Book, place: Place) -> Sequence[str]:
    """What may be answered with in a state; both, where nothing is said."""
    for name in place.scopes:
        scope = book.flow if name == FLOW else book.places[name].state
        if scope.listen is not None and scope.listen.accept is not None:
            return scope.listen.accept
    return ("speech", "dtmf")


def _runs(book: Book, inside: list[Place], timer: str) -> bool:
    owners = {name for name, _, scope in book.scopes if timer in scope.timers}
    # an unknown timer has a finding of its own
    return not owners or any(owners & {*place.scopes} for place in inside)


def lost_outputs(book: Book) -> Iterator[Diagnostic]:
    """A digression gives nothing back (TW315)."""
    for way in book.ways:
        called = book.checked.subflows.get(way.transition.call or "")
        if called is None or not called.outputs:
            continue
        names = ", ".join(f"`{name}`" for name in called.outputs)
        yield book.checked.find(
            "TW315", way.to_path, f"what `{way.transition.call}` answers is lost: {names}",
            label="a digression comes back to where the conversation was, without a result",
            help="make it a step: a state with `call`, which keeps `results.STATE`",
        )  # fmt: skip


# --- guards --------------------------------------------------------------------------------------


def constant_guards(book: Book) -> Iterator[Diagnostic]:
    """A condition that depends on nothing (TW308), or never holds by its bounds (TW405)."""
    for text in book.texts:
        if text.kind != "guard" or text.expression is None:
            continue
        syntax, _ = read(text.source)
        assert syntax is not None  # it is an expression
        calls = any(isinstance(node, ast.Call) for node in ast.walk(syntax.tree))
        if not text.names and not calls:
            yield _constant(book, text, text.expression)
            continue
        for node in ast.walk(syntax.tree):
            if isinstance(node, ast.Compare):
                yield from _impossible(book, text, node, syntax.span(node))


def _constant(book: Book, text: Text, expression: Expression) -> Diagnostic:
    try:
        always = expression.evaluate({}) is True
    except EvaluationError:
        always = False
    return book.checked.find(
        "TW308", text.path, f"this condition is {'always' if always else 'never'} true",
        label="depends on nothing",
        help="leave `when` out: an entry without it is always taken" if always
        else "remove the entry: it is never taken",
    )  # fmt: skip


_MIRRORED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}


def _impossible(
    book: Book, text: Text, node: ast.Compare, at: tuple[int, int]
) -> Iterator[Diagnostic]:
    if len(node.ops) != 1:
        return
    left, right, kind = node.left, node.comparators[0], type(node.ops[0])
    number = _number(right)
    if number is None:
        left, right, number = right, left, _number(left)
        kind = _MIRRORED.get(kind, kind)
    name = _slot(left, text)
    slot = book.flow.slots.get(name)
    if number is None or slot is None:
        return
    if text.source.strip() == text.source[slice(*at)]:
        yield from _always(book, text, name, slot, kind, number)
    for key, bound in (("max", slot.max), ("min", slot.min)):
        if isinstance(bound, int | float) and _beyond(kind, number, key, bound):
            word = "most" if key == "max" else "least"
            yield book.checked.find(
                "TW405", text.path, f"this never holds: `{name}` is at {word} {bound}",
                span=book.source.inside(text.path, *at),
                label="never true",
                help="change the number, or the bound of the slot",
                related=(book.checked.see(("slots", name, key), f"at {word} {bound}"),),
            )  # fmt: skip


def _always(
    book: Book, text: Text, name: str, slot: Slot, kind: type[ast.cmpop], number: float
) -> Iterator[Diagnostic]:
    """A whole condition that the bounds of its slot make true of every value."""
    low, high = slot.min, slot.max
    key = ""
    if isinstance(low, int | float) and (
        (kind is ast.Gt and low > number) or (kind is ast.GtE and low >= number)
    ):
        key = "min"
    elif isinstance(high, int | float) and (
        (kind is ast.Lt and high < number) or (kind is ast.LtE and high <= number)
    ):
        key = "max"
    if key:
        bound = f"at {'least' if key == 'min' else 'most'} {low if key == 'min' else high}"
        yield book.checked.find(
            "TW308", text.path, f"every value of `{name}` makes this true: it is {bound}",
            label="refuses nothing" if _checks(text) else "decides only whether there is a value",
            help="leave `check` out: the bounds say so already" if _checks(text)
            else f"leave `when` out, or say that: `when: slots.{name} != null`",
            related=(book.checked.see(("slots", name, key), bound),),
        )  # fmt: skip


def _beyond(kind: type[ast.cmpop], number: float, key: str, bound: float) -> bool:
    """Whether no value within the bound can compare so with the number."""
    if key == "max":
        return {ast.Gt: number >= bound, ast.GtE: number > bound, ast.Eq: number > bound}.get(
            kind, False
        )
    return {ast.Lt: number <= bound, ast.LtE: number < bound, ast.Eq: number < bound}.get(
        kind, False
    )


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    return None


def _checks(text: Text) -> bool:
    return text.path[0] == "slots" and text.path[-1] == "check"


def _slot(node: ast.expr, text: Text) -> str:
    """The slot that is compared; `value` in the `check` of a slot is its own."""
    if isinstance(node, ast.Name) and node.id == "value" and _checks(text):
        return str(text.path[1])
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id == "slots" else ""
    return ""


PASSES = (silent_handlers, lost_outputs, constant_guards)
