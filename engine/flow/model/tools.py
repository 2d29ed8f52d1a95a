"""Tools: what a flow can do in the world. And the tests embedded in a flow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from engine.flow.model.base import Duration, EventName, FlowModel, Id, Lines, TargetId, Text
from engine.flow.model.slots import ResultType, TypeOf


class Retry(FlowModel):
    """How often a failed call is tried again."""

    times: int = Field(ge=1, le=10, description="How many further attempts.", examples=[1])
    after: Duration = Field(
        default="0ms", validate_default=True, description="The pause before each.",
        examples=["500ms"],
    )  # fmt: skip


class FillerLine(FlowModel):
    """What is said while a tool works."""

    after: Duration = Field(description="When the first line comes.", examples=["800ms"])
    say: Lines = Field(
        description="The lines, one after the other.", examples=[["One moment.", "Let me look."]]
    )
    every: Duration | None = Field(
        default=None, description="The pause between lines; absent: one line only.", examples=["5s"]
    )


class Tool(FlowModel):
    """A declared tool."""

    use: Annotated[str, Field(pattern=r"^(python|http|mcp|provider):\S+$")] = Field(
        description="Where it lives: `python:package.module.function`.",
        examples=["python:bistro.tools.find_table"],
    )
    args: dict[Id, TypeOf] = Field(
        default_factory=dict,
        description="Its arguments and their types.",
        examples=[{"size": "integer", "date": "date"}],
    )
    returns: ResultType | None = Field(
        default=None,
        description="What it answers: a type, or named fields with types.",
        examples=[{"status": ["free", "full"], "others": "list(time)"}],
    )
    timeout: Duration = Field(
        default="10s", validate_default=True,
        description="After this long event `error.timeout`.", examples=["6s"],
    )  # fmt: skip
    retry: Retry | None = Field(
        default=None,
        description="Try again when it fails.",
        examples=[{"times": 1, "after": "500ms"}],
    )
    filler: FillerLine | None = Field(
        default=None,
        description="What is said while it works.",
        examples=[{"after": "800ms", "say": ["One moment."], "every": "5s"}],
    )
    effect: Literal["read", "write"] = Field(
        default="read",
        description="`write` changes the world: never cut by barge-in, never retried unasked.",
    )
    idempotent: bool = Field(
        default=False, description="Calling it twice with one key does what one call does."
    )
    keep: bool = Field(
        default=False,
        description="It survives leaving the state; its result arrives as event `tool.NAME`.",
    )


class Heard(FlowModel):
    """What a test says was understood."""

    slots: dict[Id, Any] = Field(
        default_factory=dict, description="Values of slots.", examples=[{"party_size": 4}]
    )
    intent: Id | None = Field(default=None, description="One intent.", examples=["asks_hours"])
    answer: bool | None = Field(default=None, description="Yes or no.", examples=[True])


class ModelReply(FlowModel):
    """What a language model replies in a test."""

    says: Text | None = Field(default=None, description="What it says.", examples=["Good choice."])
    calls: dict[Id, dict[Id, Any]] = Field(
        default_factory=dict,
        min_length=1,
        description="Tools it asks for, with their arguments; a further reply follows on results.",
        examples=[{"price": {"pizza": "funghi", "size": "large"}}],
    )
    error: Text | None = Field(
        default=None,
        description="It fails, after what it says; `timeout`: it stops answering.",
        examples=["overloaded"],
    )

    @model_validator(mode="before")
    @classmethod
    def _something(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data:
            raise ValueError("expected `says`, `calls` or an `error`")
        return data


class Interrupt(FlowModel):
    """The caller speaks into the agent's line."""

    at: Duration = Field(description="How long after the line began.", examples=["300ms"])
    user: Text = Field(description="What the caller says.", examples=["hello hello"])


class Spoken(FlowModel):
    """What the agent must have said."""

    says: Text = Field(
        description="The text, or a regular expression between slashes.", examples=["/recorded/"]
    )
    whole: bool = Field(default=False, description="It was not cut.")


_STEPS = (
    "user", "silence", "dtmf", "interrupt", "emit", "wait",
    "agent", "at", "called", "slots", "ended",
)  # fmt: skip


class TalkStep(FlowModel):
    """One step of a talk: something that happens, or something that must be so."""

    user: Text | None = Field(
        default=None, description="The caller says.", examples=["four people"]
    )
    heard: Heard | None = Field(
        default=None, description="What is understood of `user`.", examples=[{"answer": True}]
    )
    model: Text | ModelReply | list[Text | ModelReply] | None = Field(
        default=None,
        description="What the language model replies to `user`; a list: one after each result.",
        examples=["The funghi is lovely."],
    )
    silence: Duration | None = Field(
        default=None, description="The caller is silent.", examples=["6s"]
    )
    dtmf: Annotated[str, Field(pattern=r"^[0-9*#A-D]+$")] | None = Field(
        default=None, description="The caller presses keys.", examples=["0301234567"]
    )
    interrupt: Interrupt | None = Field(
        default=None,
        description="The caller interrupts.",
        examples=[{"at": "300ms", "user": "hello"}],
    )
    emit: EventName | None = Field(
        default=None, description="An event happens.", examples=["app.paid"]
    )
    wait: Duration | None = Field(default=None, description="Time passes.", examples=["2s"])
    agent: Text | Spoken | None = Field(
        default=None, description="The agent has said this.", examples=["/every day/"]
    )
    at: TargetId | None = Field(
        default=None, description="The conversation is in this state.", examples=["contact"]
    )
    called: dict[Id, dict[Id, Any]] | None = Field(
        default=None,
        description="These tools were called with these arguments.",
        examples=[{"find_table": {"size": 5}}],
    )
    slots: dict[Id, Any] | None = Field(
        default=None, description="The slots hold these values.", examples=[{"name": "Ann"}]
    )
    ended: Literal["hangup", "leave", "return", "transfer"] | None = Field(
        default=None, description="The call is over, in this way."
    )

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, data: Any) -> Any:
        if isinstance(data, dict):
            found = [key for key in _STEPS if key in data]
            if len(found) != 1:
                raise ValueError(f"expected one of {', '.join(_STEPS)}, found {len(found)}")
            for beside in ("heard", "model"):
                if beside in data and "user" not in data:
                    raise ValueError(f"`{beside}` stands beside `user`")
        return data


class FlowTest(FlowModel):
    """A test embedded in the flow."""

    now: Text | None = Field(
        default=None,
        description="The caller's local time at the start.",
        examples=["2026-05-01T12:00"],
    )
    inputs: dict[Id, Any] = Field(
        default_factory=dict, description="The flow's inputs.", examples=[{"restaurant": "Luigi's"}]
    )
    mock: dict[Id, Any] = Field(
        default_factory=dict,
        description="What tools and sub-flows answer: a value, `{error: ...}`, or a list of such. "
        "`transfer`: how a transfer ends; `model`: what a language model replies.",
        examples=[{"find_table": {"status": "free", "others": []}}],
    )
    talk: list[TalkStep] = Field(
        min_length=1, description="The steps.", examples=[[{"user": "hello"}, {"ended": "hangup"}]]
    )


TALK_STEPS = _STEPS
"""The keys of which a step has exactly one."""
