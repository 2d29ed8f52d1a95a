"""Tools of web services and MCP servers are compared with what these say of themselves."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from engine.cli.services import described
from engine.cli.settings import SettingsError
from engine.cli.validate import Wanted, validate
from engine.flow.catalogue import Parameter

OPENAPI = """\
openapi: 3.1.0
paths:
  /bookings/{hall}:
    parameters:
      - {name: hall, in: path, required: true, schema: {type: string}}
    post:
      operationId: create
      requestBody: {$ref: "#/components/requestBodies/Booking"}
components:
  requestBodies:
    Booking:
      content: {application/json: {schema: {$ref: "#/components/schemas/Booking"}}}
  schemas:
    Booking:
      required: [size, day]
      properties:
        size: {type: integer}
        day: {type: string, format: date}
        note: {type: [string, "null"]}
"""
MCP = {
    "result": {
        "tools": [
            {
                "name": "find_customer",
                "inputSchema": {"properties": {"phone": {"type": "string"}}, "required": ["phone"]},
            }
        ]
    }
}
FLOW = """\
turnwise: 1
flow: example
start: book
slots: {size: {type: integer, ask: How many?}}
tools:
  book: {use: http:booking.create, args: {hall: text, size: text, dya: date}, timeout: 2s}
  find: {use: mcp:crm.find_custommer, timeout: 2s}
  third: {use: http:unknown.thing, timeout: 2s}
handle: {error: {to: bye}}
states:
  book: {run: book, args: {hall: '"a"', size: '"4"', dya: today()}, then: find}
  find: {run: find, then: third}
  third: {run: third, then: bye}
  bye: {end: hangup}
"""
SETTINGS = """\
[tool.turnwise.services]
"http:booking" = "api/booking.yaml"
"mcp:crm" = "api/crm.json"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api").mkdir()
    (tmp_path / "api/booking.yaml").write_text(OPENAPI)
    (tmp_path / "api/crm.json").write_text(json.dumps(MCP))
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "flow.yaml").write_text(FLOW)
    return tmp_path


def found() -> list[str]:
    """The findings about tools and their services."""
    out = io.StringIO()
    validate(["flow.yaml"], Wanted(resolve=True, output_format="concise"), out=out)
    return [line for line in out.getvalue().splitlines() if "TW607" in line or "TW608" in line]


@pytest.mark.usefixtures("folder")
def test_arguments_are_compared_with_the_operation() -> None:
    told = found()
    assert any("operation of `book` also needs `day`" in line for line in told)
    assert any("takes `size` as `int`, not as `text`" in line for line in told)
    assert any("no parameter `dya` (did you mean `day`?)" in line for line in told)


@pytest.mark.usefixtures("folder")
def test_a_tool_that_the_server_does_not_list_is_told() -> None:
    assert any(line.startswith("flow.yaml:7:15: error[TW608]") for line in found())


@pytest.mark.usefixtures("folder")
def test_a_service_without_a_description_is_not_judged() -> None:
    assert not any("third" in line for line in found())


def test_an_operation_takes_parameters_and_body(folder: Path) -> None:
    signature = described("http:booking.create", {"http:booking": folder / "api/booking.yaml"})
    assert signature is not None
    assert signature.parameters == {
        "size": Parameter(annotation="int"),
        "day": Parameter(annotation="date"),
        "note": Parameter(annotation="str", required=False),
        "hall": Parameter(annotation="str"),
    }


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        (None, "cannot read `booking.yaml`: there is no such file"),
        ("a: [", "`booking.yaml` is neither YAML nor JSON"),
        ("[1, 2]", "`booking.yaml` has no `create`; it has none"),
        ("paths: {/x: {get: {operationId: creat}}}", "did you mean `creat`?"),
        ("paths: {/x: 1, /y: {get: 3}}", "`booking.yaml` has no `create`; it has none"),
    ],
)
def test_a_description_that_does_not_help_says_why(
    folder: Path, text: str | None, failure: str
) -> None:
    path = folder / "api/booking.yaml"
    path.unlink() if text is None else path.write_text(text)
    signature = described("http:booking.create", {"http:booking": path})
    assert signature is not None
    assert failure in signature.failure


def test_a_reference_that_leads_back_to_itself_ends(folder: Path) -> None:
    loop = "paths: {/x: {get: {operationId: create, requestBody: {$ref: '#/a'}}}}\na: {$ref: '#/a'}"
    (folder / "api/booking.yaml").write_text(loop)
    signature = described("http:booking.create", {"http:booking": folder / "api/booking.yaml"})
    assert signature is not None
    assert (signature.failure, signature.parameters) == ("", {})


def test_a_service_of_another_kind_is_refused(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.turnwise.services]\n"ftp:x" = "y"\n')
    with pytest.raises(SettingsError, match="pyproject.toml:2: a service is written"):
        found()
