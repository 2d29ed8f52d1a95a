"""Where a response's time went: the stages sum to the whole, and the whole is what is measured."""

from pathlib import Path

import pytest

from engine.observe.latency import STAGES, responses
from engine.observe.metrics import measure
from engine.testing.golden import load_flow, run_session
from engine.testing.script import VAD_END, Script, read_script
from engine.testing.simulator import Simulator

ROOT = Path(__file__).parents[3]
GOLDEN = sorted((ROOT / "tests" / "golden").rglob("*.conversation.yaml"))
FLOW = load_flow(ROOT / "flows" / "book_table.yaml")


def answered(script):
    return responses(Simulator(FLOW, Script.model_validate({"flow": "x", **script})).run())


@pytest.mark.parametrize("path", GOLDEN, ids=[p.name.split(".")[0] for p in GOLDEN])
def test_stages_sum_to_the_response_that_is_measured(path):
    script = read_script(path)
    steps = Simulator(load_flow(path.parent / script.flow), script).run()

    found = responses(steps)

    assert [sum(ms for _, ms in r.stages) for r in found] == [r.total for r in found]
    assert tuple(r.total for r in found) == measure(steps).response.values
    assert {stage for r in found for stage, _ in r.stages} <= STAGES.keys()


def test_a_spoken_turn_is_split_where_it_waited():
    said = {"at": 7_000, "user": "four people tomorrow", "lasts": 900, "stt_delay": 600}
    (found,) = answered({"script": [said], "voice": {"first_audio": 253}})

    stages = dict(found.stages)

    assert (found.turn, found.spoke) == ("u1", 7_900)
    assert (stages["silence"], stages["recognition"]) == (VAD_END, 600)
    assert stages["voice"] == 253
    assert 0 <= stages["playout"] <= 20, "until the next block of the room"


def test_waiting_for_a_tool_is_told_apart():
    said = {"at": 7_000, "user": "four people tomorrow at seven", "lasts": 900}
    tools = {"find_table": [{"returns": {"status": "free", "others": []}, "after": 700}]}
    (found,) = answered({"script": [said], "tools": tools})

    assert dict(found.stages)["tool"] == 700


def test_words_that_come_before_the_end_of_the_voice_is_certain_cost_no_recognition():
    said = {"at": 7_000, "user": "four people tomorrow", "lasts": 900, "words_after": 100}
    (found,) = answered({"script": [said]})

    assert "recognition" not in dict(found.stages)
    assert dict(found.stages)["silence"] == VAD_END


def test_a_request_that_was_begun_ahead_and_given_up_is_waited_for_by_nobody():
    """The caller went on: what the model was asked before has nothing to do with the answer."""
    flow = load_flow(ROOT / "tests" / "golden" / "hello" / "with_model.yaml")
    said = [
        {"at": 4_000, "user": "well let me see", "lasts": 500},
        {"at": 4_900, "user": "tea", "lasts": 400},
    ]
    script = {"flow": "x", "script": said, "model": [{"never": True}]}
    found = responses(Simulator(flow, Script.model_validate(script)).run())

    assert [r.text for r in found] == ["well let me see tea"]
    assert "model" not in dict(found[0].stages)


def test_a_typed_turn_waits_for_no_recogniser():
    (found,) = answered({"script": [{"at": 7_000, "types": "four people tomorrow"}]})

    assert found.spoke == 7_000
    assert [stage for stage, _ in found.stages] == ["voice", "playout"]


def test_a_turn_nobody_answered_has_no_response():
    script = [{"at": 7_000, "types": "four people"}, {"at": 7_010, "leaves": "left"}]

    assert answered({"script": script}) == ()


def test_the_session_knows_when_the_voice_was_ready():
    script = Script.model_validate({"flow": "x", "script": [{"at": 7_000, "types": "four people"}]})

    assert responses(run_session(FLOW, script)) == responses(Simulator(FLOW, script).run())
