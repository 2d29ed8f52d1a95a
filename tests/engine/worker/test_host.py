"""Takes calls: each with a session and traces of its own, none at the cost of another."""

from __future__ import annotations

import asyncio
import datetime
import io
import logging
import os
import wave
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.cli.replay import replay
from engine.effects import HangUp, Say
from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow
from engine.observe.journal import read
from engine.observe.timeline import render
from engine.pipeline.pipeline import Services
from engine.session.options import SessionOptions
from engine.testing.loop import VirtualClock, run_virtual
from engine.worker import host as host_module
from engine.worker.host import CLOSE_SECONDS, Call, CallHost
from engine.worker.reload import Change, FlowWatch
from engine.worker.runs import FLOWS, JOURNAL, RECORDING, TIMELINE
from media.loopback import LoopbackParticipant, LoopbackRoom
from providers.errors import ProviderUnavailable
from providers.scripted import ScriptedSynthesizer

STARTED = datetime.datetime.fromisoformat("2026-05-01T12:00:00+02:00")
NAME = """
turnwise: 1
flow: name
start: ask
slots: {name: {type: text, ask: "What is your name?"}}
states:
  ask: {collect: [name], then: bye}
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
"""


def compiled(text: str = NAME) -> CompiledFlow:
    return compile_flow(Flow.model_validate(YAML(typ="safe").load(text)))


class Office:
    """A host on virtual time and the callers it gets."""

    def __init__(self, runs: Path | None = None, **options: Any) -> None:
        self.clock = VirtualClock(STARTED)
        options.setdefault("services", lambda: Services(tts=ScriptedSynthesizer()))
        self.host = CallHost(compiled(), clock=self.clock, runs=runs, **options)

    def call(self, *, name: str | None, after: float = 5.0) -> Coroutine[Any, Any, Call]:
        """One call, in which the caller types a name; None: types nothing."""
        room = LoopbackRoom(self.clock)
        caller = room.join()
        if name is not None:
            asyncio.get_running_loop().call_later(after, caller.type, name)
        self.caller: LoopbackParticipant = caller
        return self.host.take(room)


