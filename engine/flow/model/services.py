"""The `pipeline` policy: which provider of each kind works for this flow, group or state."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from engine.flow.model.base import LATER, FlowModel, Text, inherited


class Component(FlowModel):
    """One provider and its own options. `$NAME` as a whole value is an environment variable."""

    # The options belong to the provider; they are checked against its own declaration.
    model_config = ConfigDict(extra="allow")

    use: Text = Field(description="The provider's name.", examples=["embedded", "openai"])

    @property
    def options(self) -> dict[str, Any]:
        """What is said beside `use`."""
        return dict(self.model_extra or {})


class Pipeline(FlowModel):
    """Policy: who listens, understands and speaks. An absent component is the embedded default."""

    mode: Literal["cascade", "realtime"] | None = Field(
        default=None,
        description="A chain of services, or one speech-to-speech model.",
        json_schema_extra=inherited("cascade"),
    )
    stt: Component | list[Component] | None = Field(
        default=None,
        description="Speech to text.",
        examples=[{"use": "deepgram", "language": "en", "key": "$DEEPGRAM_API_KEY"}],
    )
    llm: Component | list[Component] | None = Field(
        default=None,
        description="The language model that reports what was meant.",
        examples=[{"use": "openai", "model": "gpt-4.1-mini", "key": "$OPENAI_API_KEY"}],
    )
    tts: Component | list[Component] | None = Field(
        default=None,
        description="Text to speech.",
        examples=[{"use": "cartesia", "voice": "warm_f", "key": "$CARTESIA_API_KEY"}],
    )
    vad: Component | list[Component] | None = Field(
        default=None, description="Voice activity detection.", examples=[{"use": "silero"}]
    )
    turn_detector: Component | list[Component] | None = Field(
        default=None, description="Judges whether the caller is done.", examples=[{"use": "rules"}]
    )
    realtime: Component | list[Component] | None = Field(
        default=None,
        description="A speech-to-speech model.",
        examples=[{"use": "openai"}],
        json_schema_extra=LATER,
    )
    denoise: Any = Field(
        default=None,
        description="Noise suppression.",
        examples=[{"use": "rnnoise"}],
        json_schema_extra=LATER,
    )
    avatar: Any = Field(
        default=None,
        description="A speaking face.",
        examples=[{"use": "simli"}],
        json_schema_extra=LATER,
    )
    realtime_mode: Literal["full_s2s", "hybrid_stt", "hybrid_tts", "llm_only"] | None = Field(
        default=None,
        description="Which part of a speech-to-speech model is used.",
        json_schema_extra=LATER,
    )
    history: Any = Field(
        default=None,
        description="What a model remembers of the call.",
        examples=["keep", "summary", {"max_items": 20}],
        json_schema_extra=LATER,
    )
