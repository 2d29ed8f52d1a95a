"""Findings as reports: JUnit for build servers, Markdown for pull requests and wikis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO
from xml.etree import ElementTree

from engine.cli.snippets import visible
from engine.flow.diagnostics import Diagnostic


def write_junit(findings: Sequence[Diagnostic], files: Iterable[str], out: TextIO) -> None:
    """Write one suite for each file, and one case for each finding; a clean file is a passed case.

    Errors and warnings are failures; an info is a passed case with its text.
    """
    root = ElementTree.Element("testsuites", name="turnwise validate")
    for file in dict.fromkeys([*files, *(found.span.file for found in findings)]):
        own = [found for found in findings if found.span.file == file]
        failures = sum(found.severity != "info" for found in own)
        suite = ElementTree.SubElement(
            root, "testsuite", name=visible(file), tests=str(len(own) or 1),
            failures=str(failures), errors="0", skipped="0",
        )  # fmt: skip
        if not own:
            ElementTree.SubElement(suite, "testcase", name="clean", classname=visible(file))
        for found in own:
            _case(suite, found)
    ElementTree.indent(root)
    out.write('<?xml version="1.0" encoding="utf-8"?>\n')
    out.write(ElementTree.tostring(root, encoding="unicode") + "\n")


def _case(suite: ElementTree.Element, found: Diagnostic) -> None:
    name = f"{found.code} {found.name} {found.span.line}:{found.span.column}"
    file = visible(found.span.file)
    case = ElementTree.SubElement(suite, "testcase", name=name, classname=file)
    case.set("file", file)
    case.set("line", str(found.span.line))
    text = "\n".join([_sentence(found), *map(visible, found.notes), *_path(found)])
    if found.severity == "info":
        ElementTree.SubElement(case, "system-out").text = text
    else:
        failure = ElementTree.SubElement(case, "failure", message=visible(found.message))
        failure.set("type", found.severity)
        failure.text = text


def write_markdown(findings: Sequence[Diagnostic], closing: str, out: TextIO) -> None:
    """Write one table for each file, and the summary.

    Args:
        findings: in the order to show them.
        closing: the last line.
        out: where to.
    """
    for file in dict.fromkeys(found.span.file for found in findings):
        out.write(f"### `{visible(file)}`\n\n| line | code | severity | finding | help |\n")
        out.write("|---:|---|---|---|---|\n")
        for found in findings:
            if found.span.file == file:
                cells = (str(found.span.line), found.code, found.severity,
                         " ".join([found.message, *_path(found)]), found.help)  # fmt: skip
                out.write(f"| {' | '.join(map(_cell, cells))} |\n")
        out.write("\n")
    out.write(closing + "\n")


def _cell(text: str) -> str:
    """Text that stays inside its cell and starts no HTML."""
    return visible(text).replace("|", "\\|").replace("<", "&lt;")


def _sentence(found: Diagnostic) -> str:
    advice = f" ({visible(found.help)})" if found.help else ""
    place = f"{visible(found.span.file)}:{found.span.line}:{found.span.column}"
    return f"{place}: {visible(found.message)}{advice}"


def _path(found: Diagnostic) -> list[str]:
    return [f"path: {visible(' -> '.join(found.path))}"] if found.path else []
