"""The programs run and give the figures they describe; how fast is not a test's business."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PERCENTILES = {"p50", "p95", "p99", "max"}


def measured(program, *options):
    """Run one of the programs with tiny sizes; its figures."""
    command = [sys.executable, f"bench/{program}.py", "--json", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_turns_compares_the_engine_with_the_floor():
    """Both kinds of flow, both ways of arriving, each beside the bare program."""
    found = measured("turns", "--sessions", "2", "--blocks", "1", "--turns", "1")

    for flow in ("talk", "form"):
        for way in ("together", "spread"):
            row = found["ms"][flow]["2"][way]
            assert row["engine"]["turns"] == row["floor"]["turns"] == 2
            assert set(row["engine"]["pushed"]) == PERCENTILES
            assert row["engine"]["sent"]["p50"] >= row["engine"]["pushed"]["p50"] > 0
            assert row["ratio"] > 0


def test_barge_in_measures_words_and_voice():
    """Every interruption took place: a line that went on would sound until the look at it."""
    found = measured("barge_in", "--sessions", "2", "--blocks", "1", "--times", "1")

    row = found["ms"]["2"]
    for name in ("typed", "voice"):
        assert set(row["engine"][name]["decided"]) >= PERCENTILES
        assert row["engine"][name]["decided"]["times"] == 2
    assert set(row["floor"]["asked"]) >= PERCENTILES
