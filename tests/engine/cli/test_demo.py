"""What the demo promises: exit code 0 only for the right booking, and honest figures."""

from __future__ import annotations

import ctypes.util
import datetime
import importlib.util
import io
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.cli import demo as demo_module
from engine.cli.demo import demo
from engine.cli.demo_report import booked, summary
from engine.cli.demo_script import SCRIPT, expected_booking
from engine.core.step import States, Step
from engine.effects import CallTool
from engine.errors import ConfigurationError, RoomError
from engine.events import TranscriptReceived
from engine.observe.metrics import measure
from engine.session.options import CallResult
from engine.testing.scripted_caller import Line, Spoken
from engine.worker.host import Call
from engine.worker.runs import JOURNAL

FRIDAY = datetime.date(2026, 5, 1)
STATES = States(user="IDLE", agent="IDLE", dialog="book")


def step(cause: Any = None, *effects: CallTool) -> Step:
    cause = cause or TranscriptReceived(at=0, participant="p", text="", final=False)
    return Step(seq=1, at=0, cause=cause, moves=(), notes=(), effects=effects, states=STATES)


def booking(**changed: Any) -> CallTool:
    return CallTool(
        call="c1",
        tool="book_table",
        use="python:flows.bistro.book_table",
        args={**expected_booking(FRIDAY), **changed},
        idempotency_key="k",
    )


class TestTheBooking:
    def test_the_right_one_made_once_is_all_right(self) -> None:
        assert booked([step(None, booking())], expected_booking(FRIDAY)) == []

    def test_no_booking_is_not(self) -> None:
        assert booked([step()], expected_booking(FRIDAY)) == [
            "the booking tool was called 0 times, not once"
        ]

    def test_neither_are_two(self) -> None:
        assert booked([step(None, booking()), step(None, booking())], expected_booking(FRIDAY)) == [
            "the booking tool was called 2 times, not once"
        ]

    @pytest.mark.parametrize("wrong", [{"size": 4}, {"size": "5"}, {"time": "07:30"}])
    def test_each_wrong_value_is_named(self, wrong: Mapping[str, Any]) -> None:
        ((name, value),) = wrong.items()

        (problem,) = booked([step(None, booking(**wrong))], expected_booking(FRIDAY))

        right = expected_booking(FRIDAY)[name]
        assert problem == f"booked {name}={value!r}, the caller said {right!r}"

    def test_tomorrow_is_the_day_after_the_call_also_at_the_end_of_a_month(self) -> None:
        assert expected_booking(datetime.date(2026, 12, 31))["date"] == "2027-01-01"


class TestTheScript:
    def test_it_has_a_barge_in_that_corrects(self) -> None:
        assert [line.text for line in SCRIPT if line.barge_in] == ["make it five people"]

    def test_no_line_is_said_twice(self) -> None:
        assert len({line.text for line in SCRIPT}) == len(SCRIPT)


class TestTheSummary:
    @staticmethod
    def lines(spoken: list[Spoken], *heard: str, audio: bool = True) -> list[str]:
        steps = tuple(
            step(TranscriptReceived(at=0, participant="p", text=text, final=True)) for text in heard
        )
        result = CallResult(
            reason="flow", kind="hangup", steps=steps, history=(), metrics=measure(steps)
        )
        return list(summary(Call(number=1, folder=None, result=result), spoken, audio=audio))

    @staticmethod
    def spoken(text: str, **times: float) -> Spoken:
        barge_in = 1.0 if "silent" in times else None
        return Spoken(line=Line(cue="x", text=text, barge_in=barge_in), **times)

    def test_latencies_are_the_callers(self) -> None:
        lines = self.lines(
            [
                self.spoken("one", began=1.0, ended=2.0, answered=2.5),
                self.spoken("two", began=3.0, ended=4.0, answered=4.9, silent=3.14),
            ]
        )

        assert any(line.startswith("response         p50 500 ms, p95 900 ms, 2") for line in lines)
        assert any(line.startswith("barge-in         p50 140 ms, p95 140 ms, 1") for line in lines)

    def test_what_was_not_measured_is_said(self) -> None:
        lines = self.lines([self.spoken("one", began=1.0, ended=2.0)])

        assert sum("not measured" in line for line in lines) == 2

    def test_words_that_were_heard_otherwise_are_marked(self) -> None:
        spoken = [self.spoken(text, began=1.0) for text in ("at seven", "yes please", "bye")]

        lines = self.lines(spoken, "at seven", "this please")

        assert lines[lines.index("recognition") + 1 :] == [
            '  said "at seven"',
            '     = "at seven"',
            '  said "yes please"',
            '     ~ "this please"',
            '  said "bye"',
            '     ~ ""',
        ]

    def test_without_audio_there_is_nothing_to_measure(self) -> None:
        text = "\n".join(self.lines([], audio=False))

        assert "response" not in text
        assert "recognition" not in text


class TestTheCommand:
    def test_a_wrong_booking_fails_and_says_what_was_wrong(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(demo_module, "expected_booking", lambda _: {"size": 6})
        out = io.StringIO()

        assert demo(text=True, runs=tmp_path, out=out) == 1
        assert "FAILED: booked size=5, the caller said 6" in out.getvalue()
        assert list(tmp_path.glob(f"*/{JOURNAL}"))

    def test_a_call_that_stops_in_the_middle_fails(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The caller falls silent after two lines; the flow hangs up, nothing was booked."""
        monkeypatch.setattr(demo_module, "SCRIPT", SCRIPT[:2])
        out = io.StringIO()

        assert demo(text=True, runs=tmp_path, out=out) == 1
        assert "FAILED: the booking tool was called 0 times, not once" in out.getvalue()
        assert "I hear nothing, so I will hang up." in out.getvalue()

    def test_a_folder_that_cannot_be_written_is_told_before_the_call(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")

        with pytest.raises(RoomError, match="cannot write into"):
            demo(text=True, runs=tmp_path / "file", out=io.StringIO())

    def test_a_machine_without_a_voice_is_told_how_to_get_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        absent = ("espeakng_loader", "espeak-ng", "flite")
        places: tuple[tuple[Any, str], ...] = ((importlib.util, "find_spec"), (shutil, "which"))
        for module, name in places:
            real = getattr(module, name)
            monkeypatch.setattr(
                module,
                name,
                lambda asked, *more, real=real: None if asked in absent else real(asked, *more),
            )
        monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)

        with pytest.raises(ConfigurationError, match=r"pip install 'turnwise\[espeak\]'"):
            demo(text=False, runs=tmp_path, out=io.StringIO())
        assert list(tmp_path.iterdir()) == []
