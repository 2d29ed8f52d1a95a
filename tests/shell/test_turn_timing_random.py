"""Whenever the caller speaks: what is remembered, whatever becomes of the audio meanwhile.

The table of `test_turn_timing` has instants that somebody chose. Here they are drawn.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shell.timing_kit import CANNOT_HOLD, chat, play

VOICE_END = 500
LINES = (
    "Once upon a time there was a king.",
    "He had a castle, and a garden.",
    "Nobody ever came to see it.",
    "Well. What would you like to hear?",
    "All is well that ends.",
)
WORDS = ["no wait", "tell me more of it", "stop", "and the queen", "never mind that"]


@st.composite
def timelines(draw):
    """A caller who talks into what the agent says, always with words that interrupt.

    So the voice lasts for `min_time`, or two words are known before. A shorter one is where both
    sinks must differ: half a second after it has begun nobody knows yet that it is over, and what
    was held goes on then, while what was cut is gone.

    Voice stands on whole hundredths of a second and words beside them: no two things that count
    fall on one instant, where the order would be anybody's guess.
    """
    at, laid = 50, []
    for _ in range(draw(st.integers(1, 5))):
        if draw(st.booleans()):
            lasts, after = 10 * draw(st.integers(10, 30)), 10 * draw(st.integers(0, 15)) + 7
            words = "no wait"
        else:
            lasts, after = 10 * draw(st.integers(51, 250)), 10 * draw(st.integers(0, 60)) + 7
            words = draw(st.sampled_from(WORDS))
        laid.append({"at": at, "user": words, "lasts": lasts, "words_after": after})
        at += lasts + VOICE_END + 10 * draw(st.integers(1, 600))
    return [*laid, {"at": at + 9_001, "leaves": "left"}]


replies = st.lists(
    st.builds(
        lambda text, first: {"reply": text, "first_token": first, "gap": 51},
        st.sampled_from(LINES),
        st.sampled_from([53, 103, 703]),
    ),
    min_size=14,
    max_size=14,
)


@settings(max_examples=15)
@given(timelines(), replies, st.sampled_from([1_003, 8_003]))
def test_the_same_is_remembered_whether_or_not_the_audio_can_be_held(script, told, lasts):
    """History keeps what was heard, up to a word, and that depends on the samples alone."""
    lines = {line: {"lasts": lasts} for line in LINES}
    held, cut = (
        play(chat(policy), [*script, *told], lines=lines)
        for policy in ("listen: {silence: 60s}", f"listen: {{silence: 60s}}\n{CANNOT_HOLD}")
    )

    assert held.remembered() == cut.remembered()
    for outcome in (held, cut):
        assert not outcome.idle_thinking()
        assert not outcome.wrongly_heard()
