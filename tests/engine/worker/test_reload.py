"""Whether an edit is noticed, and told once."""

from __future__ import annotations

import os
from pathlib import Path

from engine.worker.reload import FlowWatch

FLOW = """\
turnwise: 1
flow: desk
start: ask
slots:
  size: {type: [small, large], ask: Which size?}
  day: {type: date, ask: Which day?}
vars: {count: {type: integer, default: 1}}
timers: {tired: 10s}
listen: {silence: 60s, no_input: [Hello?]}
handle: {no_input: {to: bye}, no_match: {to: bye}, timer.tired: {say: I am tired., to: bye}}
states:
  ask: {collect: [size, day], then: bye}
  bye: {say: "Goodbye.", end: hangup}
"""


def test_a_watch_tells_an_edit_once(tmp_path: Path) -> None:
    path = tmp_path / "desk.yaml"
    path.write_text(FLOW, encoding="utf-8")
    watch = FlowWatch(path)
    assert watch.changed() is None

    path.write_text(FLOW.replace("Goodbye", "Good day"), encoding="utf-8")
    os.utime(path, (2e9, 2e9))
    change = watch.changed()

    assert change is not None
    assert change.flow is not None
    assert watch.changed() is None


def test_a_watch_sees_sub_flows(tmp_path: Path) -> None:
    inner = tmp_path / "hours.yaml"
    inner.write_text(
        "turnwise: 1\nflow: hours\nstart: tell\nstates:\n"
        "  tell: {say: From nine to five., then: done}\n  done: {end: return}\n",
        encoding="utf-8",
    )
    path = tmp_path / "desk.yaml"
    text = FLOW.replace("start: ask\n", "start: ask\nflows: {hours: ./hours.yaml}\n").replace(
        "handle: {", "handle: {dtmf.1: {call: hours}, "
    )
    path.write_text(text, encoding="utf-8")
    watch = FlowWatch(path)

    inner.write_text(inner.read_text().replace("nine", "ten"), encoding="utf-8")
    os.utime(inner, (2e9, 2e9))

    assert watch.changed() is not None
