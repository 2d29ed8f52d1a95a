"""`turnwise validate`: check flow files. Imports nothing of audio, so it starts fast."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TextIO

import click

from engine.cli.render import FORMATS, Summary, forgiving, render
from engine.flow.catalogue import Catalogue
from engine.flow.codes import Severity
from engine.flow.loader import LoadResult, check_bytes, check_file
from engine.flow.outline import states

_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


def validate(
    paths: Sequence[str],
    output_format: str = "text",
    strict: bool = False,
    fail_on: Severity = "error",
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Check files and write what was found.

    Args:
        paths: flow files; `-` is standard input.
        output_format: one of `engine.cli.render.FORMATS`.
        strict: warnings fail as errors do.
        fail_on: the mildest severity that makes the exit code 1.
        out: where findings go; standard output by default.
        err: where complaints about the command itself go; standard error by default.

    Returns:
        0 without findings at or above `fail_on`, 1 with such, 2 if a file could not be read.
    """
    out, err = out or sys.stdout, err or sys.stderr
    started = time.perf_counter()
    catalogue = known_providers()
    results = [_check(path, catalogue) for path in dict.fromkeys(paths)]
    findings = list(dict.fromkeys(found for result in results for found in result.diagnostics))
    sources = {name: source for result in results for name, source in result.sources.items()}
    summary = Summary(
        elapsed_ms=round((time.perf_counter() - started) * 1_000),
        files=sum(1 for source in sources.values() if source.text or source.root is not None),
        states=sum(1 for source in sources.values() for _ in states(source.data)),
    )
    render(findings, sources, summary, output_format, out)
    if not all(result.readable for result in results):
        return 2
    limit = max(_RANK[fail_on], _RANK["warning"] if strict else 0)
    return int(any(_RANK[found.severity] <= limit for found in findings))


def _check(path: str, catalogue: Catalogue) -> LoadResult:
    if path == "-":
        raw = sys.stdin.buffer.read()
        return check_bytes(raw, "<stdin>", catalogue, folder=Path.cwd())
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
def command(paths: tuple[str, ...], output_format: str, strict: bool, fail_on: Severity) -> int:
    """Check flow files: syntax, names, ways through the states, types, what is said.

    Exit codes: 0 nothing wrong, 1 findings, 2 a file could not be read.
    """
    return validate(paths, output_format, strict, fail_on, out=forgiving(sys.stdout))
