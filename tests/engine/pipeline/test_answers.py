"""What a provider answers has the type it promised, or is its failure."""

import math
from fractions import Fraction

import numpy as np
import pytest

from engine.pipeline import answers
from providers.base import ReplyReport, ReplyText, ReplyToolCall, WordTiming
from providers.errors import ProviderAnswerError


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (0.5, 0.5),
        (1, 1.0),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.array(0.5, np.float32), 0.5),
        (np.int16(3), 3.0),
        (Fraction(1, 2), 0.5),
    ],
)
def test_a_number_of_any_kind_becomes_a_plain_one(value, plain):
    found = answers.number(value, "it")

    assert found == plain
    assert type(found) is float


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, "None"),
        ("0.5", "of type str"),
        (math.nan, "nan"),
        (np.float32("inf"), ".*inf.*"),
        (10**400, "1000.*"),
        (np.zeros(2), "of type ndarray"),
        ([0.5], "of type list"),
    ],
)
def test_what_is_no_number_is_named(value, found):
    with pytest.raises(ProviderAnswerError, match=f"^it must be a finite number, and is {found}$"):
        answers.number(value, "it")


@pytest.mark.parametrize(("value", "taken"), [(0, 0.0), (1.0004, 1.0), (-0.0004, 0.0), (0.3, 0.3)])
def test_a_probability_may_miss_its_ends_by_a_rounding(value, taken):
    assert answers.probability(value, "it") == taken


@pytest.mark.parametrize("value", [-0.1, 1.1, 55, math.nan, None])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(ProviderAnswerError, match="it must be a"):
        answers.probability(value, "it")


def test_texts_and_truth_values_become_plain_ones():
    assert type(answers.text(np.str_("hi"), "it")) is str
    assert answers.flag(np.bool_(True), "it") is True
    assert answers.flag(False, "it") is False


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (answers.text, None, "it must be a text, and is None"),
        (answers.text, b"hi", "it must be a text, and is of type bytes"),
        (answers.flag, None, "it must be True or False, and is None"),
        (answers.flag, 1, "it must be True or False, and is 1"),
        (answers.report, None, "it must be a map, and is None"),
        (answers.report, [], "`it` is a list, and must be a map"),
        (answers.report, "{}", "`it` is a str, and must be a map"),
        (answers.report, {"a": object()}, "`it.a` is an object, which is no data"),
    ],
)
def test_what_is_unusable_is_named_with_what_is_expected(check, value, message):
    with pytest.raises(ProviderAnswerError) as raised:
        check(value, "it")

    assert message in str(raised.value)


def test_a_report_is_plain_data():
    assert answers.report({"size": np.float32(2.0), 3: ("a",)}, "it") == {"size": 2.0, "3": ["a"]}


def test_a_piece_of_a_reply_has_plain_values_and_a_text_is_not_copied():
    text = ReplyText(text="hi")
    call = ReplyToolCall(id=np.str_("c"), name="x", args={"n": np.int64(2)})

    assert answers.piece(text) is text
    assert type(answers.piece(ReplyText(text=np.str_("hi"))).text) is str
    assert answers.piece(call) == ReplyToolCall(id="c", name="x", args={"n": 2})
    assert answers.piece(ReplyReport(report={"n": {1}})) == ReplyReport(report={"n": [1]})


def test_each_of_several_is_of_the_kind_that_is_wanted():
    assert answers.each(iter([ReplyText(text="a")]), ReplyText, "it") == (ReplyText(text="a"),)
    with pytest.raises(ProviderAnswerError, match="it must be a list of ReplyText, and is None"):
        answers.each(None, ReplyText, "it")
    with pytest.raises(ProviderAnswerError, match="it must be of type ReplyText, and is of type d"):
        answers.each([{}], ReplyText, "it")


def test_times_of_words_become_plain_ones():
    told = [WordTiming(text="hi", start=np.float32(0.5), end=1)]

    assert answers.timings(told, "a voice") == [WordTiming(text="hi", start=0.5, end=1.0)]
    with pytest.raises(ProviderAnswerError, match="the end of a word of a voice must be a finite"):
        answers.timings([WordTiming(text="hi", start=0.0, end=math.nan)], "a voice")
