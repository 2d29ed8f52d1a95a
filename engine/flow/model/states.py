"""States, verbs, transitions, handlers, actions and timers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from engine.flow.model.base import (
    CHECKED_ONLY,
    AssignableName,
    Duration,
    EventName,
    Expr,
    FlowModel,
    Id,
    TargetId,
    Text,
)
from engine.flow.model.policies import Interruptions, Listen
from engine.flow.model.services import Pipeline
from engine.flow.model.surroundings import Sound

VERBS: tuple[str, ...] = (
    "collect", "confirm", "converse", "run", "call", "transfer", "end", "states",
)  # fmt: skip
"""The keys of which a state has at most one: what it waits for."""

ACTIONS: tuple[str, ...] = ("say", "play", "set", "clear", "emit", "send_dtmf", "log")
"""The actions, in the order in which the keys of one map run."""

VERB_KEYS: dict[str, tuple[str, ...]] = {
    "converse": ("fills", "tools", "intents", "until", "max_turns"),
    "run": ("args",),
    "call": ("args",),
    "states": ("start",),
}
"""Keys that belong to certain verbs only."""

VERBS_WITHOUT_THEN: tuple[str, ...] = ("transfer", "end", "states")
"""Nothing comes after an end or a transfer; a group is left by its states."""


class Action(FlowModel):
    """Things to do at once, in the order of the keys below."""

    say: Text | None = Field(
        default=None, description="Speak a line.", examples=["There is a garage next door."]
    )
    play: Text | None = Field(
        default=None,
        description="Play an audio file of any format, relative to the flow's folder.",
        examples=["jingle.wav"],
    )
    set: dict[AssignableName, Expr] | None = Field(
        default=None,
        min_length=1,
        description="Assign values to slots and variables.",
        examples=[{"vars.attempts": "vars.attempts + 1"}],
    )
    clear: list[AssignableName] | None = Field(
        default=None,
        min_length=1,
        description="Empty slots and variables.",
        examples=[["time"]],
    )
    emit: EventName | None = Field(
        default=None, description="Raise an event, handled at once.", examples=["app.gave_up"]
    )
    send_dtmf: Text | None = Field(
        default=None, description="Press keys on our side of the line.", examples=["1#"]
    )
    log: Text | None = Field(
        default=None,
        description="Leave a line in the timeline.",
        examples=["no table for {{ slots.party_size }}"],
    )
    interruptions: Interruptions | None = Field(
        default=None,
        description="Policy: who may interrupt what this very map says or plays; keys that are"
        " absent are those of the state.",
        examples=[{"allow": False}],
    )

    def ordered(self) -> list[tuple[str, Any]]:
        """The actions of this map as (key, value), in the order they run."""
        return [(key, value) for key in ACTIONS if (value := getattr(self, key)) is not None]

    @model_validator(mode="after")
    def _do_something(self) -> Action:
        if type(self) is Action and not self.ordered():
            raise ValueError(f"expected at least one of {', '.join(ACTIONS)}")
        if self.interruptions is not None and self.say is None and self.play is None:
            raise ValueError("`interruptions` stands beside `say` or `play`")
        return self


class Transition(Action):
    """One way on: a guard, actions, a target."""

    when: Expr | None = Field(
        default=None,
        description="It is taken only if this holds; absent: always.",
        examples=['result.status == "free"'],
    )
    do: list[Action] | None = Field(
        default=None,
        min_length=1,
        description="Actions in an order of your own, after those beside it.",
        examples=[[{"clear": ["time"]}, {"say": "Let us try again."}]],
    )
    to: TargetId | None = Field(
        default=None,
        description="The next state, or STAY, REPEAT, RESUME, BACK, END.",
        examples=["contact", "STAY", "reserve.details"],
    )
    call: Id | None = Field(
        default=None,
        description="In a handler: a sub-flow to go through and come back from.",
        examples=["hours"],
    )
    args: dict[Id, Expr] = Field(
        default_factory=dict, description="The inputs of `call`.", examples=[{"day": "slots.date"}]
    )

    @model_validator(mode="after")
    def _one_target(self) -> Transition:
        if (self.to is None) == (self.call is None):
            raise ValueError("expected one of `to` and `call`")
        if self.args and self.call is None:
            raise ValueError("`args` stands beside `call`")
        return self


def _transitions(value: Any) -> Any:
    """`bye`, `{to: bye}` and `[{to: bye}]` say the same."""
    if isinstance(value, str):
        return [{"to": value}]
    return [value] if isinstance(value, dict) else value


def _ways(entry: str) -> dict[str, Any]:
    """The three forms of a list of transitions, for the schema."""
    reference = {"x-ref": entry}
    return {
        "anyOf": [
            {"x-ref": "Target"},
            reference,
            {"type": "array", "items": reference, "minItems": 1},
        ]
    }


Transitions: TypeAlias = Annotated[
    list[Transition], BeforeValidator(_transitions), Field(min_length=1)
]
"""Ways on, first that holds; always a list here."""


class Timer(FlowModel):
    """A timer that starts with its state, group or flow. Short form: `long_call: 8m`."""

    after: Duration = Field(description="Event `timer.NAME` after this long.", examples=["8m"])
    every: Duration | None = Field(
        default=None, description="And again each time after this long.", examples=["30s"]
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_short_form(cls, data: Any) -> Any:
        return {"after": data} if isinstance(data, str | int | float) else data


class TransferTo(FlowModel):
    """Whom the caller is handed over to."""

    to: Text = Field(description="A number or address.", examples=["$FRONT_DESK", "+4930123456"])
    kind: Literal["cold", "warm", "agent"] = Field(
        default="cold",
        description="cold: connect and leave. warm: speak to them first. agent: another agent.",
    )
    brief: Text | None = Field(
        default=None,
        description="What the other side is told.",
        examples=["Wants a table: {{ slots | summary }}"],
    )


class Policies(FlowModel):
    """What may stand at flow, group and state level alike."""

    handle: dict[EventName, Annotated[Transitions, WithJsonSchema(_ways("Reaction"))]] = Field(
        default_factory=dict,
        description="What to do about events. Inner handlers win over outer ones.",
        examples=[{"intent.wants_person": {"to": "human"}, "error": {"to": "human"}}],
    )
    timers: dict[Id, Timer] = Field(
        default_factory=dict,
        description="Timers that run while it is active; event `timer.NAME`.",
        examples=[{"long_call": "8m"}],
    )
    pipeline: Pipeline | None = Field(
        default=None,
        description="Who listens, understands and speaks.",
        examples=[{"llm": {"use": "openai", "model": "gpt-4.1-mini"}}],
    )
    interruptions: Interruptions | None = Field(
        default=None, description="When the caller may interrupt.", examples=[{"allow": False}]
    )
    listen: Listen | None = Field(
        default=None,
        description="End of turn, silence and noise.",
        examples=[{"silence": "6s", "no_input": ["Are you still there?"]}],
    )
    sound: Sound | None = Field(
        default=None,
        description="Background sounds.",
        examples=[{"ambience": {"file": "cafe.wav", "volume": 0.2}}],
        json_schema_extra=CHECKED_ONLY,
    )
    instructions: Text | None = Field(
        default=None,
        description="The persona a model is given.",
        examples=["You are a calm receptionist."],
    )


class State(Policies):
    """One state: perhaps a line, at most one verb, and the ways on."""

    say: Text | None = Field(
        default=None, description="Spoken when the state is entered.", examples=["One moment."]
    )
    collect: list[Id] | None = Field(
        default=None,
        min_length=1,
        description="Ask until all these slots are filled and valid.",
        examples=[["party_size", "date", "time"]],
    )
    confirm: Text | None = Field(
        default=None,
        description="Ask a yes/no question; sets `answer`.",
        examples=["Shall I book it?"],
    )
    converse: Text | None = Field(
        default=None,
        description="Let a model talk freely, within bounds.",
        examples=["Find out which detail is wrong."],
    )
    fills: list[Id] | None = Field(
        default=None,
        description="Slots a `converse` may fill.",
        examples=[["date", "time"]],
    )
    tools: list[Id] | None = Field(
        default=None,
        description="Tools a `converse` may use.",
        examples=[["find_table"]],
    )
    intents: list[Id] | None = Field(
        default=None,
        description="Intents a `converse` may report; absent: those handled here.",
        examples=[["gives_up"]],
    )
    until: Expr | None = Field(
        default=None,
        description="When a `converse` is done; absent: when all of `fills` is filled.",
        examples=["changed()"],
    )
    max_turns: int | None = Field(
        default=None,
        ge=1,
        description="Turns of the caller a `converse` may take; then event `no_match`.",
        examples=[4],
    )
    run: Id | None = Field(
        default=None,
        description="Call a tool and wait; sets `result` and `results.STATE`.",
        examples=["find_table"],
    )
    call: Id | None = Field(
        default=None,
        description="Go through a sub-flow and wait for its return; sets `result`.",
        examples=["hours"],
    )
    args: dict[Id, Expr] = Field(
        default_factory=dict,
        description="The arguments of `run` or `call`.",
        examples=[{"size": "slots.party_size"}],
    )
    transfer: TransferTo | None = Field(
        default=None,
        description="Hand the caller over; ends the call, or raises `error.transfer`.",
        examples=[{"to": "$FRONT_DESK", "kind": "cold"}],
    )
    end: Literal["hangup", "leave", "return"] | None = Field(
        default=None, description="End the call, leave the room, or return to the calling flow."
    )
    states: dict[Id, State] | None = Field(
        default=None,
        min_length=1,
        description="A group: its handlers and policies hold for all states inside.",
        examples=[{"details": {"collect": ["date"], "then": "check"}}],
    )
    start: TargetId | None = Field(
        default=None, description="Where a group begins.", examples=["details"]
    )
    then: Annotated[Transitions | None, WithJsonSchema(_ways("Way"))] = Field(
        default=None,
        description="Where to go when the verb is done: first that holds, last has no `when`.",
        examples=["contact", [{"when": "answer", "to": "book"}, {"to": "repair"}]],
    )
    enter: list[Action] | None = Field(
        default=None,
        min_length=1,
        description="What to do on entry, before the line and the verb.",
        examples=[[{"set": {"vars.seen": "true"}}]],
    )
    exit: list[Action] | None = Field(
        default=None,
        min_length=1,
        description="What to do on leaving.",
        examples=[[{"clear": ["time"]}]],
    )
    resume: Text | None = Field(
        default=None,
        description="Spoken when a digression comes back here.",
        examples=["Where were we?"],
    )
    knowledge: list[Id] | None = Field(
        default=None,
        description="Knowledge a `converse` may use.",
        examples=[["menu"]],
        json_schema_extra=CHECKED_ONLY,
    )

    @property
    def verb(self) -> str | None:
        """The key that says what the state waits for; None: it speaks, branches or rests."""
        return next((verb for verb in VERBS if getattr(self, verb) is not None), None)

    @model_validator(mode="before")
    @classmethod
    def _keys_fit_the_verb(cls, data: Any) -> Any:
        if isinstance(data, dict):
            problem = verb_problem(data)
            if problem is not None:
                raise ValueError(problem[1])
        return data

    @model_validator(mode="after")
    def _then_has_targets(self) -> State:
        for way in self.then or ():
            if way.to is None:
                raise ValueError("`call` in `then` is a state of its own: `call: FLOW`")
        return self


def verb_problem(keys: Any) -> tuple[str, str] | None:
    """What is wrong with the combination of these keys of a state: (key, why), or None."""
    verbs = [key for key in VERBS if key in keys]
    if len(verbs) > 1:
        return verbs[1], f"`{verbs[0]}` and `{verbs[1]}` in one state"
    verb = verbs[0] if verbs else None
    for key in dict.fromkeys(key for names in VERB_KEYS.values() for key in names):
        if key in keys and (verb is None or key not in VERB_KEYS.get(verb, ())):
            owners = [owner for owner, names in VERB_KEYS.items() if key in names]
            return key, f"`{key}` belongs to {' or '.join(f'`{name}`' for name in owners)}"
    if verb in VERBS_WITHOUT_THEN and "then" in keys:
        return "then", f"`then` cannot follow `{verb}`"
    if verb == "states" and "say" in keys:
        return "say", "`say` cannot stand beside `states`"
    return None
