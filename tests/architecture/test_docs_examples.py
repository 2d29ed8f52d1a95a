"""What the documents show is true: their flows validate, their talks are had, their commands exist.

In a document:

    ```yaml              a whole flow (with `turnwise: 1` and `flow:`) must validate without a word
    ```yaml file=NAME    a flow or a fragment that the flows after it find under this name
                         its `tests:` must pass
    ```talk              a talk with the flow above it, played on the bare core (see `talks`)
    ```yaml call         a call with the flow above it: a script with instants, and what must follow
    ```python            a whole program (with `__main__`); the ```text after it is what it prints
    ```yaml bad          a flow with mistakes; nobody runs it
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from engine.cli.main import COMMANDS
from engine.flow.loader import check_file
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.testing.expectations import unmet
from engine.testing.flow_tests.collect import collect
from engine.testing.flow_tests.runner import run_case
from engine.testing.script import Script
from engine.testing.simulator import Simulator
from tests.architecture.talks import rehearse

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TERSE = ("semantics.md",)
"""Its flows show one rule each, and may be warned about what a real flow needs besides."""
_GENERATED = ("codes.md",)
"""Its examples are run, finding by finding, by the tests of `turnwise explain`."""


@dataclass(frozen=True)
class Block:
    """One fenced block and what stands above it."""

    place: str
    kind: str
    text: str
    flow: str = ""
    others: tuple[tuple[str, str], ...] = ()
    after: str = ""
    """The block that follows at once, if it is plain text."""


def blocks(path: Path) -> Iterator[Block]:
    text, flow, others = path.read_text(encoding="utf-8"), "", dict[str, str]()
    fences = list(_FENCE.finditer(text))
    for match, following in zip(fences, [*fences[1:], None], strict=False):
        kind, body = match[1].strip(), match[2]
        place = f"{path.name}:{text[: match.start()].count(chr(10)) + 1}"
        if "file=" in kind:
            others[kind.partition("file=")[2]] = body
        if kind != "yaml bad" and "turnwise: 1" in body and "\nflow:" in body:
            flow = flow if "file=" in kind else body
            kind = "flow"
        after = following[2] if following and following[1] == "text" else ""
        shown = body if kind == "flow" else flow
        yield Block(place, kind, body, shown, tuple(others.items()), after)


BLOCKS = [b for path in DOCUMENTS if path.name not in _GENERATED for b in blocks(path)]


def of(kind: str) -> pytest.MarkDecorator:
    found = [pytest.param(b, id=b.place) for b in BLOCKS if b.kind == kind]
    return pytest.mark.parametrize("block", found)


def write(block: Block, folder: Path) -> Path:
    """Put the flow of a block, and what it may call, into a folder."""
    for shipped in (ROOT / "flows").glob("*.yaml"):
        (folder / shipped.name).write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    for name, text in block.others:
        (folder / name).write_text(text, encoding="utf-8")
    path = folder / "example.yaml"
    path.write_text(block.flow, encoding="utf-8")
    return path


def compiled(block: Block, folder: Path) -> CompiledFlow:
    return compile_loaded(check_file(write(block, folder)))


@of("flow")
def test_every_whole_flow_in_a_document_validates(block: Block, tmp_path: Path) -> None:
    """A fragment, without `turnwise: 1` and `flow:`, is not judged."""
    serious = ("error",) if block.place.startswith(_TERSE) else ("error", "warning")
    found = check_file(write(block, tmp_path)).diagnostics
    assert [f"{d.code} {d.message}" for d in found if d.severity in serious] == []


TESTED = [pytest.param(b, id=b.place) for b in BLOCKS if b.kind == "flow" and "\ntests:" in b.text]


@pytest.mark.parametrize("block", TESTED)
def test_every_test_in_a_document_passes(block: Block, tmp_path: Path) -> None:
    found = collect([write(block, tmp_path)])
    assert found.cases
    assert [case.name for case in found.cases if not run_case(case).ok] == []


@of("talk")
def test_every_talk_in_a_document_goes_as_written(block: Block, tmp_path: Path) -> None:
    rehearse(compiled(block, tmp_path), block.text)


@of("yaml call")
def test_every_call_in_a_document_goes_as_promised(block: Block, tmp_path: Path) -> None:
    data = YAML(typ="safe").load(block.text)
    script = Script.model_validate({"flow": "example.yaml", **data})
    assert script.expect, "a call that promises nothing shows nothing"
    steps = Simulator(compiled(block, tmp_path), script).run()
    assert list(unmet(script.expect, steps)) == []


@of("python")
def test_every_program_in_a_document_runs(block: Block, tmp_path: Path) -> None:
    if "__main__" not in block.text:
        pytest.skip("a fragment")
    write(block, tmp_path)
    program = tmp_path / "program.py"
    program.write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == block.after


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_exists(path: Path) -> None:
    named = set(re.findall(r"`turnwise ([a-z]+)", path.read_text(encoding="utf-8")))
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / link).exists(), link


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for path in DOCUMENTS:
        assert path.name == "README.md" or f"]({path.name})" in index, path.name
