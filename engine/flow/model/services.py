"""The `pipeline` policy: which provider of each kind works for this flow, group or state."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, model_validator

from engine.flow.model.base import CHECKED_ONLY, FlowModel, Text, inherited


class Component(FlowModel):
    """One provider and its own options. `$NAME` as a whole value is an environment variable."""

    # The options belong to the provider; they are checked against its own declaration.
    model_config = ConfigDict(extra="allow")

    use: Text = Field(description="The provider's name.", examples=["embedded", "openai"])

    @property
    def options(self) -> dict[str, Any]:
        """What is said beside `use`."""
        return dict(self.model_extra or {})


class HistoryLimit(FlowModel):
    """How much of the call a model is told; what is older is left out."""

    max_items: int | None = Field(
        default=None, ge=1, le=200, description="The latest messages and tool calls.", examples=[20]
    )
    max_tokens: int | None = Field(
        default=None,
        ge=50,
        le=100_000,
        description="About so many tokens, four characters each; the latest message always stays.",
        examples=[2000],
    )

    @model_validator(mode="before")
    @classmethod
    def _some_limit(cls, data: Any) -> Any:
        if data == {}:
            raise ValueError("expected `max_items`, `max_tokens` or both")
        return data


History: TypeAlias = Literal["keep", "summary", "fresh"] | HistoryLimit
"""What a model is told of the call so far."""

Components: TypeAlias = Component | Annotated[list[Component], Field(min_length=1)]
"""A provider, or several in the order in which they are tried."""


class Pipeline(FlowModel):
    """Policy: who listens, understands and speaks. An absent component is the embedded default."""

    mode: Literal["cascade", "realtime"] | None = Field(
        default=None,
        description="A chain of services, or one speech-to-speech model.",
        json_schema_extra=inherited("cascade"),
    )
    stt: Components | None = Field(
        default=None,
        description="Speech to text.",
        examples=[{"use": "deepgram", "language": "en", "key": "$DEEPGRAM_API_KEY"}],
    )
    llm: Components | None = Field(
        default=None,
        description="The language model that reports what was meant.",
        examples=[{"use": "openai", "model": "gpt-4.1-mini", "key": "$OPENAI_API_KEY"}],
    )
    tts: Components | None = Field(
        default=None,
        description="Text to speech.",
        examples=[{"use": "cartesia", "voice": "warm_f", "key": "$CARTESIA_API_KEY"}],
    )
    vad: Components | None = Field(
        default=None, description="Voice activity detection.", examples=[{"use": "silero"}]
    )
    turn_detector: Components | None = Field(
        default=None, description="Judges whether the caller is done.", examples=[{"use": "rules"}]
    )
    realtime: Components | None = Field(
        default=None,
        description="A speech-to-speech model.",
        examples=[{"use": "openai"}],
        json_schema_extra=CHECKED_ONLY,
    )
    denoise: Components | None = Field(
        default=None,
        description="Noise suppression.",
        examples=[{"use": "rnnoise"}],
        json_schema_extra=CHECKED_ONLY,
    )
    avatar: Components | None = Field(
        default=None,
        description="A speaking face.",
        examples=[{"use": "simli"}],
        json_schema_extra=CHECKED_ONLY,
    )
    realtime_mode: Literal["full_s2s", "hybrid_stt", "hybrid_tts", "llm_only"] | None = Field(
        default=None,
        description="Which part of a speech-to-speech model is used.",
        json_schema_extra=CHECKED_ONLY,
    )
    history: History | None = Field(
        default=None,
        description="What a model that talks is told of the call so far: `keep` the latest 40"
        " messages, `summary` the latest ones behind a summary of all that was before, `fresh` what"
        " was said since the state was entered, or limits of your own.",
        examples=["keep", "summary", {"max_items": 20}],
        json_schema_extra=inherited("keep"),
    )
