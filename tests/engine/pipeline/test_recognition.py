"""A stretch of speech that does not end is split: its words so far are due, the rest is another."""

import asyncio

import numpy as np

from engine.events import TranscriptReceived
from engine.pipeline.recognition import Recognition
from providers.base import VoiceEdge
from providers.scripted import Heard, ScriptedRecognizer

RATE = 16_000


def heard(on_bench, script, *, splits):
    """Speak for as many seconds as there are stretches, and split at these; return what came."""

    async def body(bench):
        stt = ScriptedRecognizer(script)
        stage = Recognition(stt, bench.post, bench.time)
        await stage.open()
        stage.hear("ann", np.zeros(RATE, np.int16))
        stage.edge(VoiceEdge(kind="start", at=1.0), participant="ann")
        for second in range(len(script)):
            await asyncio.sleep(1)
            stage.hear("ann", np.zeros(RATE, np.int16))
            if second in splits:
                stage.split()
        stage.edge(VoiceEdge(kind="end", at=9.0), participant="ann")
        await asyncio.sleep(1)
        await stage.aclose()
        return [(t.at, t.text) for t in bench.of(TranscriptReceived)], stt.pushed, stage

    return on_bench(body)


def test_each_part_has_its_words_and_its_audio(on_bench):
    words, pushed, _ = heard(on_bench, ["once upon", "a time"], splits={0})

    assert words == [(1_040, "once upon"), (2_040, "a time")]
    assert pushed == [1.3, 1.0]


def test_no_word_is_owed_when_all_parts_have_theirs(on_bench):
    """Even where the words of a part came before it was split."""
    script = [Heard(text="once upon", at=0.5), Heard(text="a time")]
    words, _, stage = heard(on_bench, script, splits={0})

    assert [text for _, text in words] == ["once upon", "a time"]
    assert stage._owed == 0


def test_where_nobody_speaks_there_is_nothing_to_split(on_bench):
    async def body(bench):
        stt = ScriptedRecognizer(["never"])
        stage = Recognition(stt, bench.post, bench.time)
        await stage.open()
        stage.split()
        await asyncio.sleep(1)
        await stage.aclose()
        return bench.events, stt.pushed

    assert on_bench(body) == ([], [])


def test_what_is_before_an_edge_is_kept_for_a_detector_as_slow_as_it_turns_out_to_be(on_bench):
    async def body(bench):
        stt = ScriptedRecognizer(["one", "two"])
        stage = Recognition(stt, bench.post, bench.time)
        await stage.open()
        for edge in (1.6, 3.6):  # each told 0.4 s after it was
            for _ in range(20):
                stage.hear("ann", np.zeros(RATE // 10, np.int16))
            stage.edge(VoiceEdge(kind="start", at=edge), participant="ann")
            stage.edge(VoiceEdge(kind="end", at=edge + 0.4), participant="ann")
            await asyncio.sleep(1)
        await stage.aclose()
        return stt.pushed

    assert on_bench(body) == [0.4, 0.7]
