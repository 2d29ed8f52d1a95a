"""The language model of a golden conversation, without a task: scripted answers at exact instants.

The counterpart of `providers.scripted_model` behind the stages `understanding` and `generation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.effects import StartReply, Summarize, Understand
from engine.events import (
    Event,
    Millis,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
    ServiceFailed,
    Summarized,
    Understood,
)
from engine.pipeline.sentences import Cutter
from engine.testing.script import Script, Told
from providers.base import ReplyChunk, ReplyReport, ReplyText, ReplyToolCall
from providers.scripted_model import talk_chunks

NO_MODEL = "no language model is configured"
FAILED = "ProviderUnavailable: "


class SimulatedModel:
    """Answers questions and talks, by the script.

    Args:
        script: what it says.
        post: where events go.
        at: the current instant in session milliseconds.
        later: calls an action after so many microseconds.
    """

    def __init__(
        self,
        script: Script,
        post: Callable[[Event], None],
        at: Callable[[], Millis],
        later: Callable[[int, Callable[[], None]], None],
    ) -> None:
        self._answers, self._told = script.model, script.replies
        self._summaries = script.summaries
        self._summed_up = 0
        self._post, self._at, self._later = post, at, later
        self._questions = self._attempts = 0
        self._asked: dict[str, int] = {}
        self._talks = 0
        self._talking: set[str] = set()
        self._begun: set[str] = set()

    # --- questions -------------------------------------------------------------------------------

    def ask(self, effect: Understand) -> None:
        """Report what a turn means, after its time."""
        if self._answers is None and not self._told:
            self._fail(NO_MODEL, effect.turn)
            return
        self._questions += 1
        self._asked[effect.turn] = self._questions
        self._try(effect.turn, self._questions, last=False)

    def forget(self, turn: str) -> None:
        """Nobody waits for this answer any more."""
        self._asked.pop(turn, None)

    def _try(self, turn: str, question: int, *, last: bool) -> None:
        """One attempt; an overloaded service is asked once more."""
        answers = self._answers or ()
        if not answers:
            self._asked.pop(turn, None)
            self._fail(f"{FAILED}the scripted model has no answer number 1", turn)
            return
        answer = answers[min(self._attempts, len(answers) - 1)]
        self._attempts += 1

        if answer.never:
            return

        def reply() -> None:
            if self._asked.get(turn) != question:
                return  # forgotten, or asked again
            if answer.error is not None and not last:
                self._try(turn, question, last=True)
                return
            del self._asked[turn]
            if answer.error is not None:
                self._fail(FAILED + answer.error, turn)
            else:
                self._post(Understood(at=self._at(), turn=turn, report=answer.reports or {}))

        self._later(answer.after * 1000, reply)

    # --- talk ------------------------------------------------------------------------------------

    def talk(self, effect: StartReply) -> None:
        """Talk, word by word."""
        if self._answers is None and not self._told:
            self._fail(NO_MODEL, effect.reply)
            return
        number = self._talks
        self._talks += 1
        if number >= len(self._told):
            self._fail(f"{FAILED}the scripted model has no reply number {number + 1}", effect.reply)
            return
        self._talking.add(effect.reply)
        told = self._told[number]
        self._tell(effect.reply, told, iter(talk_chunks(told.talk())), Cutter(), told.first_token)

    def sum_up(self, effect: Summarize) -> None:
        """Sum up the call, after its time."""
        name, number = effect.summary, self._summed_up
        if self._answers is None and not self._told:
            self._fail(NO_MODEL, name)
            return
        self._summed_up += 1
        if number >= len(self._summaries):
            self._fail(f"{FAILED}the scripted model has no summary number {number + 1}", name)
            return
        told = self._summaries[number]
        self._talking.add(name)

        def arrive() -> None:
            if name not in self._talking or (told.never and told.error is None):
                return
            self._talking.discard(name)
            if told.error is not None:
                self._fail(FAILED + told.error, name)
            else:
                self._post(Summarized(at=self._at(), summary=name, text=told.summary))

        self._later(told.after * 1000, arrive)

    def forget_talk(self, reply: str) -> None:
        """Nobody waits for the rest of this reply or summary."""
        self._talking.discard(reply)

    def _tell(
        self, reply: str, told: Told, chunks: Iterator[ReplyChunk], cutter: Cutter, pause: Millis
    ) -> None:
        """Let the next piece come after a pause; after the last one, the end."""
        chunk = next(chunks, None)

        def arrive() -> None:
            if reply not in self._talking:
                return
            if chunk is None:
                self._end(reply, told, cutter)
                return
            if reply not in self._begun:
                self._begun.add(reply)
                self._post(ReplyStarted(at=self._at(), reply=reply))
            self._piece(reply, chunk, cutter)
            self._tell(reply, told, chunks, cutter, told.gap if isinstance(chunk, ReplyText) else 0)

        self._later(pause * 1000, arrive)

    def _piece(self, reply: str, chunk: ReplyChunk, cutter: Cutter) -> None:
        at = self._at()
        match chunk:
            case ReplyText(text=text):
                for sentence in cutter.feed(text):
                    self._post(ReplyDelta(at=at, reply=reply, text=sentence))
            case ReplyReport(report=report):
                self._post(ReplyReported(at=at, reply=reply, report=report))
            case ReplyToolCall(id=id_, name=name, args=args):
                self._post(ReplyToolCalled(at=at, reply=reply, id=id_, tool=name, args=args))

    def _end(self, reply: str, told: Told, cutter: Cutter) -> None:
        if told.error is None and told.hangs:
            return
        self._talking.discard(reply)
        if told.error is not None:
            self._fail(FAILED + told.error, reply)
            return
        for sentence in cutter.rest():
            self._post(ReplyDelta(at=self._at(), reply=reply, text=sentence))
        self._post(ReplyFinished(at=self._at(), reply=reply))

    def _fail(self, message: str, subject: str) -> None:
        at = self._at()
        self._post(ServiceFailed(at=at, service="llm", message=message, subject=subject))
