"""Two of the three policies: who may interrupt, and how the agent listens.

The third, `pipeline`, is in `services.py`.

Each stands at flow, group or state level. A key that is absent is taken from outside, and at the
very outside from the defaults that the schema shows.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.flow.model.base import Duration, FlowModel, Text, inherited


class FalseAlarm(FlowModel):
    """What happens when the agent stopped for a noise and no words followed."""

    pause: Duration | None = Field(
        default=None,
        description="How long to wait for words before it counts as a false alarm.",
        examples=["1500ms"],
        json_schema_extra=inherited("2s"),
    )
    resume: bool | None = Field(
        default=None,
        description="Go on speaking from the very sample where it stopped, or drop the rest.",
        json_schema_extra=inherited(True),
    )


class InterruptionProfile(FlowModel):
    """When the caller's voice stops the agent's."""

    allow: bool | None = Field(
        default=None,
        description="May the caller interrupt at all?",
        json_schema_extra=inherited(True),
    )
    mode: Literal["vad", "stt", "hybrid"] | None = Field(
        default=None,
        description="What may trigger it: voice (vad), recognised words (stt), or both.",
        json_schema_extra=inherited("hybrid"),
    )
    min_time: Duration | None = Field(
        default=None,
        description="How much voice it takes, for the voice trigger.",
        examples=["500ms"],
        json_schema_extra=inherited("500ms"),
    )
    min_words: int | None = Field(
        default=None,
        ge=0,
        description="Fewer words than this do not stop the agent, except `phrases`.",
        examples=[2],
        json_schema_extra=inherited(2),
    )
    min_confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Words the recogniser trusts less than this do not count.",
        examples=[0.5],
        json_schema_extra=inherited(0),
    )
    phrases: list[Text] | None = Field(
        default=None,
        description="Words that always stop the agent.",
        examples=[["stop", "wait"]],
        json_schema_extra=inherited([]),
    )
    ignore: list[Text] | None = Field(
        default=None,
        description="Back-channels: words that never stop the agent.",
        examples=[["uh-huh", "okay", "right"]],
        json_schema_extra=inherited([]),
    )
    blocked: Literal["keep", "discard"] | None = Field(
        default=None,
        description="What is done with words spoken while `allow` is false.",
        json_schema_extra=inherited("keep"),
    )
    false_alarm: FalseAlarm | None = Field(
        default=None,
        description="What happens when the agent stopped for nothing.",
        examples=[{"pause": "1500ms", "resume": True}],
    )
    fade: Duration | None = Field(
        default=None,
        description="How long the voice fades out when it is interrupted; 0 is at once.",
        examples=["80ms"],
        json_schema_extra=inherited("0ms"),
    )
    echo_guard: Duration | None = Field(
        default=None,
        description="For so long after the agent begins to speak, voice alone does not stop it:"
        " it may be an echo. Words do.",
        examples=["1s"],
        json_schema_extra=inherited("0ms"),
    )


class Interruptions(InterruptionProfile):
    """Policy: when the caller may interrupt."""

    thinking: InterruptionProfile | None = Field(
        default=None,
        description="Its own profile for the time before the reply is audible.",
        examples=[{"min_words": 1}],
    )


class EndOfTurn(FlowModel):
    """When the caller has finished."""

    mode: Literal["fixed", "adaptive", "dynamic"] | None = Field(
        default=None,
        description="How long to wait: `min`, or `max` if the turn seems unfinished (fixed);"
        " between the two as the words suggest (adaptive); likewise, but no less than this caller"
        " usually pauses (dynamic).",
        examples=["dynamic"],
        json_schema_extra=inherited("adaptive"),
    )
    min: Duration | None = Field(
        default=None,
        description="The shortest silence that may end a turn.",
        examples=["500ms"],
        json_schema_extra=inherited("500ms"),
    )
    max: Duration | None = Field(
        default=None,
        description="The silence that always ends a turn.",
        examples=["800ms", "2s"],
        json_schema_extra=inherited("800ms"),
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="From this probability on a turn counts as finished.",
        examples=[0.75],
        json_schema_extra=inherited(0.75),
    )


class Listen(FlowModel):
    """Policy: end of turn, silence and noise."""

    end_of_turn: EndOfTurn | None = Field(
        default=None,
        description="When the caller has finished.",
        examples=[{"mode": "adaptive", "min": "500ms", "max": "800ms"}],
    )
    silence: Duration | None = Field(
        default=None,
        description="After this much silence the next `no_input` line is spoken.",
        examples=["6s"],
        json_schema_extra=inherited("6s"),
    )
    transcript_timeout: Duration | None = Field(
        default=None,
        description="How long to wait for words after the caller's voice ended.",
        examples=["2s"],
        json_schema_extra=inherited("2s"),
    )
    max_turn: Duration | None = Field(
        default=None,
        description="How long the caller may go on without coming to an end. Then the agent answers"
        " what it has heard; a noise that never ends does not silence it.",
        examples=["30s"],
        json_schema_extra=inherited("60s"),
    )
    no_input: list[Text] | None = Field(
        default=None,
        description="What is said at the first, second ... silence; then event `no_input`.",
        examples=[["Are you still there?"]],
        json_schema_extra=inherited([]),
    )
    no_match: list[Text] | None = Field(
        default=None,
        description="What is said when nothing was understood; then event `no_match`.",
        examples=[["Sorry, I did not get that."]],
        json_schema_extra=inherited([]),
    )
    accept: list[Literal["speech", "dtmf"]] | None = Field(
        default=None,
        min_length=1,
        description="What counts as an answer.",
        examples=[["speech", "dtmf"]],
        json_schema_extra=inherited(["speech", "dtmf"]),
    )
    preempt: Literal["none", "model"] | None = Field(
        default=None,
        description="What is begun while the turn may still go on: nothing, or what a model must be"
        " asked. Nothing is said and no tool is called before the turn is over.",
        examples=["none"],
        json_schema_extra=inherited("model"),
    )
