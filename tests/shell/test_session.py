"""One call, end to end, on virtual time: real session, loopback room, scripted providers."""

import asyncio
import contextlib
import json

import pytest

from engine.effects import (
    CallTool,
    HangUp,
    PauseSpeech,
    ReportError,
    ResumeSpeech,
    Say,
    StopSpeech,
    Transfer,
)
from engine.events import (
    CloseRequested,
    ParticipantLeft,
    PlayoutFinished,
    ServiceFailed,
    SpeechStarted,
    TextReceived,
    ToolReturned,
    TransferEnded,
)
from engine.observe.journal import read
from engine.pipeline.pipeline import Services
from engine.session.session import Session
from media.loopback import LoopbackRoom
from providers.errors import ProviderError, ProviderMissing, ProviderUnavailable
from providers.scripted import (
    Heard,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedVad,
    Voicing,
)

RATE = 48_000

HELLO = """
turnwise: 1
flow: hello
start: ask
slots: {name: {type: text, ask: "What is your name?"}}
states:
  ask: {collect: [name], then: bye}
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
"""

WORK = """
turnwise: 1
flow: work
start: go
tools: {find: {use: "python:nowhere.find", args: {n: integer}, returns: {n: integer}, timeout: 4s}}
states:
  go: {run: find, args: {n: 2}, then: tell, handle: {error.tool: broken, error.timeout: late}}
  tell: {say: "I found {{ results.go.n }}.", end: hangup}
  broken: {say: It is broken., end: hangup}
  late: {say: It is late., end: hangup}
"""

MOVE = """
turnwise: 1
flow: move
start: human
states:
  human:
    say: I will connect you.
    transfer: {to: "+49301", kind: cold}
    handle: {error.transfer: {say: Nobody is free., to: bye}}
  bye: {say: Goodbye., end: hangup}
"""


@pytest.fixture
def hello(compile_text):
    return compile_text(HELLO)


def said(call):
    return [say.text for say in call.effects(Say)]


def test_a_call_goes_from_greeting_to_goodbye(run_call, hello):
    call = run_call(hello, [(3.0, 4.0, "my name is ann")])

    assert said(call) == ["What is your name?", "Goodbye Ann."]
    assert (call.result.reason, call.result.failure) == ("flow", None)
    assert call.room.close_reason == "flow"
    assert [item.text for item in call.result.history] == [
        "What is your name?",
        "my name is ann",
        "Goodbye Ann.",
    ]
    assert call.result.metrics.response.values == (560,)


def test_the_caller_hears_exactly_what_was_played(run_call, hello):
    call = run_call(hello, [(3.0, 4.0, "my name is ann")])

    loud = abs(call.caller.heard.astype(int)) > 0
    played = sum(e.played for e in call.causes(PlayoutFinished))
    assert loud.sum() / RATE == pytest.approx(played / 1000, rel=0.02)


def test_the_journal_holds_every_step(run_call, hello):
    call = run_call(hello, [(3.0, 4.0, "my name is ann")], seed=7)

    header, steps = read(call.journal.getvalue().splitlines())
    assert (header.flow, header.seed, header.fingerprint) == ("hello", 7, hello.fingerprint)
    assert list(steps) == list(call.result.steps)


def test_two_runs_of_the_same_call_are_equal(run_call, hello):
    heard = [(0.8, 1.4, "wait"), (3.0, 4.0, "my name is ann")]

    assert run_call(hello, heard).result.steps == run_call(hello, heard).result.steps


def test_a_recorder_gets_both_sides_block_by_block(run_call, hello):
    class Tape:
        def __init__(self):
            self.started = 999.75  # the clock stands at 1000 when the call begins
            self.agent, self.others = [], []

        def agent_sent(self, samples):
            self.agent.append(samples)

        def received(self, speaker, samples, at):
            self.others.append((speaker, len(samples), at))

    tape = Tape()
    call = run_call(hello, [(3.0, 4.0, "my name is ann")], tape=tape)

    assert len(tape.agent) * 960 == len(call.caller.heard)
    assert len(tape.others) in (len(tape.agent), len(tape.agent) + 1)
    assert {speaker for speaker, _, _ in tape.others} == {"caller1"}
    assert read(call.journal.getvalue().splitlines())[0].recording == -250


def test_the_screens_are_told_states_words_and_lines(run_call, hello):
    call = run_call(hello, [(3.0, 4.0, "my name is ann")])

    words = [data for topic, data in call.caller.published if topic == "transcript"]
    assert [(w["who"], w["text"], w["final"]) for w in words] == [
        ("agent", "What is your name?", True),
        ("user", "my name is ann", True),
        ("agent", "Goodbye Ann.", True),
    ]
    states = [data for topic, data in call.caller.published if topic == "states"]
    assert {"user": "LISTENING", "agent": "SPEAKING", "dialog": "ask", "paused": False} in states
    json.dumps(call.caller.published)


