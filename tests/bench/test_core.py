"""The measuring program gives the figures it describes; how fast is not a test's business."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_core_measures_events_steps_and_compiling():
    """Every figure of the description is there, for the sizes that were asked for."""
    sizes = ["--blocks", "1", "--sizes", "3,10", "--compile", "20"]
    command = [sys.executable, "bench/core.py", "--json", *sizes]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)

    assert found["event_us"]["best"] > 0
    assert {"SpeechStarted", "commit", "PlayoutFinished"} <= set(found["event_us"]["by_event"])
    assert set(found["step_us"]) == {"3", "10"}
    assert found["compile_ms"]["states"] == 20
    assert found["compile_ms"]["p50"] >= found["compile_ms"]["best"] > 0
