"""A call that goes on takes up its edited flow at a stable point, or says why not."""

import asyncio
import logging
from functools import partial

import pytest

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.reload import move
from engine.effects import Say
from engine.events import FlowReplaced
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.pipeline.pipeline import Services
from engine.session.grammars import recognition_context
from providers.errors import ProviderUnavailable
from providers.scripted import (
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedTurnDetector,
    ScriptedVad,
)

RATE = 48_000
FLOW = """
turnwise: 1
flow: desk
version: 1.0.0
start: ask
slots:
  size: {type: [small, large], ask: "Which size?"}
  name: {type: text, ask: "On what name?"}
tools: {book: {use: "python:desk.book", args: {size: text}, timeout: 20s}}
handle: {error: {say: "Sorry.", to: bye}, app.book: {to: book}}
states:
  ask: {collect: [size, name], then: bye}
  book: {run: book, args: {size: slots.size}, then: bye}
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
"""


@pytest.fixture
def run_call(run_call):
    """Run a call whose tool is at hand."""

    async def book(size):
        await asyncio.sleep(5)

    return partial(run_call, functions={"python:desk.book": book})


@pytest.fixture
def flow(compile_text):
    return compile_text(FLOW)


@pytest.fixture
def edited(compile_text):
    """Return an edited version."""

    def edit(old="Goodbye", new="See you", version="1.1.0"):
        assert old in FLOW
        return compile_text(FLOW.replace(old, new).replace("1.0.0", version))

    return edit


def said(call):
    return [effect.text for effect in call.effects(Say)]


def offer(flow, outcomes, services=Services):
    """What happens at an instant: the running call is offered this flow."""
    return lambda call: call.session.go_on_with(flow, services, outcomes.append)


def test_the_call_goes_on_with_the_new_version_where_it_stands(run_call, flow, edited):
    outcomes = []
    call = run_call(
        flow,
        at={
            4: lambda c: c.caller.type("large"),
            6: offer(edited(), outcomes),
            8: lambda c: c.caller.type("ann"),
        },
    )

    assert said(call) == ["Which size?", "On what name?", "See you Ann."]
    assert [(outcome.kind, outcome.why) for outcome in outcomes] == [("taken", "")]
    (replaced,) = call.causes(FlowReplaced)
    assert (replaced.at, replaced.version) == (6_000, "1.1.0")
    assert ("flow", {"id": "desk", "version": "1.1.0"}) in call.caller.published


def test_an_edit_while_the_agent_speaks_lets_the_line_play_to_its_end(run_call, flow, edited):
    outcomes = []
    call = run_call(
        flow,
        at={
            0.5: offer(edited("Which size?", "What size?"), outcomes),
            4: lambda c: c.caller.type("large"),
            6: lambda c: c.caller.type("ann"),
        },
    )

    heard = [note for note in call.notes("heard") if note["text"] == "Which size?"]
    assert [note["complete"] for note in heard] == [True]
    assert outcomes[0].kind == "taken"


def test_while_a_tool_works_it_waits_and_says_so_once(run_call, flow, edited):
    outcomes = []

    call = run_call(
        flow,
        at={
            3: lambda c: c.caller.type("large"),
            4: lambda c: c.session.raise_event("app.book"),
            5: offer(edited(), outcomes),
            6: lambda c: c.caller.press("1"),
        },
    )

    assert [outcome.kind for outcome in outcomes] == ["waits", "taken"]
    assert outcomes[0].why == "tool `book` is at work"
    assert said(call)[-1] == "Goodbye ."  # the result led straight to the end, on the old version


def test_what_waited_is_taken_as_soon_as_the_tool_has_answered(run_call, compile_text):
    text = FLOW.replace(
        "args: {size: slots.size}, then: bye", "args: {size: slots.size}, then: ask"
    )
    outcomes = []

    call = run_call(
        compile_text(text),
        at={
            3: lambda c: c.caller.type("large"),
            4: lambda c: c.session.raise_event("app.book"),
            5: offer(compile_text(text.replace("Goodbye", "See you")), outcomes),
            12: lambda c: c.caller.type("ann"),
        },
    )

    assert [outcome.kind for outcome in outcomes] == ["waits", "taken"]
    assert call.causes(FlowReplaced)[0].at == 9_000
    assert said(call)[-1] == "See you Ann."


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[small, large]", "[small, huge]", "slot `size` is 'large', expected one of small, huge"),
        ("python:desk.book", "python:no_such_module.book", "no_such_module"),
    ],
)
def test_what_cannot_go_on_is_refused_and_the_call_ends_on_its_version(
    run_call, flow, edited, old, new, why
):
    outcomes = []
    call = run_call(
        flow,
        at={
            3: lambda c: c.caller.type("large"),
            4: offer(edited(old, new), outcomes),
            5: lambda c: c.caller.type("ann"),
        },
    )

    assert [outcome.kind for outcome in outcomes] == ["refused"]
    assert why in outcomes[0].why
    assert call.causes(FlowReplaced) == []
    assert said(call)[-1] == "Goodbye Ann."