def test_a_typed_call_without_any_provider_takes_no_time(run_call, hello):
    call = run_call(
        hello, services=Services(), at={1: lambda call: call.caller.type("my name is ann")}
    )

    assert said(call)[-1] == "Goodbye Ann."
    assert call.result.reason == "flow"
    assert call.causes(TextReceived)[0].at == 1000
    assert call.result.steps[-1].at == 1000


def test_speech_over_the_agent_silences_it(run_call, compile_text):
    flow = compile_text(HELLO.replace("What is your name?", "What is your name? " * 5))
    call = run_call(flow, [(2.0, 4.0, "my name is ann")])

    assert {"PauseSpeech", "StopSpeech"} & set(call.names)
    cut = next(e for e in call.causes(PlayoutFinished) if not e.complete)
    assert 0 < cut.played < 3000
    assert call.result.metrics.interruptions == 1
    assert said(call)[-1] == "Goodbye Ann."


def test_a_cough_holds_the_line_and_it_goes_on_to_its_end(run_call, compile_text):
    flow = compile_text(HELLO.replace("What is your name?", "What is your name? " * 5))
    call = run_call(flow, [(2.0, 2.7, ""), (14.0, 15.0, "my name is ann")])

    assert len(call.effects(PauseSpeech)) == len(call.effects(ResumeSpeech)) == 1
    assert not call.effects(StopSpeech)
    assert call.causes(PlayoutFinished)[0].complete
    assert call.result.metrics.false_alarms == 1


# --- endings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["left", "lost"])
def test_a_caller_who_goes_ends_the_call_and_what_was_heard_is_known(run_call, hello, reason):
    call = run_call(hello, at={1.0: lambda call: call.caller.leave(reason)})

    assert call.causes(ParticipantLeft)[0].reason == reason
    assert call.result.reason == "caller_left"
    (cut,) = call.causes(PlayoutFinished)
    assert (cut.played, cut.complete) == (940, False)
    assert call.result.history[0].interrupted


def test_ctrl_c_ends_the_call_at_once_with_its_journal(run_call, hello):
    call = run_call(hello, at={1.0: lambda call: call.session.close("interrupted by the operator")})

    assert call.result.reason == "interrupted by the operator"
    assert call.causes(CloseRequested)[0].at == 1000
    assert call.effects(HangUp)[0].reason == "interrupted by the operator"
    assert len(list(read(call.journal.getvalue().splitlines())[1])) == len(call.result.steps)


def test_closing_twice_is_harmless(run_call, hello):
    def close(call):
        call.session.close("first")
        call.session.close("second")

    call = run_call(hello, at={1.0: close})

    assert call.result.reason == "first"
    assert len(call.effects(HangUp)) == 1


def test_a_room_nobody_enters_is_given_up(run_call, hello):
    call = run_call(hello, join=False, join_timeout=90)

    assert call.result.reason == "nobody joined within 90 s"
    assert call.result.steps[-1].at == 90_000


def test_a_broken_room_ends_the_call(run_call, hello):
    def breaks(call):
        call.room._listener.room_failed("ice failed")

    call = run_call(hello, at={1.0: breaks})

    assert call.result.reason == "error.room"


def test_a_room_that_cannot_be_opened_ends_the_call_with_its_reason(run_call, hello):
    class Occupied(LoopbackRoom):
        async def open(self, listener, source):
            raise OSError("port 8080 is occupied")

    class Clock:
        monotonic = staticmethod(lambda: asyncio.get_running_loop().time())

    call = run_call(hello, room=Occupied(Clock()))

    assert "port 8080 is occupied" in call.result.failure
    assert call.result.reason == call.result.failure
    assert call.journal.getvalue().count("\n") >= 2


def test_a_minute_of_silence_ends_the_call_by_the_flow(run_call, compile_text):
    ladder = "listen: {silence: 7s, no_input: [Are you there?]}\nhandle: {no_input: {to: bye}}\n"
    flow = compile_text(HELLO + ladder)
    call = run_call(flow)

    assert "Are you there?" in said(call)
    assert call.result.reason == "flow"
    assert call.result.steps[-1].at < 60_000


# --- providers that fail -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stt", "tts"])
def test_a_provider_that_cannot_start_ends_the_call_before_it_begins(
    run_call, hello, make_services, kind
):
    error = ProviderMissing("the model is not on this machine")
    broken = {
        "stt": ScriptedRecognizer(open_error=error),
        "tts": ScriptedSynthesizer(open_error=error),
    }
    services = make_services(**{kind: broken[kind]})
    call = run_call(hello, services=services)

    assert f"{kind} cannot start" in call.result.failure
    assert "not on this machine" in call.result.failure
    assert said(call) == []
    assert services.tts.closed
    assert services.stt.closed
    assert services.vad.closed


