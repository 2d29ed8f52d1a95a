"""Speech to text without a network: pocketsphinx, with a vocabulary the flow itself generates.

Every waiting state of a flow brings a grammar of what may be said there. The recogniser listens
with that grammar and, beside it, with a model of all words of the flow; where the two disagree,
what was said fits nothing that is expected, and the transcript says so (`accepted=False`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import Field

from providers.base import RecognitionContext, Samples, Transcript, WordTiming
from providers.embedded import stt_pool
from providers.errors import ProviderConfigurationError, ProviderError
from providers.info import Need, Options, ProviderInfo, Seconds


class RecognizerOptions(Options):
    """Options of the embedded recogniser."""

    tolerance: float = Field(
        default=0.45,
        ge=0,
        le=1,
        description="How far the state's grammar and the flow's words may differ, as a share of "
        "the sounds. Higher: more is believed, and more is believed wrongly.",
    )
    noise_floor: float = Field(
        default=30.0,
        ge=0,
        le=1000,
        description="Noise added before listening (standard deviation on the int16 scale; 30 is "
        "about -60 dBFS and inaudible). The acoustic model mishears after digital silence.",
    )
    partials: Seconds = Field(
        default=0.2,
        description="How often words so far are reported while the caller speaks; 0: never.",
    )


class EmbeddedRecognizer:
    """Speech to text for one participant of one call; a `Recognizer`.

    When the process behind it dies, `transcripts()` raises a retryable error if a caller was just
    speaking; iterate again, the process is restarted once.
    """

    sample_rate = 16_000

    def __init__(self, options: RecognizerOptions, context: RecognitionContext) -> None:
        self._options = options
        self._context = context
        self._shared: stt_pool.SharedRecognizer | None = None
        self._channel = 0
        self._grammar = ""
        self._speaking = False
        self._due = 0
        """Finals that are still to come."""
        self._broken: ProviderError | None = None
        self._queue: asyncio.Queue[Transcript | ProviderError | None] = asyncio.Queue()

    async def open(self) -> None:
        """Join the process of this flow, and start it if this is the first call.

        Raises:
            ProviderError: another language than English, or a process that does not start.
        """
        if not self._context.language.lower().startswith("en"):
            language = self._context.language
            raise ProviderConfigurationError(f"stt embedded hears English only, not {language}")
        settings = {
            "grammars": dict(self._context.grammars),
            "keyterms": list(self._context.keyterms),
            **self._options.model_dump(),
        }
        self._shared, self._channel = await stt_pool.join(settings, self)
        self.expect(self._grammar)

    @property
    def process_id(self) -> int:
        """The process that listens, 0 before `open`."""
        return self._shared.pid if self._shared else 0

    def expect(self, grammar: str) -> None:
        """Listen for this grammar from the next stretch on; an unknown name: for all words."""
        self._grammar = grammar
        self._send(b"E", grammar.encode())

    def start_speech(self) -> None:
        """A stretch of speech begins."""
        if self._speaking:
            self.end_speech()
        self._speaking = True
        self._send(b"S", self._grammar.encode())

    def push(self, samples: Samples) -> None:
        """Audio of the stretch; ignored outside one."""
        if self._speaking:
            self._send(b"A", samples.astype("<i2", copy=False).tobytes())

    def end_speech(self) -> None:
        """The stretch is over: its final transcript is due."""
        if self._speaking:
            self._speaking = False
            if self._send(b"F"):
                self._due += 1
            else:  # nobody listens just now; every stretch still has its one final transcript
                self._queue.put_nowait(Transcript(text="", final=True, confidence=0.0))

    async def transcripts(self) -> AsyncIterator[Transcript]:
        """Yield transcripts in order, until closed.

        Raises:
            ProviderUnavailable: the process died; worth another try unless it was given up.
        """
        while True:
            if self._broken is not None and self._queue.empty():
                raise self._broken
            item = await self._queue.get()
            if item is None:
                return
            if isinstance(item, ProviderError):
                raise item
            yield item

    async def aclose(self) -> None:
        """Leave the process; the last call ends it."""
        self._queue.put_nowait(None)
        self._speaking = False
        if self._shared is not None:
            shared, self._shared = self._shared, None
            await shared.remove(self._channel)

    # --- told by the process ---

    def partial(self, text: str) -> None:
        """Words so far."""
        self._queue.put_nowait(Transcript(text=text, final=False))

    def heard(self, result: Mapping[str, Any]) -> None:
        """A final transcript."""
        self._due -= 1
        words = tuple(WordTiming(text=w, start=a, end=b) for w, a, b in result["words"])
        self._queue.put_nowait(
            Transcript(
                text=result["text"],
                final=True,
                confidence=result["confidence"],
                accepted=result["accepted"],
                words=words,
            )
        )

    def broke(self, error: ProviderError, *, for_good: bool) -> None:
        """The process died."""
        lost = self._speaking or self._due > 0
        self._speaking, self._due = False, 0
        if for_good:
            self._broken = error
        if lost or for_good:
            self._queue.put_nowait(error)

    def _send(self, kind: bytes, payload: bytes = b"") -> bool:
        return self._shared is not None and self._shared.send(kind, self._channel, payload)


def _make(options: RecognizerOptions, context: RecognitionContext) -> EmbeddedRecognizer:
    return EmbeddedRecognizer(options, context)


INFO = ProviderInfo(
    kind="stt",
    name="embedded",
    summary="pocketsphinx in a process of its own, vocabulary generated by the flow",
    options=RecognizerOptions,
    make=_make,
    capabilities=frozenset({"partials", "word_times", "grammars", "rejection"}),
    needs=((Need("package", "pocketsphinx", "pip install turnwise"),),),
)
