"""Runs collected tests and says what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from engine.core.step import Step
from engine.errors import TurnwiseError
from engine.flow.diagnostics import Path, Span
from engine.flow.rules.talks import judge_talks
from engine.testing.flow_tests.call import TextCall
from engine.testing.flow_tests.collect import Case
from engine.testing.flow_tests.coverage import Coverage
from engine.testing.flow_tests.live import Compared, LiveReader
from engine.testing.flow_tests.mocked_flows import with_mocked_flows
from engine.testing.flow_tests.models import Model
from engine.testing.flow_tests.replies import MODEL, Replies
from engine.testing.flow_tests.said import Line
from engine.testing.flow_tests.staged import StagedDialog
from engine.testing.flow_tests.talk import Reader, StepFailedError, Talk
from engine.testing.flow_tests.view import lines_of
from engine.testing.flow_tests.world import Mocks, UnmockedWriteError

NOW = "2026-05-01T12:00"
"""The caller's local time in a test that does not say it: a Friday at noon."""

CONTEXT = 24
"""Lines of what happened that stand with a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a test failed."""

    span: Span
    """The step."""
    expected: str
    found: str
    help: str = ""
    step: int | None = None
    """Its index in `talk`; None: the test itself is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one test."""

    case: Case
    failure: Failure | None
    steps: tuple[Step, ...]
    marks: tuple[tuple[int, int], ...] = ()
    """For each step of the talk that let something happen, counted from 1: how many steps of the
    call had been when it did."""
    compared: tuple[Compared, ...] = ()
    """What a real model made of its turns, when one was asked."""

    @property
    def ok(self) -> bool:
        """Whether it passed."""
        return self.failure is None

    @property
    def virtual_seconds(self) -> float:
        """How long the call would have taken."""
        return self.steps[-1].at / 1000 if self.steps else 0.0


def run_case(case: Case, coverage: Coverage | None = None, model: Model | None = None) -> Outcome:
    """Play one test.

    Args:
        case: the test.
        coverage: told what the test reaches.
        model: asked what every turn with `heard` means, and compared with that.
    """
    wrong = next(judge_talks({case.name: case.test}, case.subject.loaded.flows, case.source), None)
    if wrong is not None:
        wanted = "names of this flow" if wrong.code == "TW901" else "a test that can be read"
        failure = Failure(span=wrong.span, expected=wanted, found=wrong.message, help=wrong.help)
        return Outcome(case=case, failure=failure, steps=())
    said: list[Line] = []
    live = None if model is None else LiveReader(model, lambda: said[-1].text if said else "")
    reader = Reader() if live is None else live
    replies = Replies(case.test.mock.get(MODEL), lambda: call.own_question())
    call = _call(case, reader, replies, coverage.fired if coverage is not None else None)
    said = call.said
    talk = Talk(call, reader, replies)
    failure_ = _play(case, call, talk)
    if coverage is not None:
        coverage.played(call.flow, call.steps)
    compared = tuple(live.compared) if live is not None else ()
    return Outcome(
        case=case,
        failure=failure_,
        steps=tuple(call.steps),
        marks=tuple(talk.marks),
        compared=compared,
    )


def _call(
    case: Case, reader: Reader, replies: Replies, fired: Callable[[str, str], None] | None
) -> TextCall:
    test = case.test
    flow = with_mocked_flows(case.subject.flow, test.mock)
    return TextCall(
        flow,
        Mocks(flow, test.mock),
        now=test.now or NOW,
        inputs=test.inputs,
        make_dialog=partial(StagedDialog, read=reader, fired=fired),
        model=replies,
    )


def _play(case: Case, call: TextCall, talk: Talk) -> Failure | None:
    index = 0
    try:
        call.start()
        for number, step in enumerate(case.test.talk):
            index = number
            talk.play(step)
        talk.finish()
    except StepFailedError as failed:
        span = _span(case, ("talk", index))
        return Failure(
            span=span, expected=failed.expected, found=failed.found, help=failed.help, step=index
        )
    except UnmockedWriteError as error:
        return Failure(
            span=_span(case, ("talk", index)),
            expected="a mock of every tool that changes the world (TW903)",
            found=str(error),
            help=f"mock: {{{error.tool}: VALUE}}",
            step=index,
        )
    except (TurnwiseError, ValueError) as error:
        span = _span(case, ("talk", index))
        return Failure(
            span=span, expected="a call that can be played", found=str(error), step=index
        )
    return None


def _span(case: Case, path: Path) -> Span:
    return case.source.span(("tests", case.name, *path))


# --- telling --------------------------------------------------------------------------------------


def explain(outcome: Outcome) -> str:
    """Tell a failure: the step, what was expected and found, and what happened around it."""
    failure = outcome.failure
    if failure is None:
        return f"{outcome.case.id} passed"
    span, source = failure.span, outcome.case.source
    gutter = " " * len(str(span.line))
    line = source.line(span.line)
    end = span.end_column if span.end_line == span.line else len(line) + 1
    where = "" if failure.step is None else f" (step {failure.step + 1})"
    told = [
        f"{outcome.case.name}{where}",
        f"{gutter}--> {span.file}:{span.line}:{span.column}",
        f"{gutter} |",
        f"{span.line} | {line}",
        f"{gutter} | {' ' * (span.column - 1)}{'^' * max(1, end - span.column)}",
        f"{gutter} |",
        f"{gutter} = expected: {failure.expected}",
        f"{gutter} = found:    {failure.found}",
    ]
    if failure.help:
        told.append(f"{gutter} = help:     {failure.help}")
    happened = list(_happened(outcome))
    if happened:
        told += ["", "what happened, with the steps of the test at the left:"]
        told += ["      ..."] if len(happened) > CONTEXT else []
        told += happened[-CONTEXT:]
    return "\n".join(told)


def _happened(outcome: Outcome) -> Iterator[str]:
    """The call as lines; the first that a step of the talk brought carries its number."""
    marks = iter([*outcome.marks, (0, len(outcome.steps) + 1)])
    number, begins = next(marks)
    due = ""
    for index, step in enumerate(outcome.steps):
        while index >= begins:
            due = str(number)
            number, begins = next(marks)
        for line in lines_of(step):
            yield f"{due:>4}{line}"
            due = ""