def test_a_tool_that_cannot_be_imported_ends_the_call_before_it_begins(run_call, compile_text):
    call = run_call(compile_text(WORK))

    assert "python:nowhere.find" in call.result.failure


def test_a_tool_nothing_here_can_call_fails_and_the_flow_goes_on_with_its_handler(
    run_call, compile_text
):
    call = run_call(compile_text(WORK.replace("python:nowhere", "http:nowhere")))

    assert said(call) == ["It is broken."]
    (returned,) = call.causes(ToolReturned)
    assert "nothing here calls tools of `http:` (http:nowhere.find)" in returned.error
    (error,) = call.effects(ReportError)
    assert (error.name, "http:nowhere.find" in error.message) == ("error.tool", True)


def test_a_recogniser_that_dies_in_the_call_is_the_flows_business(run_call, hello, make_services):
    stt = ScriptedRecognizer(
        [Heard(text="", error=ProviderUnavailable("process died"))], sample_rate=RATE
    )
    call = run_call(hello, [(3.0, 4.0, "")], services=make_services([(3.0, 4.0, "")], stt=stt))

    (failed,) = call.causes(ServiceFailed)
    assert (failed.service, failed.message) == ("stt", "ProviderUnavailable: process died")
    assert call.result.steps[-1].at < 60_000


def test_a_voice_that_breaks_in_every_line_ends_the_call(run_call, hello, make_services):
    class Broken(ScriptedSynthesizer):
        async def synthesize(self, text):
            raise ProviderUnavailable("gone")
            yield

    call = run_call(hello, services=make_services(tts=Broken(sample_rate=RATE)))

    assert call.causes(ServiceFailed)
    assert all(not e.complete and e.played == 0 for e in call.causes(PlayoutFinished))
    assert call.result.steps[-1].at < 60_000


def test_a_voice_without_audio_is_a_failure_and_not_a_silence(run_call, hello, make_services):
    tts = ScriptedSynthesizer(lines={"What is your name?": Voicing(duration=0)}, sample_rate=RATE)
    call = run_call(hello, services=make_services(tts=tts))

    assert call.causes(ServiceFailed)[0].service == "tts"
    assert call.result.steps[-1].at < 60_000


def test_a_voice_that_hangs_is_given_up(run_call, hello, make_services):
    class Hanging(ScriptedSynthesizer):
        async def synthesize(self, text):
            await asyncio.sleep(10_000)
            yield

    call = run_call(hello, services=make_services(tts=Hanging(sample_rate=RATE)))

    assert call.result.steps[-1].at < 120_000


def test_a_detector_that_breaks_is_reported_and_the_call_ends_in_bounded_time(
    run_call, hello, make_services
):
    class Broken(ScriptedVad):
        def process(self, samples):
            raise ProviderError("broken")

    call = run_call(hello, services=make_services(vad=Broken(sample_rate=RATE)))

    assert [e.service for e in call.causes(ServiceFailed)] == ["vad"]
    assert call.result.steps[-1].at < 120_000


def test_a_recogniser_that_never_answers_does_not_stop_the_call(run_call, hello, make_services):
    heard = [(3.0, 4.0, ""), (9.0, 10.0, "")]
    stt = ScriptedRecognizer(
        [Heard(text="", delay=None), Heard(text="my name is ann")], sample_rate=RATE
    )
    call = run_call(hello, heard, services=make_services(heard, stt=stt))

    assert said(call)[-1] == "Goodbye Ann."


# --- tools and transfers -------------------------------------------------------------------------


def tool(function):
    return {"functions": {"python:nowhere.find": function}}


def test_a_tools_result_is_spoken(run_call, compile_text):
    async def find(n: int):
        await asyncio.sleep(0.5)
        return {"n": n + 1}

    call = run_call(compile_text(WORK), **tool(find))

    assert said(call) == ["I found 3."]
    assert call.causes(ToolReturned)[0].at == 500


def test_a_tool_that_raises_is_the_flows_business(run_call, compile_text):
    def find(n: int):
        raise RuntimeError("the book is lost")

    call = run_call(compile_text(WORK), **tool(find))

    assert said(call) == ["It is broken."]
    assert call.causes(ToolReturned)[0].error == "RuntimeError: the book is lost"


def test_a_tool_that_hangs_is_given_up_by_the_flow(run_call, compile_text):
    async def find(n: int):
        await asyncio.sleep(10_000)

    call = run_call(compile_text(WORK), **tool(find))

    assert said(call) == ["It is late."]
    assert call.effects(CallTool)


