"""Finds tests: the `tests:` block of a flow, and the file `NAME.tests.yaml` beside it.

A flow given by name brings both; a file of tests brings itself; a folder brings every flow that has
tests and every file of tests below it. What cannot be read is a `Problem`, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.flow.diagnostics import Diagnostic
from engine.flow.loader import LoadResult
from engine.flow.model import FlowTest
from engine.flow.source import Source
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.testing.flow_tests.model import SUFFIX
from engine.testing.flow_tests.reading import flow_of, read_tests
from engine.worker.flows import check_flow, make_importable

_HAS_TESTS = re.compile(r"^tests\s*:", re.MULTILINE)
_IS_FLOW = re.compile(r"^flow\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A flow under test."""

    flow: CompiledFlow
    loaded: LoadResult
    """Where everything in it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test."""

    name: str
    test: FlowTest
    subject: Subject
    source: Source
    """The file the test stands in."""

    @property
    def id(self) -> str:
        """`FILE::NAME`."""
        return f"{self.source.file}::{self.name}"

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.source.key_span(("tests", self.name)).line


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that cannot be tested, and why."""

    file: str
    line: int
    message: str
    findings: tuple[Diagnostic, ...] = ()
    """Of a flow with errors."""
    sources: dict[str, Source] = field(default_factory=dict)

    def __str__(self) -> str:
        """`FILE:LINE: MESSAGE`."""
        return f"{self.file}:{self.line}: {self.message}" if self.line else self.message


@dataclass(slots=True)
class Collection:
    """Everything that was found."""

    cases: list[Case] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    """The flows, whether they have tests or not."""


def collect(paths: Sequence[Path]) -> Collection:
    """Collect the tests of files and folders; each file once."""
    collector = _Collector()
    for path in paths:
        if path.is_dir():
            for inner in _below(path):
                collector.file(inner, siblings=False)
        else:
            collector.file(path, siblings=True)
    return collector.found


def _below(folder: Path) -> Iterator[Path]:
    """The files of a folder that hold tests; hidden folders are left out."""
    for path in sorted(folder.rglob("*.yaml")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part == "node_modules" for part in parts):
            continue
        if path.name.endswith(SUFFIX):
            yield path
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if _HAS_TESTS.search(text) and _IS_FLOW.search(text):
            yield path


class _Collector:
    def __init__(self) -> None:
        self.found = Collection()
        self._seen: set[Path] = set()
        self._subjects: dict[Path, Subject | None] = {}

    def file(self, path: Path, *, siblings: bool) -> None:
        if path.resolve() in self._seen:
            return
        self._seen.add(path.resolve())
        if path.name.endswith(SUFFIX):
            self._tests_file(path)
        else:
            self._flow_file(path, siblings=siblings)

    def _flow_file(self, path: Path, *, siblings: bool) -> None:
        subject = self._subject(path)
        if subject is None:
            return
        model = subject.loaded.flow
        for name, test in (model.tests if model is not None else {}).items():
            case = Case(name=name, test=test, subject=subject, source=subject.loaded.source)
            self.found.cases.append(case)
        sibling = path.with_name(path.name.removesuffix(path.suffix) + SUFFIX)
        if siblings and sibling.exists():
            self.file(sibling, siblings=False)

    def _tests_file(self, path: Path) -> None:
        source, tests, findings = read_tests(path)
        if tests is None:
            for finding in findings:
                if finding.is_error:
                    line = finding.span.line if finding.code != "TW000" else 0
                    self._problem(str(path), line, finding.message)
            return
        subject = self._subject(flow_of(path, tests))
        if subject is None:
            return
        for name, test in tests.tests.items():
            self.found.cases.append(Case(name=name, test=test, subject=subject, source=source))

    def _subject(self, path: Path) -> Subject | None:
        key = path.resolve()
        if key not in self._subjects:
            self._subjects[key] = self._load(path)
        return self._subjects[key]

    def _load(self, path: Path) -> Subject | None:
        loaded = check_flow(path)
        if loaded.flow is None:
            errors = [found for found in loaded.diagnostics if found.is_error]
            first = errors[0]
            line = first.span.line if loaded.readable else 0
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            message = f"{first.message}{more}"
            problem = Problem(str(path), line, message, tuple(loaded.diagnostics), loaded.sources)
            self.found.problems.append(problem)
            return None
        make_importable(path)
        subject = Subject(flow=compile_loaded(loaded), loaded=loaded)
        self.found.subjects.append(subject)
        return subject

    def _problem(self, file: str, line: int, message: str) -> None:
        self.found.problems.append(Problem(file, line, message))


# --- choosing -------------------------------------------------------------------------------------


def chosen(name: str, expression: str) -> bool:
    """Judge a `-k` expression about a name: words, `and`, `or`, `not`, brackets.

    Raises:
        ValueError: it is no such expression.
    """
    parser = _Choice(re.findall(r"[()]|[^\s()]+", expression), name.lower())
    return parser.whole()


class _Choice:
    def __init__(self, words: list[str], name: str) -> None:
        self._words = words
        self._name = name

    def whole(self) -> bool:
        found = self._either()
        if self._words:
            raise ValueError(f"unexpected {self._words[0]!r}")
        return found

    def _either(self) -> bool:
        found = self._both()
        while self._next("or"):
            other = self._both()
            found = found or other
        return found

    def _both(self) -> bool:
        found = self._one()
        while self._next("and"):
            other = self._one()
            found = found and other
        return found

    def _one(self) -> bool:
        if self._next("not"):
            return not self._one()
        if self._next("("):
            found = self._either()
            if not self._next(")"):
                raise ValueError("a bracket is not closed")
            return found
        if not self._words or self._words[0] in ("and", "or", ")"):
            raise ValueError("a word is missing")
        return self._words.pop(0).lower() in self._name

    def _next(self, word: str) -> bool:
        if self._words and self._words[0] == word:
            self._words.pop(0)
            return True
        return False
