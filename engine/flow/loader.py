"""A path or a text in, a flow or findings out. Never raises for what a file holds.

The order of judgement: YAML, then what is not supported yet, then the shape, then the rules. Each
later judge is silent about places an earlier one has spoken about.

The models judge the shape first, because they are ten times as fast as the schema; only when they
refuse does the schema explain why. A property test holds that both accept the same documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import ValidationError

from engine.flow import renamed, rules
from engine.flow.catalogue import Catalogue
from engine.flow.diagnostics import Diagnostic, Path, sort_diagnostics
from engine.flow.ignores import sift
from engine.flow.including import Included, Reader
from engine.flow.model import Flow, Fragment
from engine.flow.neighbours import call_cycle, locate, missing, shown_name
from engine.flow.outline import is_fragment
from engine.flow.patchwork import Patchwork
from engine.flow.reading import decode, project_root, read_file
from engine.flow.shape import (
    find_duplicate_states,
    find_language_version,
    find_wrong_shapes,
    unexplained,
)
from engine.flow.source import Source, read_source
from engine.flow.unsupported import find_unsupported

_OFFERED = frozenset({"TW209", "TW310"})
"""Findings about what is never used; a fragment is for several flows."""

_Model = TypeVar("_Model", Flow, Fragment)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What came of one file."""

    flow: Flow | None
    """The flow; None when it, or a sub-flow of it, has errors."""
    diagnostics: tuple[Diagnostic, ...]
    """All findings in this file and its sub-flows, sorted."""
    source: Source
    subflows: Mapping[str, LoadResult] = field(default_factory=dict)
    """By the name this flow calls them."""
    readable: bool = True
    """False: there was no file, or no text in it; the one finding says why."""
    ignored: tuple[Diagnostic, ...] = ()
    """What comments in the files ask not to be told."""
    included: tuple[Source, ...] = ()
    """The fragments, in order."""

    @property
    def ok(self) -> bool:
        """Whether there is a flow to run."""
        return self.flow is not None

    @property
    def chain(self) -> tuple[str, ...]:
        """The longest chain of flows that begins here, itself included, by their files."""
        inner = (result.chain for result in self.subflows.values())
        return (FilePath(self.source.file).stem, *max(inner, key=len, default=()))

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The flow and those it calls, at any depth, each once; those with errors are left out."""
        own = () if self.flow is None else (self.flow,)
        return (*own, *_within(self.subflows))

    @property
    def sources(self) -> dict[str, Source]:
        """Every file that was read, by the name its findings carry."""
        found = {self.source.file: self.source}
        found.update((source.file, source) for source in self.included)
        for inner in self.subflows.values():
            found.update(inner.sources)
        return found


def load(path: str | FilePath, *, root: FilePath | None = None) -> LoadResult:
    """Load a file and its sub-flows: YAML and shape, no rules.

    Args:
        path: the file.
        root: the folder that sub-flows may not leave. By default the nearest folder around the
            file that holds a `pyproject.toml`, `turnwise.toml` or `.git`, else the file's own.
    """
    return _Loader(None, root).load_file(str(path))


def load_text(text: str, name: str = "<text>", *, folder: FilePath | None = None) -> LoadResult:
    """Load a text: YAML and shape, no rules. Sub-flows are looked for in `folder`, if given."""
    return _Loader(None, folder).load_text(text, name, folder)


def check_file(
    path: str | FilePath, catalogue: Catalogue | None = None, *, root: FilePath | None = None
) -> LoadResult:
    """Load a file and its sub-flows and run all rules over them."""
    return _Loader(catalogue or Catalogue(), root).load_file(str(path))


def check_text(
    text: str,
    name: str = "<text>",
    catalogue: Catalogue | None = None,
    *,
    folder: FilePath | None = None,
    root: FilePath | None = None,
) -> LoadResult:
    """Load a text and run all rules over it.

    Args:
        text: the flow.
        name: what findings call it.
        catalogue: the providers that are installed.
        folder: where its sub-flows are; without one it may have none.
        root: the folder that sub-flows may not leave; by default `folder`.
    """
    return _Loader(catalogue or Catalogue(), root or folder).load_text(text, name, folder)


def check_bytes(
    raw: bytes, name: str, catalogue: Catalogue | None = None, *, folder: FilePath | None = None
) -> LoadResult:
    """Decode a text and run all rules over it."""
    text, failure = decode(raw, name)
    if failure is not None:
        return _unreadable(name, *failure)
    return check_text(text, name, catalogue, folder=folder)


# --- the loader -----------------------------------------------------------------------------------


class _Loader:
    """Loads one file with everything below it; each file once."""

    def __init__(self, catalogue: Catalogue | None, root: FilePath | None) -> None:
        self._catalogue = catalogue
        self._root = root.resolve() if root is not None else None
        self._loaded: dict[FilePath, LoadResult] = {}

    def load_file(self, name: str) -> LoadResult:
        path = FilePath(name)
        text, failure = read_file(path)
        if failure is not None:
            return _unreadable(name, *failure)
        if self._root is None:
            self._root = project_root(path.resolve())
        return self._load(text, name, path.resolve().parent, (path.resolve(),))

    def load_text(self, text: str, name: str, folder: FilePath | None) -> LoadResult:
        return self._load(text, name, folder.resolve() if folder is not None else None, ())

    def _load(
        self, text: str, name: str, folder: FilePath | None, chain: tuple[FilePath, ...]
    ) -> LoadResult:
        source = read_source(text, name)
        flow, findings = judge(source)
        included = self._included(source, folder)
        findings += included.findings
        whole: Source = source
        if flow is not None and included.sources:
            flow, whole, problems = _merged(flow, source, included)
            findings += problems
        subflows, problems = self._subflows(source, folder, chain)
        findings += problems
        judged = flow is not None and self._catalogue is not None and _is_sound(findings)
        if flow is not None and self._catalogue is not None and judged:
            models = {key: inner.flow for key, inner in subflows.items() if inner.flow is not None}
            called = len(chain) > 1
            chains = {key: inner.chain for key, inner in subflows.items()}
            within = _within(subflows)
            found = rules.check(
                flow, whole, models, self._catalogue, called=called, chains=chains, within=within
            )
            # What a fragment offers, and this flow has no use for, is no mistake.
            findings += [f for f in found if f.span.file == source.file or f.code not in _OFFERED]
        findings, ignored = sift(source, findings, judged=judged)
        for part in included.sources:
            findings, more = sift(part, findings, judged=False)
            ignored += more
        for result in subflows.values():
            findings += result.diagnostics
            ignored += result.ignored
        # A fragment that several of the flows include has its findings once.
        diagnostics = sort_diagnostics(_distinct(findings))
        if any(found.is_error for found in diagnostics):
            flow = None
        return LoadResult(
            flow=flow,
            diagnostics=diagnostics,
            source=source,
            subflows=subflows,
            ignored=sort_diagnostics(ignored),
            included=tuple(included.sources),
        )

    def _included(self, source: Source, folder: FilePath | None) -> Included:
        reader = Reader(self._root, judge_fragment)
        reader.read(source, folder)
        return reader.included

    # --- sub-flows --------------------------------------------------------------------------------

    def _subflows(
        self, source: Source, folder: FilePath | None, chain: tuple[FilePath, ...]
    ) -> tuple[dict[str, LoadResult], list[Diagnostic]]:
        declared = source.data.get("flows") if isinstance(source.data, dict) else None
        if not isinstance(declared, dict):
            return {}, []
        loaded: dict[str, LoadResult] = {}
        problems: list[Diagnostic] = []
        for key, written in declared.items():
            if not isinstance(written, str) or not written.strip():
                continue
            result = self._subflow(source, ("flows", key), written, folder, chain)
            if isinstance(result, Diagnostic):
                problems.append(result)
            else:
                loaded[key] = result
        return loaded, problems

    def _subflow(
        self,
        source: Source,
        where: Path,
        written: str,
        folder: FilePath | None,
        chain: tuple[FilePath, ...],
    ) -> LoadResult | Diagnostic:
        path = locate(source, where, written, folder, self._root)
        if isinstance(path, Diagnostic):
            return path
        if path in chain:
            return call_cycle(source.span(where), where, chain[chain.index(path) :], path)
        if path not in self._loaded:
            text, failure = read_file(path)
            if failure is not None:
                return missing(source, where, written, path)
            name = shown_name(source, written)
            self._loaded[path] = self._load(text, name, path.parent, (*chain, path))
        return self._loaded[path]


def _within(subflows: Mapping[str, LoadResult]) -> tuple[Flow, ...]:
    inner = (flow for result in subflows.values() for flow in result.flows)
    return tuple({id(flow): flow for flow in inner}.values())


def _merged(
    flow: Flow, source: Source, included: Included
) -> tuple[Flow | None, Source, list[Diagnostic]]:
    """A flow with what it includes; None where that could not be read."""
    if not included.sound:
        return None, source, []
    whole = Patchwork(source, included.sources)
    try:
        merged = Flow.model_validate(whole.data)
    except ValidationError as error:
        return None, whole, _from_model(whole, error)
    merged.layer(flow, included.fragments)
    return merged, whole, whole.hidden


def _distinct(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Each finding once; what has no effect yet once for all files, at its first place."""
    first: dict[tuple[object, ...], Diagnostic] = {}
    for f in findings:
        place = None if f.code == "TW113" else f.span
        first.setdefault((f.code, place, f.message), f)
    return list(first.values())