@pytest.mark.parametrize("closed", [False, True])
def test_a_tool_that_takes_no_notice_of_its_end_keeps_no_call_open(
    run_call, compile_text, caplog, closed
):
    async def find(n: int):
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.5)

    at = {1.0: lambda call: call.session.close("enough")} if closed else {}
    call = run_call(compile_text(WORK), at=at, **tool(find))

    assert said(call) == ([] if closed else ["It is late."])
    assert call.result.reason == ("enough" if closed else "flow")
    assert "'tool python:nowhere.find (t1)' was cancelled and has not ended" in caplog.text


def test_without_a_desk_a_transfer_fails_and_the_flow_goes_on(run_call, compile_text):
    call = run_call(compile_text(MOVE))

    assert said(call) == ["I will connect you.", "Nobody is free.", "Goodbye."]
    assert "no way to transfer" in call.causes(TransferEnded)[0].error


def test_a_transfer_that_is_carried_out_ends_the_call(run_call, compile_text):
    class Desk:
        orders = []

        async def transfer(self, order):
            await asyncio.sleep(1)
            self.orders.append(order.to)

    call = run_call(compile_text(MOVE), desk=Desk())

    assert Desk.orders == ["+49301"]
    assert call.effects(Transfer)
    assert call.causes(TransferEnded)[0].error is None
    assert said(call) == ["I will connect you."]


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [({"FRONT_DESK": "+49302"}, []), ({}, ["Nobody is free.", "Goodbye."])],
)
def test_a_transfer_target_may_stand_in_the_environment(
    run_call, compile_text, environment, spoken
):
    orders = []

    class Desk:
        async def transfer(self, order):
            orders.append(order.to)

    flow = compile_text(MOVE.replace('"+49301"', "$FRONT_DESK"))
    call = run_call(flow, desk=Desk(), environment=environment)

    assert orders == list(environment.values())
    assert said(call)[1:] == spoken
    assert call.effects(Transfer)[0].to == "$FRONT_DESK"


# --- the session itself --------------------------------------------------------------------------


def test_a_full_disk_ends_the_journal_and_not_the_call(run_call, hello, caplog):
    def fill(call):
        def write(_):
            raise OSError("no space left on device")

        call.journal.write = write

    call = run_call(hello, [(3.0, 4.0, "my name is ann")], at={1.0: fill})

    assert call.result.reason == "flow"
    assert "the journal ends at step" in caplog.text


def test_noise_that_is_no_speech_reaches_the_core_as_nothing(run_call, hello):
    call = run_call(hello, [(3.0, 3.4, ""), (6.0, 7.0, "my name is ann")])

    assert len(call.causes(SpeechStarted)) == 2
    assert len(call.notes("turn")) == 1


def test_a_cancelled_session_closes_everything(hello, make_services, virtual):
    async def main(clock):
        services, room = make_services(), LoopbackRoom(clock)
        session = Session(hello, room, services, clock)
        room.join()
        task = asyncio.get_running_loop().create_task(session.run())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert room.close_reason == "the session was cancelled"
        assert services.tts.closed
        assert services.stt.closed

    virtual(main)


def test_a_bug_in_an_observer_is_not_hidden_and_leaves_nothing_open(hello, make_services, virtual):
    def broken(step):
        raise ZeroDivisionError("a bug")

    async def main(clock):
        services, room = make_services(), LoopbackRoom(clock)
        room.join()
        session = Session(hello, room, services, clock, on_step=broken)
        with pytest.raises(ZeroDivisionError):
            await session.run()
        assert room.close_reason == "the session broke"
        assert services.stt.closed

    virtual(main)


def test_a_journal_that_cannot_be_begun_does_not_stop_the_call(
    hello, make_services, virtual, caplog
):
    class Full:
        def write(self, _):
            raise OSError("no space left on device")

    async def main(clock):
        room = LoopbackRoom(clock)
        caller = room.join()
        session = Session(hello, room, make_services(), clock, journal=Full())
        asyncio.get_running_loop().call_later(1, caller.leave)
        return await session.run()

    assert virtual(main).reason == "caller_left"
    assert "there is no journal of this call" in caplog.text


def test_a_room_that_breaks_while_closing_does_not_keep_the_providers_open(
    hello, make_services, virtual, caplog
):
    class Sticky(LoopbackRoom):
        async def close(self, reason):
            await super().close(reason)
            raise RuntimeError("stuck")

    async def main(clock):
        room, services = Sticky(clock), make_services()
        caller = room.join()
        asyncio.get_running_loop().call_later(1, caller.leave)
        await Session(hello, room, services, clock).run()
        assert services.stt.closed

    virtual(main)
    assert "the room did not close cleanly" in caplog.text
