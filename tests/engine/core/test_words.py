"""Words are told apart and counted in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.words import word_count, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Uh-huh, I'd say: STOP!", ("uh", "huh", "i'd", "say", "stop")),
        ("It\u2019s 7:30 o'clock", ("it's", "7", "30", "o'clock")),
        ("'twas the boys' turn", ("twas", "the", "boys", "turn")),
        ("cafe\u0301 Stra\u00dfe", ("caf\u00e9", "strasse")),
        ("snake_case", ("snake", "case")),
        ("नमस्ते जी", ("नमस्ते", "जी")),  # vowel signs belong to their letters
        ("안녕하세요 네", ("안녕하세요", "네")),
        ("等一下", ("等", "一", "下")),
        ("我要iPhone手机", ("我", "要", "iphone", "手", "机")),
        ("ที่นี่", ("ที่", "นี่")),
        ("... !?", ()),
        ("", ()),
    ],
)
def test_words_are_told_apart_without_case_and_punctuation(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("yes", 1),
        ("I'd like to stop", 4),
        ("停", 1),  # stop
        ("好的", 1),  # okay
        ("等一下", 2),  # wait a moment
        ("我想订一张桌子", 4),  # I want to book a table
        ("はい", 1),  # yes
        ("ちょっと待って", 3),  # wait a moment
        ("หยุด", 1),  # stop
        ("ขอโทษครับ", 2),  # excuse me
        ("네 알겠습니다", 2),  # yes, I see: Korean has spaces
        ("नमस्ते जी", 2),
        ("да, спасибо", 2),
        ("?!", 0),
    ],
)
def test_words_are_counted_where_a_script_leaves_no_spaces(text, count):
    assert word_count(text) == count


@given(st.text(max_size=80))
def test_no_text_has_more_words_than_pieces_and_none_only_without_pieces(text):
    pieces = words_of(text)

    assert word_count(text) <= len(pieces)
    assert (word_count(text) == 0) == (not pieces)
    assert all(piece == piece.strip() and piece for piece in pieces)
