"""Every ordered line is answered, played in order, and ends when it must."""

import asyncio
import contextlib

import numpy as np
import pytest

from engine.events import PlayoutFinished, PlayoutStarted, ServiceFailed, SpeechPrepared
from engine.pipeline.playout import Playout
from engine.pipeline.synthesis import Synthesis, TextVoice
from media.audio_file import WavWriter
from providers.base import SpeechChunk
from providers.errors import ProviderUnavailable
from providers.scripted import ScriptedSynthesizer, Voicing

LONG = "This is a sentence of exactly ten words in all."  # 4 s at 150 words a minute


def make(bench, **options):
    tts = ScriptedSynthesizer(**options)
    playout = Playout(bench.post, bench.time)
    return tts, playout, Synthesis(tts, playout, bench.post, bench.time)


async def play(playout, seconds):
    """Pull as a room does: one block at once, then one every 20 ms."""
    for _ in range(round(seconds / 0.02)):
        playout.track.pull()
        await asyncio.sleep(0.02)


def test_a_line_is_prepared_started_and_finished(on_bench):
    async def body(bench):
        tts, playout, synthesis = make(bench)
        synthesis.say("a1.1", LONG)
        await play(playout, 5)
        await synthesis.aclose()
        assert [(type(e).__name__, e.at) for e in bench.events] == [
            ("SpeechPrepared", 50),
            ("PlayoutStarted", 60),
            ("PlayoutFinished", 4040),
        ]
        prepared, _, finished = bench.events
        assert prepared.duration == finished.played == 4000
        assert [w.text for w in prepared.words] == LONG.split()
        assert (prepared.words[3].start, prepared.words[3].end) == (1200, 1600)
        assert tts.closed

    on_bench(body)


def test_words_of_the_second_sentence_are_counted_from_the_start_of_the_line(on_bench):
    async def body(bench):
        _, _, synthesis = make(bench)
        synthesis.say("a1.1", "Well then. Good bye.")
        await asyncio.sleep(1)
        await synthesis.aclose()
        (prepared,) = bench.of(SpeechPrepared)
        assert [w.start for w in prepared.words] == [0, 400, 800, 1200]

    on_bench(body)


class Wordless(ScriptedSynthesizer):
    """A voice that does not tell when its words sound."""

    async def synthesize(self, text):
        async for chunk in super().synthesize(text):
            yield SpeechChunk(samples=chunk.samples)


def test_where_the_voice_tells_no_times_each_sentence_shares_its_own_length_out(on_bench):
    """A slow first sentence takes nothing from the words of the second."""

    async def body(bench):
        slow = {"Well then.": Voicing(duration=4.0)}
        playout = Playout(bench.post, bench.time)
        synthesis = Synthesis(Wordless(lines=slow), playout, bench.post, bench.time)
        synthesis.say("a1.1", "Well then. Good bye.")
        await asyncio.sleep(1)
        await synthesis.aclose()
        (prepared,) = bench.of(SpeechPrepared)
        times = [(word.text, word.start, word.end) for word in prepared.words]
        assert times == [
            ("Well", 0, 1777),
            ("then.", 1777, 4000),
            ("Good", 4000, 4400),
            ("bye.", 4400, 4800),
        ]

    on_bench(body)


def test_two_lines_play_without_a_gap_and_only_one_is_made_ahead(on_bench):
    async def body(bench):
        tts, playout, synthesis = make(bench)
        for number in (1, 2, 3):
            synthesis.say(f"a1.{number}", LONG)
        await play(playout, 2)
        assert len(tts.spoken) == 2
        await play(playout, 11)
        await synthesis.aclose()
        started = [e.at for e in bench.of(PlayoutStarted)]
        finished = [(e.utterance, e.played, e.complete) for e in bench.of(PlayoutFinished)]
        assert started == [60, 4060, 8060]
        assert finished == [("a1.1", 4000, True), ("a1.2", 4000, True), ("a1.3", 4000, True)]

    on_bench(body)


def test_stopping_answers_every_line_wherever_it_is(on_bench):
    async def body(bench):
        tts, playout, synthesis = make(bench, chunk_delay=0.09)
        for number in (1, 2, 3):
            synthesis.say(f"a1.{number}", LONG)
        await play(playout, 1)  # the first is audible and still being made
        synthesis.stop(("a1.1", "a1.2", "a1.3"))
        synthesis.stop(("a1.1",))
        await asyncio.sleep(0.01)
        synthesis.say("a2.1", LONG)
        await play(playout, 5)
        await synthesis.aclose()
        finished = [(e.utterance, e.played, e.complete) for e in bench.of(PlayoutFinished)]
        assert finished == [
            ("a1.1", 940, False),
            ("a1.2", 0, False),
            ("a1.3", 0, False),
            ("a2.1", 4000, True),
        ]
        assert tts.stopped == [LONG]
        assert tts.spoken == [LONG, LONG]

    on_bench(body)


