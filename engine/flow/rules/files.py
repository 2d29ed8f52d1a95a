"""Files that a flow plays or looks into (TW608): they are there."""

from __future__ import annotations

from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic, Path
from engine.flow.rules.book import Book

_LOCAL = "local:"


def missing_files(book: Book) -> Iterator[Diagnostic]:
    """What `play` and `sound` name is a file, and what `knowledge` names a folder (TW608)."""
    find = book.checked.catalogue.find_file
    if find is None:
        return
    for path, written, folder in _named(book):
        near = find(book.source.file, written, folder)
        if near is None:
            continue
        span = book.source.inside(path, len(_LOCAL), len(_LOCAL) + len(written))
        span = span if folder else book.source.span(path)
        what = "folder" if folder else "file"
        yield book.checked.find(
            "TW608", path, f"there is no {what} `{written}`",
            span=span,
            label="looked for beside the flow",
            **(book.checked.meant(written, near, span) or {"help": _help(near, what)}),
        )  # fmt: skip


def _help(near: tuple[str, ...], what: str) -> str:
    if not near:
        return f"the path is relative to the flow; there is no {what} near it either"
    shown = ", ".join(f"`{name}`" for name in near[:5])
    return f"there is {shown}" + (" and more" if len(near) > 5 else "")


def _named(book: Book) -> Iterator[tuple[Path, str, bool]]:
    """Where a file or folder is named, its name, and whether it is a folder."""
    for path, action in book.actions:
        if action.play is not None:
            yield (*path, "play"), action.play, False
    for _, path, scope in book.scopes:
        sound = scope.sound
        if sound is not None and sound.ambience is not None:
            yield (*path, "sound", "ambience", "file"), sound.ambience.file, False
        if sound is not None and sound.thinking is not None:
            yield (*path, "sound", "thinking", "file"), sound.thinking.file, False
    for name, knowledge in (book.flow.knowledge or {}).items():
        if knowledge.use.startswith(_LOCAL):
            yield ("knowledge", name, "use"), knowledge.use.removeprefix(_LOCAL), True


PASSES = (missing_files,)
