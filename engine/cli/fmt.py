"""`turnwise fmt`: even spacing, indentation and quotes; comments and the order of keys stay."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

import click

from engine.cli.render import as_text, forgiving
from engine.cli.rewriting import UnreadableFileError, difference, read_text, write_text
from engine.flow.formatter import FormatError, format_text
from engine.flow.source import read_source


def fmt(
    paths: Sequence[str],
    check: bool = False,
    diff: bool = False,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Format files in place.

    Args:
        paths: flow files; `-` formats standard input to standard output.
        check: write nothing, only say which files would change.
        diff: write nothing, show what would change.
        out: where differences and formatted standard input go; standard output by default.
        err: where everything else goes; standard error by default.

    Returns:
        0 if all is well, 1 if `check` or `diff` found a file to change, 2 if a file could not be
        read, is not YAML, or is laid out in a way that cannot be changed safely.
    """
    out, err = out or sys.stdout, err or sys.stderr
    worst, changed = 0, 0
    for path in dict.fromkeys(paths):
        try:
            before = read_text(path)
            after = format_text(before, path)
            changed += before != after
            _deliver(path, before, after, check=check, diff=diff, out=out, err=err)
        except UnreadableFileError as error:
            err.write(f"turnwise fmt: {error}\n")
            worst = 2
        except FormatError as error:
            err.write(f"turnwise fmt: `{path}` is left as it is: {error}\n")
            sources = {path: read_source(before, path)}
            for found in error.findings:
                err.write("\n".join(as_text(found, sources)) + "\n")
            worst = 2
    return worst or int(changed > 0 and (check or diff))


def _deliver(
    path: str, before: str, after: str, *, check: bool, diff: bool, out: TextIO, err: TextIO
) -> None:
    if diff:
        out.write(difference(path, before, after))
    elif check:
        if before != after:
            err.write(f"would format {path}\n")
    elif path == "-":
        out.write(after)
    elif before != after:
        write_text(path, after)
        err.write(f"formatted {path}\n")


@click.command(name="fmt")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(paths: tuple[str, ...], check: bool, diff: bool) -> int:
    """Format flow files: spacing, indentation, quotes.

    The order of keys, comments and every value stay. `-` formats standard input.

    Exit codes: 0 formatted or nothing to do, 1 a file would change (--check, --diff), 2 a file
    could not be read or is not YAML.
    """
    return fmt(paths, check, diff, forgiving(sys.stdout), sys.stderr)
