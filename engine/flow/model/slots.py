"""Types, slots, variables and intents: what a caller can say and a flow can remember."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from engine.flow.model.base import Duration, Expr, FlowModel, Id, Text

SCALAR_KINDS: tuple[str, ...] = (
    "text",
    "integer",
    "number",
    "boolean",
    "date",
    "time",
    "datetime",
    "duration",
    "phone",
    "email",
    "digits",
)
"""The named types, in the order they are documented."""

_SCALAR = "|".join(SCALAR_KINDS)
TYPE_PATTERN = rf"^(({_SCALAR})|\[[^\[\]]+\]|list\((({_SCALAR})\??|\[[^\[\]]+\])\))\??$"
"""A type as text. A list of lists cannot be spoken, so lists do not nest."""

_TYPE = re.compile(TYPE_PATTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """A parsed type."""

    kind: str
    """One of `SCALAR_KINDS`, or `enum`, `list`, `map`."""
    values: tuple[str, ...] = ()
    """The values of an enum, in the author's order."""
    item: ValueType | None = None
    """The type of a list's items."""
    fields: Mapping[str, ValueType] = field(default_factory=dict)
    """The fields of a map; only results have them."""
    optional: bool = False
    """`T?`: the value may be empty."""

    def __str__(self) -> str:
        if self.kind == "enum":
            text = f"[{', '.join(self.values)}]"
        elif self.kind == "list":
            text = f"list({self.item})"
        elif self.kind == "map":
            text = f"{{{', '.join(f'{key}: {value}' for key, value in self.fields.items())}}}"
        else:
            text = self.kind
        return f"{text}?" if self.optional else text


def parse_type(value: Any) -> ValueType:
    """Read a type as written: `integer`, `text?`, `list(time)`, `[free, full]`.

    Raises:
        ValueError: the value is not a type.
    """
    if isinstance(value, ValueType):
        return value
    if isinstance(value, list):
        return _enum(value)
    if not isinstance(value, str) or _TYPE.match(value) is None or value.endswith("\n"):
        raise ValueError(f"expected a type: {', '.join(SCALAR_KINDS)}, list(T) or [a, b]")
    text, optional = (value[:-1], True) if value.endswith("?") else (value, False)
    if text.startswith("["):
        values = [part.strip() for part in text[1:-1].split(",")]
        return ValueType(kind="enum", values=_enum(values).values, optional=optional)
    if text.startswith("list("):
        return ValueType(kind="list", item=parse_type(text[5:-1]), optional=optional)
    return ValueType(kind=text, optional=optional)


def parse_result_type(value: Any) -> ValueType:
    """Read what a tool returns: a type, or a map of field names to such.

    Raises:
        ValueError: some part of it is not a type.
    """
    if isinstance(value, dict):
        if not value:
            raise ValueError("expected at least one field")
        fields = {str(key): parse_result_type(inner) for key, inner in value.items()}
        for key in fields:
            if re.match(r"^[a-z][a-z0-9_]*$", key) is None:
                raise ValueError(f"`{key}` is not a lower_snake_case name")
        return ValueType(kind="map", fields=fields)
    return parse_type(value)


def _enum(values: list[Any]) -> ValueType:
    if not values or not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError("an enum is a list of texts: [small, large]")
    if len(set(values)) != len(values):
        raise ValueError("the values of an enum must differ")
    return ValueType(kind="enum", values=tuple(values))


_ENUM_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "pattern": r"\S"},
    "minItems": 1,
    "uniqueItems": True,
}
_TYPE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {
            "type": "string",
            "pattern": TYPE_PATTERN,
            "patternErrorMessage": f"Types: {', '.join(SCALAR_KINDS)}, list(T), [a, b], T?",
            "format": "turnwise-type",
        },
        _ENUM_SCHEMA,
    ],
    "examples": ["text", "integer", "date", "list(time)", ["small", "large"], "text?"],
}

TypeOf: TypeAlias = Annotated[ValueType, BeforeValidator(parse_type), WithJsonSchema(_TYPE_SCHEMA)]
"""A type in the file, a `ValueType` here."""

ResultType: TypeAlias = Annotated[
    ValueType,
    BeforeValidator(parse_result_type),
    WithJsonSchema({"x-ref": "ResultType"}),
]
"""A type, or a map of field names to types (which may be maps again)."""

RESULT_TYPE_SCHEMA: dict[str, Any] = {
    "title": "ResultType",
    "anyOf": [
        *_TYPE_SCHEMA["anyOf"],
        {
            "type": "object",
            "propertyNames": {"pattern": r"^[a-z][a-z0-9_]*$"},
            "additionalProperties": {"x-ref": "ResultType"},
            "minProperties": 1,
        },
    ],
}
"""The definition behind `ResultType`; `engine.flow.schema` adds it to the definitions."""


PhoneKey: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]$")]
"""One key of a telephone."""


def _long_form(data: Any) -> Any:
    """`name: text` and `size: [small, large]` are short for `name: {type: ...}`."""
    return {"type": data} if isinstance(data, str | list) else data


