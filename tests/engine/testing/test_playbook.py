from __future__ import annotations

import pytest

from engine.core.conversation import Conversation
from engine.effects import HangUp, Say
from engine.events import CloseRequested, ParticipantJoined, SessionStarted, TextReceived
from engine.machine.compiled import (
    CompiledFlow,
    CompiledState,
    End,
    InterruptionPolicy,
    ListenPolicy,
    Rest,
)
from engine.testing.playbook import ANY, Placeholder, Playbook, PlaybookFailed


def make_conversation() -> Conversation:
    def state(name: str, verb: Rest | End) -> CompiledState:
        return CompiledState(
            id=name,
            groups=(),
            say=None,
            verb=verb,
            then=(),
            scopes=(),
            interruptions=InterruptionPolicy(),
            listen=ListenPolicy(no_match=(), no_input=()),
        )

    flow = CompiledFlow(
        id="quiet",
        version="1",
        fingerprint="0",
        start="rest",
        states={"rest": state("rest", Rest())},
        groups={},
        slots={},
        intents={},
        tools={},
        variables={},
        inputs={},
        outputs={},
        timers=(),
        flows={},
        grammars={},
    )
    return Conversation(flow)


def opened(play: Playbook) -> Playbook:
    return play.at(0, SessionStarted, seed=1, started_at="2026-05-01T12:00:00+02:00").at(
        0, ParticipantJoined
    )


def test_a_play_that_comes_true_passes_and_keeps_its_steps():
    play = opened(Playbook(make_conversation(), only=(HangUp,)))
    play = play.at(700, CloseRequested, reason="done").expect(700, HangUp(reason="done"))

    play.run()

    assert play.steps[-1].at == 700


def test_a_play_that_does_not_come_true_shows_where():
    play = opened(Playbook(make_conversation(), only=(HangUp,)))
    play = play.at(700, CloseRequested, reason="done").expect(700, HangUp(reason="over"))

    with pytest.raises(PlaybookFailed) as failure:
        play.run()

    assert "-     0.700 << HangUp reason='over'" in str(failure.value)
    assert "+     0.700 << HangUp reason='done'" in str(failure.value)


def test_an_effect_at_another_instant_is_a_difference():
    play = opened(Playbook(make_conversation(), only=(HangUp,)))
    play = play.at(700, CloseRequested, reason="done").expect(701, HangUp(reason="done"))

    with pytest.raises(PlaybookFailed):
        play.run()


def test_an_unexpected_effect_is_a_difference():
    play = opened(Playbook(make_conversation(), only=(HangUp,)))
    play = play.at(700, CloseRequested, reason="done").expect(5_000)

    with pytest.raises(PlaybookFailed, match="HangUp"):
        play.run()


def test_a_placeholder_takes_the_first_value_and_insists_on_it():
    turn = Placeholder()

    assert Say(utterance=ANY, turn=turn, text="x") == Say(utterance="a1.1", turn="a1", text="x")
    assert Say(utterance=ANY, turn=turn, text="x") != Say(utterance="a1.1", turn="a2", text="x")
    assert repr(turn) == "'a1'"


def test_a_play_that_was_never_run_is_an_error():
    play = Playbook(make_conversation()).at(100, TextReceived, text="hello")

    with pytest.warns(RuntimeWarning, match="never run"):
        play.__del__()
    play.run()


def test_an_event_must_happen_when_the_play_says_so():
    play = Playbook(make_conversation())

    with pytest.raises(ValueError, match="give a class"):
        play.at(100, CloseRequested(at=200, reason="x"))
    play.run()
