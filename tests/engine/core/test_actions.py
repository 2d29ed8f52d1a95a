"""Actions that leave the dialog as sound or keys."""

from __future__ import annotations

from engine.effects import PlayFile, ReportError, Say, SendKeys
from engine.events import PlayoutFinished, PlayoutStarted
from engine.flow.templates import Template
from engine.machine.compiled import PlayAction, SendKeysAction
from tests.engine.core.flow_kit import State, Talk, end, make_flow, put, say, to


def pressing(keys: str) -> Talk:
    flow = make_flow(
        {
            "ask": State(handle={"app.go": to("bye", SendKeysAction(keys=Template(keys)))}),
            "bye": State(end(), text="Bye."),
        },
        handle={"error": to("bye", say("Sorry."))},
        variables={"code": "text"},
    )
    return Talk(flow)


def test_a_file_is_played_in_the_order_of_the_actions() -> None:
    jingle = PlayAction(file="sounds/jingle.wav")
    flow = make_flow(
        {"ask": State(handle={"app.go": to("STAY", say("One."), jingle, say("Two."))})}
    )

    assert Talk(flow).event("app.go") == ["One.", "[sounds/jingle.wav]", "Two."]


def test_keys_are_pressed_without_the_blanks_an_author_writes_for_reading() -> None:
    talk = pressing("12 34 #")
    assert talk.event("app.go") == ["Bye."]
    assert talk.of(SendKeys) == [SendKeys(keys="1234#")]


def test_what_is_no_key_is_an_error_and_never_shown() -> None:
    talk = pressing("secret")
    assert talk.event("app.go") == ["Bye.", "Sorry."]
    assert talk.of(SendKeys) == []
    (report,) = talk.of(ReportError)
    assert "secret" not in report.message


def test_assigning_and_pressing_follow_one_another() -> None:
    press = SendKeysAction(keys=Template("{{ vars.code }}"))
    flow = make_flow(
        {"ask": State(handle={"app.go": to("STAY", put("code", '"77"'), press)})},
        variables={"code": "text"},
    )
    talk = Talk(flow)
    talk.event("app.go")
    assert talk.of(SendKeys) == [SendKeys(keys="77")]


def test_a_file_is_an_utterance_like_a_line(call) -> None:
    """It is queued, has its deadlines, and can be cut."""
    call.open("Hello.")
    policy = call.dialog.interruptions
    call.dialog.answers = {}
    call.dialog.user_turn = lambda turn, text: call.dialog.speaker.play("a.wav", policy=policy)
    call.take(PlayoutStarted(at=10, utterance="a1.1"))
    call.take(PlayoutFinished(at=900, utterance="a1.1", played=890, complete=True))
    call.says(1_000, 1_500, "play it")
    call.until(4_000)

    ((_, order),) = [e for e in call.effects(Say) if isinstance(e[1], PlayFile)]
    assert (order.file, order.text, order.interruptible) == ("a.wav", "", True)
    assert any(name.startswith("first_audio:") for name in call.conversation.pending)
