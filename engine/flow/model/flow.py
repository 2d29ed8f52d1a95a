"""The root of a flow file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PrivateAttr

from engine.flow.code_first import document
from engine.flow.model.base import CHECKED_ONLY, Expr, Id, TargetId, Text
from engine.flow.model.slots import Intent, Slot, Variable
from engine.flow.model.states import Policies, State, Transition
from engine.flow.model.surroundings import KnowledgeBase, Migration, RoomOptions, Voicemail
from engine.flow.model.tools import FlowTest, Tool

Layer: TypeAlias = tuple[str, Mapping[str, list[Transition]]]
"""A scope of handlers: its name, and its handlers by event."""

LANGUAGE_VERSION = 1
"""The version of the flow language this engine reads."""


def _whole_number(value: Any) -> Any:
    """To Python `True` and `1.0` equal 1; in a file they are something else."""
    if type(value) is not int:
        raise ValueError("expected a whole number")
    return value


class Fragment(Policies):
    """A part for several flows: names, handlers and policies. It is included, and never run."""

    turnwise: Annotated[Literal[1], BeforeValidator(_whole_number)] = Field(
        description="The version of the flow language, always first."
    )
    fragment: Id = Field(description="The fragment's id, lower_snake_case.", examples=["common"])
    description: Text | None = Field(
        default=None, description="What it is for.", examples=["What every line of ours can do."]
    )
    include: list[Text] | None = Field(
        default=None, description="Further fragments.", examples=[["./common.yaml"]]
    )
    slots: dict[Id, Slot] = Field(default_factory=dict, description="As in a flow.")
    vars: dict[Id, Variable] = Field(default_factory=dict, description="As in a flow.")
    intents: dict[Id, Intent] = Field(default_factory=dict, description="As in a flow.")
    tools: dict[Id, Tool] = Field(default_factory=dict, description="As in a flow.")


class Flow(Policies):
    """A flow: one file, one machine. Names are declared once; ids of states are unique in it."""

    turnwise: Annotated[Literal[1], BeforeValidator(_whole_number)] = Field(
        description="The version of the flow language, always first."
    )
    flow: Id = Field(description="The flow's id, lower_snake_case.", examples=["book_table"])
    version: Text = Field(
        default="0.0.0",
        description="This flow's own version; named in every journal.",
        examples=["1.2.0"],
    )
    description: Text | None = Field(
        default=None, description="What it is for.", examples=["Books a table by phone."]
    )
    start: TargetId = Field(description="The first state.", examples=["greet"])
    include: list[Text] | None = Field(
        default=None,
        description="Fragments to merge in, in this order; what the flow says itself wins.",
        examples=[["./common.yaml"]],
    )
    flows: dict[Id, Text] = Field(
        default_factory=dict,
        description="Sub-flows: the name used here, and the file, relative to this one.",
        examples=[{"hours": "./opening_hours.yaml"}],
    )
    inputs: dict[Id, Variable] = Field(
        default_factory=dict,
        description="What the flow is given; read as `inputs.NAME`.",
        examples=[{"restaurant": {"type": "text", "default": "Luigi's"}}],
    )
    outputs: dict[Id, Expr] = Field(
        default_factory=dict,
        description="What the flow answers when it returns.",
        examples=[{"booking_id": "results.book.booking_id"}],
    )
    vars: dict[Id, Variable] = Field(
        default_factory=dict,
        description="What the flow keeps for itself; read and set as `vars.NAME`.",
        examples=[{"attempts": {"type": "integer", "default": 0}}],
    )
    slots: dict[Id, Slot] = Field(
        default_factory=dict,
        description="What the caller is asked for; read as `slots.NAME`.",
        examples=[{"name": {"type": "text", "ask": "On what name?"}}],
    )
    intents: dict[Id, Intent] = Field(
        default_factory=dict,
        description="What the caller may mean.",
        examples=[{"wants_person": {"means": "asks for a human"}}],
    )
    phrases: list[Text] = Field(
        default_factory=list,
        description="How callers say several things at once; `{SLOT}` stands for a value.",
        examples=[["a table for {party_size} {date} at {time}"]],
    )
    tools: dict[Id, Tool] = Field(
        default_factory=dict,
        description="What the flow can do in the world.",
        examples=[{"find_table": {"use": "python:bistro.tools.find_table"}}],
    )
    room: RoomOptions | None = Field(
        default=None,
        description="How callers reach the flow.",
        examples=[{"transport": "webrtc"}],
        json_schema_extra=CHECKED_ONLY,
    )
    knowledge: KnowledgeBase | None = Field(
        default=None,
        description="Documents that free talk may draw on.",
        examples=[{"menu": {"use": "local:./menu"}}],
        json_schema_extra=CHECKED_ONLY,
    )
    voicemail: Voicemail | None = Field(
        default=None,
        description="Recognise an answering machine.",
        examples=[{"within": "5s"}],
        json_schema_extra=CHECKED_ONLY,
    )
    migrate: list[Migration] | None = Field(
        default=None,
        min_length=1,
        description="How a call saved by an older version goes on.",
        examples=[[{"from": "<1.2", "rename": {"states.old": "states.new"}}]],
    )
    tests: dict[Id, FlowTest] = Field(
        default_factory=dict,
        description="Talks and what must come of them.",
        examples=[{"hello": {"talk": [{"user": "Ann"}, {"ended": "hangup"}]}}],
    )
    states: dict[Id, State] = Field(
        min_length=1,
        description="The states, by their ids.",
        examples=[{"bye": {"say": "Goodbye.", "end": "hangup"}}],
    )
    _layers: tuple[Layer, ...] = PrivateAttr(())

    @classmethod
    def from_instructions(
        cls, instructions: str, tools: Sequence[Callable[..., Any]] = (), **more: Any
    ) -> Flow:
        """Make a flow of one state in which a model talks: an agent without YAML.

        Args:
            instructions: who the model is and what it is there for.
            tools: functions it may call, with type hints, at the top of a module.
            more: `writes`, `greeting`, `llm`, `name`, `max_turns`: see `engine.flow.code_first`.

        Raises:
            ConfigurationError: a function cannot be a tool; says which and why.
        """
        return cls.model_validate(document(instructions, tools, **more))

    def layer(self, own: Flow, fragments: Sequence[Fragment]) -> None:
        """Note whose handlers are whose, in a flow that was merged with its fragments."""
        self._layers = (
            ("flow", own.handle),
            *((f"include.{part.fragment}", part.handle) for part in fragments),
        )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The handlers of the flow, then those of what it includes: name of the scope, handlers."""
        return self._layers or (("flow", self.handle),)
