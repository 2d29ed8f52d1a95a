"""Values that fit a type: what a caller or a tool in a test that is written for an author gives."""

from __future__ import annotations

from typing import Any

from engine.machine.compiled import SlotSpec, SlotType

TODO = "TODO"
"""Stands where the author must write."""
_SAMPLES: dict[str, tuple[Any, Any]] = {
    "integer": (2, 3),
    "number": (1.5, 2.5),
    "boolean": (True, False),
    "date": ("2026-05-02", "2026-05-03"),
    "time": ("19:00", "20:00"),
    "datetime": ("2026-05-02T19:00", "2026-05-03T19:00"),
    "duration": ("PT3600S", "PT7200S"),
    "phone": ("0301234567", "0307654321"),
    "email": ("ann@example.org", "bob@example.org"),
    "digits": ("1234", "5678"),
}
"""By kind, a value and another one."""


def of_type(type_: SlotType | None) -> Any:
    """Return what a tool of this type gives."""
    if type_ is None:
        return TODO
    if type_.kind == "map":
        return {name: of_type(inner) for name, inner in type_.fields.items()}
    if type_.kind == "list":
        return []
    if type_.kind == "enum":
        return type_.values[-1]
    return _SAMPLES.get(type_.kind, (TODO, TODO))[0]


def sample(spec: SlotSpec) -> Any:
    """Return a value of a slot."""
    if spec.type.kind == "enum":
        return spec.type.values[0]
    if spec.type.kind == "list":
        return []
    if spec.type.kind in ("integer", "number") and spec.min is not None:
        return spec.min
    return _SAMPLES.get(spec.type.kind, ("Ann", "Bob"))[0]


def other(spec: SlotSpec) -> Any:
    """Return another value of a slot than `sample`."""
    if spec.type.kind == "enum":
        return spec.type.values[-1]
    if spec.type.kind in ("integer", "number") and spec.min is not None:
        return spec.min + 1
    return _SAMPLES.get(spec.type.kind, ("Ann", "Bob"))[1]


def too_much(spec: SlotSpec) -> Any:
    """Return a value that a slot cannot take."""
    if spec.type.kind in ("integer", "number"):
        return spec.max + 1 if spec.max is not None else TODO
    return TODO
