"""A program steers its call: what it asks for, what it is told, and that all of it is replayed."""

import asyncio
import functools
import io
import threading
import wave

import numpy as np
import pytest

from engine.core.context import FunctionCall, Handoff
from engine.core.conversation import Conversation
from engine.effects import StartReply
from engine.errors import ConfigurationError, TurnwiseError, UnsupportedError
from engine.events import AppEventReceived
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.requests import HandlerFailed, SayRequested
from engine.session.current import current_session
from engine.session.options import SessionOptions
from engine.session.session import Session
from media.files import FileRoom
from media.images import data_url
from media.loopback import LoopbackRoom
from media.tasks import TaskOwner
from providers.scripted_model import ScriptedModel, Talk

FLOW = """
turnwise: 1
flow: desk
start: ask
slots: {size: {type: integer, ask: "How many?"}}
instructions: You are the desk.
listen: {silence: 30s, no_input: [Hello?], no_match: [Sorry?]}
tools: {look: {use: "python:desk.look", args: {size: integer}}}
handle: {no_input: {to: bye}, no_match: {to: bye}}
states:
  ask: {collect: [size], then: find}
  find: {run: look, args: {size: slots.size}, then: bye}
  bye: {say: Goodbye., end: hangup}
"""

PIXELS = np.full((240, 320, 3), 90, np.uint8)


@pytest.fixture
def flow(compile_text):
    return compile_text(FLOW)


@pytest.fixture
def in_call(virtual, flow, make_services):
    """Run `program(session, caller)` beside a call; return the session and what it returned."""

    def run(
        program,
        *,
        functions=None,
        services=None,
        journal=None,
        handlers=None,
        room=KeyRoom,
        **options,
    ):
        async def main(clock):
            place = room(clock)
            session = Session(
                flow,
                place,
                services or make_services(),
                clock,
                SessionOptions(
                    functions=functions or {"python:desk.look": lambda size: 1}, **options
                ),
                journal=journal,
            )
            for name, handler in (handlers or {}).items():
                session.on(name, handler)
            caller = place.join()
            async with session:
                outcome = await program(session, caller)
            return session, outcome

        return virtual(main)

    return run


class KeyRoom(LoopbackRoom):
    """A room whose far side understands telephone keys."""

    def send_keys(self, keys):
        self.pressed = keys


class SeeingRoom(LoopbackRoom):
    """A room in which somebody shows something."""

    def latest_frames(self, n):
        return [np.full((2, 2, 3), shade, np.uint8) for shade in range(5 - n, 5)]


def texts(session):
    return [item.text for item in session.history().messages]


def replays(flow, journal):
    lines = journal.getvalue().split("\n")[:-1]
    return replay(Conversation(flow), entries(lines)[1]).difference is None


