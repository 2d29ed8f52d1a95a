"""What every flow of the folder promises to its readers."""

from pathlib import Path

import pytest

from engine.cli.validate import known_providers
from engine.flow.loader import check_file

FLOWS = Path(__file__).parents[2] / "flows"
SHIPPED = sorted(p for p in FLOWS.rglob("*.yaml") if not p.name.endswith(".tests.yaml"))
INDEX = (FLOWS.parent / "docs" / "README.md").read_text(encoding="utf-8")

shipped = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)


@shipped
def test_it_is_clean_under_strict(path):
    found = check_file(path, known_providers()).diagnostics

    assert [str(one.message) for one in found if one.severity != "info"] == []


@shipped
def test_it_begins_with_what_a_newcomer_should_look_at(path):
    head = path.read_text(encoding="utf-8").split("turnwise: 1")[0].splitlines()

    assert all(line.startswith("#") for line in head)
    assert len(head) >= 2


@pytest.mark.parametrize("path", sorted(FLOWS.glob("*.yaml")), ids=lambda path: path.stem)
def test_it_has_tests_and_is_listed(path):
    name = path.name.split(".")[0]

    inline = "\ntests:\n" in path.read_text(encoding="utf-8")
    assert inline or (FLOWS / f"{name}.tests.yaml").exists()
    assert f"[{name}](../flows/{name}.yaml)" in INDEX
