"""What a language model says in a test: the replies that are written there, else a question.

A reply is written beside the turn it answers (`model:` beside `user:`), or for all others under
`mock: {model: ...}`: one, or a list of which the last stays. Where none is written and a model is
to talk, the next question of the flow's own is put, so that a talk reads like one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.effects import StartReply, Summarize, Understand
from engine.flow.expressions import EvaluationError
from engine.flow.model.tools import ModelReply
from engine.machine.compiled import CompiledFlow, Converse
from engine.testing.flow_tests.coverage import find_state
from engine.testing.flow_tests.world import TIMEOUT, Answer, Never, Ready, Reply
from providers.base import ReplyChunk, ReplyText, ReplyToolCall

MODEL = "model"
"""The name under which a test says what a model replies."""
LISTENING = "I am listening."
"""Said where free talk has nothing left to ask for."""


def own_question(flow: CompiledFlow, state: str, slots: Mapping[str, Any]) -> str:
    """Return the question for the first empty slot that free talk is to fill, in its own words.

    Args:
        flow: the outermost.
        state: qualified, as `TextCall.state`.
        slots: what is known.
    """
    inner, found = find_state(flow, state)
    if found is None or not isinstance(found.verb, Converse):
        return LISTENING
    for name in found.verb.fills:
        ask = inner.slots[name].ask
        if slots.get(name) is None and ask is not None:
            try:
                return ask.render({"slots": slots})
            except EvaluationError:  # it needs more than slots to be put
                continue
    return LISTENING


class Replies:
    """A model that says what is written, and reports nothing.

    Args:
        mock: what the test has under `mock: {model: ...}`, None: nothing.
        question: what is said where nothing is written.
    """

    def __init__(self, mock: Any, question: Callable[[], str]) -> None:
        self._mock = [] if mock is None else mock if isinstance(mock, list) else [mock]
        self._question = question
        self._written: deque[ModelReply] = deque()
        self._count = 0

    @property
    def unsaid(self) -> int:
        """How many replies of the last turn nobody has asked for."""
        return len(self._written)

    def answer(self, replies: Iterable[str | ModelReply]) -> None:
        """Say these next, one for each time the model is asked."""
        self._written = deque(_read(reply) for reply in replies)

    def report(self, effect: Understand) -> Reply:
        """Fail: words and parsers decide, or what a test declares as heard."""
        return Ready(Answer(error="no language model takes part"))

    def talk(self, effect: StartReply) -> Reply:
        """Say what is written, else the flow's own question."""
        reply = self._next()
        chunks: list[ReplyChunk] = [] if reply.says is None else [ReplyText(text=reply.says)]
        chunks += [
            ReplyToolCall(id=f"{effect.reply}.{n}", name=tool, args=args)
            for n, (tool, args) in enumerate(reply.calls.items(), 1)
        ]
        if reply.error == TIMEOUT and not chunks:
            return Never()
        return Ready(Answer(value=chunks, error=reply.error))

    def summarize(self, effect: Summarize) -> Reply:
        """Sum up nothing in particular: what is told of a call decides nothing in a test."""
        return Ready(Answer(value=f"{len(effect.history)} messages."))

    def _next(self) -> ModelReply:
        if self._written:
            return self._written.popleft()
        if not self._mock:
            return ModelReply(says=self._question())
        self._count += 1
        return _read(self._mock[min(self._count, len(self._mock)) - 1])


def _read(reply: Any) -> ModelReply:
    return ModelReply(says=reply) if isinstance(reply, str) else ModelReply.model_validate(reply)
