"""The agent's voice on virtual time: when lines begin, end, stop and go on."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import pytest

from engine.events import Event, PlayoutFinished, PlayoutStarted
from engine.testing.flow_tests.voice import WORD, TextVoice


class Stage:
    """A clock, and what was told."""

    def __init__(self) -> None:
        self.now = 0
        self.told: list[tuple[int, str, object]] = []
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self.voice = TextVoice(self._post, lambda: self.now, self._later)

    def _later(self, at: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at, len(self._heap), action))

    def _post(self, event: Event) -> None:
        if isinstance(event, PlayoutStarted):
            self.told.append((event.at, f"{event.utterance} begins", None))
        elif isinstance(event, PlayoutFinished):
            self.told.append(
                (event.at, f"{event.utterance} ends", event.played if not event.complete else "all")
            )

    def until(self, at: int) -> None:
        while self._heap and self._heap[0][0] <= at:
            self.now, _, action = heapq.heappop(self._heap)
            action()
        self.now = at


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_lines_play_one_after_the_other(stage: Stage) -> None:
    stage.voice.say("a1", "one two")
    stage.voice.say("a2", "three")
    stage.until(5_000)

    assert stage.told == [
        (0, "a1 begins", None),
        (2 * WORD, "a1 ends", "all"),
        (2 * WORD, "a2 begins", None),
        (3 * WORD, "a2 ends", "all"),
    ]
    assert not stage.voice.busy


def test_a_stopped_line_tells_what_was_played_of_it(stage: Stage) -> None:
    stage.voice.say("a1", "one two three")
    stage.voice.say("a2", "four")
    stage.until(500)
    stage.voice.stop(["a1", "a2"])
    stage.until(5_000)

    assert stage.told[1:] == [(500, "a1 ends", 500), (500, "a2 ends", 0)]


def test_stopping_one_line_lets_the_next_begin(stage: Stage) -> None:
    stage.voice.say("a1", "one two three")
    stage.voice.say("a2", "four")
    stage.until(500)
    stage.voice.stop(["a1"])

    assert stage.told[1:] == [(500, "a1 ends", 500), (500, "a2 begins", None)]


def test_a_held_line_goes_on_where_it_was(stage: Stage) -> None:
    stage.voice.say("a1", "one two three")
    stage.until(500)
    stage.voice.pause()
    stage.until(2_000)
    stage.voice.resume()
    stage.until(5_000)

    assert stage.told[-1] == (2_000 + 3 * WORD - 500, "a1 ends", "all")


def test_a_line_ordered_while_held_waits(stage: Stage) -> None:
    stage.voice.pause()
    stage.voice.say("a1", "one")
    assert stage.told == []

    stage.until(100)
    stage.voice.resume()

    assert stage.told == [(100, "a1 begins", None)]


def test_a_held_line_that_is_stopped_tells_what_was_played(stage: Stage) -> None:
    stage.voice.say("a1", "one two three")
    stage.until(500)
    stage.voice.pause()
    stage.until(2_000)
    stage.voice.stop(["a1"])

    assert stage.told[-1] == (2_000, "a1 ends", 500)
