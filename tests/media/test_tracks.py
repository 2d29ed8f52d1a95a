from __future__ import annotations

import numpy as np

from media.frames import FRAME_SAMPLES, Samples
from media.tracks import OutgoingTrack


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []
        self.track = OutgoingTrack(self.started, self.finished)

    def started(self, utterance: str) -> None:
        self.lines.append(("started", utterance))

    def finished(self, utterance: str, played: int, complete: bool) -> None:
        self.lines.append(("finished", utterance, played, complete))


def tone(count: int) -> Samples:
    return np.full(count, 500, dtype=np.int16)


def test_each_utterance_is_answered_once_whether_played_cut_or_never_begun() -> None:
    log = Log()
    for name in "abc":
        log.track.push(name, tone(1500))
    log.track.finish("a")
    log.track.pull()
    log.track.pull()
    log.track.drop(["b", "c"])
    log.track.drop(["a", "b", "c"])
    log.track.pull()

    assert log.lines == [
        ("started", "a"),
        ("finished", "a", 1500, True),
        ("started", "b"),
        ("finished", "b", 420, False),
        ("finished", "c", 0, False),
    ]


def test_callbacks_may_push_and_drop_in_turn() -> None:
    log = Log()
    track = OutgoingTrack(log.started, lambda name, played, complete: follow(name))

    def follow(name: str) -> None:
        if name == "a":
            track.push("b", tone(100))
            track.drop(["b"])
            track.push("c", tone(FRAME_SAMPLES))

    track.push("a", tone(10))
    track.finish("a")
    track.pull()

    assert np.array_equal(track.pull(), tone(FRAME_SAMPLES))


def test_the_tap_sees_every_block_silence_too() -> None:
    log = Log()
    seen: list[Samples] = []
    log.track.tap = seen.append
    log.track.push("a", tone(FRAME_SAMPLES))

    sent = [log.track.pull(), log.track.pull()]

    assert [block.tolist() for block in seen] == [block.tolist() for block in sent]
