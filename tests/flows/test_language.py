"""The language as it is described: its own examples, and one flow that uses every key of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.cli.validate import Wanted, known_providers, validate
from engine.flow.catalogue import Catalogue
from engine.flow.loader import check_file
from engine.flow.schema import flow_schema, fragment_schema
from engine.flow.source import walk
from engine.machine.compiler import compile_loaded
from engine.testing.flow_tests.collect import collect
from engine.testing.flow_tests.runner import run_case

FOLDER = Path(__file__).parent / "language"
EXAMPLES = ("book_table", "opening_hours", "hello", "everything")
NEEDED_ELSEWHERE = {"TW902", "TW113", "TW214"}
"""What a flow for another machine may be told on this one, and advice."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_accepted_and_compiles(name: str) -> None:
    loaded = check_file(FOLDER / f"{name}.yaml", known_providers())

    assert [found.message for found in loaded.diagnostics if found.is_error] == []
    assert compile_loaded(loaded).id == name


def test_of_the_full_example_only_this_is_told() -> None:
    """It is for other providers, has a digression that leaves a gap, and tells a phone number."""
    found = check_file(FOLDER / "book_table.yaml", known_providers()).diagnostics

    told = {(one.code, one.span.line) for one in found if one.code not in NEEDED_ELSEWHERE}
    assert told == {("TW211", 129), ("TW511", 151)}


def test_the_function_of_the_full_example_is_found_and_fits(capsys: Any) -> None:
    path = str(FOLDER / "book_table.yaml")

    assert validate([path], Wanted(output_format="concise", resolve=True)) == 0
    assert "TW60" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["book_table", "everything"])
def test_the_tests_of_an_example_pass(name: str) -> None:
    collection = collect([FOLDER / f"{name}.yaml"])

    assert not collection.problems
    assert {case.name: run_case(case).failure for case in collection.cases} == dict.fromkeys(
        case.name for case in collection.cases
    )


def keys_of(data: Any) -> Iterator[str]:
    for _, value in walk(data):
        if isinstance(value, dict):
            yield from (str(key) for key in value)


def test_there_is_a_flow_that_uses_every_key_there_is() -> None:
    """A key that is added to the language is added to it as well."""
    read = YAML(typ="safe").load
    used = {
        key
        for name in ("everything", "everyday")
        for key in keys_of(read((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))
    }
    schemas = [flow_schema(), fragment_schema(), *flow_schema()["definitions"].values()]
    assert {key for schema in schemas for key in schema.get("properties", {})} - used == set()


def test_what_is_not_carried_out_yet_is_said_once_for_each_kind() -> None:
    found = check_file(FOLDER / "everything.yaml", Catalogue()).diagnostics

    told = [one.message.split(" is checked")[0] for one in found if one.code == "TW113"]
    assert sorted(told) == [
        "`avatar`",
        "`denoise`",
        "`kind: agent`",
        "`knowledge`",
        "`mode: realtime`",
        "`room`",
        "`sound`",
        "`voicemail`",
        "a list of providers",
        "a tool of `http:`",
        "a tool of `mcp:`",
        "a tool of `provider:`",
    ]
