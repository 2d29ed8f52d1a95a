"""What the documents show is true: their flows validate, their commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli.main import COMMANDS
from engine.flow.loader import check_text

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
FLOWS = [
    pytest.param(match[1], id=f"{path.name}:{path.read_text()[: match.start()].count(chr(10)) + 1}")
    for path in DOCUMENTS
    for match in re.finditer(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    if "turnwise: 1" in match[1] and "\nflow:" in match[1]
]


@pytest.mark.parametrize("flow", FLOWS)
def test_every_whole_flow_in_a_document_validates(flow: str) -> None:
    """A fragment, without `turnwise: 1` and `flow:`, is not judged."""
    result = check_text(flow, "example.yaml", folder=ROOT / "flows")
    found = [f"{d.code} {d.message}" for d in result.diagnostics if d.severity != "info"]
    assert found == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_exists(path: Path) -> None:
    named = set(re.findall(r"`turnwise ([a-z]+)", path.read_text(encoding="utf-8")))
    assert named <= set(COMMANDS)
