"""`turnwise run FLOW`: a flow against a room, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from engine.errors import RoomError, TurnwiseError

if TYPE_CHECKING:
    from engine.core.step import Step
    from engine.machine.compiled import CompiledFlow
    from engine.session.store import Store
    from engine.session.succession import Outcome
    from engine.worker.garbage import QuietCollector
    from engine.worker.host import CallHost
    from engine.worker.local import LocalRooms
    from engine.worker.reload import Change, FlowWatch
    from media.clock import Clock

LOOK_SECONDS = 1.0
"""How often it is looked whether the flow was edited."""


def run(
    path: Path,
    address: str,
    port: int,
    token: str | None,
    runs: Path,
    record: bool,
    store: Path | None = None,
) -> int:
    """Serve the flow in the local room; exit code 0 after Ctrl-C."""
    from engine.cli.loading import load_or_exit
    from engine.session.store import SqliteStore
    from engine.worker.runs import check_writable
    from media.errors import MediaError

    flow = load_or_exit(path, sys.stderr, started=True)
    check_writable(runs)
    kept = None if store is None else SqliteStore(store)
    try:
        source = str(path.resolve())
        serving = _serve(flow, source, address, port, token, runs, record, kept, sys.stdout)
        return asyncio.run(serving)
    except MediaError as error:
        raise RoomError(str(error)) from error
    finally:
        if kept is not None:
            kept.close()


async def _serve(
    flow: CompiledFlow,
    source: str,
    address: str,
    port: int,
    token: str | None,
    runs: Path,
    record: bool,
    store: Store | None,
    out: TextIO,
) -> int:
    from engine.session.options import SessionOptions
    from engine.worker.garbage import QuietCollector
    from engine.worker.host import CallHost
    from engine.worker.kept import GRACE_SECONDS, KeptCalls
    from engine.worker.reload import FlowWatch
    from engine.worker.services import make_services, try_components
    from media.clock import LoopClock

    make_services(flow)  # a provider that cannot be made is told now, not to the first caller
    try_components(flow)
    clock = LoopClock()
    host = CallHost(
        flow,
        lambda: make_services(flow),
        clock,
        runs=runs,
        record=record,
        options=SessionOptions(
            source=source, reconnect_grace=0.0 if store is None else GRACE_SECONDS
        ),
        on_step=_printer(out),
        kept=None if store is None else KeptCalls(store, clock),
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    rooms = await _listening(host, clock, address, port, token)
    print(f"{flow.id} {flow.version}: open {rooms.server.url} to talk to it.", file=out)
    print(f"Journals go to {runs}/. Ctrl-C ends all calls.", file=out, flush=True)
    with QuietCollector() as collector:
        await _until(stop, FlowWatch(Path(source)), host, collector, out)
    print("\nEnding calls ...", file=out, flush=True)
    await rooms.close("the server was stopped")
    _farewell(rooms, out)
    return 0


async def _until(
    stop: asyncio.Event, watch: FlowWatch, host: CallHost, collector: QuietCollector, out: TextIO
) -> None:
    """Wait for the end; meanwhile take up edits of the flow, and collect garbage between calls."""
    collected = 0
    while not stop.is_set():
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
        except TimeoutError:
            if host.taken != collected and not host.running:
                collected = host.taken
                collector.rest()
            # in a thread: loading a flow must not be heard in a call
            change = await asyncio.to_thread(watch.changed)
            if change is not None:
                take_up(change, host, lambda line: print(line, file=out, flush=True))


def take_up(change: Change, host: CallHost, tell: Callable[[str], None]) -> None:
    """Let the next call run an edited flow, and those under way where they can; tell either."""
    from engine.worker.services import make_services, try_components

    flow = change.flow
    if flow is None:
        tell(f"Not reloaded: {change.problem}.")
        return
    try:
        make_services(flow)
        try_components(flow)
    except TurnwiseError as error:
        tell(f"Not reloaded: {error}")
        return
    tell(f"Reloaded {flow.id} {flow.version}: the next call takes it.")

    def told(number: int, outcome: Outcome) -> None:
        tell(f"#{number:<3}{_became(outcome)}")

    host.reload(change, lambda: make_services(flow), told)


def _became(outcome: Outcome) -> str:
    """What became of an edit in a call under way."""
    version = f"{outcome.flow.id} {outcome.flow.version}"
    match outcome.kind:
        case "taken":
            return f"goes on with {version}" + (f" ({outcome.why})" if outcome.why else "")
        case "waits":
            return f"not at a stable point yet: {outcome.why}"
        case _:
            return f"stays on the version it has: {outcome.why}"


async def _listening(
    host: CallHost, clock: Clock, address: str, port: int, token: str | None
) -> LocalRooms:
    """Start the room; whatever prevents it is told in terms of this command's options."""
    from engine.worker.local import LocalRooms
    from media.errors import PortInUse, UnsafeBinding

    try:
        rooms = LocalRooms(host, clock, address=address, port=port, token=token)
        await rooms.start()
    except PortInUse as error:
        raise RoomError(f"{error} With --port 0 a free one is found.") from error
    except UnsafeBinding as error:
        raise RoomError(f"{error} The token: --token or TURNWISE_TOKEN.") from error
    except OSError as error:
        number = error.errno or 0
        # Python 3.13 tells no number where none of several addresses can be bound
        why = os.strerror(number) if number > 0 else error.strerror or str(error)
        raise RoomError(f"cannot listen on {address}, port {port}: {why}.") from error
    return rooms


