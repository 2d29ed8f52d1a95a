"""`turnwise demo` as a user runs it: as text, and with a voice over WebRTC."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine.cli.demo_report import booked
from engine.cli.demo_script import SCRIPT, expected_booking
from engine.core.step import Step
from engine.effects import HangUp
from engine.events import SessionStarted, TextReceived
from engine.observe.journal import read
from engine.worker.runs import JOURNAL, RECORDING, TIMELINE
from providers import registry

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

TURNWISE = (sys.executable, "-c", "from engine.cli.main import run; run()")
BLOCK = 0.02
"""Seconds over which loudness is taken."""


@dataclass(frozen=True)
class Played:
    """A demo that is over."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def journal(self) -> list[str]:
        return (self.folder / JOURNAL).read_text().splitlines()

    @property
    def steps(self) -> list[Step]:
        return list(read(self.journal)[1])


def play(runs: Path, *options: str) -> Played:
    done = subprocess.run(
        [*TURNWISE, "demo", "--runs", str(runs), *options],
        capture_output=True,
        text=True,
        timeout=150,
    )
    (folder,) = runs.iterdir()
    return Played(done.returncode, done.stdout, done.stderr, folder)


def today(steps: list[Step]) -> str:
    (started,) = (s.cause.started_at for s in steps if isinstance(s.cause, SessionStarted))
    return started[:10]


def test_as_text_it_books_the_table_and_saves_what_happened(tmp_path: Path) -> None:
    demo = play(tmp_path, "--text")

    assert (demo.code, demo.err) == (0, "")
    day = np.datetime64(today(demo.steps)).astype(object)
    assert booked(demo.steps, expected_booking(day)) == []
    typed = [s.cause.text for s in demo.steps if isinstance(s.cause, TextReceived)]
    assert typed == [line.text for line in SCRIPT]
    assert {path.name for path in demo.folder.iterdir()} == {JOURNAL, TIMELINE}
    shown = [line.text for line in SCRIPT if f'"{line.text}"' in demo.out]
    hidden = [line.text for line in SCRIPT if line.text not in shown]  # the number is sensitive
    assert hidden == ["five five five one two three four", "yes that is correct"]
    assert demo.out.count('caller  "***"') == len(hidden)
    assert "interruptions    1" in demo.out
    assert "The table was booked as the caller said" in demo.out


@pytest.fixture(scope="session")
def voice() -> None:
    rows = {(row.kind, row.name): row for row in registry.status()}
    embedded = rows["tts", "embedded"]
    if embedded.state != "ready":
        pytest.skip(f"no voice on this machine: {embedded.detail}")


@pytest.mark.usefixtures("voice")
def test_ctrl_c_in_the_middle_ends_it_with_its_journal(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [*TURNWISE, "demo", "--runs", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert program.stdout is not None
        while 'agent   "Hello' not in (line := program.stdout.readline()):
            assert line, "it ended before the agent spoke"
        os.killpg(program.pid, signal.SIGINT)  # as the terminal does: the workers get it as well
        _, errors = program.communicate(timeout=15)
    finally:
        program.kill()
        program.wait()

    assert (program.returncode, errors.strip()) == (130, "Stopped.")
    (journal,) = tmp_path.glob(f"*/{JOURNAL}")
    steps = read(journal.read_text().splitlines())[1]
    assert HangUp(reason="the demo is over") in [effect for s in steps for effect in s.effects]


@pytest.fixture(scope="module")
def spoken(voice: None, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def loud(spoken: Played) -> npt.NDArray[np.bool_]:
    """Per block, whether (agent, caller) are heard in the recording."""
    with wave.open(str(spoken.folder / RECORDING)) as file:
        assert file.getnchannels() == 2
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    length = int(rate * BLOCK)
    blocks = samples[: len(samples) // length * length].reshape(-1, length, 2).astype(float)
    heard: npt.NDArray[np.bool_] = np.sqrt(np.mean(blocks**2, axis=1)) > 300  # -41 dBFS
    return heard


def test_with_a_voice_the_table_is_booked_as_the_caller_said(spoken: Played) -> None:
    day = np.datetime64(today(spoken.steps)).astype(object)
    assert booked(spoken.steps, expected_booking(day)) == []
    assert (spoken.code, spoken.err) == (0, ""), spoken.out


def test_everything_promised_is_saved_and_told(spoken: Played) -> None:
    for name in JOURNAL, TIMELINE, RECORDING:
        assert (spoken.folder / name).stat().st_size > 0
        assert str(spoken.folder / name) in spoken.out
    for measured in "response         p50", "barge-in         p50":
        assert measured in spoken.out


def test_its_journal_lives_the_call_once_more(spoken: Played) -> None:
    said = subprocess.run(
        [*TURNWISE, "replay", str(spoken.folder / JOURNAL)], capture_output=True, text=True
    )

    assert said.returncode == 0, said.stdout + said.stderr
    assert f"{len(spoken.steps)} steps" in said.stdout


def test_the_recording_is_as_long_as_the_call(spoken: Played, loud: npt.NDArray[np.bool_]) -> None:
    """It begins when the call is taken, as the journal tells, and ends with the last word."""
    began = read(spoken.journal)[0].recording
    assert began is not None
    length = (spoken.steps[-1].at - began) / 1000
    assert len(loud) * BLOCK == pytest.approx(length, abs=3.0)


def test_the_agent_is_on_the_left_and_begins(spoken: Played, loud: npt.NDArray[np.bool_]) -> None:
    steps = spoken.steps
    speaking = sum(
        after.at - step.at
        for step, after in zip(steps, steps[1:], strict=False)
        if step.states.agent == "SPEAKING" and not step.states.paused
    )
    assert loud[:, 0].sum() * BLOCK == pytest.approx(speaking / 1000, rel=0.3)
    assert loud[:, 0].argmax() < loud[:, 1].argmax()


def test_the_caller_is_on_the_right(loud: npt.NDArray[np.bool_]) -> None:
    """Eight lines of one to three seconds, most of which nobody speaks over."""
    assert 6 < loud[:, 1].sum() * BLOCK < 20
    assert (loud[:, 0] & loud[:, 1]).sum() < 0.15 * loud[:, 1].sum()
