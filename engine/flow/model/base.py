"""What all parts of the model share: strictness, and the small types an author writes.

The model accepts exactly what the YAML says. Nothing is coerced: a number where a text is due is
an error with a place, not a guess. Three values are normalised because authors may write them in
several ways: durations become milliseconds, expressions become text, short forms become long ones.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from engine.events import Millis
from engine.flow.durations import DURATION_PATTERN, parse_duration

ID_PATTERN = r"^[a-z][a-z0-9_]*$"
TARGET_PATTERN = r"^(STAY|REPEAT|RESUME|BACK|END|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*)$"
EVENT_PATTERN = r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_#*]+)*$"
NAME_PATTERN = r"^((slots|vars)\.)?[a-z][a-z0-9_]*$"


class FlowModel(BaseModel):
    """The root of all models: unknown keys are refused, values are strict, instances frozen."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=True, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_empty_values(cls, data: Any) -> Any:
        """A key with nothing behind it is a forgotten value, never "use the default"."""
        if isinstance(data, dict):
            empty = [key for key, value in data.items() if value is None]
            if empty:
                raise ValueError(f"nothing stands behind `{empty[0]}`")
        return data


def _expression_text(value: Any) -> Any:
    """YAML reads `when: true` and `args: {n: 3}` as values; an expression is their text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return value


def _millis(value: Any) -> Any:
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError("expected a duration with a unit, like 700ms or 1.5s")


def _listed(value: Any) -> Any:
    """One item may stand without its list."""
    return value if isinstance(value, list) else [value]


Id: TypeAlias = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""A declared name: lower_snake_case."""

TargetId: TypeAlias = Annotated[str, StringConstraints(pattern=TARGET_PATTERN)]
"""A state id, a dotted path to one, or STAY, REPEAT, RESUME, BACK, END."""

EventName: TypeAlias = Annotated[str, StringConstraints(pattern=EVENT_PATTERN)]
"""`intent.wants_person`, `error`, `error.timeout`, `timer.long_call`, `dtmf.1`."""

AssignableName: TypeAlias = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""A slot or variable: `date`, `slots.date`, `vars.count`."""

Text: TypeAlias = Annotated[str, StringConstraints(pattern=r"\S")]
"""Text that is spoken or given to a model; may hold `{{ }}`. Never empty."""

Expr: TypeAlias = Annotated[
    str,
    BeforeValidator(_expression_text),
    StringConstraints(pattern=r"\S"),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"], "pattern": r"\S"}),
]
"""An expression, kept as its source text; numbers, `true`, `false`, `null` may stand bare."""

Duration: TypeAlias = Annotated[
    Millis,
    BeforeValidator(_millis),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": DURATION_PATTERN,
            "patternErrorMessage": "A duration is a number with ms, s, m or h, like 700ms or 1.5s.",
            "format": "turnwise-duration",
        }
    ),
]
"""Milliseconds here; a number with `ms`, `s`, `m` or `h` in the file."""

Lines: TypeAlias = Annotated[
    list[Text],
    BeforeValidator(_listed),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"\S"},
                {"type": "array", "items": {"type": "string", "pattern": r"\S"}, "minItems": 1},
            ]
        }
    ),
]
"""One line, or several."""

CHECKED_ONLY: dict[str, Any] = {"x-turnwise-effect": "none yet"}
"""Schema mark of what is typed and checked, and changes nothing in a call yet."""


def inherited(default: Any) -> dict[str, Any]:
    """Schema mark of a policy key: absent means "as outside", and at the very outside this."""
    return {"default": default}
