"""The recogniser's process: decoders for any number of calls of one flow.

Frames in:  `I` flow as JSON (first, once) · `E` grammar to get ready · `S` stretch begins, grammar
            name · `A` audio · `F` stretch ends · `X` forget the call
Frames out: `R` ready · `P` partial text · `T` final transcript · `!` why it cannot start
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any, BinaryIO

from providers.embedded import jsgf
from providers.embedded.stt_decoder import FIRST_MEAN, SAMPLE_RATE, Ear, Heard, Language
from providers.embedded.wire import open_pipes, read_frame, write_frame


class _Stretch:
    """One stretch of speech of one call."""

    def __init__(self, ear: Ear) -> None:
        self.ear = ear
        self.unheard = 0
        """Bytes since the last partial."""
        self.partial = ""


class Worker:
    """Answers frames; see the module's docstring."""

    def __init__(self, output: BinaryIO, settings: dict[str, Any]) -> None:
        self._output = output
        self._language = Language(settings["grammars"], settings["keyterms"])
        self._tolerance = float(settings["tolerance"])
        self._noise_floor = float(settings["noise_floor"])
        self._partial_bytes = round(float(settings["partials"]) * SAMPLE_RATE) * 2
        self._idle = [self._ear()]
        self._stretches: dict[int, _Stretch] = {}
        self._means: dict[int, str] = {}
        """How each call's voice and line sound; an ear serves one call after the other."""

    @property
    def dropped(self) -> dict[str, list[str]]:
        """Words by grammar that no dictionary entry says how to pronounce."""
        return self._language.dropped

    def take(self, kind: bytes, channel: int, payload: bytes) -> None:
        """Handle one frame."""
        match kind:
            case b"E":
                for ear in self._idle:
                    ear.prepare(payload.decode())
            case b"S":
                self._start(channel, payload.decode())
            case b"A":
                self._audio(channel, payload)
            case b"F":
                self._finish(channel)
            case b"X":
                if channel in self._stretches:
                    self._release(channel).ear.finish()
                self._means.pop(channel, None)

    def _ear(self) -> Ear:
        return Ear(self._language, self._tolerance, self._noise_floor)

    def _start(self, channel: int, grammar: str) -> None:
        # Two who speak at once need two ears; each keeps its compiled grammars for later.
        ear = self._idle.pop() if self._idle else self._ear()
        ear.start(grammar, self._means.get(channel, FIRST_MEAN))
        self._stretches[channel] = _Stretch(ear)

    def _audio(self, channel: int, pcm: bytes) -> None:
        stretch = self._stretches.get(channel)
        if stretch is None:
            return
        stretch.ear.push(pcm)
        stretch.unheard += len(pcm)
        if self._partial_bytes and stretch.unheard >= self._partial_bytes:
            stretch.unheard = 0
            if (text := stretch.ear.partial()) != stretch.partial:
                stretch.partial = text
                write_frame(self._output, b"P", channel, text.encode())

    def _finish(self, channel: int) -> None:
        """Answer with what was heard; with nothing where the stretch began before this process."""
        heard = Heard(text="", accepted=True, confidence=0.0)
        if channel in self._stretches:
            ear = self._release(channel).ear
            heard = ear.finish()
            if heard.text:
                self._means[channel] = ear.mean
        write_frame(self._output, b"T", channel, json.dumps(dataclasses.asdict(heard)).encode())

    def _release(self, channel: int) -> _Stretch:
        stretch = self._stretches.pop(channel)
        self._idle.append(stretch.ear)
        return stretch


def main() -> int:
    """Run until the input ends; 1 where the flow cannot be heard at all."""
    source, output = open_pipes()
    first = read_frame(source)
    if first is None:
        return 0
    try:
        worker = Worker(output, json.loads(first[2]))
    except jsgf.GrammarError as error:
        write_frame(output, b"!", 0, str(error).encode())
        return 1
    write_frame(output, b"R", 0, json.dumps(worker.dropped).encode())
    while (frame := read_frame(source)) is not None:
        worker.take(*frame)
    return 0


if __name__ == "__main__":
    sys.exit(main())
