"""Findings as SARIF 2.1.0, the format of code scanning services."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from engine import __version__
from engine.cli.explain import page
from engine.cli.fingerprints import fingerprint
from engine.flow.codes import CODES, Code
from engine.flow.diagnostics import Diagnostic, Fix, Span
from engine.flow.source import Source
from engine.flow.symbols import Symbols

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVEL = {"error": "error", "warning": "warning", "info": "note"}


def write_sarif(
    findings: Sequence[Diagnostic],
    ignored: Sequence[Diagnostic],
    known: Sequence[Diagnostic],
    sources: Mapping[str, Source],
    out: TextIO,
) -> None:
    """Write one run.

    Args:
        findings: what counts.
        ignored: what comments in the files suppress.
        known: what the baseline suppresses.
        sources: every file that was read, by the name the findings carry.
        out: where to.
    """
    codes = sorted({found.code for found in (*findings, *ignored, *known)})
    states = {name: Symbols(source) for name, source in sources.items()}
    results = []
    for group, kind in ((findings, ""), (ignored, "inSource"), (known, "external")):
        for found in group:
            result = _result(found, sources, states)
            result["ruleIndex"] = codes.index(found.code)
            if kind:
                result["suppressions"] = [{"kind": kind}]
            results.append(result)
    driver = {
        "name": "Turnwise",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(CODES[code]) for code in codes],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    json.dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, out, indent=2)
    out.write("\n")


def _rule(code: Code) -> dict[str, Any]:
    explained = page(code.code)
    text = explained.text if explained is not None else code.catches
    first = " ".join(text.partition("\n\n")[0].split())
    return {
        "id": code.code,
        "name": "".join(word.capitalize() for word in code.name.split("-")),
        "shortDescription": {"text": code.name.replace("-", " ")},
        "fullDescription": {"text": first},
        "help": {"text": first, "markdown": text},
        "defaultConfiguration": {"level": _LEVEL[code.severity]},
    }


def _result(
    found: Diagnostic, sources: Mapping[str, Source], states: Mapping[str, Symbols]
) -> dict[str, Any]:
    lines = [found.message, *([f"Help: {found.help}"] if found.help else []), *found.notes]
    result: dict[str, Any] = {
        "ruleId": found.code,
        "level": _LEVEL[found.severity],
        "message": {"text": "\n".join(lines)},
        "locations": [_location(found.span)],
        "partialFingerprints": {"turnwise/v1": fingerprint(found, sources).digest},
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": index, **_location(other.span), "message": {"text": other.label}}
            for index, other in enumerate(found.related)
        ]
    if found.path:
        steps = [
            {"location": _state(name, found, states.get(found.span.file))} for name in found.path
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if found.fix is not None:
        result["fixes"] = [_fix(found.fix)]
    return result


def _state(name: str, found: Diagnostic, symbols: Symbols | None) -> dict[str, Any]:
    """A step of a witness: where the state is declared, or the finding where that is not known."""
    declared = symbols.declaration("state", name) if symbols is not None else None
    place = _location(declared.span if declared is not None else found.span)
    return {**place, "message": {"text": name}}


def _location(span: Span) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(span.file)},
            "region": _region(span),
        }
    }


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fix(fix: Fix) -> dict[str, Any]:
    files: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement = {
            "deletedRegion": _region(edit.span),
            "insertedContent": {"text": edit.text},
        }
        files.setdefault(edit.span.file, []).append(replacement)
    changes = [
        {"artifactLocation": {"uri": _uri(file)}, "replacements": replacements}
        for file, replacements in files.items()
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}
