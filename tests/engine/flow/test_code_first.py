"""An agent without YAML: instructions and functions become a flow like any other."""

from __future__ import annotations

import datetime
import enum
from io import StringIO
from typing import Any, Literal

import pytest
from ruamel.yaml import YAML

from engine.errors import ConfigurationError
from engine.flow.code_first import document
from engine.flow.loader import check_text
from engine.flow.model import Flow
from engine.machine.compiled import Converse
from engine.machine.compiler import compile_flow


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


def opening_hours(day: datetime.date) -> str:
    """Tell when we are open."""
    return f"nine to five on {day}"


def order(
    size: Size,
    kind: Literal["tea", "milk"],
    notes: list[str],
    count: int = 1,
    name: str | None = None,
) -> int:
    """Order something."""
    return count


def unusable(given: dict[str, int]) -> None:
    """Take what no model can give."""


def report(text: str) -> None:
    """Be called as the engine's own function is."""


def test_it_is_one_state_in_which_a_model_talks() -> None:
    flow = Flow.from_instructions("You are Ann.", tools=[opening_hours, order], writes=[order])

    compiled = compile_flow(flow)

    talk = compiled.states["talk"]
    assert isinstance(talk.verb, Converse)
    assert talk.verb.tools == ("opening_hours", "order")
    assert [text.source for text in talk.instructions] == ["You are Ann."]
    assert compiled.tools["order"].effect == "write"
    use = compiled.tools["opening_hours"].use
    assert use.startswith("python:")
    assert use.endswith(".opening_hours")


def test_arguments_come_from_the_type_hints() -> None:
    tools = Flow.from_instructions("You are Ann.", tools=[opening_hours, order]).tools

    written = {name: str(type_) for name, type_ in tools["order"].args.items()}
    assert written == {
        "size": "[small, large]",
        "kind": "[tea, milk]",
        "notes": "list(text)",
        "count": "integer?",
        "name": "text?",
    }
    assert str(tools["opening_hours"].args["day"]) == "date"


def test_written_down_it_validates_without_a_word() -> None:
    given = document("You are Ann.", [opening_hours], llm={"use": "scripted"})
    text = StringIO()
    YAML().dump(given, text)

    found = check_text(text.getvalue(), "agent.yaml").diagnostics

    assert [d.code for d in found if d.severity != "info"] == []


def nested() -> Any:
    def inner() -> None: ...

    return inner


@pytest.mark.parametrize(
    ("tools", "why"),
    [
        ([unusable], "cannot be told of the type dict"),
        ([report], "lower_snake_case"),
        ([nested()], "at the top of a module"),
        ([lambda: 1], "lower_snake_case"),
        ([opening_hours, opening_hours], "same name"),
    ],
)
def test_what_cannot_be_a_tool_is_refused(tools: Any, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        Flow.from_instructions("You are Ann.", tools=tools)


def test_of_several_models_the_flow_names_all_in_their_order() -> None:
    models = [{"use": "openai", "model": "a"}, {"use": "openai", "model": "b"}]

    flow = Flow.from_instructions("You are Ann.", llm=models)

    assert flow.pipeline is not None
    assert isinstance(flow.pipeline.llm, list)
    assert [one.options["model"] for one in flow.pipeline.llm] == ["a", "b"]
