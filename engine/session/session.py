"""One call: the only place where the conversation meets the world.

The loop:

1. Wait for the earlier of: the next event in the one mailbox, `conversation.next_deadline`. This is
   the only timer of a conversation (an empty room has one more, until somebody comes).
2. Call `receive(event)` or `advance(now)`. Deadlines due at or before the event's instant fire
   first, each as its own step with its own instant; the conversation sees to that.
3. For each step in order: append it to the timeline, then carry out its effects in order. Nothing
   in 2 and 3 awaits: effects start tasks or put without blocking. A voice or a model that was
   ordered begins right after the effects: if it has its answer at once, no task is switched for it.
4. Go to 1, until `HangUp` was carried out. Steps are written and shown (`Records`) when nothing is
   left in the mailbox: a caller waits for sound, nobody waits for the journal. When there is
   something new to hear, other calls come before the next event of this one.

A stage that fails posts `ServiceFailed` and the flow decides; no exception crosses the mailbox.
However the call ends (by the flow, a caller who vanishes, a provider that cannot start, Ctrl-C),
the room and all stages are closed and the journal holds every step that happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.step import Step
from engine.effects import HangUp
from engine.errors import ConfigurationError
from engine.events import (
    Event,
    FlowReplaced,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    SessionResumed,
    SessionStarted,
    ToolReturned,
)
from engine.machine.compiled import CompiledFlow
from engine.observe.journal import Header
from engine.pipeline.pipeline import Pipeline, Services
from engine.pipeline.stage import SessionTime
from engine.requests import HandlerFailed
from engine.session.chronicle import header_of
from engine.session.commands import Commands
from engine.session.current import CURRENT
from engine.session.desk import RequestDesk
from engine.session.dispatch import Dispatcher
from engine.session.grammars import recognition_context, tool_uses
from engine.session.insight import Insight
from engine.session.listener import Listener
from engine.session.mailbox import Mailbox
from engine.session.options import CallResult, SessionOptions
from engine.session.past import Past
from engine.session.records import Records
from engine.session.running import Running
from engine.session.store import Keeper, StoredCall
from engine.session.subscriptions import Subscriptions
from engine.session.succession import Offer, Succession, Told
from engine.session.tape import Tape
from engine.session.venue import Venue
from media.clock import Clock, LoopClock
from media.frames import Samples
from media.room import Room

__all__ = ["CallResult", "Session", "SessionOptions"]

AT_ONCE = 8
"""Events in a row before other calls come to their own: the answer of a model is three or four."""

_AFTERMATH = (PlayoutFinished, ToolReturned)
"""What belongs to the journal after the end: what was heard of a line, what a tool still did."""


class Session(Commands, Insight, Running):
    """Runs one conversation in one room.

    What it may be asked and told meanwhile: see `Commands` and `Insight`.

    `run` does all of it in one go. A program with more to do than that writes::

        async with Session(flow, room, services, clock) as session:
            session.say("Hello.")
            await session.wait_closed()

    Args:
        flow: the compiled flow; shared with other calls.
        room: a room nobody has opened yet.
        services: the providers, made for this call; None: a call of typed text.
        clock: paces and stamps everything; None: the running loop's.
        options: see `SessionOptions`.
        journal: a text stream that gets the journal, line by line; the caller closes it.
        on_step: told every step, before its effects are carried out.
        keeper: writes the call into a store as it goes.
        resume: go on with this call, whose process is gone, instead of beginning one.

    Raises:
        JournalError: the call of `resume` belongs to another flow.
    """

    def __init__(
        self,
        flow: CompiledFlow,
        room: Room,
        services: Services | None = None,
        clock: Clock | None = None,
        options: SessionOptions | None = None,
        *,
        journal: TextIO | None = None,
        on_step: Callable[[Step], None] | None = None,
        keeper: Keeper | None = None,
        resume: StoredCall | None = None,
    ) -> None:
        self._clock = clock = clock or LoopClock()
        self._time = SessionTime(clock)
        steps = () if resume is None else resume.steps
        Running.__init__(self)
        desk = RequestDesk(self.post, self._time, steps)
        told = Subscriptions(self._handler_failed, lambda: self.steps)
        Commands.__init__(self, desk, told, lambda: self._venue)
        self._flow = flow
        self._options = options = options or SessionOptions()
        self._on_step = on_step
        self._mailbox = Mailbox()
        self._resume = resume
        self._conversation = (
            Conversation(flow) if resume is None else snapshot.restore(flow, resume.snapshot)
        )
        services = services or Services()
        self.pipeline = Pipeline(services, options.functions, self.post, self._time, options.floor)
        self._venue = Venue(room, self.pipeline.playout.track)
        self._dispatcher = Dispatcher(
            self.pipeline,
            self._venue,
            options.desk,
            options.environment,
            self._hang_up,
            self.post,
            self._time,
            Path(options.source).parent,
            self._desk,
        )
        self._records = Records(
            flow, journal, keeper, lambda: snapshot.take(self._conversation), self._venue.publish
        )
        self._succession = Succession(self.pipeline.tools.resolve)
        self._tape: Tape | None = None
        self._past = Past(self._options.steps_kept, steps)
        self._over: HangUp | None = None

    # --- from outside ----------------------------------------------------------------------------

    async def run(self) -> CallResult:
        """Run the call to its end and return how it went. Call it once."""
        reason = "the session broke"  # unless it ends in one of the ways below
        mine = CURRENT.set(self)
        try:
            try:
                await self._begin()
                while self._over is None:
                    await self._next()
            finally:
                self._write_down()
            reason = self._over.reason
        except asyncio.CancelledError:
            reason = "the session was cancelled"
            raise
        finally:
            self._mailbox.quiet()
            try:
                await self._close(reason)
            finally:
                self._desk.close()
                self._no_longer_awaited()
                CURRENT.reset(mine)
        assert self._result is not None, "it has come to its end, and is closed"
        return self._result

    async def move_to(self, room: Room) -> None:
        """Go on in another room: the caller is back by a new connection.

        Args:
            room: nobody has opened it yet.

        Raises:
            RuntimeError: the call has not begun.
            Exception: whatever the room raises when it cannot be opened; the call stays.
        """
        await self._venue.move(room)

    def record(self, tape: Tape) -> None:
        """Give both sides of the call to a recorder; call it before `run`."""
        self._tape = tape
        self.pipeline.playout.track.tap = tape.agent_sent

    def go_on_with(self, flow: CompiledFlow, services: Callable[[], Services], told: Told) -> None:
        """Let the call go on with another version of its flow, as soon as it can; never blocks.

        Args:
            flow: the new version.
            services: makes its providers, where the recogniser must learn what it expects.
            told: how it went; see `engine.session.succession.Outcome`.
        """
        self._succession.offer(Offer(flow=flow, services=services, told=told))
        self._mailbox.wake()

    def post(self, event: Event) -> None:
        """Put an event into the mailbox; never blocks."""
        if isinstance(event, ParticipantJoined):
            self._venue.somebody_came()
        if isinstance(event, ParticipantLeft):
            self.pipeline.left(event.participant)
        self._mailbox.put(event)

    # --- the loop --------------------------------------------------------------------------------

    async def _next(self) -> None:
        """Take the events at hand, or let the deadlines fire that are due, or wait for either."""
        if self._succession.waiting:
            self._write_down()
            self._succeed()
        if self._mailbox:
            await self._take_events()
            return
        if self._records.waiting:
            await self._settle()
            return
        deadline = self._conversation.next_deadline
        now = self._time.now()
        if deadline is not None and deadline <= now:
            self._take(self._conversation.advance(now))
        else:
            seconds = None if deadline is None else self._time.until(deadline)
            await self._mailbox.wait(seconds)

    async def _take_events(self) -> None:
        """Take events, a few in a row; when one gives something to hear, others come first."""
        for _ in range(AT_ONCE):
            speaks = self._take(self._conversation.receive(self._mailbox.take()))
            if not self._mailbox or self._over is not None:
                return
            if speaks or self._succession.waiting:
                break
        await asyncio.sleep(0)

    async def _settle(self) -> None:
        """Write down what happened, once what it has started, in this call and others, is at work.

        One round of the loop starts it, in the next one the others have had theirs.
        """
        for _ in range(2):
            await asyncio.sleep(0)
            if self._mailbox:
                return
        self._write_down()

    def _write_down(self) -> None:
        self._records.settle()
        self._past.forget()

    def _take(self, steps: list[Step]) -> bool:
        """Carry out steps; return whether there is something new to hear."""
        speaks = False
        full = self._records.add(steps)
        for step in steps:
            self._remember(step)
            if step.effects:
                for effect in step.effects:
                    self._dispatcher.carry_out(effect)
                speaks |= self.pipeline.begin()
            self._tell(step)
        if full:
            self._write_down()
        return speaks

    def _tell(self, step: Step) -> None:
        if isinstance(step.cause, ParticipantJoined):
            self._joined.open()
        if self._desk.handles:
            self._desk.saw(step)
        if self._subscriptions.fold is not None:
            self._subscriptions.saw(step)

    def _handler_failed(self, name: str, message: str) -> None:
        self._desk.ask(lambda at: HandlerFailed(at=at, handler=name, message=message))

    def _succeed(self) -> None:
        """Go on with an edited flow, if this is a point where that can be."""
        found = self._succession.attempt(self._conversation)
        if found is None:
            return
        offer, self._conversation = found
        old, self._flow = self._flow, offer.flow
        new = self._flow
        same = new.pipeline.get("stt") == old.pipeline.get("stt")
        if same and recognition_context(new) != recognition_context(old):
            self.pipeline.relearn(offer.services())
        if new.components != old.components:
            self.pipeline.remake(offer.services().component)
        event = FlowReplaced(at=self._time.now(), version=new.version, fingerprint=new.fingerprint)
        self._take(self._conversation.receive(event))

    def _remember(self, step: Step) -> None:
        self._past.append(step)
        if self._on_step is not None:
            self._on_step(step)

    def _hear(self, participant: str, samples: Samples, at: float) -> None:
        if self._tape is not None:
            self._tape.received(participant, samples, at)
        self.pipeline.hear(participant, samples, at)

    def _hang_up(self, order: HangUp) -> None:
        self._over = order
        self._desk.end()

    # --- begin and end ---------------------------------------------------------------------------

    async def _begin(self) -> None:
        failure = await self._prepare()
        self._time.start(self._conversation.now)
        self._start()
        if failure is None:
            failure = await self._enter()
        self._desk.open()
        if failure is not None:
            self._failure = failure
            self.close(failure)
        else:
            self._begun.open()

    async def _prepare(self) -> str | None:
        """Open the pipeline; return why it cannot be, or None."""
        try:
            self.pipeline.tools.resolve(tool_uses(self._flow))
            await self.pipeline.open()
        except ConfigurationError as error:
            return str(error)
        return None

    def _start(self) -> None:
        if self._resume is not None:
            self._go_on(self._resume)
            return
        options = self._options
        started_at = options.started_at or self._clock.wall().isoformat(timespec="seconds")
        self._open_journal(header_of(self._flow, started_at, options.seed, options.source))
        event = SessionStarted(
            at=0,
            seed=options.seed,
            started_at=started_at,
            channel=self._venue.room.channel,
            caller=options.caller,
            inputs=options.inputs,
        )
        self._take(self._conversation.receive(event))

    def _go_on(self, call: StoredCall) -> None:
        """Go on where the other process was; this journal tells the call from its beginning."""
        self._open_journal(call.header)
        self._take(self._conversation.receive(SessionResumed(at=self._conversation.now)))

    def _open_journal(self, header: Header) -> None:
        recording = self._time.millis(self._tape.started) if self._tape else None
        before = () if self._resume is None else self._resume.steps
        header = replace(header, recording=recording)
        self._records.open(header, before, resumed=self._resume is not None)

    async def _enter(self) -> str | None:
        """Open the room; return why it cannot be, or None."""
        grace = round(self._options.reconnect_grace * 1000)
        listener = Listener(self._hear, self.post, self._time, grace)
        return await self._venue.enter(listener, self._options.join_timeout, self.close)

    async def _close(self, reason: str) -> None:
        await self._venue.leave(reason)
        self.pipeline.silence()
        await self._dispatcher.aclose()
        await self.pipeline.aclose()
        while self._mailbox:
            event = self._mailbox.take()
            if isinstance(event, _AFTERMATH):
                steps = self._conversation.receive(event)
                self._records.write(steps)
                for step in steps:
                    self._remember(step)
                    self._tell(step)
        self._desk.close()
        self._conclude(self._outcome())
        await self._subscriptions.aclose()
        self._records.end(reason)
