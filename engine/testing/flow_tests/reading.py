"""Reads a file of tests: its shape, the flow it is for, and the names it uses. Findings are values.

Light on purpose: `turnwise validate` uses it, and nothing of audio is imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from engine.flow.catalogue import Catalogue
from engine.flow.diagnostics import Diagnostic, Path, sort_diagnostics
from engine.flow.loader import LoadResult, check_file
from engine.flow.model import FlowTest
from engine.flow.rules.book import Book
from engine.flow.rules.checked import Checked
from engine.flow.rules.talks import judge_talks
from engine.flow.rules.tested import Tests, judge_tests
from engine.flow.shape import find_wrong_shapes, unexplained
from engine.flow.source import Source, read_source
from engine.testing.flow_tests.model import SUFFIX, FlowTests, schema_of_tests


def read_tests(path: FilePath) -> tuple[Source, FlowTests | None, tuple[Diagnostic, ...]]:
    """Read a file of tests; None: its shape is wrong, and the findings say where."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        source = Source(str(path), "")
        message = f"cannot read `{path}`: {error}"
        return source, None, (Diagnostic(code="TW000", message=message, span=source.at(0)),)
    source = read_source(text, str(path))
    if source.data is None or any(found.is_error for found in source.findings):
        return source, None, source.findings
    try:
        tests = FlowTests.model_validate(source.data)
    except ValidationError as error:
        wrong = find_wrong_shapes(source, schema_of_tests()) or list(_misshapen(source, error))
        found = [_of_a_file_of_tests(one) for one in unexplained(wrong, list(source.findings))]
        return source, None, sort_diagnostics([*source.findings, *found])
    return source, tests, source.findings


def flow_of(path: FilePath, tests: FlowTests) -> FilePath:
    """The flow a file of tests is for."""
    if tests.flow is not None:
        return FilePath(os.path.normpath(path.parent / tests.flow))
    return path.with_name(path.name.removesuffix(SUFFIX) + ".yaml")


def check_tests(path: FilePath, catalogue: Catalogue | None = None) -> LoadResult:
    """Check a file of tests against its flow, as `validate` does; the flow is checked by itself."""
    source, tests, findings = read_tests(path)
    if tests is None:
        readable = all(found.code != "TW000" for found in findings)
        return LoadResult(flow=None, diagnostics=findings, source=source, readable=readable)
    loaded = check_file(flow_of(path, tests), catalogue)
    found = list(findings)
    if not loaded.readable:
        where: Path = ("flow",) if tests.flow is not None else ()
        message = f"the flow of these tests: {loaded.diagnostics[0].message}"
        span = source.span(where) if where else source.at(0)
        found.append(Diagnostic(code="TW207", message=message, span=span, where=where))
    elif loaded.flow is not None:
        wrong = list(judge_talks(tests.tests, loaded.flows, source))
        found += wrong or _unreached(path, source, tests, loaded)
    return LoadResult(flow=None, diagnostics=sort_diagnostics(found), source=source)


def _unreached(
    path: FilePath, source: Source, tests: FlowTests, loaded: LoadResult
) -> Iterator[Diagnostic]:
    """What the tests reach, and what they change; of several files the first tells the former."""
    assert loaded.flow is not None
    flow_file = flow_of(path, tests)
    beside = {file: read for file, read in tests_of(flow_file) if file.resolve() != path.resolve()}
    others = {
        **loaded.flow.tests,
        **{f"{file}.{name}": test for file, read in beside.items() for name, test in read.items()},
    }
    flows = {name: inner.flow for name, inner in loaded.subflows.items() if inner.flow is not None}
    book = Book(
        Checked(flow=loaded.flow, source=loaded.source, subflows=flows, catalogue=Catalogue())
    )
    first = all(path.name < file.name for file in beside) and not loaded.flow.tests
    for found in judge_tests(Tests(book, tests.tests, source, others)):
        if found.code != "TW902" or first:
            yield found


def tests_of(flow: FilePath) -> Iterator[tuple[FilePath, dict[str, FlowTest]]]:
    """The files in a flow's folder that hold tests of it, with the tests."""
    for path in sorted(flow.parent.glob(f"*{SUFFIX}")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # it has its own finding when it is checked
        # Reading YAML takes longer than seeing that another flow is meant.
        if flow.name in text or path.name == f"{flow.stem}{SUFFIX}":
            _, tests, _ = read_tests(path)
            if tests is not None and flow_of(path, tests).resolve() == flow.resolve():
                yield path, tests.tests


def _of_a_file_of_tests(found: Diagnostic) -> Diagnostic:
    """The shape is judged in the words for flows; what stands at the top is no flow's here."""
    if len(found.where) > 1:
        return found
    message = found.message.replace("the flow", "this file of tests")
    return replace(found, message=message, label=found.label.replace("a flow", "a file of tests"))


def _misshapen(source: Source, error: ValidationError) -> Iterator[Diagnostic]:
    told: set[int] = set()
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        path = _real_path(source.data, problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        span = source.span(path)
        if span.line not in told:  # the several readings of one value all complain
            told.add(span.line)
            where = ".".join(str(step) for step in path)
            text = f"{where}: {message[:1].lower()}{message[1:]}" if where else message
            yield Diagnostic(code="TW103", message=text, span=span, where=path)


def _real_path(data: Any, location: tuple[int | str, ...]) -> Path:
    """The steps of a location that exist in the data: a model also names its own choices."""
    path: list[int | str] = []
    for step in location:
        if not isinstance(data, dict | list):
            break
        try:
            data = data[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            continue  # the name of a choice
        path.append(step)
    return tuple(path)
