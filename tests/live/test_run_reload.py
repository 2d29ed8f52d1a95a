"""`turnwise run` with a flow that is edited in the middle of a call: real worker, real peer."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.main import main
from engine.worker.runs import JOURNAL
from tests.live.test_run import Caller, running

pytestmark = pytest.mark.live

FLOW = """\
turnwise: 1
flow: desk
version: 1.0.0
start: ask
slots:
  size: {type: [small, large], ask: "Which size?"}
  name: {type: text, ask: "On what name?"}
states:
  ask: {collect: [size, name], then: bye}
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
"""


def test_a_call_goes_on_with_what_was_saved_and_is_told_why_where_it_cannot(tmp_path: Path) -> None:
    path, runs = tmp_path / "desk.yaml", tmp_path / "runs"
    path.write_text(FLOW, encoding="utf-8")
    broken = FLOW.replace("then: bye", "then: by")
    without = FLOW.replace("  ask:", "  question:").replace("start: ask", "start: question")
    better = FLOW.replace("Goodbye", "See you").replace("1.0.0", "1.1.0")
    better = better.replace("[small, large]", "[small, large, huge]")  # another recogniser

    async def work() -> None:
        async with running(runs, "--port", "0", flow=path) as program:
            caller = Caller()
            await caller.join(await program.url())
            caller.peer.type("large")
            await caller.until("transcript", text="On what name?")
            for text, told in (
                (broken, r"Not reloaded: \S+desk\.yaml:9: no state named `by`"),
                (without, r"#1  stays on the version it has: state `ask` is gone"),
                (better, r"#1  goes on with desk 1\.1\.0"),
            ):
                path.write_text(text, encoding="utf-8")
                await program.until(told)
            await caller.until("flow", version="1.1.0")
            caller.peer.type("ann")
            await caller.until("transcript", text="See you Ann.")
            await caller.peer.wait_over()
            await caller.peer.hang_up()
            program.signal(signal.SIGINT)
            assert await program.ended() == (0, "")  # no warning: the recogniser was replaced

    asyncio.run(work())
    (journal,) = runs.glob(f"*/{JOURNAL}")
    replayed = CliRunner().invoke(main, ["replay", str(journal)])
    assert replayed.exit_code == 0, replayed.output
    assert "byte for byte" in replayed.output