def _is_sound(findings: Iterable[Diagnostic]) -> bool:
    """Whether the rules can trust names and structure."""
    unsound = ("TW0", "TW106")
    return not any(found.is_error and found.code.startswith(unsound) for found in findings)


def _unreadable(name: str, message: str, help_: str) -> LoadResult:
    source = Source(name, "")
    found = Diagnostic(code="TW000", message=message, span=source.at(0), help=help_)
    return LoadResult(flow=None, diagnostics=(found,), source=source, readable=False)


# --- shape ----------------------------------------------------------------------------------------


def judge(source: Source) -> tuple[Flow | None, list[Diagnostic]]:
    """Everything about one text but the files it names and the rules."""
    if is_fragment(source.data):
        return None, _judged(source, Fragment)[1]
    return _judged(source, Flow)


def _judged(source: Source, model: type[_Model]) -> tuple[_Model | None, list[Diagnostic]]:
    findings: list[Diagnostic] = list(source.findings)
    if source.data is None:
        return None, findings
    if not isinstance(source.data, dict):
        return None, [*findings, *find_wrong_shapes(source)]
    newer = [found for found in find_language_version(source) if found.is_error]
    if newer:
        # What follows a newer version number is not ours to judge.
        return None, findings + newer
    findings += renamed.follow_renames(source, renamed.RENAMED)
    findings += find_unsupported(source)
    findings += find_duplicate_states(source)
    flow, problems = _shape(source, model)
    findings += unexplained(problems, findings)
    refused = {found.where for found in findings if found.is_error}
    # Of a value that is refused, nobody needs to know how other tools read it.
    return flow, [
        found for found in findings if found.code != "TW005" or found.where not in refused
    ]


def judge_fragment(source: Source) -> tuple[Fragment | None, list[Diagnostic]]:
    """The same about a fragment."""
    fragment, findings = _judged(source, Fragment)
    return fragment, findings


def _shape(source: Source, model: type[_Model]) -> tuple[_Model | None, list[Diagnostic]]:
    try:
        return model.model_validate(source.data), []
    except ValidationError as error:
        return None, find_wrong_shapes(source) or _from_model(source, error)


def _from_model(source: Source, error: ValidationError) -> list[Diagnostic]:
    """The models refuse what the schema accepts: rare, and told in the model's words."""
    findings: list[Diagnostic] = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        path = _real_path(source.data, problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        findings.append(
            Diagnostic(
                code="TW103",
                message=f"{message[:1].lower()}{message[1:]}",
                span=source.span(path),
                where=path,
            )
        )
    return findings


def _real_path(data: Any, location: tuple[int | str, ...]) -> Path:
    """The part of a model's location that is in the document, without names of types."""
    path: list[str | int] = []
    for step in location:
        inside = (isinstance(data, dict) and step in data) or (
            isinstance(data, list) and isinstance(step, int) and step < len(data)
        )
        if inside:
            path.append(step)
            data = data[step]
    return tuple(path)
