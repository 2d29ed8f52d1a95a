"""Free talk: the model speaks and reports, the engine decides, and nothing is silent or stuck."""

from __future__ import annotations

from typing import Any

import pytest

from engine.core.talking import FIRST_TOKEN, MAX_ROUNDS, TOKEN_GAP, WHOLE_REPLY
from engine.effects import CallTool, CancelReply, CancelTool, StartReply, Understand
from engine.events import (
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
)
from engine.flow.templates import Template
from engine.machine.compiled import CompiledFlow
from tests.engine.core.flow_kit import (
    State,
    Talk,
    collect,
    converse,
    end,
    intent,
    make_flow,
    say,
    slot,
    to,
    tool,
    type_,
)

MODEL = {"llm": {"use": "scripted"}}


def pizza(verb: Any = None, handle: Any = None, **more: Any) -> CompiledFlow:
    verb = verb or converse(fills=("size", "name"), tools=("price",))
    states = {
        "talk": State(verb, then="done", handle=handle, **more),
        "done": State(collect("day"), then="bye"),
        "bye": State(end(), text="Bye."),
    }
    return make_flow(
        states,
        slots=[
            slot("size", "small|large", words={"large": ("large",), "small": ("small",)}),
            slot("name"),
            slot("day", "date"),
        ],
        intents=[intent("asks_parking", "where can i park")],
        tools=[tool("price", args={"size": type_("small|large")})],
        pipeline=MODEL,
    )


class Chat(Talk):
    """A dialog whose model is played by hand."""

    def model(self, *pieces: Any, finish: bool = True) -> list[str]:
        """Let the latest reply go on: text, a report (dict) or a tool call (tuple)."""
        reply, said = self.replies[-1].reply, []
        said += self.do(self.dialog.replied, ReplyStarted(at=self.at, reply=reply))
        for piece in pieces:
            if isinstance(piece, str):
                event: Any = ReplyDelta(at=self.at, reply=reply, text=piece)
            elif isinstance(piece, dict):
                event = ReplyReported(at=self.at, reply=reply, report=piece)
            else:
                name, args = piece
                event = ReplyToolCalled(at=self.at, reply=reply, id="c", tool=name, args=args)
            said += self.do(self.dialog.replied, event)
        if finish:
            said += self.do(self.dialog.replied, ReplyFinished(at=self.at, reply=reply))
        return said

    @property
    def known(self) -> dict[str, Any]:
        return dict(self.slots["$map"])

    @property
    def replies(self) -> list[StartReply]:
        return self.of(StartReply)


# --- who speaks ----------------------------------------------------------------------------------


def test_the_model_opens_the_talk_unless_the_author_does() -> None:
    opened, greeted = Chat(pizza()), Chat(pizza(text="Hello."))

    assert [r.turn for r in opened.replies] == [""]
    assert opened.replies[0].report == {}, "there is nothing to report yet"
    assert opened.dialog.busy
    assert (greeted.replies, greeted.said, greeted.dialog.waiting) == ([], ["Hello."], True)


def test_sentences_are_spoken_as_they_come() -> None:
    chat = Chat(pizza())

    assert chat.model("Hello.", "What may it be?", finish=False) == ["Hello.", "What may it be?"]
    assert chat.mouth.lines[-1] == ("What may it be?", "reply")


def test_a_turn_is_answered_with_all_that_was_said_and_a_strict_report() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")

    chat.user("hmm let me think")

    reply = chat.replies[-1]
    assert reply.turn == "u1"
    assert {"role": "assistant", "text": "What may it be?"} in reply.history
    assert set(reply.report["properties"]["slots"]["properties"]) == {"size", "name"}
    assert "off_topic" not in reply.report["properties"]["intent"]["enum"]
    assert [t["name"] for t in reply.tools] == ["price"]
    assert "Still to find out:" in reply.instructions


def test_the_persona_comes_from_outside_in() -> None:
    flow = pizza(instructions=(Template("You are Luigi."), Template("Be brief.")))

    text = Chat(flow).replies[0].instructions

    assert text.index("You are Luigi.") < text.index("Be brief.") < text.index("Have a chat.")


# --- what is understood --------------------------------------------------------------------------


def test_words_settle_before_the_model_is_asked() -> None:
    chat = Chat(pizza(handle={"intent.asks_parking": to("done")}))
    chat.model("What may it be?")

    chat.user("where can I park")

    assert chat.state == "done"
    assert len(chat.replies) == 1


def test_a_report_that_completes_the_state_moves_on_and_drops_what_is_unheard() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("hmm")

    chat.model("Fine.", {"slots": {"size": "large", "name": "Ann"}}, finish=False)

    assert chat.state == "done"
    assert chat.of(CancelReply)[-1].reply == "r2"
    assert chat.mouth.retracted[-1] == "a.2"
    assert chat.known["name"] == "Ann"


