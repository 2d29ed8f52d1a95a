"""`[tool.turnwise]` in pyproject.toml: which findings a project wants to be told, and what fails.

For each flow file the nearest settings upward count: a `pyproject.toml` with a `[tool.turnwise]`
table, or a `turnwise.toml` with the same keys at its top. They are not merged with others above.

A code is given in full or as a prefix (`TW3`). Where both choose a finding, the longer one wins,
and of equal ones `ignore`. Errors are always told: a flow with errors does not run.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from engine.errors import TurnwiseError, why
from engine.flow.codes import CODES
from engine.flow.diagnostics import Diagnostic, listing, nearest
from engine.flow.loader import LoadResult

ON_REQUEST = ("TW707", "TW802")
"""Codes that are told only to those who ask for them; TW607 and TW904 take more than a name."""

_LISTS = ("select", "extend-select", "ignore")
_KEYS = (*_LISTS, "per-file-ignores", "services", "strict")


class SettingsError(TurnwiseError):
    """The settings hold something that cannot be meant; the text names file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one file of settings, or the command line, chooses."""

    folder: Path = Path()
    """Patterns of `per-file-ignores` begin here."""
    select: tuple[str, ...] | None = None
    """None: every code."""
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    strict: bool = False
    services: Mapping[str, Path] = field(default_factory=dict)
    """`http:NAME` or `mcp:NAME` to the file that describes what the service takes."""

    def tells(self, found: Diagnostic, *, asked: Iterable[str] = ()) -> bool:
        """Whether a finding is told.

        Args:
            found: the finding; its file is relative to the current folder, or absolute.
            asked: codes of `ON_REQUEST` that the command line asks for.
        """
        if found.code in ON_REQUEST and found.code not in asked and not self.asks(found.code):
            return False
        if found.is_error:
            return True
        chosen = 0 if self.select is None else _length(found.code, self.select)
        chosen = max(chosen, _length(found.code, self.extend_select))
        return chosen > _length(found.code, self._ignored(found.span.file)) or (found.code in asked)

    def asks(self, code: str) -> bool:
        """Whether a code that is told on request is named in full."""
        return code in (*(self.select or ()), *self.extend_select)

    def _ignored(self, file: str) -> Iterator[str]:
        yield from self.ignore
        path = Path(os.path.abspath(file))
        inside = path.is_relative_to(self.folder)
        shown = path.relative_to(self.folder).as_posix() if inside else path.as_posix()
        for pattern, codes in self.per_file_ignores:
            if fnmatchcase(shown, pattern) or fnmatchcase(path.name, pattern):
                yield from codes


def _length(code: str, prefixes: Iterable[str]) -> int:
    """How long the longest prefix of a code among these is; -1 for none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


class Project:
    """The settings of every file of a run; each file of settings is read once.

    Args:
        select: of the command line: instead of everything that files of settings choose.
        extend_select: of the command line: as well.
        ignore: of the command line: as well.
    """

    def __init__(
        self,
        select: Sequence[str] = (),
        extend_select: Sequence[str] = (),
        ignore: Sequence[str] = (),
    ) -> None:
        self._select = _of_options("--select", select)
        self._extend = _of_options("--extend-select", extend_select)
        self._ignore = _of_options("--ignore", ignore)
        self._known: dict[Path, Settings] = {}

    def of(self, file: str) -> Settings:
        """The settings of a file.

        Raises:
            SettingsError: they cannot be read, or hold something that cannot be meant.
        """
        found = self._in(Path(os.path.abspath(file)).parent)
        if self._select:
            found = replace(found, select=self._select, extend_select=(), ignore=())
        return replace(
            found,
            extend_select=(*found.extend_select, *self._extend),
            ignore=(*found.ignore, *self._ignore),
        )

    def _in(self, folder: Path) -> Settings:
        known = self._known.get(folder)
        if known is None:
            known = read_settings(folder)
            if known is None:
                known = self._in(folder.parent) if folder.parent != folder else Settings()
            self._known[folder] = known
        return known


def _of_options(option: str, written: Sequence[str]) -> tuple[str, ...]:
    codes = [code for part in written for code in re.split(r"[,\s]+", part) if code]
    for code in codes:
        problem = _unknown(code)
        if problem:
            raise SettingsError(f"{option}: {problem}")
    return tuple(codes)


def told(result: LoadResult, project: Project) -> LoadResult:
    """What is told of a file in an editor; settings that cannot be read choose nothing there."""
    try:
        kept = [f for f in result.diagnostics if project.of(f.span.file).tells(f)]
    except SettingsError:
        return result
    return replace(result, diagnostics=tuple(kept))


# --- reading --------------------------------------------------------------------------------------


