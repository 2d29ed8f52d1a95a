"""`turnwise schema` prints the schema that is shipped."""

import json

from click.testing import CliRunner

from engine.cli.schema import command
from engine.flow.schema import flow_schema


def test_it_prints_the_schema() -> None:
    result = CliRunner().invoke(command, [], standalone_mode=False)
    assert result.return_value == 0
    assert json.loads(result.output) == flow_schema()