def test_a_pause_holds_the_line_and_counts_nothing(on_bench):
    async def body(bench):
        _, playout, synthesis = make(bench)
        synthesis.say("a1.1", LONG)
        await play(playout, 1)
        synthesis.pause()
        await play(playout, 2)
        synthesis.resume()
        await play(playout, 4)
        await synthesis.aclose()
        (finished,) = bench.of(PlayoutFinished)
        assert (finished.at, finished.played, finished.complete) == (6040, 4000, True)

    on_bench(body)


def test_a_voice_that_breaks_costs_its_line_and_not_the_next(on_bench):
    async def body(bench):
        broken = Voicing(error=ProviderUnavailable("gone"), error_after=0.5)
        _, playout, synthesis = make(bench, lines={"Broken line.": broken}, chunk_delay=0.2)
        synthesis.say("a1.1", "Broken line.")
        synthesis.say("a1.2", LONG)
        await play(playout, 12)
        await synthesis.aclose()
        (failed,) = bench.of(ServiceFailed)
        assert (failed.service, failed.subject) == ("tts", "a1.1")
        assert failed.message == "ProviderUnavailable: gone"
        finished = [(e.utterance, e.complete) for e in bench.of(PlayoutFinished)]
        assert finished == [("a1.1", False), ("a1.2", True)]

    on_bench(body)


def test_a_voice_without_audio_is_a_failure(on_bench):
    async def body(bench):
        _, playout, synthesis = make(bench, lines={"Mute.": Voicing(duration=0)})
        synthesis.say("a1.1", "Mute.")
        await play(playout, 1)
        await synthesis.aclose()
        assert [type(e) for e in bench.events] == [ServiceFailed, PlayoutFinished]
        assert bench.events[1].played == 0
        assert not bench.events[1].complete

    on_bench(body)


def test_a_line_with_nothing_to_speak_is_over_and_no_failure(on_bench):
    async def body(bench):
        tts, playout, synthesis = make(bench)
        synthesis.say("a1.1", "🎉")
        await play(playout, 1)
        await synthesis.aclose()
        assert [type(e) for e in bench.events] == [SpeechPrepared, PlayoutFinished]
        assert bench.events[1].complete
        assert tts.spoken == []

    on_bench(body)


def test_closing_in_the_middle_stops_the_voice(on_bench):
    async def body(bench):
        tts, _, synthesis = make(bench, chunk_delay=1.0)
        synthesis.say("a1.1", LONG)
        await asyncio.sleep(1)
        await synthesis.aclose()
        assert tts.stopped == [LONG]

    on_bench(body)


def test_without_a_voice_a_line_is_over_at_once(on_bench):
    async def body(bench):
        TextVoice(bench.post, bench.time).say("a1.1", "Hello")
        assert [type(e) for e in bench.events] == [PlayoutStarted, PlayoutFinished]
        assert bench.events[1].complete

    on_bench(body)


def test_a_file_plays_in_its_place_between_two_lines(on_bench, tmp_path):
    writer = WavWriter(tmp_path / "tone.wav", 1)
    writer.write(np.full((48_000, 1), 1_000, np.int16))
    writer.close()

    async def body(bench):
        _, playout, synthesis = make(bench)
        synthesis.say("a1.1", "Well then.")
        synthesis.play("a1.2", tmp_path / "tone.wav")
        synthesis.say("a1.3", "Good bye.")
        await asyncio.sleep(0.05)
        await play(playout, 4)
        await synthesis.aclose()
        finished = bench.of(PlayoutFinished)
        assert [(e.utterance, e.complete) for e in finished] == [
            ("a1.1", True),
            ("a1.2", True),
            ("a1.3", True),
        ]
        assert finished[1].played == 1_000

    on_bench(body)


def test_a_file_that_is_missing_is_a_failure_and_the_next_line_still_plays(on_bench, tmp_path):
    async def body(bench):
        _, playout, synthesis = make(bench)
        synthesis.play("a1.1", tmp_path / "none.wav")
        synthesis.say("a1.2", "Well then.")
        await play(playout, 3)
        await synthesis.aclose()
        (failure,) = bench.of(ServiceFailed)
        assert (failure.service, failure.subject) == ("tts", "a1.1")
        assert "none.wav" in failure.message
        assert [(e.utterance, e.complete) for e in bench.of(PlayoutFinished)] == [
            ("a1.1", False),
            ("a1.2", True),
        ]

    on_bench(body)


class Stubborn(ScriptedSynthesizer):
    """A voice that takes no notice of being cancelled once it speaks of a mule."""

    def synthesize(self, text):
        return Mule() if "mule" in text else super().synthesize(text)


class Mule:
    """Half a second of audio at once, and then as much every 400 ms, whatever happens."""

    begun = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        until = asyncio.get_running_loop().time() + 0.4
        while self.begun and asyncio.get_running_loop().time() < until:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.1)
        self.begun = True
        return SpeechChunk(samples=np.full(8_000, 999, np.int16))