def read_settings(folder: Path) -> Settings | None:
    """The settings that a folder itself holds; None if it holds none.

    Raises:
        SettingsError: they cannot be read, or hold something that cannot be meant.
    """
    for name, section in (("turnwise.toml", ()), ("pyproject.toml", ("tool", "turnwise"))):
        path = folder / name
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"cannot read {_shown(path)}: {why(error)}") from error
        table = _table(path, text, section)
        if table is not None:
            return _Reader(path, text, section).settings(table)
    return None


def _table(path: Path, text: str, section: tuple[str, ...]) -> Any:
    try:
        found: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = re.fullmatch(r"(.*?) \(at line (\d+), column \d+\)", str(error))
        place = f":{said[2]}" if said else ""
        reason = said[1] if said else str(error)
        raise SettingsError(f"{_shown(path)}{place}: this is not TOML: {reason}") from error
    for part in section:
        found = found.get(part) if isinstance(found, dict) else None
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    text: str
    section: tuple[str, ...]

    def settings(self, table: Any) -> Settings:
        if not isinstance(table, dict):
            raise self.error("turnwise", "expected a table: `[tool.turnwise]`")
        for key in table:
            if key not in _KEYS:
                meant = nearest(key, _KEYS)
                advice = f"did you mean `{meant}`?" if meant else f"keys are {listing(_KEYS)}"
                raise self.error(key, f"unknown key `{key}`; {advice}")
        strict = table.get("strict", False)
        if not isinstance(strict, bool):
            raise self.error("strict", "`strict` is `true` or `false`")
        return Settings(
            folder=self.path.parent,
            select=self.codes("select", table["select"]) if "select" in table else None,
            extend_select=self.codes("extend-select", table.get("extend-select", [])),
            ignore=self.codes("ignore", table.get("ignore", []), quiet=True),
            per_file_ignores=tuple(self.patterns(table.get("per-file-ignores", {}))),
            strict=strict,
            services=dict(self.services(table.get("services", {}))),
        )

    def services(self, table: Any) -> Iterator[tuple[str, Path]]:
        example = '`"http:booking" = "booking.openapi.yaml"`'
        if not isinstance(table, dict):
            raise self.error("services", f"`services` is a table: {example}")
        for name, file in table.items():
            if not re.fullmatch(r"(http|mcp):[A-Za-z_][\w.]*", name) or not isinstance(file, str):
                raise self.error(name, f"a service is written {example}")
            yield name, self.path.parent / file

    def patterns(self, table: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
        if not isinstance(table, dict):
            message = '`per-file-ignores` is a table: `"old/*.yaml" = ["TW506"]`'
            raise self.error("per-file-ignores", message)
        for pattern, codes in table.items():
            yield pattern, self.codes(pattern, codes, quiet=True)

    def codes(self, key: str, written: Any, *, quiet: bool = False) -> tuple[str, ...]:
        if not isinstance(written, list) or not all(isinstance(code, str) for code in written):
            raise self.error(key, f'`{key}` is a list of codes: `["TW3", "TW506"]`')
        for code in written:
            problem = _unknown(code) or (_never_quiet(code) if quiet else "")
            if problem:
                raise self.error(code, f"{problem}, in `{key}`")
        return tuple(written)

    def error(self, word: str, message: str) -> SettingsError:
        """The complaint, with the line that holds the word."""
        return SettingsError(f"{_shown(self.path)}:{self.line(word)}: {message}")

    def line(self, word: str) -> int:
        """The first line of the section that holds a word; else the section's own."""
        lines = self.text.splitlines()
        start = 0
        if self.section:
            head = re.compile(r"\s*\[\s*tool\s*\.\s*turnwise\b|\s*tool\.turnwise\b|\s*turnwise\b")
            start = next((n for n, line in enumerate(lines) if head.match(line)), 0)
        whole = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
        return next((n for n in range(start, len(lines)) if whole.search(lines[n])), start) + 1


def _unknown(code: str) -> str:
    """What is wrong with a code or prefix; empty if nothing is."""
    if re.fullmatch(r"TW\d{0,3}", code) and any(known.startswith(code) for known in CODES):
        return ""
    names = {entry.name: entry.code for entry in CODES.values()}
    if code in names:
        return f"`{code}` is written `{names[code]}`"
    meant = nearest(code, CODES)
    advice = f"; did you mean `{meant}`?" if meant else "; `turnwise explain` lists them"
    return f"there is no code `{code}`{advice}"


def _never_quiet(code: str) -> str:
    entry = CODES.get(code)
    if entry is None or entry.severity != "error":
        return ""
    return f"`{code}` is an error and cannot be ignored: a flow with errors does not run"


def _shown(path: Path) -> str:
    """The path as a user in the current folder would write it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
