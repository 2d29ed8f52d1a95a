"""`turnwise validate --fix` and `--diff`: repairs by span, made or shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from engine.cli.rewriting import UnreadableFileError, difference, read_text, write_text
from engine.cli.settings import Project, Settings
from engine.flow.catalogue import Catalogue
from engine.flow.fixing import Fixed, fix_text
from engine.flow.loader import LoadResult, check_text
from engine.flow.reading import project_root


def repair(
    paths: Sequence[str],
    catalogue: Catalogue,
    project: Project | None = None,
    *,
    unsafe: bool = False,
    diff: bool = False,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Repair files.

    Args:
        paths: flow files.
        catalogue: the providers that are installed.
        project: which findings are told; what is not told is not repaired.
        unsafe: also make repairs that are guesses.
        diff: show the changes and write nothing.
        out: where differences go; standard output by default.
        err: where the rest goes; standard error by default.

    Returns:
        0 all is done, 1 there are repairs to make (only with `diff`), 2 a file could not be read
        or written.
    """
    out, err = out or sys.stdout, err or sys.stderr
    code = 0
    project = project or Project()
    for path in dict.fromkeys(paths):
        try:
            before = read_text(path)
            fixed = _fixed(path, before, catalogue, project.of(path), unsafe=unsafe)
            # A byte order mark is no finding, and stays.
            after = "\ufeff" * before.startswith("\ufeff") + fixed.text
            if after == before:
                continue
            if diff:
                out.write(difference(path, before, after))
                code = max(code, 1)
            else:
                write_text(path, after)
            _tell(path, fixed, diff, err)
        except UnreadableFileError as error:
            err.write(f"turnwise validate: {error}\n")
            code = 2
    return code


def _fixed(
    path: str, text: str, catalogue: Catalogue, settings: Settings, *, unsafe: bool
) -> Fixed:
    folder = Path(path).parent
    root = project_root(Path(path).resolve())

    def check(changed: str) -> LoadResult:
        result = check_text(changed, path, catalogue, folder=folder, root=root)
        told = tuple(found for found in result.diagnostics if settings.tells(found))
        return replace(result, diagnostics=told)

    return fix_text(text, check, unsafe=unsafe)


def _tell(path: str, fixed: Fixed, diff: bool, err: TextIO) -> None:
    count = len(fixed.applied)
    codes = ", ".join(dict.fromkeys(found.code for found in fixed.applied))
    verb = "would repair" if diff else "repaired"
    err.write(f"{verb} {count} problem{'s' * (count != 1)} in {path} ({codes})\n")
