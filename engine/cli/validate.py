"""`turnwise validate`: check flow files. Imports nothing of audio, so it starts fast."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TextIO

import click

from engine.cli.render import FORMATS, Summary, forgiving, render
from engine.cli.settings import ON_REQUEST, Project, Settings
from engine.flow.catalogue import Catalogue
from engine.flow.codes import Severity
from engine.flow.diagnostics import Diagnostic
from engine.flow.loader import LoadResult, check_bytes, check_file
from engine.flow.outline import states
from engine.flow.reading import read_file
from engine.flow.source import Source
from engine.worker.files import find_file
from engine.worker.options import judge_options

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
    no_llm: bool = False
    """Also tell what needs a language model."""
    resolve: bool = False
    """Look at the functions of tools."""
    env: bool = False
    """Look whether the variables of the environment are set."""
    started: bool = False
    """A room is about to start the flow."""
    against: str | None = None
    """Compare with the same files at this revision of git."""
    select: tuple[str, ...] = ()
    """Codes and prefixes to tell, instead of what the settings of the project choose."""
    extend_select: tuple[str, ...] = ()
    """Codes and prefixes to tell as well."""
    ignore: tuple[str, ...] = ()
    """Codes and prefixes not to tell."""

    @property
    def project(self) -> Project:
        """The settings of all files, with what the command line adds."""
        return Project(self.select, self.extend_select, self.ignore)

    @property
    def asked(self) -> frozenset[str]:
        """The codes that are told on request, and are requested by an option."""
        options = (("TW707", self.no_llm), ("TW802", self.env))
        return frozenset(code for code, wanted in options if wanted)


def validate(
    paths: Sequence[str],
    wanted: Wanted | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Check files and write what was found.

    Args:
        paths: flow files and folders of such; `-` is standard input.
        wanted: how, and what counts.
        out: where findings go; standard output by default.
        err: where complaints about the command itself go; standard error by default.

    Returns:
        0 without findings at or above `fail_on`, 1 with such, 2 if a file could not be read.

    Raises:
        BaselineError: the baseline cannot be read.
        SettingsError: the settings of the project hold what cannot be meant.
        click.UsageError: there is no such revision, or nothing in a folder.
    """
    out, err = out or sys.stdout, err or sys.stderr
    wanted = wanted or Wanted()
    started = time.perf_counter()
    files = flow_files(paths)
    project = wanted.project
    catalogue = _looked_up(files, wanted, project)
    results = [_check(path, catalogue) for path in files]
    findings = list(dict.fromkeys(found for result in results for found in result.diagnostics))
    settings = {found.span.file: project.of(found.span.file) for found in findings}
    findings = [f for f in findings if settings[f.span.file].tells(f, asked=wanted.asked)]
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
    return int(any(_fails(found, wanted, settings[found.span.file]) for found in findings))


def _fails(found: Diagnostic, wanted: Wanted, settings: Settings) -> bool:
    strict = wanted.strict or settings.strict
    limit = max(_RANK[wanted.fail_on], _RANK["warning"] if strict else 0)
    return _RANK[found.severity] <= limit


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


def flow_files(paths: Sequence[str]) -> list[str]:
    """All files that are meant, each once; a folder stands for the flows below it.

    Raises:
        click.UsageError: a folder holds none.
    """
    paths = [name for path in paths for name in _expanded(path)]
    if not any(os.path.isdir(path) for path in paths):
        return list(dict.fromkeys(paths))
    from engine.cli import outside

    for path in paths:
        if os.path.isdir(path) and not any(outside.flow_files([path])):
            raise click.UsageError(f"no flow in the folder {path}")
    return list(dict.fromkeys(outside.flow_files(paths)))


def _expanded(path: str) -> list[str]:
    """The files that a pattern stands for, where the shell has left it; else the path itself."""
    if not path:
        raise click.UsageError("an empty name of a file")
    if os.path.lexists(path) or not any(sign in path for sign in "*?["):
        return [path]
    from glob import glob

    found = sorted(glob(path, recursive=True))
    if not found:
        raise click.UsageError(f"no file matches {path}")
    return found