def _farewell(rooms: LocalRooms, out: TextIO) -> None:
    count = rooms.finished.qsize()
    print(f"{count} call{'' if count == 1 else 's'} taken.", file=out)


def _printer(out: TextIO) -> Callable[[int, Step], None]:
    from engine.cli.live import LiveView

    views: dict[int, LiveView] = {}

    def show(number: int, step: Step) -> None:
        for line in views.setdefault(number, LiveView()).lines(step):
            print(f"#{number:<3}{line}", file=out, flush=True)

    return show


EPILOG = """\b
Examples:
  turnwise run flows/book_table.yaml --room demo
  turnwise run my_flow.yaml --port 9000 --record
  turnwise run my_flow.yaml --store calls.sqlite   calls go on after a crash
  turnwise run --config worker.yaml --port 9000    all of it from a file, but the port
"""


def _configured(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Take a file's values where the command line has none."""
    if path is None:
        return
    from engine.worker.config import read_config

    given = read_config(path)
    if "host" in given:
        given["address"] = given.pop("host")
    ctx.default_map = given


@click.command(name="run", epilog=EPILOG)
@click.argument("flow", type=click.Path(path_type=Path))
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_configured,
    help="A worker.yaml that says all this; what stands on the command line wins.",
)
@click.option(
    "--room",
    type=click.Choice(["demo"]),
    default="demo",
    show_default=True,
    help="demo: a local WebRTC room with a page to talk, type and press keys.",
)
@click.option("--host", "address", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8800, show_default=True)
@click.option(
    "--token",
    envvar="TURNWISE_TOKEN",
    help="Who knows it may call; needed beyond loopback. Better given as TURNWISE_TOKEN.",
)
@click.option(
    "--runs",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where every call leaves its journal and timeline.",
)
@click.option("--record", is_flag=True, help="Also record the audio (agent left, caller right).")
@click.option(
    "--store",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep every call in this SQLite file: who comes back after a crash goes on.",
)
def command(
    flow: Path,
    room: str,
    address: str,
    port: int,
    token: str | None,
    runs: Path,
    record: bool,
    store: Path | None,
) -> int:
    """Run FLOW against a room; FLOW may also stand in a file given by --config.

    Everybody who opens the printed URL gets a call of their own. Beyond this machine a browser
    gives its microphone to pages on https only: put a TLS proxy in front.
    """
    return run(flow, address, port, token, runs, record, store)