def _phrases(value: Any) -> Any:
    """`values: [a, b]` is short for `values: {a: [], b: []}`; one phrase may stand alone."""
    if isinstance(value, list):
        if not all(isinstance(item, str) and item.strip() for item in value):
            raise ValueError("expected texts")
        if len(set(value)) != len(value):
            raise ValueError("the values must differ")
        return {item: [] for item in value}
    if isinstance(value, dict):
        return {key: [item] if isinstance(item, str) else item for key, item in value.items()}
    return value


class Variable(FlowModel):
    """A value the flow keeps (`vars`) or is given (`inputs`). Short form: `count: integer`."""

    type: TypeOf = Field(description="What kind of value it is.")
    about: Text | None = Field(
        default=None, description="What it means, for readers and models.", examples=["the branch"]
    )
    default: Any = Field(
        default=None,
        description="Its value until something else is set.",
        examples=["Luigi's", 0, False],
    )
    sensitive: bool = Field(
        default=False, description="Masked in logs, traces and prompts.", examples=[True]
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_short_form(cls, data: Any) -> Any:
        return _long_form(data)


class Keypad(FlowModel):
    """How keys of the telephone fill a slot."""

    digits: int | None = Field(
        default=None,
        ge=1,
        le=40,
        description="How many keys a value has; absent: until `finish` or `timeout`.",
        examples=[10],
    )
    min: int | None = Field(
        default=None,
        ge=1,
        le=40,
        description="Fewer keys than this are no value; absent: `digits`, or 1.",
        examples=[4],
    )
    finish: Literal["#", "*", "A", "B", "C", "D", "none"] = Field(
        default="#", description="The key that ends a value of any length."
    )
    timeout: Duration = Field(
        default="3s",
        validate_default=True,
        description="How long to wait for the next key.",
        examples=["3s"],
    )
    values: dict[PhoneKey, str | int | float | bool] | None = Field(
        default=None,
        min_length=1,
        description="Single keys that mean a value at once.",
        examples=[{"1": "small", "2": "large"}],
    )


class Slot(FlowModel):
    """Something the caller is asked for. Short form: `name: text`."""

    type: TypeOf = Field(description="What kind of answer it is.")
    about: Text | None = Field(
        default=None,
        description="What it means, for readers and models.",
        examples=["guests, children included"],
    )
    ask: Text | None = Field(
        default=None, description="The question.", examples=["For how many people?"]
    )
    check: Expr | None = Field(
        default=None,
        description="What must hold; `value` is the answer. Evaluated after type and bounds.",
        examples=["value >= today() and value <= today() + days(60)"],
    )
    min: int | float | str | None = Field(
        default=None, description="The smallest value that is valid.", examples=[1, "18:00"]
    )
    max: int | float | str | None = Field(
        default=None, description="The largest value that is valid.", examples=[12, "22:30"]
    )
    values: Annotated[
        dict[str, list[Text]] | None,
        BeforeValidator(_phrases),
        Field(min_length=1),
        WithJsonSchema(
            {
                "anyOf": [
                    _ENUM_SCHEMA,
                    {
                        "type": "object",
                        "minProperties": 1,
                        "additionalProperties": {
                            "anyOf": [
                                {"type": "string", "pattern": r"\S"},
                                {"type": "array", "items": {"type": "string", "pattern": r"\S"}},
                            ]
                        },
                    },
                ]
            }
        ),
    ] = Field(
        default=None,
        description="Phrases for each value of an enum, or the known values of a text.",
        examples=[{"large": ["big", "the big one"]}, ["Anna", "Berta"]],
    )
    invalid: Text | None = Field(
        default=None,
        description="What is said when the value is understood and not valid.",
        examples=["We can seat at most twelve."],
    )
    dtmf: Keypad | None = Field(
        default=None,
        description="How keys of the telephone fill it, beside speech.",
        examples=[{"digits": 10}, {"values": {"1": "small", "2": "large"}}],
    )
    readback: bool = Field(
        default=False, description="Say the value back and wait for a yes before going on."
    )
    sensitive: bool = Field(
        default=False, description="Masked in logs, traces and prompts of other states."
    )
    resets: list[Id] = Field(
        default_factory=list,
        description="Slots that are emptied when this one gets a new value.",
        examples=[["time"]],
    )
    default: Any = Field(default=None, description="Its value from the start.", examples=[2])

    @model_validator(mode="before")
    @classmethod
    def _accept_short_form(cls, data: Any) -> Any:
        return _long_form(data)


class Intent(FlowModel):
    """Something the caller may mean. It is only ever reported; handlers decide what it does."""

    means: Text = Field(
        description="What a caller with this intent wants.",
        examples=["asks for a human, a manager or somebody real"],
    )
    words: list[Text] = Field(
        default_factory=list,
        description="Exact phrases, matched without a model.",
        examples=[["operator", "a person please"]],
    )
    examples: list[Text] = Field(
        default_factory=list,
        description="What such a caller says.",
        examples=[["can I talk to a person"]],
    )
    not_: list[Text] = Field(
        default_factory=list,
        alias="not",
        description="What sounds alike and means something else.",
        examples=[["is the manager working tonight"]],
    )
    dtmf: Annotated[str, Field(pattern=r"^[0-9*#A-D]$")] | None = Field(
        default=None, description="The key that means it.", examples=["0"]
    )
