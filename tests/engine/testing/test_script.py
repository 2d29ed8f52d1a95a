"""A conversation file says what it means, or why it cannot be read."""

import pytest

from engine.testing.script import Script, ScriptError, read_script


@pytest.fixture
def read(tmp_path):
    def run(text):
        path = tmp_path / "case.conversation.yaml"
        path.write_text(text)
        return read_script(path)

    return run


def test_durations_are_milliseconds(read):
    script = read(
        "flow: f.yaml\n"
        "script:\n"
        "  - {at: 1.5s, user: hello, lasts: 700ms, stt_delay: null, partials: {300ms: he}}\n"
        "  - {at: 5s, noise: 400ms}\n"
    )

    speech, noise = script.script
    assert (speech.at, speech.end, speech.stt_delay) == (1500, 2200, None)
    assert speech.partials == {300: "he"}
    assert (noise.voiced, noise.end) == (True, 5400)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flow: [", "case.conversation.yaml: while parsing"),
        ("[]", "case.conversation.yaml: file: Input should be"),
        ("flow: f\nscrpt: []", "scrpt: Extra inputs are not permitted"),
        ("flow: f\nscript: [{at: 1s}]", "script.0: Value error, give exactly one of user"),
        ("flow: f\nscript: [{at: 1s, user: a, key: '1'}]", r"found \['user', 'key'\]"),
        ("flow: f\nscript: [{at: soon, user: a}]", "script.0.at: Value error, expected a number"),
        ("flow: f\nscript: [{at: 2s, key: '1'}, {at: 1s, key: '2'}]", "in order of time"),
        (
            "flow: f\nscript: [{at: 1s, user: a, lasts: 1s}, {at: 2.1s, noise: 1s}]",
            "speech at 2100 ms begins within 200 ms",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(read, text, message):
    with pytest.raises(ScriptError, match=message):
        read(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ScriptError, match="gone.conversation.yaml"):
        read_script(tmp_path / "gone.conversation.yaml")


def test_speech_is_what_has_a_voice():
    script = Script.model_validate(
        {"flow": "f", "script": [{"at": 1, "key": "1"}, {"at": 2, "noise": 5}]}
    )

    assert [h.at for h in script.speech] == [2]
