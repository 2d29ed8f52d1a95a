"""`turnwise test`: play the tests of flows, on virtual time, without audio, keys or network."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from engine.testing.flow_tests.collect import Case, Collection, Problem, Subject
    from engine.testing.flow_tests.coverage import Coverage
    from engine.testing.flow_tests.models import Model
    from engine.testing.flow_tests.runner import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run of the command is asked for."""

    choose: str = ""
    junit: Path | None = None
    coverage: bool = False
    fail_under: float | None = None
    paths: bool = False
    live: bool = False


def test(paths: Sequence[Path], wanted: Wanted, out: TextIO) -> int:
    """Run the tests of files and folders.

    Returns:
        0 all passed and enough was reached, 1 not so, 2 a file could not be read or has no tests.
    """
    from engine.testing.flow_tests.collect import collect
    from engine.testing.flow_tests.coverage import Coverage
    from engine.testing.flow_tests.runner import run_case

    began = time.perf_counter()
    found = collect(paths)
    cases = _chosen(found.cases, wanted.choose)
    coverage = Coverage()
    for subject in found.subjects:
        coverage.add_flow(subject.flow)
    models = _models(cases) if wanted.live else {}
    outcomes = []
    for file, group in groupby(cases, lambda case: case.source.file):
        print(file, file=out)
        for case in group:
            outcome = run_case(case, coverage, models.get(case.subject.flow.id))
            outcomes.append(outcome)
            print(f"  {'ok  ' if outcome.ok else 'FAIL'}  {case.name}", file=out)
            for turn in outcome.compared:
                print(f"        {'=' if turn.agrees else '!'} {turn}", file=out)
    seconds = time.perf_counter() - began
    _tell(outcomes, found.problems, out)
    if wanted.junit is not None:
        from engine.testing.flow_tests.junit import junit

        wanted.junit.write_text(junit(outcomes, found.problems, seconds), encoding="utf-8")
    if wanted.coverage or wanted.fail_under is not None:
        _show_coverage(coverage, found.subjects, out)
    if wanted.paths:
        _show_paths(coverage, found.subjects, out)
    enough = _enough(coverage, wanted.fail_under, out)
    print(_summary(outcomes, found, seconds), file=out)
    if found.problems or not (outcomes or wanted.paths):
        return 2
    agreed = _agreed(outcomes, out) if wanted.live else True
    return int(not agreed or not enough or any(not outcome.ok for outcome in outcomes))


def _chosen(cases: list[Case], expression: str) -> list[Case]:
    from engine.testing.flow_tests.collect import chosen

    if not expression:
        return cases
    try:
        return [case for case in cases if chosen(case.id, expression)]
    except ValueError as error:
        raise click.UsageError(f"-k {expression!r}: {error}") from None


# --- a real model ---------------------------------------------------------------------------------


def _models(cases: Sequence[Case]) -> dict[str, Model]:
    """The model of every flow under test; flows without one cannot be asked."""
    from engine.errors import ConfigurationError
    from engine.testing.flow_tests.models import model_of
    from providers.errors import ProviderError

    models: dict[str, Model] = {}
    for flow in {case.subject.flow.id: case.subject.flow for case in cases}.values():
        try:
            model = model_of(flow)
        except ProviderError as error:
            raise ConfigurationError(f"the model of {flow.id} cannot be asked: {error}") from error
        if model is None:
            raise ConfigurationError(
                f"{flow.id} names no language model to ask: `pipeline: {{llm: {{use: ...}}}}`"
            )
        models[flow.id] = model
    return models


def _agreed(outcomes: Sequence[Outcome], out: TextIO) -> bool:
    """Tell how many turns were understood as they were declared; whether all were."""
    turns = [turn for outcome in outcomes for turn in outcome.compared]
    agreed = sum(turn.agrees for turn in turns)
    asked = sum(turn.by == "model" for turn in turns)
    share = f" ({100 * agreed / len(turns):.0f} %)" if turns else ""
    print(
        f"{agreed} of {len(turns)} turns with `heard` were understood as declared{share}; "
        f"the model was asked {asked} times, words were enough for the others.",
        file=out,
    )
    return agreed == len(turns)


# --- telling --------------------------------------------------------------------------------------


def _tell(outcomes: Sequence[Outcome], problems: Sequence[Problem], out: TextIO) -> None:
    from engine.testing.flow_tests.runner import explain

    for outcome in outcomes:
        if not outcome.ok:
            print(f"\nFAIL {explain(outcome)}", file=out)
    for problem in problems:
        print(f"\nerror: {problem}", file=out)
        if problem.findings:
            print(f"  = see: turnwise validate {problem.file}", file=out)


