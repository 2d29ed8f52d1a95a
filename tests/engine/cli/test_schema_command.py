"""`turnwise schema` prints the schema that is shipped."""

import json
from importlib.resources import files

import pytest
from click.testing import CliRunner

from engine.cli.schema import command
from engine.flow.schema import flow_schema


def test_it_prints_the_schema() -> None:
    result = CliRunner().invoke(command, [], standalone_mode=False)
    assert result.return_value == 0
    assert json.loads(result.output) == flow_schema()


@pytest.mark.parametrize("of", ["flow", "fragment", "tests", "journal", "worker"])
def test_what_it_prints_is_the_file_that_is_shipped(of: str) -> None:
    result = CliRunner().invoke(command, ["--of", of], standalone_mode=False)
    name = {"tests": "test"}.get(of, of)
    shipped = files("schemas").joinpath(f"{name}-v1.json").read_text(encoding="utf-8")
    assert result.output == shipped
