"""`turnwise graph FLOW`: the compiled machine as a drawing."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from engine.machine.compiled import CompiledFlow
    from engine.machine.overlay import Overlay

FORMATS = ("mermaid", "dot", "svg", "json")


def graph(
    path: Path, output_format: str, out: TextIO, err: TextIO, overlay: Overlay | None = None
) -> int:
    """Write the drawing; leaves with `validate`'s exit code for a bad flow."""
    from engine.cli.loading import load_or_exit

    flow = load_or_exit(path, err)
    out.write(_drawn(flow, output_format, overlay))
    return 0


def _drawn(flow: CompiledFlow, output_format: str, overlay: Overlay | None) -> str:
    from engine.machine import export, svg

    if output_format == "json":
        return export.to_json(flow)
    draw = {"mermaid": export.to_mermaid, "dot": export.to_dot, "svg": svg.to_svg}
    return draw[output_format](flow, overlay)


# --- what was visited -----------------------------------------------------------------------------


def traced(journal: Path, flow: CompiledFlow, err: TextIO) -> Overlay:
    """What one recorded call visited of a flow.

    Raises:
        JournalError: it is no journal.
    """
    from engine.cli.replay import journal_lines
    from engine.machine.overlay import Overlay
    from engine.observe.journal import read

    header, steps = read(journal_lines(journal)[0])
    if header.flow == flow.id and header.fingerprint != flow.fingerprint:
        err.write(f"turnwise graph: {journal} was made with another version of the flow\n")
    # A call of this flow, or of one that called it: there its states are named `NAME/STATE`.
    inner = header.flow != flow.id
    states: Counter[str] = Counter()
    transitions: Counter[str] = Counter()
    moves = (m for step in steps for m in step.moves if m.machine == "dialog")
    for move in moves:
        if ("/" in move.new) == inner:
            states[move.new.rpartition("/")[2]] += 1
        if ("/" in move.old) == inner:
            transitions[move.because] += 1
    return Overlay(states=states, transitions=transitions, title=f"the call {journal}")


def covered(path: Path, flow: CompiledFlow, err: TextIO) -> Overlay:
    """What the tests of a flow reach of it."""
    from engine.machine.overlay import Overlay
    from engine.testing.flow_tests.collect import collect
    from engine.testing.flow_tests.coverage import Coverage
    from engine.testing.flow_tests.runner import run_case

    found = collect([path])
    coverage = Coverage()
    coverage.add_flow(flow)
    for case in found.cases:
        if not run_case(case, coverage).ok:
            err.write(f"turnwise graph: the test {case.name} fails; what it reached counts\n")
    for problem in found.problems:
        err.write(f"turnwise graph: {problem}\n")
    reached = [item for item in coverage.reached if item.flow == flow.id]
    return Overlay(
        states={item.name: 1 for item in reached if item.kind == "states"},
        transitions={i.name: 1 for i in reached if i.kind in ("transitions", "handlers")},
        title=f"{len(found.cases)} tests",
    )


EPILOG = """\b
Examples:
  turnwise graph flows/book_table.yaml
  turnwise graph flows/book_table.yaml --format svg > flow.svg
  turnwise graph flows/book_table.yaml --format svg --coverage > covered.svg
  turnwise graph flows/book_table.yaml --format svg --trace runs/CALL/journal.jsonl > call.svg
"""


@click.command(name="graph", epilog=EPILOG)
@click.argument("flow", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="mermaid",
    show_default=True,
    help="svg needs no other program; dot is for Graphviz.",
)
@click.option(
    "--trace",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Light the states and ways of a recorded call.",
)
@click.option("--coverage", is_flag=True, help="Light what the flow's tests reach.")
def command(flow: Path, output_format: str, trace: Path | None, coverage: bool) -> int:
    """Draw FLOW as it was compiled: states, groups, transitions with their guards."""
    from engine.cli.loading import load_or_exit

    if trace is not None and coverage:
        raise click.UsageError("--trace and --coverage light different things: choose one")
    if output_format == "json" and (trace is not None or coverage):
        raise click.UsageError("json is the flow itself: nothing can be lit in it")
    overlay = None
    if trace is not None:
        overlay = traced(trace, load_or_exit(flow, sys.stderr), sys.stderr)
    elif coverage:
        overlay = covered(flow, load_or_exit(flow, sys.stderr), sys.stderr)
    return graph(flow, output_format, sys.stdout, sys.stderr, overlay)
