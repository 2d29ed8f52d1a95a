"""`turnwise new NAME`: a flow to begin with, and its tests."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TextIO

import click

from engine.cli.rewriting import write_text
from engine.errors import TurnwiseError

TEMPLATES = {
    "minimal": "one question, one answer",
    "form": "several questions, corrections, a confirmation",
    "menu": "a telephone menu by words and keys",
    "support": "help where possible, else a handover to a person",
    "outbound": "a call that goes out, and an answering machine that takes it",
}
"""The templates in `flows/templates`, and what each shows."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SCHEMA = Path("schemas") / "flow-v1.json"


class NewFlowError(TurnwiseError):
    """A flow of this name cannot be written; the text says why."""


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a new flow."""

    flow: Path
    tests: Path


def new(name: str, template: str, folder: Path, *, force: bool = False) -> Written:
    """Write a flow and its tests from a template.

    Args:
        name: id of the flow, lower_snake_case; also the name of the files.
        template: a key of `TEMPLATES`.
        folder: where to; it is made if it is missing.
        force: replace files that are there.

    Raises:
        NewFlowError: the name is no id, a file is there already, or the folder cannot be made.
    """
    if not _NAME.fullmatch(name):
        meant = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        hint = f"; did you mean {meant}?" if _NAME.fullmatch(meant) else ""
        raise NewFlowError(f"{name!r} is no id: a flow's id is lower_snake_case{hint}")
    written = Written(folder / f"{name}.yaml", folder / f"{name}.tests.yaml")
    for path in (written.flow, written.tests):
        if path.exists() and not force:
            raise NewFlowError(f"{path} is there already; --force replaces it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NewFlowError(f"cannot make the folder {folder}: {error.strerror}") from error
    write_text(
        str(written.flow), _schema_line(folder) + _filled(f"{template}.yaml", template, name)
    )
    write_text(str(written.tests), _filled(f"{template}.tests.yaml", template, name))
    return written


def _filled(file: str, template: str, name: str) -> str:
    text = files("flows").joinpath("templates", file).read_text(encoding="utf-8")
    text = re.sub(rf"\b{template}(\.tests)?\.yaml\b", rf"{name}\1.yaml", text)
    return re.sub(rf"^flow: {template}$", f"flow: {name}", text, flags=re.MULTILINE)


def _schema_line(folder: Path) -> str:
    """The line that tells an editor the schema, where the project has it."""
    here = folder.resolve()
    for level, parent in enumerate([here, *here.parents]):
        if (parent / _SCHEMA).is_file():
            path = "../" * level + _SCHEMA.as_posix()
            return f"# yaml-language-server: $schema={path}\n#\n"
        if (parent / ".git").exists() or (parent / "pyproject.toml").exists():
            break
    return ""


def _tell(written: Written, out: TextIO) -> None:
    out.write(f"wrote {written.flow} and {written.tests}\n\nnext:\n")
    for command in ("validate", "test", "chat"):
        out.write(f"  turnwise {command} {written.flow}\n")
    out.write(f"  turnwise run {written.flow} --room demo\n")


def _listed() -> str:
    return "\n".join(f"  {name:<9} {about}" for name, about in TEMPLATES.items())


@click.command(name="new", epilog="\b\nTemplates:\n" + _listed())
@click.argument("name")
@click.option(
    "--template", "-t", type=click.Choice(list(TEMPLATES)), default="minimal", show_default=True
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to write; the working folder by default.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
def command(name: str, template: str, folder: Path, force: bool) -> int:
    """Write the flow NAME.yaml and its tests, NAME.tests.yaml, from a template."""
    _tell(new(name, template, folder, force=force), sys.stdout)
    return 0