# --- coverage -------------------------------------------------------------------------------------


def _show_coverage(coverage: Coverage, subjects: Sequence[Subject], out: TextIO) -> None:
    from engine.testing.flow_tests.coverage import KINDS

    print("\ncoverage", file=out)
    for kind in KINDS:
        reached, total = coverage.counts(kind)
        percent = 100 * reached / total if total else 100
        print(f"  {kind:<14}{reached:>5} of {total:<5}{percent:6.1f} %", file=out)
    missing = coverage.missing()
    if missing:
        print("  not reached:", file=out)
    for item in missing:
        where = _place(item, subjects)
        print(f"    {item.kind.removesuffix('s'):<13}{item.flow}: {item.name}{where}", file=out)


def _place(item: object, subjects: Sequence[Subject]) -> str:
    from engine.testing.flow_tests.coverage import Item
    from engine.testing.flow_tests.places import place_of

    assert isinstance(item, Item)
    for subject in subjects:
        span = place_of(item, subject.loaded)
        if span is not None:
            return f"  ({span.file}:{span.line})"
    return ""


def _show_paths(coverage: Coverage, subjects: Sequence[Subject], out: TextIO) -> None:
    from engine.testing.flow_tests.coverage import flows_of
    from engine.testing.flow_tests.paths import stubs

    flows = {flow.id: flow for subject in subjects for flow in flows_of(subject.flow)}
    for flow in flows.values():
        text = stubs(flow, coverage)
        if text:
            print(f"\n# missing conversations of {flow.id}: complete them in", file=out)
            print("# its NAME.tests.yaml, under `tests:`", file=out)
            print(text, file=out, end="")


def _enough(coverage: Coverage, limit: float | None, out: TextIO) -> bool:
    if limit is None or coverage.percent >= limit:
        return True
    print(f"\ncoverage is {coverage.percent:.1f} %, less than {limit:g} %", file=out)
    return False


# --- the end --------------------------------------------------------------------------------------


def _summary(outcomes: Sequence[Outcome], found: Collection, seconds: float) -> str:
    failed = sum(not outcome.ok for outcome in outcomes)
    parts = [f"{len(outcomes) - failed} passed"]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{len(found.problems)} cannot be read"] if found.problems else []
    talked = sum(outcome.virtual_seconds for outcome in outcomes)
    if not outcomes and not found.problems:
        return "\nNo tests were found: they stand under `tests:` in a flow, or in NAME.tests.yaml."
    return f"\n{', '.join(parts)}. {seconds * 1000:.0f} ms for {talked:.0f} s of conversation."


EPILOG = """\b
Examples:
  turnwise test flows/book_table.yaml --coverage
  turnwise test flows/ -k "silence and not long" --junit report.xml
  turnwise test flows/book_table.yaml --paths             the conversations that are missing
  turnwise test flows/book_table.yaml --from runs/X/journal.jsonl   a call becomes a test
  turnwise test flows/order_pizza.yaml --live             what the real model understands

\b
Exit codes: 0 passed, 1 failed or too little reached, 2 a file cannot be read, or has no tests.
"""


@click.command(name="test", epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("-k", "choose", metavar="EXPR", default="", help="Only tests whose name matches.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit XML report."
)
@click.option("--coverage", is_flag=True, help="Show what the tests reach, and what not.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail when less than this is reached.",
)
@click.option(
    "--paths", "show_paths", is_flag=True, help="Write the missing conversations as stubs."
)
@click.option(
    "--live",
    is_flag=True,
    help="Also ask the flow's real language model, and compare with `heard`.",
)
@click.option(
    "--from",
    "journal",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Turn a recorded call (journal.jsonl) into a test of FILE, and print it.",
)
def command(
    paths: tuple[Path, ...],
    choose: str,
    junit: Path | None,
    coverage: bool,
    fail_under: float | None,
    show_paths: bool,
    live: bool,
    journal: Path | None,
) -> int:
    """Play the tests of flow FILES or folders, on virtual time."""
    if journal is not None:
        from engine.cli.loading import load_or_exit
        from engine.testing.flow_tests.recorded import recorded_test

        if len(paths) != 1 or not paths[0].is_file():
            raise click.UsageError("--from takes one flow FILE: the one the call was recorded on")
        flow = load_or_exit(paths[0], sys.stderr)
        with journal.open(encoding="utf-8") as lines:
            sys.stdout.write(recorded_test(flow, lines))
        return 0
    wanted = Wanted(
        choose=choose,
        junit=junit,
        coverage=coverage,
        fail_under=fail_under,
        paths=show_paths,
        live=live,
    )
    return test(paths, wanted, sys.stdout)
