"""What has its answer at once gives it at once: no round of the loop lies between."""

from engine.events import ReplyDelta, ReplyFinished, ReplyStarted, Understood
from engine.pipeline.pipeline import Pipeline, Services
from media.frames import SAMPLE_RATE, silence
from providers.base import ReplyRequest, ReplyText, ReportRequest, SpeechChunk


class Prompt:
    """A voice and a model that never wait."""

    sample_rate = SAMPLE_RATE

    async def open(self):
        pass

    async def synthesize(self, text):
        yield SpeechChunk(samples=silence(960) + 1)

    async def converse(self, request):
        yield ReplyText(text="Well.")

    async def report(self, request):
        return {"intent": "none"}

    async def aclose(self):
        pass


def made(bench):
    one = Prompt()
    return Pipeline(Services(tts=one, llm=one), {}, bench.post, bench.time)


def test_a_voice_that_answers_at_once_is_heard_before_anything_else_happens(on_bench):
    async def body(bench):
        pipeline = made(bench)
        pipeline.voice.say("a1.1", "Well.")
        assert pipeline.playout.track.waiting == 0
        assert pipeline.begin()
        assert pipeline.playout.track.waiting == 960
        assert not pipeline.begin()  # there is nothing new
        await pipeline.aclose()

    on_bench(body)


def test_a_model_that_answers_at_once_has_said_all_before_anything_else_happens(on_bench):
    async def body(bench):
        pipeline = made(bench)
        pipeline.generation.start("r1", ReplyRequest(instructions="Talk."))
        pipeline.understanding.ask(
            "u1", ReportRequest(text="yes", question="", schema={}, hints=())
        )
        assert not pipeline.begin()  # nothing to hear yet
        kinds = [type(event) for event in bench.events]
        assert kinds == [ReplyStarted, ReplyDelta, ReplyFinished, Understood]
        await pipeline.aclose()

    on_bench(body)


def test_what_was_cancelled_in_the_step_that_ordered_it_never_begins(on_bench):
    async def body(bench):
        pipeline = made(bench)
        pipeline.generation.start("r1", ReplyRequest(instructions="Talk."))
        pipeline.generation.cancel("r1")
        pipeline.voice.say("a1.1", "Well.")
        pipeline.voice.stop(["a1.1"])
        pipeline.begin()
        assert (pipeline.playout.track.waiting, bench.of(ReplyStarted)) == (0, [])
        await pipeline.aclose()

    on_bench(body)
