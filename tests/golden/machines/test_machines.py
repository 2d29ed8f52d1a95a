"""The machines of the shipped flows, drawn: a reviewer sees what a change of a flow means."""

from pathlib import Path

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from engine.machine.export import to_mermaid
from engine.testing.golden import load_flow

FLOWS = Path(__file__).parents[3] / "flows"
SHIPPED = sorted(path for path in FLOWS.glob("*.yaml") if not path.name.endswith(".tests.yaml"))


class Mermaid(SingleFileSnapshotExtension):
    """One text file per flow."""

    _write_mode = WriteMode.TEXT
    file_extension = "mmd"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_machine(path, snapshot):
    assert to_mermaid(load_flow(path)) == snapshot(extension_class=Mermaid)
