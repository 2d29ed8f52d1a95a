"""A golden conversation as it is written: what the caller does when, and what the world answers.

A file `NAME.conversation.yaml`::

    flow: ../../../flows/pizza.yaml
    now: "2026-05-01T12:00:00+02:00"     # wall time of instant 0
    seed: 7
    script:                              # instants since the start of the session
      - {at: 500ms, user: Tell me a story., lasts: 2s}
      - {at: 5s, user: Stop!, lasts: 1s, partials: {300ms: Stop}}
      - {at: 9s, noise: 400ms}           # voice without words: a cough
      - {at: 10s, key: "1"}
      - {at: 11s, types: a whole turn}
      - {at: 12s, leaves: lost}          # or: left
      - {at: 13s, close: Ctrl-C}         # the outside ends the call
      - {reply: A large one. Got it., first_token: 300ms, reports: {slots: {size: large}}}
      - {summary: Ann wants a table., after: 2s}      # with `history: summary`
    voice: {words_per_minute: 150, first_audio: 53ms, lines: {Hello.: {lasts: 2s}}}
    tools: {find_table: [{returns: {status: free, others: []}}, {error: down}, {never: true}]}
    model: [{reports: {intent: asks_hours}, after: 300ms}, {error: down}]
    transfer: {error: nobody is free}
    expect:
      - {at: 5.5s, agent: listening}     # a state from this instant on
      - {says: /once upon/}              # in this order, each after the one before
      - {called: {find_table: {size: 4}}}
      - {ended: flow}

Every tool a script needs is mocked; the n-th call gets the n-th answer, and the last one stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.errors import TurnwiseError
from engine.events import Millis
from engine.flow.durations import parse_duration
from providers.errors import ProviderUnavailable
from providers.scripted_model import Talk

VAD_END: Millis = 200
"""How long after the end of speech it is reported: two stretches closer than this would be one."""


class ScriptError(TurnwiseError):
    """A conversation file is not what it should be; names the file and the place."""


def _millis(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


Length = Annotated[Millis, BeforeValidator(_millis)]
"""Milliseconds, written as a duration."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Happening(_Part):
    """One thing that happens at one instant. Exactly one of the kinds is given."""

    at: Length
    user: str | None = None
    """What the caller says, from `at` on."""
    lasts: Length = 1_000
    stt_delay: Length | None = 45
    """From the detected end of speech to the final transcript; null: it never comes."""
    words_after: Length | None = None
    """Instead, from the end of the voice itself: a recogniser that hears that end on its own."""
    partials: Mapping[Length, str] = Field(default_factory=dict)
    """By time since the detected start of speech."""
    accepted: bool = True
    confidence: float = 1.0
    done: float = 1.0
    """What the turn detector says about this text: the probability that the turn is over."""
    noise: Length | None = None
    """Voice without words, for so long."""
    rest: tuple[str, ...] = ()
    """What is heard of the further parts of a stretch that is closed because it does not end; one
    for each time. Not with `words_after`."""
    key: str | None = None
    types: str | None = None
    leaves: Literal["left", "lost"] | None = None
    close: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Happening:
        kinds = ("user", "noise", "key", "types", "leaves", "close")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(kinds)}; found {given or 'none'}")
        return self

    @property
    def voiced(self) -> bool:
        """Whether the caller's voice is heard."""
        return self.user is not None or self.noise is not None

    @property
    def end(self) -> Millis:
        """When the caller's voice ends."""
        return self.at + (self.lasts if self.noise is None else self.noise)


class Spoken(_Part):
    """How one line (one sentence, exactly) is spoken."""

    lasts: Length | None = None
    error: str | None = None
    """The voice breaks with this message ..."""
    after: Length = 0
    """... after so much audio."""
    never: bool = False
    """No audio comes, and no failure either."""


class Voice(_Part):
    """How the agent speaks."""

    words_per_minute: float = 150.0
    first_audio: Length = 53
    """From the request to the first audio of a sentence. Not a multiple of 20 ms, so that audio
    never arrives at the very instant a block is pulled."""
    lines: Mapping[str, Spoken] = Field(default_factory=dict)


class ToolAnswer(_Part):
    """What a tool does."""

    returns: Any = None
    error: str | None = None
    never: bool = False
    after: Length = 210


class ModelAnswer(_Part):
    """What the language model does."""

    reports: Mapping[str, Any] | None = None
    error: str | None = None
    never: bool = False
    after: Length = 310


