"""Carries out effects: one `match`, one synchronous call each. Nothing here waits or decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from engine import effects as do
from engine.errors import ConfigurationError, TurnwiseError
from engine.events import ServiceFailed, TransferEnded
from engine.pipeline.pipeline import Pipeline
from engine.pipeline.stage import Post, SessionTime, describe
from engine.pipeline.synthesis import Sound
from engine.session.desk import RequestDesk
from engine.session.grammars import grammar_key
from engine.session.venue import Venue
from media.room import KeySender
from media.tasks import TaskOwner
from providers.base import ReplyRequest, ReportRequest, ToolOffer


class TransferDesk(Protocol):
    """Whoever can hand a caller over: a telephone system, a queue of human agents."""

    async def transfer(self, order: do.Transfer) -> None:
        """Hand the caller over; raises when nobody takes the call.

        A target written as `$NAME` arrives with the value of that environment variable.
        """
        ...


class Dispatcher:
    """Turns each effect into one call that starts work.

    Args:
        pipeline: the stages.
        venue: the room: its screens, and its keys.
        desk: carries out transfers; None: every transfer fails at once.
        environment: values of `$NAME` targets.
        on_hang_up: told when the call is over.
        post: the way into the mailbox.
        time: the session's time.
        folder: of the flow; where the files it plays are.
        memory: audio and pictures of requests, by the names that stand for them; None: none.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        venue: Venue,
        desk: TransferDesk | None,
        environment: Mapping[str, str],
        on_hang_up: Callable[[do.HangUp], None],
        post: Post,
        time: SessionTime,
        folder: Path = Path(),
        memory: RequestDesk | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._venue = venue
        self._desk = desk
        self._environment = environment
        self._on_hang_up = on_hang_up
        self._post = post
        self._time = time
        self._folder = folder
        self._sounds: Mapping[str, Sound] = {} if memory is None else memory.sounds
        self._memory = memory
        self._tasks = TaskOwner(self._transfer_failed)

    async def aclose(self) -> None:
        """Drop a transfer that is still under way."""
        await self._tasks.aclose()

    def carry_out(self, effect: do.Effect) -> None:
        """Start what `effect` orders; never blocks."""
        match effect:  # what a caller waits for comes first
            case do.StartReply():
                self._converse(effect)
            case do.PlayFile():  # before `Say`, which it is a kind of
                sound = self._sounds.get(effect.file, self._folder / effect.file)
                self._pipeline.voice.play(effect.utterance, sound)
            case do.Say():
                self._pipeline.voice.say(effect.utterance, effect.text, effect.voice)
            case do.SendKeys():
                self._send_keys(effect.keys)
            case do.ReportError():
                pass  # the step is the report: journal, timeline and metrics fold over it
            case _:
                self._order(effect)

    def _order(self, effect: do.Effect) -> None:  # noqa: C901  (flat: one line a case)
        pipeline = self._pipeline
        match effect:
            case do.StopSpeech():
                pipeline.voice.stop(effect.utterances, effect.fade)
            case do.PauseSpeech():
                pipeline.voice.pause(effect.fade)
            case do.ResumeSpeech():
                pipeline.voice.resume()
            case do.Expect():
                pipeline.expect(grammar_key(effect.flow, effect.grammar), effect.recogniser)
            case do.CloseStretch():
                pipeline.close_stretch()
            case do.PredictEndOfTurn():
                pipeline.predict(effect.turn, effect.text, effect.kinds)
            case do.Understand():
                pipeline.understanding.ask(effect.turn, _request(effect), effect.model)
            case do.CancelUnderstanding():
                pipeline.understanding.forget(effect.turn)
            case do.Summarize():
                request = ReplyRequest(
                    instructions=effect.instructions, history=effect.history, purpose="summary"
                )
                pipeline.generation.summarize(effect.summary, request)
            case do.CancelReply():
                pipeline.generation.cancel(effect.reply)
            case do.CallTool():
                pipeline.tools.call(effect.call, effect.use, effect.args, effect.idempotency_key)
            case do.CancelTool():
                pipeline.tools.cancel(effect.call)
            case do.Transfer():
                self._tasks.start(self._transfer(effect), "transfer")
            case do.Publish():
                self._venue.publish(effect.topic, effect.data)
            case do.HangUp():
                self._on_hang_up(effect)
            case _:
                raise TypeError(f"no stage carries out {type(effect).__name__}")

    def _converse(self, order: do.StartReply) -> None:
        memory = self._memory
        # copies: what a provider makes of them for its service is not the history's business
        history: tuple[Mapping[str, Any], ...] = tuple(dict(told) for told in order.history)
        if memory is not None and memory.pictures:
            history = tuple(_shown(message, memory.picture) for message in history)
        request = ReplyRequest(
            instructions=order.instructions,
            history=history,
            report=order.report,
            tools=self._offered(order.tools) if order.tools else (),
        )
        self._pipeline.generation.start(order.reply, request, order.model)

    def _offered(self, tools: Sequence[Mapping[str, Any]]) -> tuple[ToolOffer, ...]:
        """Return the tools as a model is told of them: a function's docstring describes it."""
        described = self._pipeline.tools.described
        return tuple(
            ToolOffer(
                name=str(tool["name"]),
                description=described(str(tool["use"])),
                parameters=tool["parameters"],
            )
            for tool in tools
        )

    def _send_keys(self, keys: str) -> None:
        """Press keys, where the room has any; otherwise the flow is told."""
        problem = "this room has no keys to press"
        room = self._venue.room
        if isinstance(room, KeySender):
            try:
                room.send_keys(keys)
            except (RuntimeError, ValueError) as error:
                problem = describe(error)
            else:
                return
        self._post(ServiceFailed(at=self._time.now(), service="keys", message=problem))

    async def _transfer(self, order: do.Transfer) -> None:
        error = None
        try:
            if self._desk is None:
                raise TurnwiseError("this room has no way to transfer a call")
            await self._desk.transfer(replace(order, to=self._resolved(order.to)))
        except Exception as problem:  # whatever a telephone system raises, the flow decides
            error = describe(problem)
        self._post(TransferEnded(at=self._time.now(), error=error))

    def _resolved(self, target: str) -> str:
        """Return a `$NAME` target's value: the number itself stays out of flows and journals."""
        if not target.startswith("$"):
            return target
        try:
            return self._environment[target[1:]]
        except KeyError:
            message = f"the environment variable {target[1:]} is not set"
            raise ConfigurationError(message) from None

    def _transfer_failed(self, error: BaseException) -> None:
        self._post(TransferEnded(at=self._time.now(), error=describe(error)))


def _request(order: do.Understand) -> ReportRequest:
    return ReportRequest(
        text=order.text, question=order.question, schema=order.schema, hints=order.hints
    )


def _shown(message: Mapping[str, Any], picture: Callable[[str], str]) -> Mapping[str, Any]:
    """Put pictures where their names stand: neither the core nor a journal holds any."""
    if "content" not in message:
        return message
    parts = [{**part, "url": picture(part["url"])} for part in message["content"]]
    return {**message, "content": parts}
