"""A journal that is damaged, edited or none at all: told with file and line, in words."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.cli.replay import command, replay
from engine.cli.timeline import command as timeline_command
from engine.errors import JournalError
from engine.observe.journal import Header, JournalWriter, line_of
from engine.testing.golden import load_flow
from engine.testing.script import read_script
from engine.testing.simulator import Simulator

GOLDEN = Path(__file__).parents[2] / "golden" / "hello"
SCRIPT = sorted(GOLDEN.glob("*.conversation.yaml"))[0]
FLOW = (SCRIPT.parent / read_script(SCRIPT).flow).resolve()


def recorded():
    script, flow = read_script(SCRIPT), load_flow(FLOW)
    stream = io.StringIO()
    header = Header(
        flow=flow.id,
        version=flow.version,
        fingerprint=flow.fingerprint,
        started_at=script.now,
        seed=script.seed,
        turnwise="0.1",
        source=str(FLOW),
    )
    writer = JournalWriter(stream, header)
    for step in Simulator(flow, script).run():
        writer.append(step)
    return stream.getvalue()


GOOD = recorded()
LINES = GOOD.splitlines(keepends=True)


def written(folder, content):
    path = folder / "journal.jsonl"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content, encoding="utf-8")
    return path


def without(number):
    return "".join(LINES[: number - 1] + LINES[number:])


def with_line(number, text):
    return "".join([*LINES[: number - 1], text + "\n", *LINES[number:]])


def edited(number, name, value):
    return with_line(number, line_of({**json.loads(LINES[number - 1]), name: value}))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", ":1: the journal is empty: nothing was recorded"),
        (LINES[0][:20], ":1: the header was cut off; nothing was recorded"),
        (bytes(range(256)), ": it holds no text"),
        ('{"a": 1}\n', ":1: this is no journal: the first line is not its header"),
        ("[]\n", ":1: every line of a journal is an object, and this is a list"),
        (GOOD.replace('"journal":1', '"journal":7', 1), ":1: this journal is of format 7"),
        (with_line(4, "{oops"), ":4: this is no JSON: expecting property name"),
        (with_line(4, '{"seq":3}'), ":4: no step of a journal: 'event' is missing"),
        (edited(5, "seq", None), ":5: `seq` of Step cannot be read: it is no whole number"),
        (edited(5, "seq", True), ":5: `seq` of Step cannot be read"),
        (edited(5, "at", "x"), ":5: `at` of Step cannot be read"),
        (edited(5, "at", 10**400), ":5: this JSON cannot be read: it holds a number of 401 digits"),
        (edited(5, "moves", None), ":5: `moves` of Step cannot be read: it is no list"),
        (edited(5, "effects", {"a": 1}), ":5: `effects` of Step cannot be read: it is no list"),
        (edited(5, "effects", ["x"]), ":5: 'x' is no event or effect"),
        (edited(5, "event", [["type", "x"]]), ":5: [['type', 'x']] is no event or effect"),
        (edited(5, "event", {"type": []}), ":5: [] is no event or effect"),
        (GOOD.replace("PlayoutStarted", "PlayoutBegun", 1), "did you mean PlayoutStarted?"),
        (GOOD.replace('"participant"', '"who"', 1), ":3: `participant` of ParticipantJoined"),
        (GOOD.replace('"seed":', '"sead":', 2).replace('"sead":', '"seed":', 1), ":2: `seed` of"),
        (GOOD.replace('"data":{"turn":', '"data":{"tern":', 1), "note `turn` is missing"),
        (GOOD.replace('"data":{"turn":"u1"', '"data":{"turn":{}', 1), "it is no text"),
        (
            GOOD.replace('"started_at":"2026', '"started_at":"noon', 2).replace("noon", "2026", 1),
            ":2: this step cannot be lived: ValueError",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path, content, told):
    path = written(tmp_path, content)

    with pytest.raises(JournalError) as failure:
        replay(path, None, False, io.StringIO())

    assert str(path) in str(failure.value)
    assert told in str(failure.value)


@pytest.mark.parametrize("read", [command, timeline_command])
def test_a_file_that_is_not_there_and_a_folder_are_told(tmp_path, read):
    folder = CliRunner().invoke(read, [str(tmp_path)])
    assert folder.exit_code == 2
    assert "is a directory" in folder.output

    missing = CliRunner().invoke(read, [str(tmp_path / "none.jsonl")])
    assert isinstance(missing.exception, JournalError)
    assert "cannot read" in str(missing.exception)
    assert "none.jsonl" in str(missing.exception)


@pytest.mark.parametrize(
    ("line", "told"),
    [("{oops", "this is no JSON"), (edited(4, "at", "x").split("\n")[3], "`at` of Step")],
)
def test_the_timeline_tells_the_place_as_well(tmp_path, line, told):
    path = written(tmp_path, with_line(4, line))

    result = CliRunner().invoke(timeline_command, [str(path)])

    assert str(result.exception).startswith(f"{path}:4: {told}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (GOOD[:-9], "The last line was cut off when the call was killed; it was left out."),
        (LINES[0], "The journal holds no step"),
        (GOOD, "are byte for byte the recorded ones"),
    ],
)
def test_a_call_that_was_killed_replays_as_far_as_it_was_written(tmp_path, content, told):
    out = io.StringIO()

    assert replay(written(tmp_path, content), None, False, out) == 0
    assert told in out.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (without(5), "line 5, step 5"),
        (GOOD.replace('"complete":true', '"complete":false', 1), "is the first that differs"),
        (with_line(2, LINES[1].rstrip().replace('":', '": ')), "written in other bytes"),
    ],
)
def test_what_was_edited_is_the_first_difference(tmp_path, content, told):
    out = io.StringIO()

    assert replay(written(tmp_path, content), None, False, out) == 1
    assert told in out.getvalue()


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    place=st.integers(0, len(GOOD) - 1),
    length=st.sampled_from([0, 1, 2, 40, 4_000]),
    text=st.one_of(
        st.sampled_from(['"', "{", "}", "[", "null", "-1", "1e999", "\n", "9" * 5_000]),
        st.text(max_size=6),
    ),
)
def test_no_damage_leads_to_anything_but_a_verdict(tmp_path, place, length, text):
    damaged = (GOOD[:place] + text + GOOD[place + length :]).encode("utf-8", "replace")

    try:
        verdict, told = replay(written(tmp_path, damaged), FLOW, True, io.StringIO()), ""
    except JournalError as error:
        verdict, told = 2, str(error)

    assert verdict in (0, 1) or str(tmp_path) in told or "fingerprint" in told


def _on(tmp_path, flow, *options):
    journal = written(tmp_path, GOOD)
    return CliRunner().invoke(command, [str(journal), "--flow", str(flow), *options]).exception


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_a_flow_that_cannot_be_read_is_told_as_that(tmp_path, options):
    missing, scrap = tmp_path / "none.yaml", tmp_path / "scrap.yaml"
    scrap.write_bytes(b"\xff\xfe\x00")

    assert str(_on(tmp_path, missing, *options)) == (
        f"cannot read the flow `{missing}`: there is no such file"
    )
    assert "it is not UTF-8 text" in str(_on(tmp_path, scrap, *options))


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_a_flow_with_errors_is_no_flow_to_replay_on(tmp_path, options):
    flow = tmp_path / "broken.yaml"
    flow.write_text("turnwise: 1\nflow: hello\n", encoding="utf-8")

    told = str(_on(tmp_path, flow, *options))

    assert told.startswith(f"no call can be replayed on {flow}: ")
    assert told.endswith(f"turnwise validate {flow}")
    assert "--force" not in told
