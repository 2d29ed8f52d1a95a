"""What stands around the dialog: the room, sounds, knowledge, answering machines, old versions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.flow.model.base import Duration, FlowModel, Id, Text

RENAMED_PATTERN = r"^(states|slots)\.[a-z][a-z0-9_]*$"
VERSIONS_PATTERN = r"^(<|<=|=)?\s*[0-9]+(\.[0-9]+){0,3}$"

Volume = Annotated[float, Field(ge=0, le=1)]
RenamedName = Annotated[str, StringConstraints(pattern=RENAMED_PATTERN)]


class Recording(FlowModel):
    """What is recorded beside the voices."""

    video: bool = Field(default=False, description="The cameras of the participants.")
    screen_share: bool = Field(default=False, description="Shared screens.")


class RoomOptions(FlowModel):
    """How callers reach the flow, and how long the room lives."""

    transport: Literal["local", "webrtc", "websocket", "telephony"] | None = Field(
        default=None, description="The kind of room.", examples=["webrtc"]
    )
    recording: bool | Recording | None = Field(
        default=None,
        description="Keep both sides of the call as sound, and what else.",
        examples=[True, {"video": True}],
    )
    vision: bool | None = Field(
        default=None, description="Let a model see the caller's camera.", examples=[False]
    )
    auto_end: bool | None = Field(
        default=None, description="End the session when the last participant leaves."
    )
    session_timeout: Duration | None = Field(
        default=None, description="The longest a session may last.", examples=["30m"]
    )
    no_participant_timeout: Duration | None = Field(
        default=None, description="How long an empty room waits.", examples=["90s"]
    )
    background_audio: bool | None = Field(
        default=None, description="Let background sounds be mixed into the agent's voice."
    )


class Ambience(FlowModel):
    """A sound under the whole call."""

    file: Text = Field(description="An audio file, relative to the flow.", examples=["cafe.wav"])
    volume: Volume = Field(default=0.2, description="0 is silent, 1 as recorded.", examples=[0.2])
    loop: bool = Field(default=True, description="Begin anew at its end.")


class ThinkingSound(FlowModel):
    """A sound while the agent thinks or a tool works."""

    file: Text = Field(description="An audio file, relative to the flow.", examples=["keys.wav"])
    volume: Volume = Field(default=0.5, description="0 is silent, 1 as recorded.", examples=[0.5])


class Sound(FlowModel):
    """Background sounds."""

    ambience: Ambience | None = Field(
        default=None,
        description="A sound under the whole call.",
        examples=[{"file": "cafe.wav", "volume": 0.2}],
    )
    thinking: ThinkingSound | None = Field(
        default=None,
        description="A sound while the agent thinks or a tool works.",
        examples=[{"file": "keys.wav"}],
    )


class Knowledge(FlowModel):
    """Documents a model may draw on."""

    use: Annotated[str, StringConstraints(pattern=r"^(local|provider):\S+$")] = Field(
        description="Where they are: `local:FOLDER`, or `provider:ID`.", examples=["local:./menu"]
    )
    top_k: int = Field(
        default=3, ge=1, le=50, description="How many passages are looked up.", examples=[3]
    )


class Voicemail(FlowModel):
    """Recognise an answering machine: event `voicemail`, once, at the start of an outbound call."""

    within: Duration = Field(description="How long after the start.", examples=["5s"])
    prompt: Text | None = Field(
        default=None,
        description="What tells a machine, for a model.",
        examples=["Somebody asks to leave a message."],
    )


class Migration(FlowModel):
    """How a call saved by an older version of this flow goes on."""

    from_: Annotated[str, StringConstraints(pattern=VERSIONS_PATTERN)] = Field(
        alias="from",
        description="Versions of the flow it is for: `<1.2`, `<=1.2`, or `1.2` alone.",
        examples=["<1.2"],
    )
    rename: dict[RenamedName, RenamedName] = Field(
        min_length=1,
        description="Names then and now, of states and slots.",
        examples=[{"states.ask_all": "states.details"}],
    )


KnowledgeBase = dict[Id, Knowledge]
"""Knowledge by the name that `converse` lists."""
