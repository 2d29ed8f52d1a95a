"""Sentences end where a speaker would breathe, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pipeline.sentences import (
    LONGEST_SENTENCE,
    Cutter,
    _cut,
    _rewritten,
    speakable,
    split,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello. How are you?", ["Hello.", "How are you?"]),
        ("No. I can not.", ["No.", "I can not."]),
        ("Wait! What?! Yes…  ok", ["Wait!", "What?!", "Yes…", "ok"]),
        ("It costs 3.50 euros. Fine.", ["It costs 3.50 euros.", "Fine."]),
        ("Mr. Smith and Dr. Jones are here. Go.", ["Mr. Smith and Dr. Jones are here.", "Go."]),
        ("We close at 10 p.m. on Sunday.", ["We close at 10 p.m. on Sunday."]),
        ("We close at 10 p.m. Then we sleep.", ["We close at 10 p.m.", "Then we sleep."]),
        ("J. Smith called. Bye.", ["J. Smith called.", "Bye."]),
        ("Write to a.b@example.com now. Bye.", ["Write to a.b@example.com now.", "Bye."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("1. First this. 2. Then that.", ["1. First this.", "2. Then that."]),
        ("At 7. Then we go.", ["At 7.", "Then we go."]),
        ("你好。你在吗？好！", ["你好。", "你在吗？", "好！"]),
        ('Say <break time="0.5 s. ok"/> now. Bye.', ['Say <break time="0.5 s. ok"/> now.', "Bye."]),
        ("One\n\nTwo", ["One", "Two"]),
        ("...", ["..."]),
        ("", []),
        ("  \n\n ", []),
    ],
)
def test_split(text, expected):
    assert split(text) == expected


@given(st.text(alphabet="aB 1.?!。\n<>\"'pm", max_size=60))
def test_splitting_loses_nothing_but_space(text):
    assert "".join("".join(split(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Great**, you chose _two_ `seats`.", "Great, you chose two seats."),
        ("# Menu\n- soup\n* bread", "Menu\nsoup\nbread"),
        ("See [our page](https://example.com/x).", "See our page."),
        ("Go to https://www.example.com/menu.", "Go to www dot example dot com slash menu."),
        ("Mail ann_b@example.com!", "Mail ann underscore b at example dot com!"),
        ("Done 🎉 really 👍🏽", "Done really"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("It is 20° outside", "It is 20° outside"),
    ],
)
def test_speakable(text, expected):
    assert speakable(text) == expected


@given(st.text(max_size=80))
def test_making_text_speakable_never_fails_and_settles(text):
    once = speakable(text)
    assert isinstance(once, str)


def feed_all(pieces: list[str]) -> list[str]:
    cutter = Cutter()
    return [s for piece in pieces for s in cutter.feed(piece)] + cutter.rest()


def test_a_sentence_is_given_out_when_the_next_one_begins() -> None:
    cutter = Cutter()

    assert cutter.feed("It is 3.") == []
    assert cutter.feed("5 euros. ") == []
    assert cutter.feed("Any") == ["It is 3.5 euros."]
    assert cutter.feed("thing else?") == []
    assert cutter.rest() == ["Anything else?"]
    assert cutter.rest() == []


def test_a_text_without_an_end_is_cut_at_a_space() -> None:
    cutter = Cutter()
    given = [s for _ in range(100) for s in cutter.feed("blah ")]

    assert given
    assert all(len(sentence) <= LONGEST_SENTENCE for sentence in given)
    assert " ".join([*given, *cutter.rest()]) == " ".join(["blah"] * 100)


@given(st.lists(st.text(alphabet='aB1. ?!\n。"<>', max_size=6), max_size=12))
def test_however_a_text_is_cut_into_pieces_every_word_of_it_comes_out(pieces: list[str]) -> None:
    together = "".join("".join(pieces).split())

    assert "".join("".join(feed_all(pieces)).split()) == together


MARKED = st.lists(
    st.one_of(
        st.sampled_from(
            ["Well", "Mr", "p.m", ".", "!", "…", "。", " ", "  ", "\n", "\t", '"', "<b x.>", "3"]
            + ["[a](b)", "a@b.c", "https://x.y/", "WWW.x.y", "# ", "- ", "*", "__", "`", "~~", "👍"]
        ),
        st.characters(),
    ),
    max_size=8,
).map("".join)


@given(MARKED)
def test_what_needs_no_rule_is_what_the_rules_would_give(text):
    assert split(text) == _cut(text)
    assert speakable(text) == _rewritten(text)