def test_a_voice_that_does_not_stop_keeps_the_next_line_back_for_a_second_only(on_bench, caplog):
    async def body(bench):
        playout = Playout(bench.post, bench.time)
        synthesis = Synthesis(Stubborn(), playout, bench.post, bench.time)
        for turn in range(1, 5):  # more often than lines are made ahead
            synthesis.say(f"a{turn}.1", "I am a mule.")
            await play(playout, 1)
            synthesis.stop((f"a{turn}.1",))
            synthesis.say(f"a{turn}.2", "Well then.")
            await play(playout, 2)
        await synthesis.aclose()
        assert len(bench.of(SpeechPrepared)) == 4
        assert bench.of(ServiceFailed) == []
        finished = [(e.utterance, e.played, e.complete) for e in bench.of(PlayoutFinished)]
        assert finished[-2:] == [("a4.1", 980, False), ("a4.2", 800, True)]
        assert [e.at for e in bench.of(PlayoutStarted)][1] == 2060

    on_bench(body)
    assert "'say a1.1' was cancelled and has not ended within 1 s" in caplog.text


class Reader:
    """Sound without end, piece by piece: each sample tells its place. It never waits."""

    def __init__(self, seconds=0.02):
        self.read = 0
        self.closed = False
        self._piece = round(seconds * 48_000)

    async def sound(self, pieces=None):
        try:
            while pieces is None or self.read < pieces * self._piece:
                begin = self.read
                self.read += self._piece
                yield place(begin, self.read)
        finally:
            self.closed = True

    @property
    def seconds(self):
        return self.read / 48_000


def place(begin, end):
    return (np.arange(begin, end) % 30_000 + 1).astype(np.int16)


def test_sound_without_end_is_read_a_second_ahead_of_what_is_played(on_bench):
    async def body(bench):
        _, playout, synthesis = make(bench)
        sound = Reader()
        synthesis.play("a1.1", sound.sound())
        await asyncio.sleep(10)
        assert sound.seconds == 1.02  # nobody plays
        await play(playout, 3)
        assert sound.seconds == 4.02
        synthesis.pause()
        await play(playout, 5)
        assert sound.seconds <= 4.02
        synthesis.resume()
        await play(playout, 1)
        assert 5 <= sound.seconds <= 5.02
        synthesis.stop(("a1.1",))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert sound.closed
        synthesis.say("a1.2", "Well then.")
        await play(playout, 1)
        await synthesis.aclose()
        finished = [(e.utterance, e.played, e.complete) for e in bench.of(PlayoutFinished)]
        assert finished == [("a1.1", 4_000, False), ("a1.2", 800, True)]
        assert playout.track.on_pulled is None

    on_bench(body)


def test_sound_behind_a_line_is_read_when_its_turn_comes(on_bench):
    async def body(bench):
        _, playout, synthesis = make(bench)
        sound = Reader()
        synthesis.say("a1.1", LONG)
        synthesis.play("a1.2", sound.sound())
        await play(playout, 4)
        assert sound.seconds <= 1.02
        await play(playout, 1)
        assert 1.9 < sound.seconds <= 2.02
        playout.stop(playout.track.utterances)  # as the end of a call does
        read = sound.read
        await asyncio.sleep(1)
        assert sound.closed
        assert sound.read == read
        await synthesis.aclose()
        assert [e.utterance for e in bench.of(SpeechPrepared) if not e.more] == ["a1.1"]

    on_bench(body)


@pytest.mark.parametrize("seconds", [0.02, 0.7, 2.5])
def test_every_sample_of_a_sound_that_is_read_as_it_plays_is_heard(on_bench, seconds):
    async def body(bench):
        _, playout, synthesis = make(bench)
        pieces = round(12.5 / seconds)
        synthesis.play("a1.1", Reader(seconds).sound(pieces))
        heard = []
        for _ in range(700):
            await asyncio.sleep(0.02)
            heard.append(playout.track.pull())
        await synthesis.aclose()
        played = np.concatenate(heard)
        length = pieces * round(seconds * 48_000)
        assert np.array_equal(played[:length], place(0, length))
        assert not played[length:].any()
        prepared = bench.of(SpeechPrepared)
        assert [e.more for e in prepared] == [True, True, False]
        assert prepared[-1].duration == length // 48
        (finished,) = bench.of(PlayoutFinished)
        assert (finished.played, finished.complete) == (length // 48, True)

    on_bench(body)


def test_closing_ends_a_sound_that_waits_to_be_played(on_bench):
    async def body(bench):
        _, _, synthesis = make(bench)
        sound = Reader()
        synthesis.play("a1.1", sound.sound())
        await asyncio.sleep(1)
        await synthesis.aclose()
        assert sound.closed

    on_bench(body)