class Told(_Part):
    """What the model says when it is let talk; the n-th line belongs to the n-th reply."""

    reply: str
    """Comes word by word."""
    reports: Mapping[str, Any] | None = None
    """Reported after the text ..."""
    calls: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """... and then these tools are asked for, with their arguments."""
    error: str | None = None
    """The model breaks after all that ..."""
    hangs: bool = False
    """... or does not come to an end."""
    first_token: Length = 310
    gap: Length = 17
    """Between two words."""

    def talk(self) -> Talk:
        """Return it as the scripted model takes it."""
        return Talk(
            text=self.reply,
            report=self.reports,
            calls=tuple(self.calls.items()),
            error=None if self.error is None else ProviderUnavailable(self.error),
            hangs=self.hangs,
            first=self.first_token / 1000,
            gap=self.gap / 1000,
        )


class SummedUp(_Part):
    """What the model sums the call up to; the n-th line belongs to the n-th summary."""

    summary: str
    error: str | None = None
    never: bool = False
    after: Length = 910

    def talk(self) -> Talk:
        """Return it as the scripted model takes it."""
        return Talk(
            text=self.summary,
            error=None if self.error is None else ProviderUnavailable(self.error),
            hangs=self.never,
            first=self.after / 1000,
            gap=0.0,
        )


class Desk(_Part):
    """What a transfer does."""

    error: str | None = None
    after: Length = 510


class Expectation(_Part):
    """One thing that must be true. Those without an instant follow each other."""

    at: Length | None = None
    user: str | None = None
    agent: str | None = None
    dialog: str | None = None
    because: str | None = None
    """Why the last of the named machines moved there."""
    says: str | None = None
    """A line of the agent: exact text, or /pattern/."""
    hears: str | None = None
    """A committed turn of the caller."""
    called: Mapping[str, Mapping[str, Any]] | None = None
    """A tool call, with at least these arguments."""
    interrupted: bool | None = None
    ended: str | None = None
    """The reason of `HangUp`."""


class Script(_Part):
    """One golden conversation."""

    flow: str
    """Path of the flow, from the conversation's file."""
    voice_end: Length = VAD_END
    """How long after the end of speech it is reported."""
    about: str = ""
    now: str = "2026-05-01T12:00:00+02:00"
    seed: int = 0
    inputs: Mapping[str, Any] = Field(default_factory=dict)
    script: tuple[Happening, ...] = ()
    voice: Voice = Voice()
    tools: Mapping[str, tuple[ToolAnswer, ...]] = Field(default_factory=dict)
    model: tuple[ModelAnswer, ...] | None = None
    replies: tuple[Told, ...] = ()
    """The lines of `script` with `reply`."""
    summaries: tuple[SummedUp, ...] = ()
    """Those with `summary`."""
    transfer: Desk | None = None
    expect: tuple[Expectation, ...] = ()

    @property
    def speech(self) -> tuple[Happening, ...]:
        """The stretches of the caller's voice, in order."""
        return tuple(h for h in self.script if h.voiced)

    @model_validator(mode="before")
    @classmethod
    def _replies_apart(cls, data: Any) -> Any:
        """What the model says has no instant of its own: it answers."""
        lines = data.get("script") if isinstance(data, dict) else None
        if not isinstance(lines, list):
            return data
        apart = {
            name: [line for line in lines if isinstance(line, dict) and key in line]
            for name, key in (("replies", "reply"), ("summaries", "summary"))
        }
        happens = [line for line in lines if not any(line in told for told in apart.values())]
        return {**data, **apart, "script": happens}

    @model_validator(mode="after")
    def _in_order(self) -> Script:
        instants = [happening.at for happening in self.script]
        if instants != sorted(set(instants)):
            raise ValueError("the script must be in order of time, one thing an instant")
        for one, other in zip(self.speech, self.speech[1:], strict=False):
            if one.end + self.voice_end > other.at:
                raise ValueError(
                    f"speech at {other.at} ms begins within {self.voice_end} ms"
                    " of the last one's end"
                )
        return self


def read_script(path: Path) -> Script:
    """Read a conversation file.

    Raises:
        ScriptError: it cannot be read, or is not a conversation.
    """
    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return Script.model_validate(data)
    except (OSError, YAMLError) as error:
        raise ScriptError(f"{path.name}: {error}") from error
    except ValidationError as error:
        places = [
            f"{'.'.join(str(step) for step in finding['loc']) or 'file'}: {finding['msg']}"
            for finding in error.errors()
        ]
        raise ScriptError(f"{path.name}: {'; '.join(places)}") from error