def play(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return run_virtual(work(), limit=600)


def said(call: Call) -> list[str]:
    return [e.text for step in call.result.steps for e in step.effects if isinstance(e, Say)]


def test_calls_at_the_same_time_share_nothing(tmp_path: Path) -> None:
    steps: list[int] = []

    async def work() -> tuple[Call, Call]:
        office = Office(tmp_path, on_step=lambda number, step: steps.append(number))
        return await asyncio.gather(office.call(name="ada"), office.call(name="grace", after=6.0))

    first, second = play(work)

    assert (first.number, second.number) == (1, 2)
    assert said(first)[-1] == "Goodbye Ada."
    assert said(second)[-1] == "Goodbye Grace."
    assert first.folder != second.folder
    for call in first, second:
        _, written = read((call.folder / JOURNAL).read_text().splitlines())
        assert tuple(written) == call.result.steps
        assert steps.count(call.number) == len(call.result.steps)


def test_a_call_leaves_journal_and_timeline_and_a_recording_when_asked(tmp_path: Path) -> None:
    async def work(record: bool) -> Call:
        return await Office(tmp_path, record=record).call(name="ada")

    plain, recorded = play(lambda: work(False)), play(lambda: work(True))

    assert sorted(os.listdir(plain.folder)) == sorted((JOURNAL, TIMELINE))
    assert "Goodbye Ada." in (plain.folder / TIMELINE).read_text()
    with wave.open(str(recorded.folder / RECORDING)) as file:
        assert file.getnchannels() == 2
        seconds = file.getnframes() / file.getframerate()
    assert seconds == pytest.approx(recorded.result.steps[-1].at / 1000, abs=0.5)


def test_the_timeline_of_a_long_call_is_whole_though_its_steps_are_forgotten(
    tmp_path: Path,
) -> None:
    async def work() -> Call:
        return await Office(tmp_path, options=SessionOptions(steps_kept=4)).call(name="ada")

    call = play(work)

    assert len(call.result.steps) == 4
    _, steps = read((call.folder / JOURNAL).read_text().splitlines())
    assert (call.folder / TIMELINE).read_text() == render(steps)


def test_without_a_folder_a_call_leaves_nothing() -> None:
    async def work() -> Call:
        return await Office().call(name="ada")

    assert play(work).folder is None


def test_a_provider_that_cannot_be_made_breaks_its_call_alone(tmp_path: Path) -> None:
    made = 0

    def services() -> Services:
        nonlocal made
        made += 1
        if made == 2:
            raise ProviderUnavailable("the licence has run out")
        return Services(tts=ScriptedSynthesizer())

    async def work() -> list[Any]:
        office = Office(tmp_path, services=services)
        calls = [office.call(name=name) for name in ("ada", None, "grace")]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert office.host.running == 0
        return results

    first, broken, third = play(work)

    assert isinstance(broken, ProviderUnavailable)
    assert [call.result.reason for call in (first, third)] == ["flow", "flow"]


def test_closing_the_host_ends_every_call_with_its_reason(tmp_path: Path) -> None:
    async def work() -> tuple[tuple[Call, Call], int]:
        office = Office(tmp_path)
        calls = asyncio.gather(office.call(name=None), office.call(name=None))
        await asyncio.sleep(4)
        running = office.host.running
        await office.host.aclose("Ctrl-C")
        assert office.host.running == 0
        return await calls, running

    calls, running = play(work)

    assert running == 2
    for call in calls:
        _, written = read((call.folder / JOURNAL).read_text().splitlines())
        assert [e.reason for step in written for e in step.effects if isinstance(e, HangUp)] == [
            "Ctrl-C"
        ]


def test_closing_a_host_without_calls_is_harmless() -> None:
    async def work() -> None:
        office = Office()
        await office.host.aclose("Ctrl-C")
        await office.call(name="ada")
        await office.host.aclose("Ctrl-C")

    play(work)


def test_a_call_that_does_not_end_cannot_hold_the_host(caplog: pytest.LogCaptureFixture) -> None:
    class Stuck(LoopbackRoom):
        async def close(self, reason: str) -> None:
            await asyncio.sleep(60)
            await super().close(reason)

    async def work() -> None:
        office = Office()
        room = Stuck(office.clock)
        room.join()
        call = asyncio.gather(office.host.take(room))
        await asyncio.sleep(1)
        before = office.clock.monotonic()
        await office.host.aclose("Ctrl-C")
        assert office.clock.monotonic() - before == CLOSE_SECONDS
        await call

    play(work)
    assert "1 calls did not end within 5 s" in caplog.text


class TestComingBackByAnotherConnection:
    """The process lives; only the caller's connection is gone."""

    @staticmethod
    def lost_and_back(
        tmp_path: Path, *, key: str, grace: float, reason: str = "lost", name: str = ""
    ) -> Any:
        async def work() -> Any:
            office = Office(tmp_path, options=SessionOptions(reconnect_grace=grace))
            first, second = LoopbackRoom(office.clock), LoopbackRoom(office.clock)
            caller = first.join()
            call = asyncio.gather(office.host.take(first, "ann's key"))
            await asyncio.sleep(4)
            caller.leave(reason)
            await asyncio.sleep(3)
            again = second.join()
            if name:
                asyncio.get_running_loop().call_later(6, again.type, name)
            rejoined = await office.host.rejoin(second, key)
            (outcome,) = await call
            return outcome, rejoined, first, second

        return play(work)

    def test_they_go_on_where_they_were(self, tmp_path: Path) -> None:
        call, rejoined, first, _ = self.lost_and_back(
            tmp_path, key="ann's key", grace=30.0, name="ada"
        )

        assert rejoined
        assert said(call) == [
            "What is your name?",
            "Sorry, we were cut off.",
            "What is your name?",
            "Goodbye Ada.",
        ]
        assert call.result.reason == "flow"
        assert first.close_reason == "the caller is back by another connection"
        _, written = read((call.folder / JOURNAL).read_text().splitlines())
        assert tuple(written) == call.result.steps, "one call, one journal"

    @pytest.mark.parametrize(
        ("key", "grace", "reason"),
        [("another key", 10.0, "lost"), ("", 10.0, "lost"), ("ann's key", 10.0, "left")],
    )
    def test_nobody_else_does(self, tmp_path: Path, key: str, grace: float, reason: str) -> None:
        call, rejoined, _, second = self.lost_and_back(
            tmp_path, key=key, grace=grace, reason=reason
        )
        assert not rejoined
        assert call.result.reason == "caller_left"
        assert second.close_reason is None

    @pytest.mark.parametrize("grace", [0.0, 30.0])
    def test_at_once_by_who_knows_the_call_though_nobody_noticed_the_loss(
        self, tmp_path: Path, grace: float
    ) -> None:
        async def work() -> Any:
            office = Office(tmp_path, options=SessionOptions(reconnect_grace=grace))
            first, second, third = (LoopbackRoom(office.clock) for _ in range(3))
            silent = first.join()  # the connection is dead, and looks alive
            call = asyncio.gather(office.host.take(first, "ann's key"))
            await asyncio.sleep(4)
            for room in (second, third):  # the first answer was lost, too: `first` is all they know
                again = room.join()
                back = asyncio.gather(office.host.rejoin(room, "", first))
                await asyncio.sleep(6)
            silent.type("nobody hears this")
            again.type("ada")
            (outcome,) = await call
            assert await back == [True]
            assert not await office.host.rejoin(LoopbackRoom(office.clock), "", first)
            return outcome, first, second

        call, first, second = play(work)

        again = ["Sorry, we were cut off.", "What is your name?"]
        assert said(call) == ["What is your name?", *again, *again, "Goodbye Ada."]
        assert call.result.reason == "flow"
        for room in (first, second):
            assert room.close_reason == "the caller is back by another connection"
        assert "nobody hears this" not in str(call.result.history)

    def test_not_after_the_grace(self, tmp_path: Path) -> None:
        call, rejoined, _, _ = self.lost_and_back(tmp_path, key="ann's key", grace=2.0)
        assert not rejoined
        assert call.result.reason == "caller_left"


class TestTracesThatCannotBeWritten:
    """The call is worth more than its traces: it goes on, and what is missing is told."""

    @pytest.fixture(autouse=True)
    def log(self, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
        caplog.set_level(logging.ERROR)
        return caplog

    @staticmethod
    def finished(runs: Path) -> Call:
        async def work() -> Call:
            return await Office(runs, record=True).call(name="ada")

        call: Call = play(work)
        assert said(call)[-1] == "Goodbye Ada."
        assert call.result.reason == "flow"
        return call

    def test_no_folder(self, tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
        (tmp_path / "file").write_text("")

        assert self.finished(tmp_path / "file").folder is None
        assert "this call leaves no traces: cannot write into" in log.text

    def test_no_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
    ) -> None:
        """The folder vanishes between its making and the first file in it."""
        monkeypatch.setattr(host_module, "new_run", lambda *_: tmp_path / "gone")

        self.finished(tmp_path)
        for what in ("no journal", "no timeline", "not recorded"):
            assert what in log.text

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full to fill a disk with")
    def test_a_full_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
    ) -> None:
        for name in (JOURNAL, TIMELINE):
            (tmp_path / name).symlink_to("/dev/full")
        monkeypatch.setattr(host_module, "new_run", lambda *_: tmp_path)

        self.finished(tmp_path)
        assert "No space left on device" in log.text
        assert "there is no timeline of this call" in log.text


class TestAnEditedFlow:
    """Every call takes it where it can; its journal keeps both versions and still replays."""

    @staticmethod
    def edited(folder: Path, old: str, new: str) -> Change:
        path = folder / "name.yaml"
        path.write_text(NAME.strip(), encoding="utf-8")
        watch = FlowWatch(path)
        path.write_text(NAME.strip().replace(old, new), encoding="utf-8")
        os.utime(path, (2e9, 2e9))
        change = watch.changed()
        assert change is not None
        return change

    def played(self, folder: Path, change: Change) -> tuple[list[Call], list[tuple[int, str]]]:
        """Two calls; the edit comes while the first goes on."""
        told: list[tuple[int, str]] = []

        async def work() -> list[Call]:
            office = Office(folder / "runs")
            services = lambda: Services(tts=ScriptedSynthesizer())  # noqa: E731
            asyncio.get_running_loop().call_later(
                3, office.host.reload, change, services, lambda n, o: told.append((n, o.kind))
            )
            return [await office.call(name="ada"), await office.call(name="grace")]

        return play(work), told

    def test_a_call_under_way_goes_on_with_it(self, tmp_path: Path) -> None:
        change = self.edited(tmp_path, "Goodbye", "See you")
        (first, second), told = self.played(tmp_path, change)

        assert said(first)[-1] == "See you Ada."
        assert said(second)[-1] == "See you Grace."
        assert told == [(1, "taken")]
        assert first.folder is not None
        assert replay(first.folder / JOURNAL, None, False, io.StringIO()) == 0
        assert len(list((first.folder / FLOWS).glob("*/name.yaml"))) == 2

    def test_one_that_cannot_finishes_on_its_own(self, tmp_path: Path) -> None:
        new = NAME.strip().replace("ask:", "question:", 2).replace("start: ask", "start: question")
        change = self.edited(tmp_path, NAME.strip(), new.replace(', question: "', ', ask: "'))
        (first, second), told = self.played(tmp_path, change)

        assert told == [(1, "refused")]
        assert said(first)[-1] == "Goodbye Ada."
        assert said(second)[-1] == "Goodbye Grace."
        assert first.folder is not None
        assert replay(first.folder / JOURNAL, None, False, io.StringIO()) == 0
