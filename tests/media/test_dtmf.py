from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.dtmf import KEYS, KeyReceiver, TelephoneEvent, decode, encode, train


@given(st.integers(0, 255), st.booleans(), st.integers(0, 0xFFFF), st.integers(0, 63))
def test_a_payload_reads_back_as_it_was_written(
    code: int, end: bool, duration: int, volume: int
) -> None:
    event = TelephoneEvent(code=code, end=end, duration=duration, volume=volume)
    assert decode(encode(event)) == event


@given(st.binary(max_size=20))
def test_any_payload_is_an_event_or_nothing(payload: bytes) -> None:
    KeyReceiver().receive(0, payload)
    assert (decode(payload) is None) == (len(payload) < 4)


def test_a_train_grows_and_says_its_end_three_times() -> None:
    events = [decode(payload) for payload in train("#", packets=3)]
    assert [(e.code, e.duration, e.end) for e in events if e] == [
        (11, 960, False),
        (11, 1920, False),
        (11, 2880, True),
        (11, 2880, True),
        (11, 2880, True),
    ]


@pytest.mark.parametrize("wrong", ["", "12", "E", "a"])
def test_what_is_no_key_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="no telephone key"):
        train(wrong)


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(1, 6)), max_size=8), st.randoms())
def test_each_key_counts_once_whatever_packets_are_lost(
    keys: list[tuple[str, int]], random: object
) -> None:
    """As long as one packet of each train arrives, in any order within the train."""
    receiver, heard = KeyReceiver(), []
    for number, (key, kept) in enumerate(keys):
        payloads = random.sample(train(key), kept)  # type: ignore[attr-defined]
        heard += [receiver.receive(number * 9600, payload) for payload in payloads]
    assert [key for key in heard if key] == [key for key, _ in keys]


def test_a_late_end_packet_of_an_older_key_is_no_new_key() -> None:
    receiver = KeyReceiver()
    assert receiver.receive(100, train("1")[0]) == "1"
    assert receiver.receive(9700, train("2")[0]) == "2"
    assert receiver.receive(100, train("1")[-1]) is None


def test_a_key_held_longer_than_the_field_can_say_is_one_key() -> None:
    receiver = KeyReceiver()
    first = TelephoneEvent(code=5, end=False, duration=0xFFFF)
    assert receiver.receive(1000, encode(first)) == "5"
    more = TelephoneEvent(code=5, end=True, duration=960)
    assert receiver.receive(1000 + 0xFFFF, encode(more)) is None


def test_tones_that_are_no_keys_are_ignored() -> None:
    flash = TelephoneEvent(code=16, end=True, duration=960)
    assert KeyReceiver().receive(0, encode(flash)) is None
