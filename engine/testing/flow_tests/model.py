"""A file of tests beside a flow, as it is written; and its JSON Schema.

`NAME.tests.yaml`::

    turnwise: 1
    flow: ./book_table.yaml        # may be left out: NAME.yaml beside this file
    tests:
      says_goodbye:
        talk: [silence: 7s, agent: /still there/, user: never mind, ended: hangup]

A test looks the same in the `tests:` block of a flow.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from engine.flow.model import FlowTest
from engine.flow.model.base import FlowModel, Id, Text
from engine.flow.schema import flow_schema, reached

SUFFIX = ".tests.yaml"
"""How a file of tests is called: `book_table.tests.yaml` tests `book_table.yaml`."""


def _whole_number(value: Any) -> Any:
    """To Python `True` and `1.0` equal 1; in a file they are something else."""
    if type(value) is not int:
        raise ValueError("expected a whole number")
    return value


class FlowTests(FlowModel):
    """Tests of a flow, in a file of their own."""

    turnwise: Annotated[Literal[1], BeforeValidator(_whole_number)] = Field(
        description="The version of the flow language, always first."
    )
    flow: Text | None = Field(
        default=None,
        description="The flow under test, relative to this file; absent: NAME.yaml beside it.",
        examples=["./book_table.yaml"],
    )
    tests: dict[Id, FlowTest] = Field(
        min_length=1,
        description="Talks and what must come of them.",
        examples=[{"hello": {"talk": [{"user": "Ann"}, {"ended": "hangup"}]}}],
    )


def schema_of_tests() -> dict[str, Any]:
    """The JSON Schema of a file of tests: what the flow language says of `tests`, by itself."""
    flow = flow_schema()
    used = reached({"$ref": "#/definitions/FlowTest"}, flow["definitions"])
    tests = {**flow["properties"]["tests"], "minProperties": 1}
    path = FlowTests.model_fields["flow"]
    return {
        "$schema": flow["$schema"],
        "title": "Turnwise tests of a flow, language version 1",
        "description": "Tests of a flow, in a file of their own.",
        "type": "object",
        "additionalProperties": False,
        "required": ["turnwise", "tests"],
        "properties": {
            "turnwise": flow["properties"]["turnwise"],
            "flow": {
                "type": "string",
                "pattern": r"\S",
                "description": path.description,
                "markdownDescription": path.description,
                "examples": path.examples,
            },
            "tests": tests,
        },
        "definitions": used,
    }


def schema_text_of_tests() -> str:
    """The schema as it is shipped: two blanks of indent, a line break at the end."""
    return json.dumps(schema_of_tests(), indent=2, ensure_ascii=False) + "\n"