def test_a_reply_without_a_report_is_understood_beside_it() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("something big for ann")

    chat.model("A large one, then.")

    (asked,) = chat.of(Understand)
    assert (asked.turn, asked.text) == ("u1", "something big for ann")
    assert chat.reported("u1", slots={"size": "large", "name": "Ann"}) == ["Day?"]
    assert chat.state == "done"


def test_what_the_model_reports_out_of_scope_is_not_heard() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("hmm")

    chat.model("Well.", {"slots": {"size": "huge", "day": "2026-05-02"}, "intent": "off_topic"})

    assert chat.state == "talk"
    assert chat.known["size"] is None
    assert len(chat.replies) == 2, "it has answered already"


def test_a_model_that_only_reports_is_let_talk_again() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("hmm")

    chat.model({"slots": {"size": "large"}})

    third = chat.replies[2]
    assert (third.turn, third.report) == ("u1", {})
    assert third.history[-1]["name"] == "report"
    assert "size: large" in third.instructions


def test_until_is_judged_after_a_turn_and_not_before() -> None:
    chat = Chat(pizza(converse(fills=("size",), until="slots.size == null or slots.size != null")))

    assert chat.state == "talk"
    chat.model("What may it be?")
    chat.user("large")
    assert chat.state == "done"


def test_an_until_that_cannot_be_judged_is_false_and_told() -> None:
    chat = Chat(pizza(converse(until="slots.size > 3"), handle={"error.flow": to("STAY")}))
    chat.model("What may it be?")

    chat.user("large")

    assert chat.state == "talk"


def test_the_last_turn_is_understood_and_then_no_match() -> None:
    chat = Chat(pizza(converse(fills=("name",), max_turns=1), handle={"no_match": to("bye")}))
    chat.model("Your name?")

    chat.user("well it depends on who is asking")

    assert chat.of(Understand)
    assert len(chat.replies) == 1
    assert chat.reported("u1", slots={"name": None}) == ["Bye."]
    assert chat.dialog.ended


def test_the_same_words_in_the_same_state_are_not_asked_about_twice() -> None:
    chat = Chat(pizza(converse(fills=("name",), until="false")))
    chat.model("Yes?")
    chat.user("it is me again, Ann")
    chat.model("Hm.", {"slots": {"name": "Ann"}})
    asked = len(chat.of(Understand))
    restored = Chat(chat.flow, begin=False)
    restored.dialog.from_dict(chat.dialog.to_dict())
    restored.turns = 5

    restored.user("It is me again, Ann!")

    assert restored.known["name"] == "Ann"
    assert len(restored.of(Understand)) + asked == asked


# --- handlers and digressions --------------------------------------------------------------------


def test_a_handler_speaks_and_the_model_goes_on() -> None:
    chat = Chat(pizza(handle={"intent.asks_parking": to("STAY", say("Next door."))}))
    chat.model("What may it be?")

    assert chat.user("where can I park") == ["Next door."]

    assert "intent" not in chat.replies[-1].report["properties"], "its handler has run"
    assert len(chat.replies) == 2


# --- tools ---------------------------------------------------------------------------------------


def test_a_tool_is_called_with_typed_arguments_and_its_result_is_told() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("what is a large one")

    chat.model("Let me look.", ("price", {"size": "large"}))
    assert chat.dialog.busy
    chat.returned(chat.calls[0].call, 12)

    assert chat.calls[0].args == {"size": "large"}
    told = next(m for m in chat.replies[-1].history if m["role"] == "tool")
    assert (told["role"], told["name"], told["output"]) == ("tool", "price", "12")
    assert chat.model("Twelve euros.") == ["Twelve euros."]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("price", {"size": "huge"}), "'size' must be one of small, large"),
        (("price", {"size": "large", "x": 1}), "there is no argument 'x'"),
        (("drop_table", {}), "no such tool"),
    ],
)
def test_what_no_tool_takes_is_told_and_not_run(call: Any, told: str) -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("hmm hmm")

    chat.model(call)

    assert chat.calls == []
    assert told in chat.replies[-1].history[-1]["output"]


def test_a_tool_that_fails_is_told_without_its_reason() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("what is a large one")
    chat.model(("price", {"size": "large"}))

    chat.returned(chat.calls[0].call, error="ConnectionError: postgres://secret@host")

    assert "secret" not in str(chat.replies[-1])
    assert chat.errors == ["error.tool"]


def test_a_slow_tool_does_not_mute_the_caller() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("what is a big one")
    chat.model("Let me look.", ("price", {"size": "large"}))

    chat.user("are you still there")
    chat.model("I am.")
    before = len(chat.replies)
    chat.returned(chat.calls[0].call, 12)

    assert len(chat.replies) == before + 1