class TestSaying:
    def test_a_line_is_heard_and_its_handle_tells_so(self, in_call):
        async def program(session, caller):
            handle = session.say("Your table is ready.")
            assert not handle.done()
            assert await handle is handle
            return handle

        session, handle = in_call(program)

        assert handle.done()
        assert (handle.heard_text, handle.interrupted, handle.error) == (
            "Your table is ready.",
            False,
            None,
        )
        assert texts(session) == ["How many?", "Your table is ready."]

    def test_a_line_outside_the_context_is_told_to_no_model(self, in_call):
        model = ScriptedModel([{}], replies=["Well."])

        async def program(session, caller):
            await asyncio.sleep(3)
            handle = await session.say("The line is recorded.", add_to_context=False)
            await session.reply("Go on.")
            return handle

        session, handle = in_call(program, services=_with(model))

        assert handle.heard_text == "The line is recorded."
        assert texts(session) == ["How many?", "Well."]
        assert "recorded" not in str(model.talks[0].history)

    def test_who_speaks_over_it_cuts_it(self, in_call):
        async def program(session, caller):
            await asyncio.sleep(3)
            handle = session.say("One two three four five six seven eight nine ten eleven twelve.")
            await asyncio.sleep(2)
            caller.type("stop")
            return await handle

        _, handle = in_call(program)

        assert handle.interrupted
        assert handle.heard_text
        assert handle.error is None

    def test_a_protected_line_is_stopped_by_force_only(self, in_call):
        async def program(session, caller):
            await asyncio.sleep(3)
            line = "One two three four five six seven eight nine ten eleven twelve."
            handle = session.say(line, interruptible=False)
            await asyncio.sleep(1)
            handle.interrupt()
            session.interrupt()
            caller.type("two")
            await asyncio.sleep(1)
            before = handle.done()
            handle.interrupt(force=True)
            return before, await handle

        _, (before, handle) = in_call(program)

        assert not before
        assert handle.interrupted

    def test_audio_is_played_from_memory_and_piece_by_piece(self, in_call):
        second = (3_000 * np.sin(np.arange(48_000) / 10)).astype(np.int16)

        async def pieces():
            for _ in range(3):
                yield second[:16_000]
                await asyncio.sleep(0.1)

        async def program(session, caller):
            await asyncio.sleep(3)
            whole = await session.say("A second.", audio=second)
            parts = await session.say(audio=pieces(), add_to_context=False)
            heard = caller.heard
            return whole, parts, heard

        session, (whole, parts, heard) = in_call(program)

        assert (whole.heard_text, whole.error) == ("A second.", None)
        assert (parts.interrupted, parts.error) == (False, None)
        assert np.count_nonzero(np.abs(heard) == 2_999) > 0
        assert texts(session) == ["How many?", "A second."]

    def test_a_file_stands_in_the_folder_of_the_flow(self, in_call, tmp_path):
        tone = (3_000 * np.sin(np.arange(24_000) / 10)).astype(np.int16)
        with wave.open(str(tmp_path / "ding.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(48_000)
            file.writeframes(tone.tobytes())

        async def program(session, caller):
            await asyncio.sleep(3)
            said = await session.say("Ding.", audio="ding.wav")
            sound = await session.play_sound(tmp_path / "ding.wav")
            missing = await session.say(audio="dong.wav")
            return said, sound, missing, await session.say("Still here.")

        session, (said, sound, missing, line) = in_call(program, source=str(tmp_path / "desk.yaml"))

        assert (said.heard_text, said.error) == ("Ding.", None)
        assert (sound.error, sound.interrupted) == (None, False)
        assert "dong.wav" in missing.error
        assert line.heard_text == "Still here."
        assert "Ding." in texts(session)

    def test_what_is_no_audio_is_an_error_of_that_line(self, in_call):
        async def program(session, caller):
            return await session.say(audio=np.zeros((2, 10), np.float32))

        _, handle = in_call(program)
        assert handle.error is not None
        assert "int16" in handle.error

    def test_nothing_to_say_is_refused(self, in_call):
        async def program(session, caller):
            with pytest.raises(ValueError, match="text or audio"):
                session.say("  ")
            with pytest.raises(ValueError, match="instructions"):
                session.reply("")

        in_call(program)

    def test_a_sound_is_stopped_by_its_name(self, in_call):
        async def program(session, caller):
            await asyncio.sleep(3)
            handle = session.play_sound(np.full(480_000, 500, np.int16), interruptible=False)
            await asyncio.sleep(2)
            session.stop_sound()
            return await handle

        session, handle = in_call(program)

        assert handle.interrupted
        assert texts(session) == ["How many?"]

    @pytest.mark.parametrize("stopped", [False, True])
    def test_a_sound_without_end_plays_until_it_is_stopped(self, in_call, stopped):
        read = 0

        async def music():
            nonlocal read
            while True:
                read += 960
                yield np.full(960, 700, np.int16)

        async def program(session, caller):
            await asyncio.sleep(3)
            handle = session.play_sound(music(), interruptible=False)
            await asyncio.sleep(40)
            assert not handle.done()
            assert read <= 42 * 48_000
            if stopped:
                session.stop_sound()
                await handle
                said = await session.say("Here I am.")
                assert said.heard_text == "Here I am."
            else:
                session.close()
            return np.count_nonzero(caller.heard == 700)

        _, heard = in_call(program)

        assert abs(heard - 40 * 48_000) < 4_800

    def test_before_the_call_and_after_it(self, virtual, flow, make_services):
        async def main(clock):
            room = LoopbackRoom(clock)
            functions = {"python:desk.look": lambda size: 1}
            session = Session(
                flow, room, make_services(), clock, SessionOptions(functions=functions)
            )
            early = session.say("Welcome.")
            async with session:
                await asyncio.sleep(2)
                room.join()
                await early
            late = session.say("Too late.")
            session.interrupt()
            return early, late

        early, late = virtual(main)

        assert early.heard_text == "Welcome."
        assert late.done()
        assert late.error == "the call is over"

    def test_the_end_of_the_call_ends_what_waits(self, in_call):
        async def program(session, caller):
            caller.speak(np.full(48_000 * 9, 9_000, np.int16))
            handle = session.say("One two three four five six.")
            await asyncio.sleep(1)
            session.close("enough")
            return await handle

        _, handle = in_call(program)
        assert handle.error == "the call is over"


class TestReplies:
    def test_the_model_says_what_it_was_asked_to(self, in_call):
        model = ScriptedModel([{}], replies=["Your table is ready. Come in."])

        async def program(session, caller):
            await asyncio.sleep(3)
            return await session.reply("Tell them that the table is ready.")

        session, handle = in_call(program, services=_with(model))

        assert handle.heard_text == "Your table is ready. Come in."
        (order,) = [e for s in session.steps for e in s.effects if isinstance(e, StartReply)]
        assert "You are the desk." in order.instructions
        assert "Tell them that the table is ready." in order.instructions
        assert not [i for i in session.history().messages if i.role == "user"]

    def test_whoever_does_not_wait_for_playback_goes_on_when_it_is_written(self, in_call):
        model = ScriptedModel([{}], replies=["Your table is ready. Come in."])

        async def program(session, caller):
            await asyncio.sleep(3)
            handle = await session.reply("Go on.", wait_for_playback=False)
            first = handle.heard_text
            await asyncio.sleep(5)
            return first, handle.heard_text

        _, heard = in_call(program, services=_with(model))
        assert heard == ("", "Your table is ready. Come in.")

    def test_without_a_model_the_handle_tells_why(self, in_call):
        errors = []

        async def program(session, caller):
            return await session.reply("Say something.")

        _, handle = in_call(program, handlers={"error": errors.append})

        assert handle.error == "no language model is configured"
        assert [told.error for told in errors] == ["error.llm"]

    def test_the_model_may_use_the_tools_it_is_given(self, in_call, flow):
        asks = Talk(text="Let me look.", calls=(("look", {"size": 4}),))
        model = ScriptedModel([{}], replies=[asks, "There is a table."])
        sizes, journal = [], io.StringIO()

        async def look(size):
            sizes.append(size)
            await asyncio.sleep(3)
            return "free"

        async def program(session, caller):
            await asyncio.sleep(3)
            handle = session.reply("Look for a table.", tools=["look"], wait_for_playback=False)
            await handle
            written = asyncio.get_running_loop().time()
            await asyncio.sleep(5)
            return written, handle, await session.reply("x")

        session, (written, handle, after) = in_call(
            program,
            services=_with(model),
            functions={"python:desk.look": look},
            journal=journal,
        )

        assert sizes == [4]
        assert [tool.name for tool in model.talks[0].tools] == ["look"]
        assert model.talks[1].history[-1]["output"] == '"free"'
        assert handle.heard_text == "Let me look. There is a table."
        assert written > 1_000 + 3 + 3
        assert model.talks[2].tools == ()
        assert after.error == "ProviderUnavailable: the scripted model has no reply number 3"
        calls = [item for item in session.history() if isinstance(item, FunctionCall)]
        assert [(call.name, call.args) for call in calls] == [("look", {"size": 4})]
        assert replays(flow, journal)

    def test_a_tool_there_is_not_is_an_error_of_the_handle(self, in_call):
        async def program(session, caller):
            return await session.reply("Fly.", tools=["fly"])

        _, handle = in_call(program, services=_with(ScriptedModel([{}], replies=["x"])))
        assert (handle.error, handle.interrupted) == ("there is no tool 'fly' here", True)

    def test_the_model_is_shown_what_the_caller_shows(self, in_call, flow):
        """Neither the core nor the journal holds a picture."""
        model = ScriptedModel([{}], replies=["A cat.", "Well."])
        journal = io.StringIO()

        async def program(session, caller):
            await asyncio.sleep(3)
            frames = [PIXELS, "https://example.com/cat.png"]
            handle = await session.reply("What is this?", frames=frames)
            await session.reply("Go on.")
            return handle

        session, handle = in_call(program, services=_with(model), journal=journal)

        assert (handle.heard_text, handle.error) == ("A cat.", None)
        shown, told = model.talks[0].history[-1], model.talks[1].history
        assert shown["role"] == "user"
        assert [part["url"] for part in shown["content"]] == [
            data_url(PIXELS),
            "https://example.com/cat.png",
        ]
        assert not [message for message in told if "content" in message], "it is shown once"
        assert texts(session) == ["How many?", "A cat.", "Well."]
        assert "base64" not in journal.getvalue()
        assert "memory:q1.2" in journal.getvalue()
        assert replays(flow, journal)

    def test_one_that_begins_anew_shows_its_pictures_again(self, in_call):
        model = ScriptedModel([{}], replies=["A dog.", "A cat."])

        async def program(session, caller):
            await asyncio.sleep(3)
            handle = session.reply("What is this?", frames=[PIXELS])
            await asyncio.sleep(0.1)
            caller.type("hello there")
            return await handle

        _, handle = in_call(program, services=_with(model))

        assert handle.heard_text == "A cat."
        urls = [part["url"] for part in model.talks[1].history[-1]["content"]]
        assert urls == [data_url(PIXELS)]

    @pytest.mark.parametrize(
        ("frames", "message"),
        [
            (["https://example.com/a.png"] * 6, "at most 5 pictures"),
            (["/etc/passwd"], "http"),
            ([b"jpeg"], "video frame"),
        ],
    )
    def test_what_is_no_picture_is_refused_at_once(self, in_call, frames, message):
        async def program(session, caller):
            with pytest.raises(ValueError, match=message):
                session.reply("Look.", frames=frames)

        in_call(program)

    def test_the_latest_frames_are_those_of_the_room(self, in_call):
        async def program(session, caller):
            with pytest.raises(ValueError, match="1 to 5"):
                await session.capture_frames(6)
            return await session.capture_frames(2)

        _, frames = in_call(program, room=SeeingRoom)
        assert [int(frame[0, 0, 0]) for frame in frames] == [3, 4]

    def test_a_room_without_video_says_so(self, in_call):
        async def program(session, caller):
            with pytest.raises(UnsupportedError, match="no video"):
                await session.capture_frames(2)

        in_call(program)


class TestTheRest:
    def test_text_is_a_turn_of_the_caller(self, in_call):
        async def program(session, caller):
            await asyncio.sleep(3)
            session.send_text("four")
            await asyncio.sleep(5)

        session, _ = in_call(program)
        assert texts(session)[1:] == ["four", "Goodbye."]

    def test_what_cannot_be_asked_for_is_refused_at_once(self, in_call):
        async def program(session, caller):
            with pytest.raises(ValueError, match="needs a destination"):
                session.transfer("  ")
            with pytest.raises(ValueError, match="paid"):
                session.raise_event("paid")

        in_call(program)

    def test_an_event_of_the_program_is_told_the_flow(self, in_call):
        async def program(session, caller):
            await asyncio.sleep(3)
            session.raise_event("app.paid", {"amount": 12})
            await asyncio.sleep(1)

        session, _ = in_call(program)
        (event,) = [s.cause for s in session.steps if isinstance(s.cause, AppEventReceived)]
        assert (event.name, event.data) == ("paid", {"amount": 12})

    def test_keys_must_be_keys(self, in_call):
        async def program(session, caller):
            with pytest.raises(ValueError, match="no telephone keys"):
                session.send_dtmf("1x")
            session.send_dtmf("12#")
            await asyncio.sleep(1)

        session, _ = in_call(program)
        assert "SendKeys" in [type(e).__name__ for s in session.steps for e in s.effects]

    def test_a_room_without_keys_says_so_and_the_call_goes_on(self, in_call):
        async def program(session, caller):
            with pytest.raises(UnsupportedError, match="no keys to press"):
                session.send_dtmf("1")
            return await session.say("Still here.")

        _, handle = in_call(program, room=LoopbackRoom)
        assert handle.heard_text == "Still here."

    def test_a_transfer_that_succeeds_ends_the_call_and_is_a_handoff(self, in_call):
        orders = []

        class Desk:
            async def transfer(self, order):
                await asyncio.sleep(1)
                orders.append(order)

        async def program(session, caller):
            await asyncio.sleep(3)
            line = session.say("I put you through.")
            handle = await session.transfer("+49 30 1", "warm", brief="Ann")
            return line, handle, await session.wait_closed()

        session, (line, handle, result) = in_call(program, desk=Desk())

        assert line.heard_text == "I put you through.", "it goes out when all was said"
        assert (handle.error, handle.interrupted) == (None, False)
        assert [(o.to, o.kind, o.brief) for o in orders] == [("+49 30 1", "warm", "Ann")]
        assert (result.reason, result.kind) == ("transferred", "leave")
        assert session.history()[-1] == Handoff(id="h1", to="+49 30 1", kind="warm")

    def test_a_transfer_without_a_way_tells_so_and_the_call_goes_on(self, in_call):
        async def program(session, caller):
            handle = await session.transfer("desk", "warm", brief="Ann")
            return handle, await session.say("I am still here.")

        _, (handle, line) = in_call(program)

        assert "no way to transfer" in handle.error
        assert line.heard_text == "I am still here."

    @pytest.mark.parametrize(("way", "kind"), [("hangup", "hangup"), ("leave", "leave")])
    def test_the_end_comes_after_the_last_line(self, in_call, way, kind):
        async def program(session, caller):
            await asyncio.sleep(3)
            handle = session.say("That is all.")
            getattr(session, way)("done")
            result = await session.wait_closed()
            return handle, result

        _, (handle, result) = in_call(program)

        assert handle.heard_text == "That is all."
        assert (result.reason, result.kind) == ("done", kind)

    def test_stats_count_what_happened_so_far(self, in_call):
        async def program(session, caller):
            await asyncio.sleep(3)
            session.send_text("four")
            await asyncio.sleep(1)
            return session.stats()

        _, stats = in_call(program)
        assert stats.user_turns == 1

    def test_all_of_it_is_replayed_byte_by_byte(self, in_call, flow):
        journal = io.StringIO()
        model = ScriptedModel([{}], replies=["One. Two.", "Three."])

        async def program(session, caller):
            session.say("First.", interruptible=False)
            session.reply("a")
            await asyncio.sleep(4)
            session.say("Second.").interrupt()
            session.reply("b", interruptible=False)
            caller.type("hello")
            session.send_dtmf("1")
            await asyncio.sleep(6)
            session.interrupt(force=True)
            await session.transfer("$DESK")
            session.hangup("done")
            await session.wait_closed()

        session, _ = in_call(program, services=_with(model), journal=journal)

        assert [s for s in session.steps if isinstance(s.cause, SayRequested)]
        assert replays(flow, journal)


class TestTools:
    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_a_tool_speaks_while_it_works(self, in_call, kind):
        handles = []

        def look(size):
            handles.append(current_session().say("Let me look."))
            return size

        async def look_async(size):
            handles.append(await current_session().say("Let me look."))
            return size

        async def program(session, caller):
            await asyncio.sleep(3)
            caller.type("four")
            await asyncio.sleep(8)

        functions = {"python:desk.look": look if kind == "sync" else look_async}
        session, _ = in_call(program, functions=functions)

        assert texts(session)[2:] == ["Let me look.", "Goodbye."]
        assert handles[0].heard_text == "Let me look."

    def test_a_tool_may_wait_for_a_reply_it_asked_for(self, in_call, flow):
        """The reply must not wait for the tool that waits for it."""
        model = ScriptedModel([{}], replies=["One moment. I am looking."])
        journal, heard = io.StringIO(), []

        async def look(size):
            heard.append((await current_session().reply("Ask for patience.")).heard_text)
            return size

        async def program(session, caller):
            await asyncio.sleep(3)
            caller.type("four")
            await asyncio.sleep(9)

        session, _ = in_call(
            program,
            functions={"python:desk.look": look},
            services=_with(model),
            journal=journal,
        )

        assert heard == ["One moment. I am looking."]
        assert texts(session)[1:] == ["four", "One moment. I am looking.", "Goodbye."]
        assert replays(flow, journal)

    def test_a_tool_may_wait_for_a_transfer_it_asked_for(self, in_call):
        errors = []

        async def look(size):
            errors.append((await current_session().transfer("desk")).error)
            return size

        async def program(session, caller):
            await asyncio.sleep(3)
            caller.type("four")
            await asyncio.sleep(5)

        session, _ = in_call(program, functions={"python:desk.look": look})
        assert "no way to transfer" in errors[0]
        assert texts(session)[1:] == ["four", "Goodbye."]

    def test_outside_a_session_there_is_none(self):
        with pytest.raises(TurnwiseError, match="does not run inside a session"):
            current_session()


class TestBeingTold:
    def test_of_the_three_machines_with_instant_and_cause(self, in_call):
        told = []

        async def program(session, caller):
            await asyncio.sleep(3)
            caller.type("four")
            await asyncio.sleep(3)

        names = ("agent_state_changed", "dialog_state_changed")
        in_call(program, handlers=dict.fromkeys(names, told.append))

        dialog = [(n.old, n.new) for n in told if n.name == "dialog_state_changed"]
        assert ("ask", "find") in dialog
        agent = [n.new for n in told if n.name == "agent_state_changed"]
        assert agent[0] == "IDLE"
        assert agent[-1] == "CLOSING"
        assert all(isinstance(n.at, int) and n.cause for n in told)

    def test_any_callable_will_do(self, in_call):
        told = []

        class Called:
            async def __call__(self, notice):
                await asyncio.sleep(0.1)
                told.append(("object", notice.text))

        async def program(session, caller):
            session.on("transcript", lambda: told.append(("nothing",)))
            session.on(
                "transcript", functools.partial(lambda kind, n: told.append((kind,)), "part")
            )
            session.on("transcript", Called())

            @session.on("transcript")
            def plain(notice):
                told.append(("plain", notice.final))

            assert callable(plain)
            await asyncio.sleep(2)
            caller.type("hello")
            await asyncio.sleep(1)

        in_call(program)
        assert sorted(told) == [
            ("nothing",),
            ("object", "hello"),
            ("part",),
            ("plain", True),
        ]

    def test_who_comes_in_the_middle_of_a_line_is_told_of_its_start(self, in_call):
        told = []

        async def program(session, caller):
            await asyncio.sleep(0.05)  # the question is ordered, and not audible yet
            session.on("utterance", lambda news: told.append((news.state, news.text)))
            await asyncio.sleep(3)

        in_call(program)
        assert told[0] == ("started", "How many?")

    def test_async_handlers_never_overtake_themselves(self, in_call):
        told = []

        async def slow(notice):
            await asyncio.sleep(0.5 if notice.state == "started" else 0)
            told.append((notice.state, notice.utterance))

        async def program(session, caller):
            await session.say("One.")
            await session.say("Two.")

        in_call(program, handlers={"utterance": slow})
        assert [state for state, _ in told[:4]] == ["started", "finished", "started", "finished"]

    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_a_handler_that_raises_is_reported_and_ends_nothing(self, in_call, kind):
        errors = []

        def broken(notice):
            raise LookupError("my own mistake")

        async def broken_later(notice):
            raise LookupError("my own mistake")

        async def program(session, caller):
            return await session.say("Still here.")

        handler = broken if kind == "sync" else broken_later
        handlers = {"participant": handler, "error": errors.append}
        _, handle = in_call(program, handlers=handlers)

        assert handle.heard_text == "Still here."
        assert [(e.error, e.subject) for e in errors] == [("error.handler", "participant")]
        assert "my own mistake" in errors[0].message

    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_a_handler_whose_own_work_was_cancelled_cancels_nothing_else(self, in_call, kind):
        errors, heard = [], []

        def broken(notice):
            heard.append(notice.state)
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            future.result()

        async def broken_later(notice):
            heard.append(notice.state)
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.1, future.cancel)
            await future

        async def program(session, caller):
            await asyncio.sleep(3)
            return await session.say("Still here.")

        handler = broken if kind == "sync" else broken_later
        session, handle = in_call(program, handlers={"utterance": handler, "error": errors.append})

        assert handle.heard_text == "Still here."
        assert heard == ["started", "finished"] * 2
        assert {(e.error, e.subject) for e in errors} == {("error.handler", "utterance")}
        assert len(errors) >= 3, "what a handler is still at when the call ends is not told"

    def test_an_exception_that_cannot_say_what_it_is_has_a_name(self, in_call):
        class BrokenError(Exception):
            def __str__(self):
                raise RuntimeError("no words")

        def broken():
            raise BrokenError

        async def program(session, caller):
            return await session.say("Still here.")

        session, handle = in_call(program, handlers={"participant": broken})
        assert handle.heard_text == "Still here."
        assert [
            step.cause.message for step in session.steps if isinstance(step.cause, HandlerFailed)
        ] == ["BrokenError"]

    def test_a_broken_handler_of_errors_is_not_told_of_itself(self, in_call):
        def broken(notice):
            raise LookupError("again")

        async def program(session, caller):
            await session.reply("x")

        session, _ = in_call(program, handlers={"error": broken})
        failed = [s for s in session.steps if type(s.cause).__name__ == "HandlerFailed"]
        assert len(failed) == 1

    def test_it_can_be_ended(self, in_call):
        told = []

        async def program(session, caller):
            end = session.on("transcript", told.append)
            await asyncio.sleep(2)
            caller.type("one")
            await asyncio.sleep(1)
            end()
            end()
            caller.type("two")
            await asyncio.sleep(1)

        in_call(program)
        assert [notice.text for notice in told] == ["one"]

    def test_a_name_that_does_not_exist_is_refused(self, in_call):
        async def program(session, caller):
            with pytest.raises(ValueError, match="there is no event 'transkript'"):
                session.on("transkript", print)
            with pytest.raises(TypeError, match="cannot be called"):
                session.on("transcript", 3)

        in_call(program)

    def test_the_end_is_told_and_waited_for(self, in_call):
        told = []

        async def last(notice):
            await asyncio.sleep(1)
            told.append((notice.reason, notice.kind))

        async def program(session, caller):
            session.close("enough")

        in_call(program, handlers={"ended": last})
        assert told == [("enough", "hangup")]

    @pytest.mark.parametrize("order", ["say", "reply", "play_sound", "transfer"])
    @pytest.mark.parametrize("kind", ["awaits", "returns"])
    def test_what_a_handler_orders_at_the_end_is_over_at_once(self, in_call, order, kind):
        handles = []

        async def program(session, caller):
            def last():
                handles.append(getattr(session, order)("Thank you."))
                return handles[0] if kind == "returns" else thanks()

            async def thanks():
                await handles[0]
                handles.append(session.say("And thank you."))
                assert handles[1].done()

            session.on("ended", last)
            await asyncio.sleep(1)
            return await _closing(session)

        _, seconds = in_call(program)
        assert seconds == 0
        assert {handle.error for handle in handles} == {"the call is over"}
        assert len(handles) == (2 if kind == "awaits" else 1)

    def test_a_handler_that_awaits_what_it_ordered_before_holds_up_nothing(self, in_call):
        handles = []

        async def program(session, caller):
            async def follow(notice):
                if notice.state == "started":
                    handles.append(session.say("And one thing more."))
                    await handles[-1]
                    told.append(handles[-1])

            told = []
            session.on("utterance", follow)
            await asyncio.sleep(4)
            seconds = await _closing(session)
            assert told == handles
            return seconds

        _, seconds = in_call(program)
        assert seconds == 0
        assert "the call is over" in [handle.error for handle in handles]

    def test_a_handler_may_wait_for_the_end_and_is_told_how_it_went(self, in_call):
        results = []

        async def program(session, caller):
            async def wait():
                await session.until_over()
                results.append(await session.wait_closed())

            async def another():
                await asyncio.sleep(2)
                results.extend(await asyncio.gather(session.wait_closed()))

            session.on("ended", wait)
            session.on("ended", another)
            await asyncio.sleep(1)
            seconds = await _closing(session)
            results.append(await session.wait_closed())
            return seconds

        _, seconds = in_call(program)
        assert seconds == 2  # what a handler does for itself is waited for, as ever
        assert [result.reason for result in results] == ["enough"] * 3
        assert results[0] == results[2]

    def test_a_handler_that_waits_for_the_end_of_a_call_that_is_cancelled_is_told(
        self, virtual, flow, make_services, caplog
    ):
        async def main(clock):
            room = LoopbackRoom(clock)
            options = SessionOptions(functions={"python:desk.look": lambda size: 1})
            session = Session(flow, room, make_services(), clock, options)
            session.on("participant", lambda notice: session.wait_closed())
            room.join()
            tasks = TaskOwner(lambda _: None)
            loop = asyncio.get_running_loop()
            running = tasks.start(session.run_until_closed(), "call")
            await asyncio.sleep(1)
            session._cancel()
            before = loop.time()
            with pytest.raises(asyncio.CancelledError):
                await running
            return loop.time() - before

        assert virtual(main) == 0
        assert "TurnwiseError: the session broke" in caplog.text


class TestRunning:
    def test_waiting_for_a_participant(self, virtual, flow, make_services):
        async def main(clock):
            room = LoopbackRoom(clock)
            functions = {"python:desk.look": lambda size: 1}
            session = Session(
                flow, room, make_services(), clock, SessionOptions(functions=functions)
            )
            loop = asyncio.get_running_loop()
            loop.call_later(7, room.join)
            await session.start(wait_for_participant=True)
            joined = loop.time()
            session.close()
            await session.wait_closed()
            return joined

        assert virtual(main) == pytest.approx(1_007)

    def test_nobody_comes(self, virtual, flow, make_services):
        async def main(clock):
            functions = {"python:desk.look": lambda size: 1}
            options = SessionOptions(functions=functions, join_timeout=5)
            session = Session(flow, LoopbackRoom(clock), make_services(), clock, options)
            with pytest.raises(TimeoutError, match="nobody joined"):
                await session.start(wait_for_participant=True)

        virtual(main)

    def test_what_cannot_begin_says_why(self, virtual, flow, make_services, tmp_path):
        async def main(clock):
            session = Session(flow, LoopbackRoom(clock), make_services(), clock)
            with pytest.raises(ConfigurationError, match=r"desk\.look"):
                await session.start()

        virtual(main)

    def test_a_program_that_breaks_leaves_nothing_open(self, virtual, flow, make_services):
        rooms = []

        async def main(clock):
            room = LoopbackRoom(clock)
            rooms.append(room)
            functions = {"python:desk.look": lambda size: 1}
            options = SessionOptions(functions=functions)
            with pytest.raises(LookupError):
                async with Session(flow, room, make_services(), clock, options):
                    raise LookupError("my own mistake")

        virtual(main)
        assert "my own mistake" in rooms[0].close_reason

    def test_run_until_closed_returns_how_it_went(self, virtual, flow, make_services):
        async def main(clock):
            room = LoopbackRoom(clock)
            caller = room.join()
            functions = {"python:desk.look": lambda size: 1}
            options = SessionOptions(functions=functions)
            session = Session(flow, room, make_services(), clock, options)
            asyncio.get_running_loop().call_later(3, caller.type, "four")
            return await session.run_until_closed()

        assert virtual(main).reason == "flow"

    def test_a_call_that_is_closed_before_it_begins_ends_at_once(
        self, virtual, flow, make_services
    ):
        async def main(clock):
            room = LoopbackRoom(clock)
            room.join()
            functions = {"python:desk.look": lambda size: 1}
            options = SessionOptions(functions=functions)
            session = Session(flow, room, make_services(), clock, options)
            session.close("changed my mind")
            return await session.run_until_closed()

        assert virtual(main).reason == "changed my mind"

    def test_who_waits_for_the_start_is_told_when_the_call_is_cancelled_before_it(
        self, virtual, flow, make_services
    ):
        async def main(clock):
            functions = {"python:desk.look": lambda size: 1}
            options = SessionOptions(functions=functions)
            session = Session(flow, LoopbackRoom(clock), make_services(), clock, options)
            owner = TaskOwner(lambda _: None)
            waits = owner.start(session.run_until_closed(), "program")
            await asyncio.sleep(0)  # it has made the task of the call, which has not begun
            session._cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(waits, 60)

        virtual(main)


def test_a_thread_may_ask_for_everything(flow, make_services):
    """On the wall clock, because a thread of its own waits for the handle."""
    outcome = []

    async def main():
        room = LoopbackRoom()
        room.join()
        functions = {"python:desk.look": lambda size: 1}
        from media.clock import LoopClock

        session = Session(
            flow, room, make_services(), LoopClock(), SessionOptions(functions=functions)
        )

        def work():
            handle = session.say("Hi.")
            outcome.append(handle.wait(10))
            outcome.append(handle.heard_text)
            session.close("done")

        async with session:
            threading.Thread(target=work, daemon=True).start()
            return await session.wait_closed()

    result = asyncio.run(main())
    assert outcome == [True, "Hi."]
    assert result.reason == "done"


def _with(model):
    from engine.pipeline.pipeline import Services
    from providers.scripted import ScriptedSynthesizer

    return Services(llm=model, tts=ScriptedSynthesizer(sample_rate=48_000))


def test_a_room_of_files_takes_requests_too(tmp_path, virtual, flow, make_services):
    path = tmp_path / "in.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(bytes(96_000 * 3))

    async def main(clock):
        functions = {"python:desk.look": lambda size: 1}
        session = Session(
            flow,
            FileRoom(path, clock=clock),
            make_services(),
            clock,
            SessionOptions(functions=functions),
        )
        async with session:
            return await session.say("Hello.")

    assert virtual(main).heard_text == "Hello."


async def _closing(session):
    """Close a call and return the seconds that takes."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    session.close("enough")
    await session.wait_closed()
    return loop.time() - before
