"""Every step of a talk: when it holds, and what is told when it does not."""

from __future__ import annotations

import re
from functools import partial

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from engine.flow.model import Flow, TalkStep
from engine.machine.compiler import compile_flow
from engine.testing.flow_tests.call import TextCall
from engine.testing.flow_tests.replies import Replies
from engine.testing.flow_tests.runner import explain
from engine.testing.flow_tests.staged import StagedDialog
from engine.testing.flow_tests.talk import Reader, StepFailedError, Talk
from engine.testing.flow_tests.world import Mocks

HOLDS = {
    "agent, whole line": 'talk: [agent: Welcome to the desk., agent: "For how many?"]',
    "agent, pattern": "talk: [agent: /how many/]",
    "agent, said to its end": "talk: [agent: {says: /Welcome/, whole: true}]",
    "user, own words and parsers": "talk: [user: for three please, slots: {size: 3}, at: agree]",
    "user, declared": (
        "talk: [{user: hm, heard: {slots: {size: 2}}}, at: agree, "
        "{user: hm, heard: {answer: false}}, ended: hangup]"
    ),
    "user, nothing heard": "talk: [{user: three, heard: {}}, agent: Pardon?, at: ask]",
    "silence": "talk: [silence: 5s, agent: Hello?, silence: 5s, at: bye, ended: hangup]",
    "shorter silence": "talk: [silence: 4s, user: three, at: agree]",
    "interrupt": "talk: [interrupt: {at: 300ms, user: for three people}, at: agree]",
    "interrupt, then what is known": (
        "talk: [interrupt: {at: 300ms, user: for three people}, slots: {size: 3}]"
    ),
    "digression": (
        "talk: [user: when do you open, agent: /nine to five/, agent: /how many/, at: ask]"
    ),
    "emit": "talk: [emit: app.paid, agent: Thank you for paying., ended: hangup]",
    "emit of a timer": "talk: [emit: timer.tired, ended: hangup]",
    "wait for a timer": "mock: {find: {status: free}}\ntalk: [user: three, wait: 3s, at: agree]",
    "called with a mock": (
        "mock: {find: {status: full}}\n"
        "talk: [user: three, called: {find: {size: 3}}, agent: All full., ended: transfer]"
    ),
    "called, any arguments": "talk: [user: three, called: {find: {}}]",
    "successive answers": (
        "mock: {find: [{error: down}, {status: free}]}\ntalk: [user: three, agent: Sorry.]"
    ),
    "time limit": "mock: {find: {error: timeout}}\ntalk: [user: three, agent: Sorry.]",
    "write": (
        "mock: {book: B1}\ntalk: [user: three, user: 'yes', called: {book: {size: 3}}, "
        "ended: hangup]"
    ),
    "transfer that fails": (
        "mock: {transfer: {error: busy}}\ntalk: [user: seven, agent: Nobody is there., at: bye]"
    ),
    "mocked sub-flow": (
        "mock: {hours: {}}\ntalk: [user: when do you open, agent: /how many/, at: ask]"
    ),
    "the clock": 'now: "2026-12-24T18:00"\ntalk: [agent: /Welcome/]',
}


@pytest.mark.parametrize("text", HOLDS.values(), ids=HOLDS.keys())
def test_a_step_that_holds(play, text: str) -> None:
    outcome = play(text)

    assert outcome.failure is None, outcome.failure


