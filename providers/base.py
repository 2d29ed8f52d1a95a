"""What a provider is: small protocols per kind, and the plain data they exchange with a stage.

Audio is `numpy` int16 mono, one dimension, at the sample rate the provider declares. Times are
seconds unless a name says otherwise. A provider is made once per call by its factory (see
`providers.registry`), may hold state of that call, and is closed with `aclose`.

A provider raises `providers.errors.ProviderError` and nothing else; the stage turns it into an
event.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.int16]
"""int16 mono samples, shape (n,)."""

Kind: TypeAlias = Literal["vad", "stt", "turn_detector", "llm", "tts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordTiming:
    """One word and when it sounds, in seconds from the start of its audio."""

    text: str
    start: float
    end: float


# --- voice activity ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceEdge:
    """Speech began or ended. `at` is the edge itself, in seconds of audio processed so far."""

    kind: Literal["start", "end"]
    at: float
    confidence: float = 1.0


class VoiceActivityDetector(Protocol):
    """Finds the edges of speech. Synchronous: the stage decides on which thread it runs."""

    sample_rate: int

    def process(self, samples: Samples) -> Sequence[VoiceEdge]:
        """Take any number of samples, in order; return the edges decided by them."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


# --- recognition ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionContext:
    """What a flow tells every recogniser about itself before the first word."""

    grammars: Mapping[str, str] = field(default_factory=dict)
    """JSGF text by name: one per waiting state. A cloud recogniser may take `keyterms` instead."""
    keyterms: tuple[str, ...] = ()
    language: str = "en-US"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was heard in one stretch of speech, so far (`final=False`) or all of it."""

    text: str
    final: bool
    confidence: float = 1.0
    words: tuple[WordTiming, ...] = ()
    accepted: bool = True
    """False: words were heard, but they fit nothing that is expected here."""
    eager: bool = False
    """Not final, but probably all that the speaker wants to say (an eager end of turn)."""


class Recognizer(Protocol):
    """Speech to text for one participant of one call.

    The stage calls `start_speech` (with some audio from just before the edge), pushes audio, and
    calls `end_speech` at the end edge; each such stretch yields any number of partial transcripts
    and exactly one final one, which may be empty.
    """

    sample_rate: int

    async def open(self) -> None:
        """Get ready; raises `ProviderError` if that is impossible."""
        ...

    def expect(self, grammar: str) -> None:
        """Prefer this grammar of the context from the next stretch of speech on; never blocks."""
        ...

    def start_speech(self) -> None:
        """A stretch of speech begins; never blocks."""
        ...

    def push(self, samples: Samples) -> None:
        """Audio of the stretch, in order; never blocks."""
        ...

    def end_speech(self) -> None:
        """The stretch is over: its final transcript is due; never blocks."""
        ...

    def transcripts(self) -> AsyncIterator[Transcript]:
        """All transcripts in order, until `aclose`. Raises `ProviderError` when it breaks."""
        ...

    async def aclose(self) -> None:
        """Release processes and sockets."""
        ...


# --- end of turn ---------------------------------------------------------------------------------


class TurnDetector(Protocol):
    """Tells how likely the user is done."""

    async def predict(self, text: str, kinds: Sequence[str]) -> float:
        """Return the probability, 0 to 1, that `text` is a whole turn.

        `kinds` are the types that are asked for, the open question first (`date`, `yesno` ...).
        """
        ...

    async def aclose(self) -> None:
        """Release what it holds."""
        ...


@runtime_checkable
class AudioTurnDetector(Protocol):
    """Tells from the user's voice how likely they are done.

    It works beside one that reads the words, and each makes up for what the other cannot tell. A
    model of more than two milliseconds runs on a thread of its own (`asyncio.to_thread`).
    """

    sample_rate: int
    """Hz of the audio it is given."""
    seconds: float
    """How much of the latest audio it looks at, at most."""

    async def predict(self, audio: Samples, text: str, kinds: Sequence[str]) -> float:
        """Return the probability, 0 to 1, that the user is done.

        Args:
            audio: int16 mono at `sample_rate`, the latest sample last; pauses are in it. At the
                beginning of a call it may be shorter than `seconds`.
            text: the words of the turn so far.
            kinds: the types that are asked for, the open question first.
        """
        ...

    async def aclose(self) -> None:
        """Release what it holds."""
        ...


# --- language model ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """Everything a model gets in order to report what the caller said.

    To be read only: parts of it are shared with other requests.
    """

    text: str
    question: str
    schema: Mapping[str, Any]
    hints: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest:
    """Everything a model gets in order to talk.

    To be read only: parts of it are shared with other requests.
    """

    instructions: str
    history: tuple[Mapping[str, Any], ...] = ()
    """Oldest first: `{role: user | assistant, text}`, finished calls as
    `{role: tool, id, name, args, output}`, and what the engine tells beside them,
    `{role: developer, text}`: a service that knows no such role takes it for `system`. A message
    with pictures has `content` for `text`: parts `{type: text, text}` and `{type: image, url,
    detail}`, the URL `http(s)://...` or `data:image/...`. `providers.formats` knows all of it."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of the function `report`; empty: there is none."""
    tools: tuple[ToolOffer, ...] = ()
    purpose: Literal["reply", "summary"] = "reply"
    """`summary`: what is written is not spoken; a smaller model will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOffer:
    """A tool a model may ask for."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """A strict JSON Schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyText:
    """The next piece of what the model says."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReport:
    """The model reports what the caller said; untrusted."""

    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToolCall:
    """The model asks for a tool; untrusted."""

    id: str
    name: str
    args: Mapping[str, Any]


ReplyChunk: TypeAlias = ReplyText | ReplyReport | ReplyToolCall
"""What a reply is made of, in the order in which it comes; its end is that of the iterator."""


class LanguageModel(Protocol):
    """A model that reports and talks; it never decides where the conversation goes."""

    async def report(self, request: ReportRequest) -> Mapping[str, Any]:
        """Return the arguments of one forced `report` call; untrusted data."""
        ...

    def converse(self, request: ReplyRequest) -> AsyncGenerator[ReplyChunk, None]:
        """Answer the caller, piece by piece. Closing the iterator stops the work."""
        ...

    async def aclose(self) -> None:
        """Release what it holds."""
        ...


# --- speech --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechChunk:
    """A piece of synthesised speech, in order."""

    samples: Samples
    words: tuple[WordTiming, ...] = ()
    """Words that begin in this chunk; times from the start of the whole synthesis."""


class Synthesizer(Protocol):
    """Text to speech."""

    sample_rate: int

    async def open(self) -> None:
        """Get ready; raises `ProviderError` if that is impossible."""
        ...

    def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        """Speak one sentence or line. Closing the iterator stops the work."""
        ...

    async def aclose(self) -> None:
        """Release processes and sockets."""
        ...


Provider: TypeAlias = (
    VoiceActivityDetector
    | Recognizer
    | TurnDetector
    | AudioTurnDetector
    | LanguageModel
    | Synthesizer
)