def test_a_model_that_only_calls_tools_is_stopped() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("hmm hmm")

    for n in range(MAX_ROUNDS - 1):
        chat.model(("price", {"size": "large"}))
        chat.returned(chat.calls[n].call, 12)

    assert (chat.replies[-1].tools, chat.replies[-1].report) == ((), {})
    chat.model()
    assert "error.llm" in chat.errors


@pytest.mark.parametrize("spoken", [("Well.",), ()])
def test_a_model_that_asks_for_tools_it_was_not_offered_is_stopped_as_well(spoken: Any) -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("hmm hmm")
    before = len(chat.replies)

    for _ in range(MAX_ROUNDS + 3):  # to the last ones nobody listens any more
        chat.model(*spoken, ("nothing_known", {}))

    assert len(chat.replies) == before + MAX_ROUNDS - 1
    assert ("error.llm" in chat.errors) is not bool(spoken)


def test_leaving_the_state_cancels_what_only_reads() -> None:
    chat = Chat(pizza(handle={"app.go": to("done")}))
    chat.model("What may it be?")
    chat.user("what is a big one")
    chat.model("Let me look.", ("price", {"size": "large"}))

    chat.event("app.go")

    assert chat.of(CancelTool)
    assert chat.of(CallTool)


# --- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "wait"),
    [(None, FIRST_TOKEN), (["Well."], TOKEN_GAP)],
)
def test_a_reply_that_stops_is_given_up_with_a_line(pieces: Any, wait: int) -> None:
    chat = Chat(pizza(text="Hello."))
    chat.user("hmm")
    if pieces:
        chat.model(*pieces, finish=False)

    assert chat.wait(wait) == ["Sorry, I did not get that. Could you say it again?"]

    assert chat.errors == ["error.llm"]
    assert chat.of(CancelReply)
    assert chat.dialog.waiting
    assert not chat.dialog.busy


def test_a_reply_without_end_is_given_up() -> None:
    chat = Chat(pizza(text="Hello."))
    chat.user("hmm")
    for _ in range(WHOLE_REPLY // 2_000 - 1):
        chat.wait(2_000)
        chat.model("More.", finish=False)

    assert chat.wait(2_000)

    assert chat.errors == ["error.llm"]


def test_a_failed_reply_reaches_the_handler_for_it() -> None:
    chat = Chat(pizza(handle={"error": to("done")}))

    chat.event("error.llm", subject="r1", message="down")

    assert chat.state == "done"


def test_a_handler_that_stays_does_not_make_a_dead_model_talk_again() -> None:
    chat = Chat(pizza(handle={"error": to("STAY", say("Sorry."))}))

    assert chat.event("error.llm", subject="r1", message="down") == ["Sorry."]

    assert len(chat.replies) == 1
    chat.user("hello")
    assert len(chat.replies) == 2


def test_a_model_that_always_fails_ends_the_call() -> None:
    chat = Chat(pizza(text="Hello."))
    for n in (1, 2, 3):
        chat.user("hmm")
        chat.event("error.llm", subject=f"r{n}", message="down")

    assert chat.dialog.ended


def test_an_empty_reply_is_a_failure() -> None:
    chat = Chat(pizza())

    assert chat.model() == ["Please go ahead, I am listening."]


# --- barge-in ------------------------------------------------------------------------------------


def test_a_cut_reply_says_no_more_and_its_turn_is_still_understood() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("something big")
    chat.model("Well, let me", finish=False)

    chat.do(chat.dialog.interrupted)

    assert chat.of(CancelReply)[-1].reply == "r2"
    assert chat.of(Understand)[-1].text == "something big"
    assert chat.model("too late") == []


def test_a_reply_to_an_old_turn_is_replaced() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("something")
    assert chat.dialog.answering("u1")

    chat.user("something big")

    assert [c.reply for c in chat.of(CancelReply)] == ["r2"]
    assert chat.replies[-1].reply == "r3"


def test_silence_speaks_the_ladder_and_not_the_model() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")

    assert chat.silence() == ["Still there?"]

    assert len(chat.replies) == 1


def test_a_call_goes_on_from_a_snapshot_in_the_middle_of_a_reply() -> None:
    chat = Chat(pizza())
    chat.model("What may it be?")
    chat.user("hmm hmm")
    other = Chat(chat.flow, begin=False)
    other.dialog.from_dict(chat.dialog.to_dict())
    other.effects = list(chat.effects)

    assert other.model("Large?", {"slots": {"size": "large", "name": "Ann"}}) == [
        "Large?",
        "Day?",
    ]
