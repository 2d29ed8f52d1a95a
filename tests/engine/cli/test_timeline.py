"""`turnwise timeline`: as text it is what was stored, as a page it is safe and complete."""

import base64
import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from engine.cli.demo import demo
from engine.cli.main import main
from media.audio_file import open_writer


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """The folder of the demo's call, typed."""
    runs = tmp_path_factory.mktemp("runs")
    with (runs / "out").open("w") as out:
        assert demo(text=True, runs=runs, out=out) == 0
    return next(path for path in runs.iterdir() if path.is_dir())


@pytest.fixture
def folder(call, tmp_path):
    """A copy of it, to be changed."""
    return Path(shutil.copytree(call, tmp_path / "call"))


def page_of(folder):
    html = folder / "call.html"
    result = CliRunner().invoke(
        main,
        ["timeline", str(folder / "journal.jsonl"), "--html", str(html)],
        standalone_mode=False,
    )
    assert result.exception is None, result.exception
    assert result.return_value == 0
    return html.read_text(encoding="utf-8")


def test_as_text_it_is_the_timeline_that_was_stored(call):
    result = CliRunner().invoke(main, ["timeline", str(call / "journal.jsonl")])

    assert result.output == (call / "timeline.txt").read_text(encoding="utf-8")


def test_the_page_has_lanes_words_tools_and_latencies(folder):
    page = page_of(folder)

    for lane in ("lane user", "lane agent", "lane dialog", "row work", "row marks"):
        assert lane in page
    assert "<s>" in page, "the line that was cut"
    assert "find_table(size=4" in page
    assert re.search(r"<span>voice \d+</span> \+ <span>playout \d+</span> = <b>\d+ ms</b>", page)


def test_what_the_caller_said_cannot_become_markup(folder):
    journal = folder / "journal.jsonl"
    text = journal.read_text(encoding="utf-8")
    evil = "</script><img src=x onerror=alert(1)>"
    journal.write_text(text.replace("what time do you close", evil), encoding="utf-8")

    page = page_of(folder)

    assert "<img" not in page
    assert page.count("</script>") == 1
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_only_the_pages_own_script_may_run(folder):
    page = page_of(folder)

    script = page[page.index("<script>") + 8 : page.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in page or f"'sha256-{digest}'" in page


def test_nothing_is_loaded_from_anywhere(folder):
    page = page_of(folder).replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"https?://|<link|@import|url\(| src=", page)


def test_sensitive_values_are_masked(folder):
    assert "phone=***" in page_of(folder)


def test_a_recording_beside_the_journal_is_drawn(folder):
    writer = open_writer(folder / "call.wav", channels=2)
    writer.write(np.full((48_000, 2), 12_000, dtype=np.int16))
    writer.close()

    assert page_of(folder).count("data-peaks") == 2 + 1, "both sides, and the script"


def test_a_broken_recording_costs_only_the_waveforms(folder):
    (folder / "call.wav").write_bytes(b"RIFF")

    assert "lane agent" in page_of(folder)
