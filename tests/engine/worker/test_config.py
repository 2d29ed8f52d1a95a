"""A worker's configuration: what is read, what is refused and where, and its schema."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from engine.cli import run as run_module
from engine.cli.main import main
from engine.errors import ConfigurationError
from engine.worker.config import read_config, schema_of_config, schema_text_of_config

FULL = """\
flow: ./desk.yaml
room: demo
host: 0.0.0.0
port: 9000
token: $DESK_TOKEN
runs: calls
record: true
store: calls.sqlite
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "worker.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_relative_to_the_file_and_the_token_is_looked_up(tmp_path: Path) -> None:
    given = read_config(written(tmp_path, FULL), {"DESK_TOKEN": "open sesame"})

    assert given.pop("token")() == "open sesame"
    assert given == {
        "flow": tmp_path / "desk.yaml",
        "room": "demo",
        "host": "0.0.0.0",  # noqa: S104
        "port": 9000,
        "runs": tmp_path / "calls",
        "record": True,
        "store": tmp_path / "calls.sqlite",
    }


def test_what_is_not_written_is_left_to_the_command_but_for_the_traces(tmp_path: Path) -> None:
    given = read_config(written(tmp_path, "flow: a.yaml\n"))

    assert given == {"flow": tmp_path / "a.yaml", "runs": tmp_path / "runs"}


def test_a_token_that_is_not_set_is_told_when_it_is_needed(tmp_path: Path) -> None:
    given = read_config(written(tmp_path, FULL), {})

    with pytest.raises(ConfigurationError, match=r"worker\.yaml:5:8: \$DESK_TOKEN is not set"):
        given["token"]()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: the file is empty; it needs `flow: ./FILE.yaml`"),
        ("# nothing\n", "1:1: the file is empty; it needs `flow: ./FILE.yaml`"),
        ("- flow\n", "1:1: expected keys and values, like `flow: ./FILE.yaml`"),
        ("port: 9000\n", "1:1: the key `flow` is missing"),
        ("flow: a.yaml\nprot: 9000\n", "2:1: unknown key `prot`; did you mean `port`?"),
        ("flow: a.yaml\nport: many\n", '2:7: `port: "many"`: should be a valid integer'),
        ("flow: a.yaml\nport: 65536\n", "2:7: `port: 65536`: should be less than"),
        ("flow: a.yaml\nrecord: 1\n", "2:9: `record: 1`: should be a valid boolean"),
        ("flow: a.yaml\nroom: attic\n", "2:7: `room: \"attic\"`: should be 'demo'"),
        ("flow: a.yaml\nstore:\n", "2:1: nothing stands behind `store`"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)

    with pytest.raises(ConfigurationError) as caught:
        read_config(path)

    assert str(caught.value).startswith(f"{path}:{told}")


def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_config(written(tmp_path, "flow: a.yaml\ntoken: hunter2\n"))

    assert "environment variable" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["missing", "bytes"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "worker.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"worker\.yaml: "):
        read_config(path)


def test_the_command_line_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token of the file is not even looked up when another one is given."""
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(run_module, "run", lambda *given: asked.append(given))
    monkeypatch.delenv("DESK_TOKEN", raising=False)
    config = str(written(tmp_path, FULL))

    CliRunner().invoke(main, ["run", "--config", config, "--port", "1", "--token", "mine"])
    monkeypatch.setenv("DESK_TOKEN", "its")
    CliRunner().invoke(main, ["run", "other.yaml", "--config", config])

    folder, host = tmp_path, "0.0.0.0"  # noqa: S104
    kept = folder / "calls.sqlite"
    assert asked == [
        (folder / "desk.yaml", host, 1, "mine", folder / "calls", True, kept),
        (Path("other.yaml"), host, 9000, "its", folder / "calls", True, kept),
    ]


def test_the_schema_is_shipped_and_agrees_with_the_reader(tmp_path: Path) -> None:
    """Write it anew with `turnwise schema --of worker > schemas/worker-v1.json`."""
    shipped = files("schemas").joinpath("worker-v1.json").read_text(encoding="utf-8")
    judge = jsonschema.Draft7Validator(schema_of_config())

    assert shipped == schema_text_of_config()
    assert json.loads(CliRunner().invoke(main, ["schema", "--of", "worker"]).output)
    assert judge.is_valid({"flow": "a.yaml", "token": "$X", "port": 0})
    for wrong in ({}, {"flow": "a", "port": 65536}, {"flow": "a", "token": "x"}, {"flow": None}):
        assert not judge.is_valid(wrong)
