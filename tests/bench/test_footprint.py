"""The program runs and gives the figures it describes; how large they are is another matter."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_footprint_measures_start_sessions_and_growth():
    """Every figure of the description is there, each from processes of its own."""
    sizes = ["--runs", "1", "--sessions", "2", "--turns", "2"]
    command = [sys.executable, "bench/footprint.py", "--json", *sizes]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)

    for kind in ("code", "yaml"):
        start = found["start"][kind]
        assert start["ready_s"]["best"] > start["import_s"]["best"] > 0
        assert start["rss_mb"]["best"] > 10
    assert found["session"]["tasks"]["best"] >= 1
    assert found["growth"]["turns"] == 2
    assert {"python_mb", "rss_mb"} <= set(found["growth"])
