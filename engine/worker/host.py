"""Takes calls: every room that comes gets a session of its own, its folder, and its end.

Calls share the compiled flow and nothing else. A call that breaks is reported and takes no other
with it; when the host is closed, every call is asked to end, and its journal is complete. A disk
that takes no more traces is reported and ends no call either: the call is worth more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from engine.core.step import Step
from engine.errors import JournalError, RoomError
from engine.machine.compiled import CompiledFlow
from engine.observe.journal import read
from engine.observe.timeline import render
from engine.pipeline.pipeline import Services
from engine.session.options import CallResult, SessionOptions
from engine.session.session import Session
from engine.session.store import Keeper, StoredCall
from engine.session.succession import Outcome
from engine.worker.kept import KeptCalls
from engine.worker.reload import Change
from engine.worker.runs import JOURNAL, RECORDING, TIMELINE, keep_flow, new_run
from media.clock import Clock
from media.errors import AudioFileError
from media.room import Room

if TYPE_CHECKING:
    from media.recorder import Recorder

CLOSE_SECONDS = 5.0
"""So long calls may take to end by themselves when the host is closed."""

_log = logging.getLogger("turnwise.host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: where its traces are, and how it went."""

    number: int
    folder: Path | None
    result: CallResult


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A call that goes on."""

    session: Session
    folder: Path | None
    key: str
    """What its caller is known by; empty: by nothing."""
    rooms: list[Room]
    """Where the call takes place, and where it did before: one for each connection."""


class CallHost:
    """Runs one flow for any number of callers.

    Args:
        flow: the compiled flow.
        services: makes the providers of one call.
        clock: paces and stamps.
        runs: the folder under which every call gets its own; None leaves no traces.
        record: also record the audio.
        options: what every session is given.
        on_step: told the number of the call and each of its steps.
        kept: has every call written, so that it can go on after this process was killed.
    """

    def __init__(
        self,
        flow: CompiledFlow,
        services: Callable[[], Services],
        clock: Clock,
        *,
        runs: Path | None = None,
        record: bool = False,
        options: SessionOptions | None = None,
        on_step: Callable[[int, Step], None] | None = None,
        kept: KeptCalls | None = None,
    ) -> None:
        self._kept = kept
        self._flow = flow
        self._services = services
        self._clock = clock
        self._runs = runs
        self._record = record
        self._options = options or SessionOptions()
        self._on_step = on_step
        self._calls: dict[int, _Running] = {}
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def running(self) -> int:
        """How many calls are going on."""
        return len(self._calls)

    @property
    def taken(self) -> int:
        """How many calls there were, those that go on among them."""
        return self._count

    def use(self, flow: CompiledFlow, services: Callable[[], Services]) -> None:
        """Run another version from the next call on; see `reload` for the calls under way."""
        self._flow, self._services = flow, services

    def reload(
        self, change: Change, services: Callable[[], Services], told: Callable[[int, Outcome], None]
    ) -> None:
        """Run an edited flow from the next call on, and now in every call that can go on with it.

        Args:
            change: has a flow.
            services: makes the providers of one call of it.
            told: the number of a call, and what became of the edit there.
        """
        if change.flow is None:
            raise ValueError("an edit with errors is nothing to go on with")
        self.use(change.flow, services)
        for number, call in self._calls.items():
            _keep_versions(call.folder, change)
            call.session.go_on_with(change.flow, services, partial(told, number))

    def misses(self, key: str) -> bool:
        """Whether a caller of that key is waited for, whose connection was lost."""
        return self._lost(key) is not None

    async def keeps(self, key: str) -> bool:
        """Whether a call of that caller can be gone on with although its process is gone."""
        return self._kept is not None and await self._kept.waits_for(key)

    async def rejoin(self, room: Room, key: str, before: Room | None = None) -> bool:
        """Let a caller whose connection was lost go on in their call.

        Args:
            room: nobody has opened it yet.
            key: what they are known by.
            before: the room they had in that call; it is left even if nobody has noticed yet that
                the connection was lost. None: they must be waited for.

        Returns:
            False at once when there is no such call: `take` them. True when that call is over;
            whoever took it is told how it went.
        """
        call = self._lost(key) if before is None else self._of(before)
        if call is None:
            return False
        call.rooms.append(room)
        await call.session.move_to(room)
        await call.session.until_over()
        return True

    def _lost(self, key: str) -> _Running | None:
        mine = (call for call in self._calls.values() if key and call.key == key)
        return next((call for call in mine if call.session.away), None)

    def _of(self, room: Room) -> _Running | None:
        return next((call for call in self._calls.values() if room in call.rooms), None)

    async def take(self, room: Room, key: str = "") -> Call:
        """Run one call in `room` to its end.

        Args:
            room: nobody has opened it yet.
            key: what this caller is known by when he comes back; a secret, where it is his alone.

        Raises:
            ConfigurationError: a provider the flow names cannot be made.
        """
        self._count += 1
        number = self._count
        folder = self._new_folder()
        journal = _opened(folder / JOURNAL) if folder else None
        try:
            result = await self._run(number, room, key, folder, journal)
        finally:
            if journal is not None:
                _closed(journal)
        if folder is not None:
            await _save_timeline(folder, result)
        return Call(number=number, folder=folder, result=result)

    async def aclose(self, reason: str) -> None:
        """Ask every call to end and wait until all have, at most `CLOSE_SECONDS`."""
        for call in self._calls.values():
            call.session.close(reason)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("%d calls did not end within %g s", self.running, CLOSE_SECONDS)

    async def _run(
        self, number: int, room: Room, key: str, folder: Path | None, journal: TextIO | None
    ) -> CallResult:
        if self._kept is None:
            return await self._play(number, self._session(number, room, journal), room, folder, key)
        keeper, resume = await self._kept.open(key)
        try:
            session = self._continued(number, room, journal, keeper, resume)
            return await self._play(number, session, room, folder, key)
        finally:
            await self._kept.close(keeper)

    def _continued(
        self,
        number: int,
        room: Room,
        journal: TextIO | None,
        keeper: Keeper,
        resume: StoredCall | None,
    ) -> Session:
        """Go on with a call, or begin one where that cannot be: the flow has changed."""
        try:
            return self._session(number, room, journal, keeper, resume)
        except JournalError as error:
            _log.error("call %s begins anew: %s", keeper.call, error)
            return self._session(number, room, journal, keeper)

    def _session(
        self,
        number: int,
        room: Room,
        journal: TextIO | None,
        keeper: Keeper | None = None,
        resume: StoredCall | None = None,
    ) -> Session:
        return Session(
            self._flow,
            room,
            self._services(),
            self._clock,
            self._options,
            journal=journal,
            on_step=self._step_of(number),
            keeper=keeper,
            resume=resume,
        )

    async def _play(
        self, number: int, session: Session, room: Room, folder: Path | None, key: str
    ) -> CallResult:
        self._calls[number] = _Running(session=session, folder=folder, key=key, rooms=[room])
        self._idle.clear()
        recorder = self._recorder(folder) if folder and self._record else None
        if recorder is not None:
            session.record(recorder)
        try:
            return await session.run()
        finally:
            if recorder is not None:
                await recorder.aclose()
            del self._calls[number]
            if not self._calls:
                self._idle.set()

    def _new_folder(self) -> Path | None:
        if self._runs is None:
            return None
        try:
            return new_run(self._runs, self._flow.id, self._clock.wall())
        except RoomError as error:
            _log.error("this call leaves no traces: %s", error)
            return None

    def _recorder(self, folder: Path) -> Recorder | None:
        from media.recorder import Recorder  # brings the codecs: only calls that are recorded pay

        try:
            return Recorder(folder / RECORDING, self._clock)
        except AudioFileError as error:
            _log.error("this call is not recorded: %s", error)
            return None

    def _step_of(self, number: int) -> Callable[[Step], None] | None:
        on_step = self._on_step
        if on_step is None:
            return None
        return lambda step: on_step(number, step)


def _keep_versions(folder: Path | None, change: Change) -> None:
    """Keep both versions of an edited flow beside a journal, so that it can be lived once more."""
    if folder is None or change.flow is None:
        return
    versions = ((change.replaced, change.before), (change.flow.fingerprint, change.loaded))
    try:
        for fingerprint, loaded in versions:
            texts = {name: source.text for name, source in loaded.sources.items()}
            keep_flow(folder, fingerprint, texts)
    except RoomError as error:
        _log.error("the versions of the flow are not kept: %s", error)


def _opened(path: Path) -> TextIO | None:
    try:
        # what a tool returns may hold what is no text; it must not cost the call
        return path.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        _log.error("there is no journal of this call: %s", error)
        return None


def _closed(journal: TextIO) -> None:
    try:
        journal.close()
    except OSError as error:  # a full disk again, told when it first refused a line
        _log.error("the journal is not complete: %s", error)


async def _save_timeline(folder: Path, result: CallResult) -> None:
    """Write the timeline; that of a long call from its journal, beside the loop."""
    steps = result.steps
    if steps and steps[0].seq == 1:
        _save(folder / TIMELINE, render(steps))
        return
    try:
        text = await asyncio.to_thread(_told, folder / JOURNAL)
    except (OSError, JournalError) as error:
        _log.error("there is no timeline of this call: %s", error)
    else:
        _save(folder / TIMELINE, text)


def _told(journal: Path) -> str:
    with journal.open(encoding="utf-8", errors="backslashreplace") as lines:
        return render(read(lines)[1])


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        _log.error("there is no timeline of this call: %s", error)
