"""What makes a finding the same one after the file around it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from engine.flow.diagnostics import Diagnostic
from engine.flow.source import Source


@dataclass(frozen=True, slots=True, order=True)
class Fingerprint:
    """Code, state and key: lines may move, and items of a list may change places."""

    file: str
    code: str
    state: str
    """The innermost state; empty outside of states."""
    key: str
    """The keys from there to the value; for a syntax error the text of the line."""

    @property
    def digest(self) -> str:
        """The same as one word, without the file."""
        parts = "\0".join((self.code, self.state, self.key))
        return hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:32]


def fingerprint(found: Diagnostic, sources: Mapping[str, Source]) -> Fingerprint:
    """The fingerprint of one finding."""
    steps = list(found.where)
    state = ""
    while len(steps) > 1 and steps[0] == "states":
        state = str(steps[1])
        del steps[:2]
    key = ".".join(step for step in steps if isinstance(step, str))
    source = sources.get(found.span.file)
    if not found.where and source is not None:
        key = source.line(found.span.line).strip()
    return Fingerprint(found.span.file, found.code, state, key)
