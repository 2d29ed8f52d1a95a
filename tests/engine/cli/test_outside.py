"""What `validate` looks up: folders, functions of tools, variables, older versions in git."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import click
import pytest

from engine.cli.outside import flow_files, older_flows, signatures
from engine.cli.validate import Wanted, validate
from engine.flow.catalogue import Parameter, Signature

HEAD = "turnwise: 1\nflow: example\nstart: ask\n"
BYE = "  bye: {say: Goodbye., end: hangup}\n"
LOOKS = """\
tools: {find: {use: python:my_shop_tools.find, args: {size: integer}, timeout: 2s}}
handle: {error: {to: bye}}
states:
  ask: {run: find, args: {size: 4}, then: bye}
"""
TOOL = """\
from __future__ import annotations
import datetime
print("imported")
number = 3
def find(size: int, day: datetime.date | None = None) -> dict: ...
def anything(**more): ...
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def run(*paths: str, **options: object) -> tuple[int, str]:
    out = io.StringIO()
    wanted = Wanted(output_format="concise", **options)  # type: ignore[arg-type]
    return validate(paths, wanted, out=out), out.getvalue()


class TestFolders:
    def test_stand_for_the_flows_below_them(self, folder: Path) -> None:
        for name in ("b.yaml", "in/a.yml", ".hidden/c.yaml", "node_modules/d.yaml"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(f"# mine\n{HEAD}states:\n{BYE}")
        (folder / "compose.yaml").write_text("services: {}\n")
        (folder / "latin.yaml").write_bytes(b"turnwise: 1 # \xe9\n")
        assert list(flow_files(["."])) == ["b.yaml", "in/a.yml"]

    def test_with_nothing_in_it_is_a_mistake_of_the_command(self, folder: Path) -> None:
        with pytest.raises(click.UsageError, match="no flow in the folder"):
            run(str(folder))

    def test_are_checked_with_files_beside_them(self, folder: Path) -> None:
        (folder / "in").mkdir()
        (folder / "in" / "a.yaml").write_text(HEAD + "states:\n" + BYE)
        (folder / "b.yaml").write_text(HEAD.replace("ask", "bye") + "states:\n" + BYE)
        code, text = run("in", "b.yaml", "b.yaml")
        assert code == 1
        assert "in/a.yaml:3:8: error[TW201]" in text
        assert "b.yaml:" not in text


class TestFunctions:
    def test_are_compared_with_what_is_declared(self, folder: Path) -> None:
        (folder / "my_shop_tools.py").write_text(TOOL.replace("size: int", "size: str"))
        (folder / "flow.yaml").write_text(HEAD + LOOKS + BYE)
        assert "TW607" not in run("flow.yaml")[1]
        code, text = run("flow.yaml", resolve=True)
        assert code == 1
        assert "error[TW607]: the function of `find` takes `size` as `str`" in text

    def test_are_described_by_their_signature(self, folder: Path) -> None:
        (folder / "my_shop_tools.py").write_text(TOOL)
        (folder / "flow.yaml").write_text(HEAD + LOOKS + BYE)
        assert signatures(["flow.yaml"]) == {
            "python:my_shop_tools.find": Signature(
                parameters={
                    "size": Parameter(annotation="int"),
                    "day": Parameter(annotation="date", required=False),
                }
            )
        }

    @pytest.mark.parametrize(
        ("name", "said"),
        [("missing", "has no `missing`"), ("number", "not a function"), ("anything", "")],
    )
    def test_that_are_none_are_told(self, folder: Path, name: str, said: str) -> None:
        (folder / "my_shop_tools.py").write_text(TOOL)
        (folder / "flow.yaml").write_text(HEAD + LOOKS.replace("tools.find", f"tools.{name}") + BYE)
        (found,) = signatures(["flow.yaml"]).values()
        assert said in found.failure
        assert bool(found.failure) == bool(said)

    @pytest.mark.parametrize("body", ["import os; os._exit(3)", "raise SystemExit", "1 / 0"])
    def test_whose_module_misbehaves_do_not_harm_the_command(self, folder: Path, body: str) -> None:
        (folder / "my_shop_tools.py").write_text(body)
        (folder / "flow.yaml").write_text(HEAD + LOOKS + BYE)
        code, text = run("flow.yaml", resolve=True)
        assert code == 1
        assert "error[TW608]: tool `find` cannot be found" in text

    def test_are_not_imported_where_there_are_none(self, folder: Path) -> None:
        (folder / "flow.yaml").write_text(HEAD.replace("ask", "bye") + "states:\n" + BYE)
        assert signatures(["flow.yaml"]) == {}


def test_variables_are_looked_for_where_it_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    human = "  ask: {transfer: {to: $MY_DESK}, handle: {error.transfer: {to: bye}}}\n"
    (folder / "flow.yaml").write_text(HEAD + "states:\n" + human + BYE)
    monkeypatch.delenv("MY_DESK", raising=False)
    assert "TW802" not in run("flow.yaml")[1]
    assert "warning[TW802]: `$MY_DESK` is not set" in run("flow.yaml", env=True)[1]
    monkeypatch.setenv("MY_DESK", "+49301234")
    assert "TW802" not in run("flow.yaml", env=True)[1]


def test_what_needs_a_model_is_listed_where_it_is_asked(folder: Path) -> None:
    talk = "  ask: {converse: Talk about the weather., max_turns: 3, then: bye}\n"
    (folder / "flow.yaml").write_text(HEAD + "states:\n" + talk + BYE)
    assert "TW707" not in run("flow.yaml")[1]
    assert "info[TW707]: `ask` is free talk" in run("flow.yaml", no_llm=True)[1]


class TestOlderVersions:
    @pytest.fixture(autouse=True)
    def _repository(self, folder: Path) -> None:
        (folder / "flow.yaml").write_text(
            HEAD + 'states:\n  ask: {confirm: "Go?", then: bye}\n' + BYE
        )
        name = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        for words in (["init", "-q"], ["add", "."], [*name, "commit", "-q", "-m", "first"]):
            subprocess.run(["git", *words], cwd=folder, check=True)
        (folder / "flow.yaml").write_text(
            HEAD.replace("ask", "greet") + 'states:\n  greet: {confirm: "Go?", then: bye}\n' + BYE
        )

    def test_are_compared(self) -> None:
        assert "TW904" not in run("flow.yaml")[1]
        code, text = run("flow.yaml", against="HEAD")
        assert code == 1
        assert "error[TW904]: state `ask` of the older version is gone" in text

    def test_what_is_new_breaks_nothing(self, folder: Path) -> None:
        (folder / "new.yaml").write_text(HEAD.replace("ask", "bye") + "states:\n" + BYE)
        assert older_flows(["new.yaml"], "HEAD") == {}

    def test_an_unknown_revision_is_a_mistake_of_the_command(self) -> None:
        with pytest.raises(click.UsageError, match="knows no revision 'nowhere'"):
            run("flow.yaml", against="nowhere")

    def test_an_option_of_git_is_no_revision(self) -> None:
        with pytest.raises(click.UsageError, match="knows no revision"):
            run("flow.yaml", against="--help")


def test_a_flow_that_a_room_starts_has_nobody_to_return_to(folder: Path) -> None:
    (folder / "flow.yaml").write_text(
        "turnwise: 1\nflow: tell\nstart: tell\n"
        "states:\n  tell: {say: Hello., then: done}\n  done: {end: return}\n"
    )
    assert run("flow.yaml")[0] == 0
    code, text = run("flow.yaml", started=True)
    assert code == 1
    assert "error[TW311]: this flow has nobody to return to" in text


def test_a_folder_without_a_repository_is_told_as_that(folder: Path) -> None:
    (folder / "flow.yaml").write_text(HEAD + "states:\n" + BYE.replace("bye", "ask"))
    with pytest.raises(click.UsageError, match="is in no repository of git"):
        older_flows(["flow.yaml"], "HEAD")
