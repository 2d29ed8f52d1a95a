"""The journal of a call that goes on; what cannot be written ends the journal, and no call."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TextIO

from engine import __version__
from engine.core.step import Step
from engine.machine.compiled import CompiledFlow
from engine.observe.journal import Header, JournalWriter
from engine.pipeline.stage import describe

_log = logging.getLogger("turnwise.session")


class Chronicle:
    """Writes steps as they happen, for as long as that works.

    Args:
        stream: gets the journal, line by line; None: there is none.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._journal: JournalWriter | None = None

    def open(self, header: Header, steps: Iterable[Step]) -> None:
        """Write what the journal belongs to, and the steps another process has lived."""
        if self._stream is None:
            return
        try:
            self._journal = JournalWriter(self._stream, header)
            for step in steps:
                self._journal.append(step)
        except Exception as error:  # a full disk, a stream for ASCII: the call is worth more
            self._journal = None
            _log.error("there is no journal of this call: %s", describe(error))

    def append(self, step: Step) -> None:
        """Write a step."""
        if self._journal is None:
            return
        try:
            self._journal.append(step)
        except Exception as error:  # likewise
            self._journal = None
            _log.error("the journal ends at step %s: %s", step.seq, describe(error))


def header_of(flow: CompiledFlow, started_at: str, seed: int, source: str) -> Header:
    """Return what the journal of a call begins with.

    Args:
        flow: what the call runs.
        started_at: wall time of instant 0, ISO 8601 with offset.
        seed: of the call.
        source: path of the flow file, as whoever started the call named it.
    """
    return Header(
        flow=flow.id,
        version=flow.version,
        fingerprint=flow.fingerprint,
        started_at=started_at,
        seed=seed,
        turnwise=__version__,
        source=source,
    )
