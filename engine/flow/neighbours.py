"""Other files a flow names: found inside the project, or a finding that says why not."""

from __future__ import annotations

import os
from pathlib import Path as FilePath

from engine.errors import why
from engine.flow.diagnostics import Diagnostic, Path, Span, nearest
from engine.flow.source import Source


def locate(
    source: Source, where: Path, written: str, folder: FilePath | None, root: FilePath | None
) -> FilePath | Diagnostic:
    """The file that is named at `where`.

    Args:
        source: the file that names it.
        where: the path of the name.
        written: the name, relative to `folder`.
        folder: where `source` lies; None: it was not read from a file.
        root: the folder that may not be left; None: there is none.
    """
    span = source.span(where)
    if folder is None:
        message = f"cannot look for `{written}`: this flow was not read from a file"
        return Diagnostic(code="TW207", message=message, span=span, where=where)
    try:
        path = FilePath(os.path.realpath(folder / written))
    except (OSError, ValueError) as error:
        message = f"cannot look for `{written}`: {why(error)}"
        return Diagnostic(code="TW207", message=message, span=span, where=where)
    if root is not None and not path.is_relative_to(root):
        return _escapes(span, where, written)
    return path


def shown_name(source: Source, written: str) -> str:
    """What findings call a file that `source` names."""
    return os.path.normpath(os.path.join(os.path.dirname(source.file), written))


def _escapes(span: Span, where: Path, written: str) -> Diagnostic:
    return Diagnostic(
        code="TW804",
        message=f"`{written}` lies outside this project",
        span=span,
        label="not inside the project's folder",
        help="copy the file into the project",
        notes=("the project is the nearest folder with a pyproject.toml, turnwise.toml or .git",),
        where=where,
    )


def missing(source: Source, where: Path, written: str, path: FilePath) -> Diagnostic:
    """There is no such file, or no text in it."""
    if path.is_dir():
        message, help_ = f"`{written}` is a folder", "name a file in it"
    elif path.exists():
        message, help_ = f"`{written}` cannot be read as UTF-8 text", ""
    else:
        message = f"no file `{written}`"
        folder = path.parent
        siblings = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        meant = nearest(path.name, [name for name in siblings if name.endswith((".yaml", ".yml"))])
        shown = os.path.join(os.path.dirname(written), meant or "")
        help_ = f"did you mean `{shown}`?" if meant else ""
    return Diagnostic(
        code="TW207",
        message=message,
        span=source.span(where),
        label="looked for it beside this file",
        help=help_,
        where=where,
    )


def call_cycle(span: Span, where: Path, chain: tuple[FilePath, ...], path: FilePath) -> Diagnostic:
    """Sub-flows call each other in a circle: the files of `chain`, and `path` again."""
    names = tuple(file.name for file in (*chain, path))
    itself = len(chain) == 1
    message = "a flow names itself as its sub-flow" if itself else "sub-flows name each other"
    return Diagnostic(
        code="TW208",
        message=message,
        span=span,
        label="leads back to this file" if itself else f"leads back to `{path.name}`",
        help="let one of them return instead: `end: return`",
        path=names,
        where=where,
    )
