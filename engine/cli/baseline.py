"""`--baseline FILE`: the findings an old project starts with. Only new ones are told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.cli.fingerprints import Fingerprint, fingerprint
from engine.cli.rewriting import write_text
from engine.errors import TurnwiseError, why
from engine.flow.diagnostics import Diagnostic
from engine.flow.source import Source

_VERSION = 1


class BaselineError(TurnwiseError):
    """The file is not a baseline; the text says why and what to do."""


def read_baseline(path: Path) -> Counter[Fingerprint]:
    """How many findings of each kind are known.

    Raises:
        BaselineError: there is no such file, or it holds something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != _VERSION:
            raise BaselineError(f"`{path}` is a baseline of version {data['version']}")
        known: Counter[Fingerprint] = Counter()
        for entry in data["findings"]:
            parts = (str(entry[name]) for name in ("file", "code", "state", "key"))
            known[Fingerprint(*parts)] += int(entry["count"])
    except FileNotFoundError as error:
        advice = "`--update-baseline` writes it"
        raise BaselineError(f"there is no baseline `{path}`: {advice}") from error
    except OSError as error:
        raise BaselineError(f"cannot read `{path}`: {why(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(f"`{path}` is not a baseline of `turnwise validate`") from error
    return known


def write_baseline(
    path: Path, findings: Iterable[Diagnostic], sources: Mapping[str, Source]
) -> None:
    """Write what is known from now on, sorted, so that differences are easy to read."""
    counted = Counter(fingerprint(found, sources) for found in findings)
    entries = [
        {"file": f.file, "code": f.code, "state": f.state, "key": f.key, "count": counted[f]}
        for f in sorted(counted)
    ]
    data = {"version": _VERSION, "findings": entries}
    write_text(str(path), json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def split_known(
    findings: Iterable[Diagnostic], sources: Mapping[str, Source], known: Counter[Fingerprint]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The findings that are new, and those of the baseline. A file that is missing is never known.

    Of two findings with one fingerprint and one of them known, the later is new.
    """
    left = Counter(known)
    new: list[Diagnostic] = []
    old: list[Diagnostic] = []
    for found in findings:
        mark = fingerprint(found, sources)
        if left[mark] > 0 and found.code != "TW000":
            left[mark] -= 1
            old.append(found)
        else:
            new.append(found)
    return new, old