def test_only_the_latest_of_several_edits_counts(run_call, flow, edited):
    outcomes = []

    def both(call):
        offer(edited("Goodbye", "Adieu", "1.1.0"), outcomes)(call)
        offer(edited("Goodbye", "So long", "1.2.0"), outcomes)(call)

    call = run_call(
        flow,
        at={3: lambda c: c.caller.type("large"), 4: both, 5: lambda c: c.caller.type("ann")},
    )

    assert [outcome.flow.version for outcome in outcomes] == ["1.2.0"]
    assert said(call)[-1] == "So long Ann."


def test_the_journal_replays_through_both_versions(run_call, flow, edited):
    new = edited("Goodbye", "See you")
    call = run_call(
        flow,
        at={
            3: lambda c: c.caller.type("large"),
            4: offer(new, []),
            5: lambda c: c.caller.type("ann"),
        },
    )
    lines = call.journal.getvalue().splitlines()
    result = replay(
        Conversation(flow),
        entries(lines)[1],
        lambda conversation, _: move(snapshot.take(conversation), new),
    )

    assert result.difference is None
    assert len(result.steps) == len(call.session.steps)


class TestTheRecogniser:
    """It knows the words of one version of a flow."""

    @staticmethod
    def services(first):
        """Two stretches of speech; the second after the edit."""
        return Services(
            vad=ScriptedVad([(3.0, 4.0), (9.0, 10.0)], sample_rate=RATE),
            stt=first,
            turn_detector=ScriptedTurnDetector(),
            tts=ScriptedSynthesizer(sample_rate=RATE),
        )

    @staticmethod
    def call(run_call, flow, new, first, second, at=6):
        def services():
            second.context = recognition_context(new)
            return Services(stt=second)

        at_ = {at: offer(new, [], services), 15: lambda c: c.caller.leave()}
        return run_call(flow, services=TestTheRecogniser.services(first), at=at_)

    def test_it_is_replaced_where_the_words_changed(self, run_call, flow, edited):
        first = ScriptedRecognizer(["large", "nobody hears this"], sample_rate=RATE)
        second = ScriptedRecognizer(["ann"], sample_rate=RATE)
        new = edited("[small, large]", "[small, large, huge]")
        call = self.call(run_call, flow, new, first, second)

        assert said(call)[-1] == "Goodbye Ann."
        assert first.closed
        assert second.expected  # what the state expects was told to it
        assert "huge" in str(second.context.grammars)

    def test_it_stays_where_they_did_not(self, run_call, flow, edited):
        first = ScriptedRecognizer(["large", "ann"], sample_rate=RATE)
        second = ScriptedRecognizer(sample_rate=RATE)
        call = self.call(run_call, flow, edited(), first, second)

        assert said(call)[-1] == "See you Ann."
        assert not second.opened

    def test_in_the_middle_of_a_word_the_old_one_hears_it_out(self, run_call, flow, edited):
        first = ScriptedRecognizer(["large"], sample_rate=RATE)
        second = ScriptedRecognizer(["ann"], sample_rate=RATE)
        new = edited("[small, large]", "[small, large, huge]")
        call = self.call(run_call, flow, new, first, second, at=3.5)

        assert said(call)[-1] == "Goodbye Ann."

    def test_one_that_cannot_start_leaves_the_old_one_at_work(self, run_call, flow, edited, caplog):
        caplog.set_level(logging.WARNING)
        first = ScriptedRecognizer(["large", "ann"], sample_rate=RATE)
        second = ScriptedRecognizer(open_error=ProviderUnavailable("no licence"))
        new = edited("[small, large]", "[small, large, huge]")
        call = self.call(run_call, flow, new, first, second)

        assert said(call)[-1] == "Goodbye Ann."
        assert "no licence" in caplog.text
