"""Types of guards, assignments and arguments (TW401, TW402, TW403, TW406, TW412, TW602)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.flow.diagnostics import Diagnostic, Path, Related
from engine.flow.expression_types import infer, judge_guard, judge_value
from engine.flow.expressions import Problem
from engine.flow.model import ValueType
from engine.flow.rules.book import Book
from engine.flow.rules.names import placed
from engine.flow.rules.texts import Text


def wrong_types(book: Book) -> Iterator[Diagnostic]:
    """Expressions whose parts do not fit each other, or not the place they stand in."""
    for text in book.texts:
        if text.expression is None:
            continue
        target, code, declared = _target(book, text)
        types = book.types_in(text)
        if text.kind == "guard":
            problems = judge_guard(text.expression, types)
        elif target is not None:
            problems = judge_value(text.expression, target, types, code)
        else:
            problems = infer(text.expression, types)[1]
        for problem in problems:
            yield _told(book, text, problem, target, declared)


_LABELS = {
    "TW401": "these do not go together",
    "TW402": "never this value",
    "TW403": "not a condition",
}


def _told(
    book: Book, text: Text, problem: Problem, target: ValueType | None, declared: Path
) -> Diagnostic:
    output = _output(book, text, problem)
    if output is not None:
        name, declared_as = output
        problem = replace(problem, code="TW412")
        return placed(
            book, text, problem,
            label="not what the sub-flow gives",
            notes=(f"output `{name}` of the sub-flow: `{declared_as}`",),
        )  # fmt: skip
    if problem.code in ("TW406", "TW602") and target is not None:
        kind = said(target)
        related = [book.checked.see(declared, f"declared as {kind}")] if declared else []
        return placed(book, text, problem, label=f"not {kind}", related=tuple(related))
    label = _LABELS.get(problem.code, "")
    return placed(book, text, problem, label=label, related=_operands(book, text, problem))


def _output(book: Book, text: Text, problem: Problem) -> tuple[str, str] | None:
    """The output of a sub-flow that a problem is about: its name and its expression."""
    if problem.code not in ("TW401", "TW406", "TW602"):
        return None
    for use in text.names:
        state, name = text.after, use.chain[-1]
        if use.chain[0] == "results" and len(use.chain) == 3:
            state = use.chain[1]
        elif use.chain[0] != "result" or len(use.chain) != 2:
            continue
        place = book.places.get(state)
        called = place.state.call if place is not None else None
        flow = book.checked.subflows.get(called or "")
        if flow is not None and name in flow.outputs:
            return name, flow.outputs[name]
    return None


def _operands(book: Book, text: Text, problem: Problem) -> tuple[Related, ...]:
    """Where the slots, variables and inputs of a comparison are declared, at most two."""
    paths: dict[Path, str] = {}
    for use in text.names:
        root = use.chain[0]
        if root in ("slots", "vars", "inputs") and len(use.chain) == 2:
            name = use.chain[1]
            declared = getattr(book.flow, root).get(name)
            near = problem.start - 40 <= use.start <= problem.end + 40
            if declared is not None and near:
                paths[(root, name)] = f"`{name}` is {said(declared.type)}"
    return tuple(book.checked.see(path, label) for path, label in list(paths.items())[:2])


def said(declared: ValueType) -> str:
    """A type with its article: "an integer", "one of [free, full]"."""
    if declared.kind == "enum":
        return f"one of {declared}"
    article = "an" if declared.kind[0] in "aeiou" else "a"
    return f"{article} {declared}"


def _target(book: Book, text: Text) -> tuple[ValueType | None, str, Path]:
    """The type a value must have, the code if it has not, and where the type is declared."""
    *outer, name = text.path
    if not outer or not isinstance(name, str):
        return None, "", ()
    if outer[-1] == "set":
        return _assigned(book, name)
    if outer[-1] == "args":
        return _argument(book, text, tuple(outer[:-1]), name)
    return None, "", ()


def _assigned(book: Book, written: str) -> tuple[ValueType | None, str, Path]:
    root, _, name = written.rpartition(".")
    for owner in (root,) if root else ("slots", "vars"):
        declared = getattr(book.flow, owner).get(name)
        if declared is not None:
            return declared.type, "TW406", (owner, name)
    return None, "", ()


def _argument(book: Book, text: Text, owner: Path, name: str) -> tuple[ValueType | None, str, Path]:
    data = book.checked.data(owner)
    if not isinstance(data, dict):
        return None, "", ()
    tool = book.flow.tools.get(str(data.get("run")))
    if tool is not None:
        return tool.args.get(name), "TW602", ("tools", str(data["run"]), "args", name)
    called = book.checked.subflows.get(str(data.get("call")))
    if called is not None and name in called.inputs:
        return called.inputs[name].type, "TW602", ()
    return None, "", ()


PASSES = (wrong_types,)
