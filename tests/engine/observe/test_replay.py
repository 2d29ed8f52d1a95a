"""A journal lives its call once more, and whatever was changed in it is found."""

import io
from pathlib import Path

import pytest

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.dialog import Dialog
from engine.core.reload import move
from engine.errors import JournalError
from engine.events import Event
from engine.flow.loader import check_text
from engine.machine.compiler import compile_loaded
from engine.observe.journal import Header, JournalWriter, entries, line_of
from engine.observe.replay import differing_fields, replay
from engine.testing.flow_tests.call import TextCall
from engine.testing.flow_tests.world import Mocks
from engine.testing.golden import load_flow, run_session
from engine.testing.script import Script, read_script
from engine.testing.simulator import Simulator

ROOT = Path(__file__).parents[3]
GOLDEN = sorted((ROOT / "tests" / "golden").rglob("*.conversation.yaml"))
FLOW = load_flow(ROOT / "flows" / "book_table.yaml")
SCRIPT = Script.model_validate(
    {"flow": "x", "script": [{"at": 7_000, "user": "four people tomorrow", "lasts": 900}]}
)


def journal_of(flow, steps):
    """Return a journal as its lines."""
    stream = io.StringIO()
    header = Header(
        flow=flow.id,
        version=flow.version,
        fingerprint=flow.fingerprint,
        started_at="2026-05-01T12:00:00+02:00",
        seed=0,
        turnwise="0",
    )
    writer = JournalWriter(stream, header)
    for step in steps:
        writer.append(step)
    return stream.getvalue().split("\n")[:-1]


@pytest.mark.parametrize("path", GOLDEN, ids=[p.name.split(".")[0] for p in GOLDEN])
def test_every_golden_conversation_replays_to_itself(path):
    script = read_script(path)
    flow = load_flow(path.parent / script.flow)
    recorded = Simulator(flow, script).run()

    result = replay(Conversation(flow), entries(journal_of(flow, recorded))[1])

    assert result.difference is None
    assert result.steps == tuple(recorded)


@pytest.fixture(scope="module")
def lines():
    """The journal of a call through the whole session."""
    return journal_of(FLOW, run_session(FLOW, SCRIPT))


def relive(lines):
    return replay(Conversation(FLOW), entries(lines)[1])


def line_with(lines, text):
    return next(n for n, line in enumerate(lines) if text in line)


def test_a_call_through_the_session_replays_to_itself(lines):
    result = relive(lines)

    assert result.difference is None
    assert len(result.steps) == len(lines) - 1
    assert result.closed


def test_a_changed_effect_is_found_where_it_stands(lines):
    at = line_with(lines, "At what time?")
    changed = [*lines]
    changed[at] = changed[at].replace("At what time?", "When?")

    difference = relive(changed).difference

    assert difference.recorded.line == at + 1
    assert ("effects[0].text", '"When?"', '"At what time?"') in differing_fields(difference)


def test_words_put_into_the_callers_mouth_are_found_at_their_first_consequence(lines):
    at = line_with(lines, '"final":true')
    changed = [*lines]
    changed[at] = changed[at].replace("four people", "nine people", 1)

    difference = relive(changed).difference

    assert difference is not None
    assert difference.recorded.line >= at + 1


def test_a_line_that_is_missing_is_found(lines):
    changed = [*lines]
    del changed[5]

    difference = relive(changed).difference

    assert difference.recorded.line == 6
    assert differing_fields(difference)


def test_a_deadline_that_never_was_is_found(lines):
    at = line_with(lines, '"deadline"')
    changed = [*lines[: at - 3], lines[at]]

    difference = relive(changed).difference

    assert difference.replayed is None
    assert difference.waiting


def test_the_same_data_in_other_bytes_is_found(lines):
    changed = [*lines]
    changed[3] = changed[3].replace(":", ": ", 1)

    difference = relive(changed).difference

    assert difference.recorded.line == 4
    assert differing_fields(difference) == []


def test_a_journal_cut_short_replays_as_far_as_it_goes(lines):
    result = relive(lines[:8])

    assert result.difference is None
    assert not result.closed


def test_a_clock_that_was_further_than_the_event_says_is_followed():
    """An event may wait in the mailbox while deadlines are let fire for a later instant."""
    steps = run_session(FLOW, SCRIPT)
    conversation = Conversation(FLOW)
    late = []
    for step in steps:
        late += conversation.advance(step.at + 1)
        if isinstance(step.cause, Event):
            late += conversation.receive(step.cause)

    result = relive(journal_of(FLOW, late))

    assert result.difference is None


def test_equal_records_are_equal_bytes():
    assert line_of({"a": "ü", "b": [1, 2.5]}) == '{"a":"ü","b":[1,2.5]}'


class TestACallThatWentOnWithAnEditedFlow:
    """Its journal names the other version; a replay finds it by its fingerprint."""

    @pytest.fixture
    def edited(self):
        text = (ROOT / "flows" / "survey.yaml").read_text(encoding="utf-8")
        changed = text.replace("Goodbye.", "See you.")
        assert changed != text
        return compile_loaded(check_text(changed, str(ROOT / "flows" / "survey.yaml")))

    @pytest.fixture
    def call(self, edited):
        """The file was edited at the first question."""
        flow = load_flow(ROOT / "flows" / "survey.yaml")
        call = TextCall(flow, Mocks(flow, {}), make_dialog=Dialog)
        call.start()
        call.rest()
        call.go_on_with(edited)
        call.types("no")
        call.rest()
        assert call.said[-1].text == "See you."
        return call

    def test_it_replays_through_both(self, call, edited):
        flow = load_flow(ROOT / "flows" / "survey.yaml")
        asked = []

        def successor(conversation, fingerprint):
            asked.append(fingerprint)
            return move(snapshot.take(conversation), edited)

        recorded = entries(journal_of(flow, call.steps))[1]
        result = replay(Conversation(flow), recorded, successor)

        assert result.difference is None
        assert result.steps == tuple(call.steps)
        assert asked == [edited.fingerprint]

    def test_without_the_other_version_it_cannot_be_lived(self, call):
        flow = load_flow(ROOT / "flows" / "survey.yaml")

        with pytest.raises(JournalError, match="went on with another version"):
            replay(Conversation(flow), entries(journal_of(flow, call.steps))[1])