FAILS = {
    "talk: [agent: Goodbye.]": ('the agent to say "Goodbye."', "Welcome to the desk."),
    "talk: [agent: Welcome]": ('the agent to say "Welcome"', "Welcome to the desk."),
    "talk: [agent: /Welcome/, agent: /Welcome/]": ("the agent to say /Welcome/", "For how many?"),
    "talk: [at: agree]": ("the conversation to be at `agree`", "at `ask` since 0.000 s (begin)"),
    "talk: [user: three, called: {find: {size: 4}}]": ("with size=4", "find(size=3)"),
    "talk: [user: three, called: {book: {}}]": ("a call of `book`", "no call of `book` since"),
    "talk: [user: three, slots: {size: 4}]": ("the slots size=4", "size=3"),
    "talk: [slots: {size: 4}]": ("the slots size=4", "size=empty"),
    "talk: [ended: hangup]": ("the call to be over (hangup)", "it is at `ask`"),
    "talk: [emit: app.paid, ended: transfer]": ("end with transfer", "ended with hangup"),
    "talk: [emit: app.paid, user: hello]": ("caller to be able to speak", "the call is over"),
    "talk: [agent: /how/, interrupt: {at: 9s, user: x}]": (
        "speech that lasts 9 s",
        "stops after",
    ),
    "talk: [{user: x, heard: {slots: {code: A}}}]": (
        "can be heard",
        "slots.code, which is not in scope in `ask`",
    ),
    "talk: [{user: x, heard: {slots: {size: many}}}]": (
        "can be heard",
        "slots.size, which is not in scope in `ask`, or not of its type",
    ),
    "talk: [user: three, user: 'yes', at: bye]": ("(TW903)", "`book`, which changes the world"),
    "talk: [at: agre]": ("names of this flow", "no state named `agre`"),
    "mock: {fnd: 3}\ntalk: [at: ask]": ("names of this flow", "no tool or sub-flow named `fnd`"),
    "inputs: {x: 3}\ntalk: [at: ask]": ("names of this flow", "no input named `x`"),
    "talk: [slots: {sise: 3}]": ("names of this flow", "no slot named `sise`"),
    "talk: [{user: x, heard: {intent: y}}]": ("names of this flow", "no intent named `y`"),
}


@pytest.mark.parametrize(("text", "told"), FAILS.items())
def test_a_step_that_does_not_hold(play, text: str, told: tuple[str, str]) -> None:
    """The failure says what was expected, and what was found instead."""
    failure = play(text).failure

    assert failure is not None
    assert told[0] in failure.expected
    assert told[1] in failure.found


def test_a_part_of_a_line_gets_a_hint(play) -> None:
    assert "stands between slashes" in play("talk: [agent: Welcome]").failure.help


def test_a_line_that_was_cut_is_not_whole(play) -> None:
    failure = play(
        "talk: [interrupt: {at: 300ms, user: for three people}, "
        "agent: {says: /Welcome/, whole: true}]"
    ).failure

    assert failure.found == '"Welcome to the desk." was cut'


def test_lines_said_before_the_last_thing_that_happened_do_not_count(play) -> None:
    failure = play("talk: [user: three, agent: /Welcome/]").failure

    assert failure.help == "it was said earlier, before the last thing that happened"


def test_the_same_test_gives_the_same_steps(play) -> None:
    text = "mock: {book: B1}\ntalk: [user: three, user: 'yes', ended: hangup]"

    assert play(text).steps == play(text).steps


FREE = """\
turnwise: 1
flow: free
start: talk
slots: {size: {type: integer, ask: "For how many?"}}
handle: {no_match: {to: bye}, no_input: {to: bye}, error: {to: bye}}
states:
  talk: {converse: Find out for how many., fills: [size], max_turns: 3, then: bye}
  bye: {say: "For {{ slots.size }}.", end: hangup}
tests:
  told:
    talk:
      - agent: For how many?
      - user: we are a few
        model: How nice. And how many is that?
      - agent: How nice. And how many is that?
      - at: talk
      - {user: well four of us, heard: {slots: {size: 4}}}
      - agent: For 4.
      - ended: hangup
"""


def test_free_talk_goes_on_by_what_is_declared_as_heard() -> None:
    """No model takes part: its words are written, what it would report is `heard`."""
    model = Flow.model_validate(YAML(typ="safe").load(FREE))
    flow, reader = compile_flow(model), Reader()
    replies = Replies(None, lambda: call.own_question())
    dialog = partial(StagedDialog, read=reader)
    call = TextCall(flow, Mocks(flow, {}), make_dialog=dialog, model=replies)
    talk = Talk(call, reader, replies)
    call.start()

    for step in model.tests["told"].talk:
        talk.play(step)
    talk.finish()


SHOP = """\
turnwise: 1
flow: shop
start: talk
slots:
  size: {type: [small, large], ask: "Small or large?"}
  name: {type: text, ask: "A {{ slots.size }} one for whom?"}
tools:
  price: {use: "python:shop.price", args: {size: text}, returns: integer}
handle: {no_match: {to: bye}, no_input: {to: bye}, error: {say: "Sorry.", to: bye}}
states:
  talk:
    converse: Sell a pizza.
    fills: [size, name]
    tools: [price]
    max_turns: 5
    then: bye
  bye: {say: "Goodbye.", end: hangup}
"""


