"""`turnwise validate`: check flow files. Imports nothing of audio, so it starts fast."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TextIO

import click

from engine.cli.render import FORMATS, Summary, forgiving, render
from engine.flow.catalogue import Catalogue
from engine.flow.codes import Severity
from engine.flow.diagnostics import Diagnostic
from engine.flow.loader import LoadResult, check_bytes, check_file
from engine.flow.outline import states
from engine.flow.source import Source

_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run of the command is asked for."""

    output_format: str = "text"
    """One of `engine.cli.render.FORMATS`."""
    strict: bool = False
    """Warnings fail as errors do."""
    fail_on: Severity = "error"
    """The mildest severity that makes the exit code 1."""
    baseline: Path | None = None
    """The file of findings that are known."""
    update_baseline: bool = False
    """Write that file anew."""


def validate(
    paths: Sequence[str],
    wanted: Wanted | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Check files and write what was found.

    Args:
        paths: flow files; `-` is standard input.
        wanted: how, and what counts.
        out: where findings go; standard output by default.
        err: where complaints about the command itself go; standard error by default.

    Returns:
        0 without findings at or above `fail_on`, 1 with such, 2 if a file could not be read.

    Raises:
        BaselineError: the baseline cannot be read.
    """
    out, err = out or sys.stdout, err or sys.stderr
    wanted = wanted or Wanted()
    started = time.perf_counter()
    catalogue = known_providers()
    results = [_check(path, catalogue) for path in dict.fromkeys(paths)]
    findings = list(dict.fromkeys(found for result in results for found in result.diagnostics))
    ignored = list(dict.fromkeys(found for result in results for found in result.ignored))
    sources = {name: source for result in results for name, source in result.sources.items()}
    findings, known = _sift(findings, sources, wanted, err)
    summary = Summary(
        elapsed_ms=round((time.perf_counter() - started) * 1_000),
        files=sum(1 for source in sources.values() if source.text or source.root is not None),
        states=sum(1 for source in sources.values() for _ in states(source.data)),
        ignored=ignored,
        known=known,
    )
    render(findings, sources, summary, wanted.output_format, out)
    if not all(result.readable for result in results):
        return 2
    limit = max(_RANK[wanted.fail_on], _RANK["warning"] if wanted.strict else 0)
    return int(any(_RANK[found.severity] <= limit for found in findings))


def _sift(
    findings: list[Diagnostic], sources: Mapping[str, Source], wanted: Wanted, err: TextIO
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The findings that are told, and those of the baseline."""
    if wanted.baseline is None:
        return findings, []
    # Most runs have no baseline.
    from engine.cli.baseline import read_baseline, split_known, write_baseline

    if wanted.update_baseline:
        write_baseline(wanted.baseline, findings, sources)
        err.write(f"wrote {len(findings)} findings to {wanted.baseline}\n")
    return split_known(findings, sources, read_baseline(wanted.baseline))


def _check(path: str, catalogue: Catalogue) -> LoadResult:
    if path == "-":
        raw = sys.stdin.buffer.read()
        return check_bytes(raw, "<stdin>", catalogue, folder=Path.cwd())
    if path.endswith(".tests.yaml"):
        # Few runs are given tests; `flows/*.yaml` gives both.
        from engine.testing.flow_tests.reading import check_tests

        return check_tests(Path(path), catalogue)
    return check_file(path, catalogue)


def known_providers() -> Catalogue:
    """The names of installed providers, by kind; no provider is imported for it."""
    names: dict[str, set[str]] = {}
    for point in entry_points(group="turnwise.providers"):
        kind, _, name = point.name.partition(".")
        names.setdefault(kind, set()).add(name)
    return Catalogue(providers={kind: tuple(sorted(found)) for kind, found in names.items()})


@click.command(name="validate")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option("--strict", is_flag=True, help="Warnings fail as errors do.")
@click.option(
    "--fail-on",
    type=click.Choice(list(_RANK)),
    default="error",
    show_default=True,
    help="The mildest finding that makes the exit code 1.",
)
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Tell only findings that this file does not hold.",
)
@click.option("--update-baseline", is_flag=True, help="Write the baseline anew, then use it.")
@click.option("--fix", is_flag=True, help="Repair what can safely be repaired, in place.")
@click.option("--unsafe-fixes", is_flag=True, help="Also make repairs that are guesses.")
@click.option("--diff", is_flag=True, help="Show repairs instead of making them.")
def command(
    paths: tuple[str, ...], fix: bool, unsafe_fixes: bool, diff: bool, **options: Any
) -> int:
    """Check flow files: syntax, names, ways through the states, types, what is said.

    Exit codes: 0 nothing wrong, 1 findings (--diff: repairs to make), 2 a file could not be read.
    """
    wanted = Wanted(**options)
    if wanted.update_baseline and wanted.baseline is None:
        raise click.UsageError("--update-baseline needs --baseline FILE")
    if unsafe_fixes and not (fix or diff):
        raise click.UsageError("--unsafe-fixes needs --fix or --diff")
    out = forgiving(sys.stdout)
    if fix or diff:
        if "-" in paths:
            raise click.UsageError("--fix and --diff need files, not standard input")
        # Checking alone is the common case.
        from engine.cli.repairing import repair

        code = repair(paths, known_providers(), unsafe=unsafe_fixes, diff=diff, out=out)
        if diff or code:
            return code
    return validate(paths, wanted, out)
