"""A journal that cannot be written is given up, and told of; it ends no call."""

import datetime
import io

import pytest

from engine.core.step import States, Step
from engine.events import TextReceived, ToolReturned
from engine.observe.journal import Header
from engine.session.chronicle import Chronicle

HEADER = Header(flow="f", version="1", fingerprint="x", started_at="", seed=0, turnwise="0")


def step(cause):
    states = States(user="IDLE", agent="IDLE", dialog="ask")
    return Step(seq=1, at=1, cause=cause, moves=(), notes=(), effects=(), states=states)


@pytest.mark.parametrize(
    ("cause", "encoding", "reason"),
    [
        (TextReceived(at=1, participant="c", text="Zürich"), "ascii", "UnicodeEncodeError"),
        (ToolReturned(at=1, call="t1", value=datetime.UTC), "utf-8", "TypeError"),
    ],
)
def test_what_cannot_be_written_ends_the_journal(cause, encoding, reason, caplog):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    chronicle = Chronicle(stream)
    chronicle.open(HEADER, ())
    chronicle.append(step(cause))
    chronicle.append(step(TextReceived(at=2, participant="c", text="later")))

    assert f"the journal ends at step 1: {reason}" in caplog.text
    assert b"later" not in stream.buffer.getvalue()


def test_a_header_that_cannot_be_written_means_no_journal(caplog):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    header = Header(flow="ü", version="1", fingerprint="x", started_at="", seed=0, turnwise="0")
    chronicle = Chronicle(stream)
    chronicle.open(header, ())
    chronicle.append(step(TextReceived(at=2, participant="c", text="later")))

    assert "there is no journal of this call: UnicodeEncodeError" in caplog.text
    assert stream.buffer.getvalue() == b""