def _looked_up(files: Sequence[str], wanted: Wanted, project: Project) -> Catalogue:
    """What the rules are told of the outside."""
    asked = {
        code
        for code in ON_REQUEST
        if code in wanted.asked or any(project.of(file).asks(code) for file in files)
    }
    catalogue = replace(known_providers(), without_model="TW707" in asked, started=wanted.started)
    if wanted.resolve or wanted.started:
        catalogue = replace(catalogue, find_file=find_file)
    if "TW802" in asked:
        catalogue = replace(catalogue, environment=frozenset(os.environ))
    if not (wanted.resolve or wanted.against):
        return catalogue
    # Both read every file a first time.
    from engine.cli import outside

    flows = [file for file in files if file != "-" and not file.endswith(".tests.yaml")]
    if wanted.resolve:
        catalogue = replace(catalogue, signatures=outside.signatures(flows, project))
    if wanted.against:
        catalogue = replace(catalogue, before=outside.older_flows(flows, wanted.against))
    return catalogue


def _check(path: str, catalogue: Catalogue) -> LoadResult:
    if path == "-":
        raw = sys.stdin.buffer.read()
        return check_bytes(raw, "<stdin>", catalogue, folder=Path.cwd())
    if path.endswith(".tests.yaml"):
        # Few runs are given tests; `flows/*.yaml` gives both.
        from engine.testing.flow_tests.reading import check_tests

        return check_tests(Path(path), catalogue)
    return check_file(path, _with_tests(path, catalogue))


def _with_tests(path: str, catalogue: Catalogue) -> Catalogue:
    """With the tests beside a flow that holds tests itself: both together may reach all of it."""
    flow = Path(path)
    if not any(flow.parent.glob("*.tests.yaml")) or "\ntests:" not in read_file(flow)[0]:
        return catalogue
    from engine.testing.flow_tests.reading import tests_of

    more = {
        f"{file}.{name}": test for file, tests in tests_of(flow) for name, test in tests.items()
    }
    return replace(catalogue, tests={path: more})


def known_providers() -> Catalogue:
    """The installed providers, by kind; one is imported only when a flow names it."""
    names: dict[str, set[str]] = {}
    for point in entry_points(group="turnwise.providers"):
        kind, _, name = point.name.partition(".")
        names.setdefault(kind, set()).add(name)
    providers = {kind: tuple(sorted(found)) for kind, found in names.items()}
    return Catalogue(providers=providers, judge=judge_options)


@click.command(name="validate")
@click.argument("paths", nargs=-1, required=True, metavar="FILE_OR_FOLDER...")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    help="Tell only these codes or prefixes (TW3,TW506).",
)
@click.option("--extend-select", multiple=True, metavar="CODES", help="Tell these codes as well.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not tell these warnings.")
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
@click.option("--no-llm", is_flag=True, help="Also list what needs a language model (TW707).")
@click.option(
    "--resolve",
    is_flag=True,
    help="Compare tools with their functions and services, and look for files (TW607, TW608).",
)
@click.option("--env", is_flag=True, help="Tell environment variables that are not set (TW802).")
@click.option(
    "--against",
    metavar="REV",
    help="Tell what breaks calls and callers of an older version in git (TW904).",
)
@click.option("--fix", is_flag=True, help="Repair what can safely be repaired, in place.")
@click.option("--unsafe-fixes", is_flag=True, help="Also make repairs that are guesses.")
@click.option("--diff", is_flag=True, help="Show repairs instead of making them.")
def command(
    paths: tuple[str, ...], fix: bool, unsafe_fixes: bool, diff: bool, **options: Any
) -> int:
    """Check flow files: syntax, names, ways through the states, types, what is said.

    A folder stands for all flows, fragments and tests below it; `-` is standard input. A project
    chooses what it is told with `[tool.turnwise]` in its pyproject.toml.

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

        code = repair(
            flow_files(paths), known_providers(), wanted.project,
            unsafe=unsafe_fixes, diff=diff, out=out,
        )  # fmt: skip
        if diff or code:
            return code
    return validate(paths, wanted, out)
