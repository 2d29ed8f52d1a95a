"""Findings as text for people, and as records for editors and build servers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any, TextIO

from engine.cli.snippets import Paint, gutter_of, place_of, snippet, visible
from engine.flow.diagnostics import Diagnostic, Fix, Span
from engine.flow.source import Source

FORMATS = ("text", "concise", "json", "jsonl", "sarif", "github", "junit", "markdown")

_COLOURS = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "place": "1;34",
    "related": "1;34",
    "strong": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the last line says."""

    elapsed_ms: int
    files: int
    states: int
    ignored: Sequence[Diagnostic] = ()
    """What comments in the files ask not to be told."""
    known: Sequence[Diagnostic] = ()
    """What the baseline holds."""


def render(
    findings: Sequence[Diagnostic],
    sources: Mapping[str, Source],
    summary: Summary,
    output_format: str,
    out: TextIO,
) -> None:
    """Write findings in one of `FORMATS`.

    Args:
        findings: in the order to show them.
        sources: every file that was read, by the name the findings carry.
        summary: for the last line of the formats that have one.
        output_format: one of `FORMATS`.
        out: where to.
    """
    if output_format == "text":
        paint = colours(out)
        for found in findings:
            out.write("\n".join(as_text(found, sources, paint)) + "\n\n")
        out.write(summary_line(findings, summary) + "\n")
    elif output_format == "concise":
        for found in findings:
            out.write(_concise(found) + "\n")
        out.write(summary_line(findings, summary) + "\n")
    elif output_format == "github":
        for found in findings:
            out.write(_github(found) + "\n")
    elif output_format in ("sarif", "junit", "markdown"):
        _render_report(findings, sources, summary, output_format, out)
    elif output_format == "jsonl":
        for found in findings:
            out.write(json.dumps(record(found, sources), ensure_ascii=False) + "\n")
    else:
        records = [record(found, sources) for found in findings]
        json.dump(records, out, indent=2, ensure_ascii=False)
        out.write("\n")


def _render_report(
    findings: Sequence[Diagnostic],
    sources: Mapping[str, Source],
    summary: Summary,
    output_format: str,
    out: TextIO,
) -> None:
    # Reports are for machines, and each is a module that other runs need not load.
    if output_format == "sarif":
        from engine.cli.render_sarif import write_sarif

        write_sarif(findings, summary.ignored, summary.known, sources, out)
        return
    from engine.cli.render_reports import write_junit, write_markdown

    if output_format == "junit":
        write_junit(findings, sources, out)
    else:
        write_markdown(findings, summary_line(findings, summary), out)


# --- text -----------------------------------------------------------------------------------------


def forgiving(out: TextIO) -> TextIO:
    """The stream, made to write characters it cannot encode as escapes: files hold anything."""
    if isinstance(out, TextIOWrapper):
        out.reconfigure(errors="backslashreplace")
    return out


def colours(out: TextIO) -> Paint:
    """A painter for this stream: colours on a terminal, unless `NO_COLOR` is set."""
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    if plain or not out.isatty():
        return lambda _, text: text
    return lambda role, text: f"\x1b[{_COLOURS[role]}m{text}\x1b[0m"


def as_text(
    found: Diagnostic, sources: Mapping[str, Source], paint: Paint = lambda _, text: text
) -> Iterator[str]:
    """One finding, line by line."""
    head = paint(found.severity, f"{found.severity}[{found.code}]")
    yield f"{head}{paint('strong', ': ' + visible(found.message))}"
    yield from snippet(found, sources, paint)
    sign = f"{' ' * (gutter_of(found) - 1)}{paint('place', '=')}"
    if found.help or found.fix is not None:
        yield f"{sign} help: {visible(_advice(found))}"
    for note in found.notes:
        yield f"{sign} note: {visible(note)}"
    if found.path:
        yield f"{sign} path: {visible(' -> '.join(found.path))}"
    if found.path or not found.help:
        yield f"{sign} see:  turnwise explain {found.code}"


def _advice(found: Diagnostic) -> str:
    """The help, and the option that makes the repair."""
    if found.fix is None:
        return found.help
    option = "--fix" if found.fix.safe else "--unsafe-fixes"
    return f"{found.help or found.fix.title}  [*] fixed by {option}"


def summary_line(findings: Sequence[Diagnostic], summary: Summary) -> str:
    """The last line: `2 problems (1 error, 1 warning). 41 ms, 1 file, 11 states.`."""
    counts = {
        severity: sum(found.severity == severity for found in findings)
        for severity in ("error", "warning", "info")
    }
    parts = [
        _count(number, severity) if severity != "info" else f"{number} info"
        for severity, number in counts.items()
        if number
    ]
    problems = (
        f"{_count(len(findings), 'problem')} ({', '.join(parts)})" if parts else "No problems"
    )
    safe, unsafe = (
        sum(found.fix is not None and found.fix.safe == kind for found in findings)
        for kind in (True, False)
    )
    problems += f", {safe} fixable with --fix" if safe else ""
    problems += f", {unsafe} {'more ' if safe else 'fixable '}with --unsafe-fixes" if unsafe else ""
    files, states = _count(summary.files, "file"), _count(summary.states, "state")
    return f"{problems}. {summary.elapsed_ms} ms, {files}, {states}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _concise(found: Diagnostic) -> str:
    place = place_of(found.span, has_text=found.code != "TW000")
    advice = f" ({visible(found.help)})" if found.help else ""
    return f"{place}: {found.severity}[{found.code}]: {visible(found.message)}{advice}"


# --- records --------------------------------------------------------------------------------------


def record(found: Diagnostic, sources: Mapping[str, Source]) -> dict[str, Any]:
    """One finding as JSON data. Lines and columns are 1-based code points, ends exclusive."""
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity,
        "message": found.message,
        "file": found.span.file,
        "range": _range(found.span),
        "label": found.label,
        "snippet": _line(found.span, sources),
        "help": found.help,
        "notes": list(found.notes),
        "path": list(found.path),
        "related": [
            {"file": other.span.file, "range": _range(other.span), "label": other.label}
            for other in found.related
        ],
        "fixes": [_fix(found.fix)] if found.fix is not None else [],
        "docs": f"turnwise explain {found.code}",
    }


def _range(span: Span) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }


def _line(span: Span, sources: Mapping[str, Source]) -> str:
    source = sources.get(span.file)
    return source.line(span.line) if source is not None else ""


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "applicability": "safe" if fix.safe else "unsafe",
        "edits": [
            {"file": edit.span.file, "range": _range(edit.span), "text": edit.text}
            for edit in fix.edits
        ],
    }


def _github(found: Diagnostic) -> str:
    """A workflow command; GitHub shows it at the line of a pull request."""
    span = found.span
    level = {"error": "error", "warning": "warning", "info": "notice"}[found.severity]
    place = (
        f"file={_property(span.file)},line={span.line},endLine={span.end_line},col={span.column}"
    )
    if span.end_line == span.line:
        place += f",endColumn={span.end_column}"
    text = f"{found.message}; {found.help}" if found.help else found.message
    title = _property(f"{found.code} {found.name}")
    return f"::{level} {place},title={title}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