def shop(talk: str) -> list[str]:
    """What the agent says in a talk; raises what fails it."""
    model = Flow.model_validate(YAML(typ="safe").load(f"{SHOP}tests:\n  one:\n    {talk}"))
    test = model.tests["one"]
    flow, reader = compile_flow(model), Reader()
    replies = Replies(test.mock.get("model"), lambda: call.own_question())
    dialog = partial(StagedDialog, read=reader)
    call = TextCall(flow, Mocks(flow, test.mock), make_dialog=dialog, model=replies)
    talked = Talk(call, reader, replies)
    call.start()
    for step in test.talk:
        talked.play(step)
    talked.finish()
    return [line.text for line in call.said]


class TestWhatAModelReplies:
    """It is written beside the turn, or under `mock`, or else what the author would ask."""

    def test_a_tool_it_asks_for_really_runs_or_is_mocked(self) -> None:
        told = shop(
            "mock: {price: 11}\n    talk: [{user: what is a large one, model: "
            "[{says: Let me see., calls: {price: {size: large}}}, It is eleven euros.]}, "
            "called: {price: {size: large}}, agent: It is eleven euros., at: talk]"
        )

        assert told[1:] == ["Let me see.", "It is eleven euros."]

    def test_replies_to_all_other_turns_stand_under_mock(self) -> None:
        told = shop(
            "mock: {model: [Good evening., What else?]}\n"
            "    talk: [user: hm, {user: hm, model: Just this once.}, user: hm, agent: What else?]"
        )

        assert told == ["Good evening.", "What else?", "Just this once.", "What else?"]

    def test_where_none_is_written_the_author_asks(self) -> None:
        told = shop(
            "talk: [{user: hm, heard: {slots: {size: large}}}, "
            "{user: hm, heard: {}}, agent: /whom/]"
        )

        assert told == ["Small or large?", "A large one for whom?", "A large one for whom?"]

    def test_one_that_fails_is_an_error_of_the_call(self) -> None:
        assert shop("talk: [{user: hm, model: {error: down}}, agent: /./]")[1:2] != [
            "Small or large?"
        ]

    def test_one_may_fail_in_its_middle(self) -> None:
        told = shop("talk: [{user: hm, model: {says: A large one., error: down}}, agent: Sorry.]")

        assert told[1:3] == ["A large one.", "Sorry."]

    def test_one_that_never_begins_runs_into_its_time_limit(self) -> None:
        told = shop("talk: [{user: hm, model: {error: timeout}}, wait: 5s, at: bye]")

        assert told[1:] == ["Sorry.", "Goodbye."]

    @pytest.mark.parametrize(
        ("talk", "expected"),
        [
            ("[{user: hm, heard: {slots: {size: small, name: Ann}}, model: Well.}]",
             "the model's reply"),
            ("[{user: hm, model: [One., Two.]}]", "the model's reply"),
            ("[{user: hm, model: [One., Two., Three.]}, user: hm]", "2 more replies of the model"),
        ],
    )  # fmt: skip
    def test_what_is_written_and_never_said_fails_the_test(self, talk: str, expected: str) -> None:
        with pytest.raises(StepFailedError) as failed:
            shop(f"talk: {talk}")

        assert failed.value.expected == expected
        assert "no model is asked for it" in failed.value.found


@pytest.mark.parametrize("model", ["{}", "{calls: {}}", "[{}]", "{says: 3}", "{speaks: a}"])
def test_a_reply_says_asks_or_fails(model: str) -> None:
    with pytest.raises(ValidationError):
        TalkStep.model_validate(YAML(typ="safe").load(f"{{user: hm, model: {model}}}"))


def test_a_reply_stands_beside_a_turn() -> None:
    with pytest.raises(ValidationError, match="`model` stands beside `user`"):
        TalkStep.model_validate({"silence": "2s", "model": "Well."})


def test_an_event_of_which_nothing_comes_is_named(play) -> None:
    failure = play("talk: [emit: app.unknown, agent: Thanks.]").failure

    assert failure.help == "nothing came of `app.unknown` in `ask`"


def test_what_happened_carries_the_numbers_of_the_steps_that_let_it_happen(play) -> None:
    told = explain(play("talk: [user: three, at: agree, silence: 5s, agent: never said]"))

    numbered = [line.split()[0] for line in told.splitlines() if re.match(r" +\d +\d+\.\d", line)]
    assert numbered == ["1", "3"]
