"""A state with a voice, a model or a recogniser of its own: made at first need, closed with all."""

import pytest

from engine.core.conversation import Conversation
from engine.effects import Expect, Say
from engine.events import ServiceFailed, TranscriptReceived
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.pipeline.pipeline import Services
from providers.errors import ProviderUnavailable
from providers.scripted import ScriptedRecognizer, ScriptedSynthesizer, ScriptedVad
from providers.scripted_model import ScriptedModel, Talk

FLOW = """
turnwise: 1
flow: desk
start: ask
pipeline: {tts: {use: embedded}, llm: {use: scripted}}
slots:
  size: {type: [small, large], ask: "Which size?"}
  name: {type: text, ask: "On what name?"}
listen: {no_match: ["Pardon?"]}
handle: {error.tts: {to: ask}, no_match: {to: bye}, no_input: {to: bye}}
states:
  ask: {collect: [size], then: back}
  back:
    start: who
    pipeline: {tts: {use: embedded, voice: en-gb}, stt: {use: embedded, language: de-DE}}
    states:
      who: {collect: [name], then: again}
      again: {say: "Thank you.", pipeline: {llm: {use: openai, model: big}}, then: small_talk}
      small_talk:
        converse: Say something nice.
        pipeline: {llm: {use: openai, model: big}}
        max_turns: 2
        then: bye
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
"""


class Made:
    """Makes what is named, and remembers it."""

    def __init__(self, **kinds):
        self.kinds = kinds
        self.names = []
        self.by_kind = {}

    def __call__(self, name):
        self.names.append(name)
        kind = name.partition("-")[0]
        return self.by_kind.setdefault(kind, self.kinds[kind]())


@pytest.fixture
def flow(compile_text):
    return compile_text(FLOW)


def lines(call):
    return [(effect.text, effect.voice.partition("-")[0]) for effect in call.effects(Say)]


def test_a_line_is_spoken_by_the_voice_of_the_state_that_says_it(run_call, flow):
    own = ScriptedSynthesizer()
    made = Made(tts=ScriptedSynthesizer, llm=lambda: ScriptedModel(replies=["What a day."]))

    run_call(
        flow,
        services=Services(tts=own, component=made, llm=ScriptedModel()),
        at={3: lambda c: c.caller.type("large"), 8: lambda c: c.caller.type("ann")},
    )

    other = made.by_kind["tts"]
    assert own.spoken == ["Which size?", "Goodbye Ann."]
    assert other.spoken == ["On what name?", "Thank you.", "What a day."]
    assert (other.opened, other.closed) == (True, True)
    assert made.names.count(flow.states["who"].components["tts"]) == 1


def test_free_talk_asks_the_model_of_its_state(run_call, flow):
    own = ScriptedModel()
    made = Made(
        tts=ScriptedSynthesizer,
        llm=lambda: ScriptedModel(replies=["What a day.", Talk(text="Indeed.")]),
    )

    call = run_call(
        flow,
        services=Services(tts=ScriptedSynthesizer(), component=made, llm=own),
        at={
            3: lambda c: c.caller.type("large"),
            8: lambda c: c.caller.type("ann"),
            14: lambda c: c.caller.type("so it is"),
        },
    )

    model = made.by_kind["llm"]
    assert ("What a day.", "tts") in lines(call)
    assert (len(model.talks) > 0, own.talks) == (True, [])
    assert (model.closed, own.closed) == (True, True)


def test_a_recogniser_of_a_state_hears_there_and_the_flows_own_elsewhere(run_call, flow):
    own = ScriptedRecognizer(["large", "so it is", "bye"], sample_rate=16_000)
    made = Made(
        tts=ScriptedSynthesizer,
        stt=lambda: ScriptedRecognizer(["ann"], sample_rate=8_000),
        llm=lambda: ScriptedModel(replies=["What a day."]),
    )
    vad = ScriptedVad([(3.0, 3.5), (8.0, 8.5)])

    call = run_call(
        flow,
        services=Services(tts=ScriptedSynthesizer(), stt=own, vad=vad, component=made),
    )

    other = made.by_kind["stt"]
    heard = [event.text for event in call.causes(TranscriptReceived)]
    assert heard == ["large", "ann"]
    # the second stretch, with what was kept from before its edge, went to the other one
    assert [len(own.pushed), len(other.pushed)] == [1, 1]
    assert other.pushed[0] >= 0.5
    assert other.expected
    assert (other.closed, own.closed) == (True, True)
    names = [effect.recogniser for effect in call.effects(Expect)]
    assert names[0] == ""
    assert names[1].startswith("stt-")


def test_a_voice_that_cannot_be_opened_is_an_error_of_its_line(run_call, flow):
    broken = ProviderUnavailable("no such voice")
    made = Made(tts=lambda: ScriptedSynthesizer(open_error=broken))

    call = run_call(
        flow,
        services=Services(tts=ScriptedSynthesizer(), component=made),
        at={3: lambda c: c.caller.type("large"), 6: lambda c: c.session.hangup("enough")},
    )

    failed = [event for event in call.causes(ServiceFailed) if event.service == "tts"]
    assert "no such voice" in failed[0].message


def test_where_nobody_makes_components_a_state_that_names_one_fails_like_a_voice(run_call, flow):
    call = run_call(
        flow,
        services=Services(tts=ScriptedSynthesizer()),
        at={3: lambda c: c.caller.type("large"), 6: lambda c: c.session.hangup("enough")},
    )

    assert any(event.service == "tts" for event in call.causes(ServiceFailed))


def test_the_journal_of_such_a_call_replays(run_call, flow):
    made = Made(tts=ScriptedSynthesizer, llm=lambda: ScriptedModel(replies=["What a day."]))
    call = run_call(
        flow,
        services=Services(tts=ScriptedSynthesizer(), component=made, llm=ScriptedModel()),
        at={3: lambda c: c.caller.type("large"), 8: lambda c: c.caller.type("ann")},
    )

    _, recorded = entries(call.journal.getvalue().splitlines())
    lived = replay(Conversation(flow), recorded)
    assert lived.difference is None
    assert len(lived.steps) == len(call.session.steps)


def test_one_component_has_one_name_in_all_flows(compile_text):
    one, two = (compile_text(FLOW.replace("flow: desk", f"flow: {name}")) for name in ("a", "b"))
    there = two.states["small_talk"].components
    assert one.states["who"].components == {kind: there[kind] for kind in ("tts", "stt")}
    assert set(there.values()) == set(two.components)
