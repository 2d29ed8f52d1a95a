"""From a user's turn to findings: words and parsers first, then a model if the flow has one.

A turn is judged by what is in scope when it is judged. While a model is asked, the dialog is busy;
the question is withdrawn when the caller goes on speaking, or when the state it was asked in is
left. A model that fails or is late costs nothing that the words alone had given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeAlias

from engine.core import form, ladders, lines, understanding
from engine.core.findings import Findings, Scope
from engine.core.frames import Frame
from engine.core.parsers.words import utterance
from engine.core.scene import Scene
from engine.core.scoping import hints, schema_of, scope_of
from engine.core.tooling import Tools
from engine.effects import CancelUnderstanding, Understand
from engine.events import Millis
from engine.machine.compiled import Converse, TransferTo

MODEL_TIME: Millis = 1_500
"""How long a model may think about what the caller meant: longer, and the pause is felt as one."""
_REPORTS = 200
"""Reports that are remembered; a call has about as many turns."""


Reader: TypeAlias = Callable[[str, Scope], Findings]
"""Finds what a turn says about what is in scope, without a model."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A turn a model was asked about."""

    name: str
    """Of the question: the turn, or one hearing of it."""
    turn: str
    text: str
    frame: int
    visit: int


class Listening:
    """Understands turns for a dialog.

    Args:
        scene: shared by the parts of the dialog.
        tools: what is under way.
        read: words and parsers; a test may say itself what was understood.
    """

    def __init__(self, scene: Scene, tools: Tools, read: Reader = understanding.understand) -> None:
        self._scene = scene
        self._tools = tools
        self._read = read
        self._pending: _Pending | None = None
        self._reports: dict[str, Mapping[str, Any]] = {}

    def thinking(self) -> bool:
        """Say whether a model is asked."""
        return self._pending is not None

    def awaits(self, name: str) -> bool:
        """Say whether this question is under way."""
        return self._pending is not None and self._pending.name == name

    def answering(self, turn: str) -> bool:
        """Say whether a model is asked about this turn."""
        return self._pending is not None and self._pending.turn == turn

    # --- turns and keys --------------------------------------------------------------------------

    def turn(self, turn: str, text: str) -> None:
        """Take a committed turn of the caller; empty text is speech nobody could make out."""
        scene = self._scene
        if self._pending is not None:
            self._withdraw()
        frame = scene.stack.top
        frame.memory.new_turn()
        frame.tries["turns"] += 1
        scene.turn = {"id": turn, "text": text}
        if isinstance(frame.state.verb, TransferTo) and frame.visit.stage == "sent":
            scene.say(lines.WORKING, frame, "filler")  # it cannot be recalled
            return
        if isinstance(frame.state.verb, Converse):
            self._talk(frame, turn, text)
            return
        scope = self.scope(frame)
        findings = self._read(text, scope) if text.strip() else Findings()
        if findings.settled or not text.strip():
            self._take(frame, findings)
        else:
            self._ask(frame, turn, text, findings)

    def _talk(self, frame: Frame, turn: str, text: str) -> None:
        """In free talk words come first as well; a model answers whatever they told."""
        visit = frame.visit
        if not text.strip():
            ladders.misunderstood(self._scene, frame)
            return
        ladders.understood(frame)
        visit.asked = self._scene.speaker.last_spoken  # what this turn answers
        visit.turns += 1
        visit.halted = False
        findings = self._read(text, self.scope(frame))
        known = None if findings.settled else self._remembered(frame, text)
        if known is not None:
            findings = understanding.judge_report(known, self.scope(frame))
        visit.settled = findings.settled
        visit.turn, visit.text = ("", "") if findings.settled else (turn, text)
        if not findings.empty:
            form.apply(self._scene, frame, findings)
        visit.asks = True

    def ask_beside(self, frame: Frame, turn: str, text: str) -> None:
        """Ask what a turn meant that the model of a free talk answers, or has answered."""
        self._ask(frame, turn, text, self._read(text, self.scope(frame)))

    def told(self, frame: Frame, report: Mapping[str, Any]) -> None:
        """Take what the model of a free talk reports of the turn it answers."""
        scope = self.reportable(frame)
        if not frame.visit.settled:
            self._remember(frame, frame.visit.text, report, scope)
        self._take(frame, understanding.judge_report(report, scope))

    def _ask(self, frame: Frame, turn: str, text: str, findings: Findings) -> None:
        """Ask the model, unless it has told before what this text means here, or there is none."""
        known = self._remembered(frame, text)
        if known is not None:
            self._scene.outbox.note("remembered", turn=turn)
            self._take(frame, combined(findings, known, self.scope(frame)))
            return
        model = frame.state.components.get("llm", "")
        if not model and not self._scene.asking.has_model:
            self._take(frame, findings)
            return
        scene, scope = self._scene, self.scope(frame)
        order = partial(
            Understand,
            text=text,
            question=frame.visit.asked,
            schema=schema_of(frame, scope),
            hints=hints(scope),
            model=model,
        )
        name = scene.asking.ask(turn, order)
        self._pending = _Pending(name, turn, text, frame.number, frame.visit.number)
        scene.deadlines.set(f"understand:{name}", scene.at + MODEL_TIME)

    def understands(self, frame: Frame, text: str) -> bool:
        """Say whether the words alone tell something that is in scope."""
        return not self._read(text, self.scope(frame)).empty

    def key(self, frame: Frame, pressed: str) -> Findings:
        """Return what a key means in this frame."""
        return understanding.key(pressed, self.scope(frame))

    # --- the model -------------------------------------------------------------------------------

    def reported(self, name: str, report: Mapping[str, Any]) -> None:
        """Take a model's report; what the words had given is kept where the model is silent."""
        taken = self._answered(name)
        if taken is None:
            return
        frame, pending = taken
        scope = self.scope(frame)
        self._remember(frame, pending.text, report, scope)
        self._take(frame, combined(self._read(pending.text, scope), report, scope))

    def failed(self, name: str, message: str) -> None:
        """The model failed or is late: go on with the words alone.

        Args:
            name: of the question; empty for any.
            message: for the journal.
        """
        self._scene.report("error.llm", message)
        pending = self._pending
        taken = self._answered(name or (pending.name if pending is not None else ""))
        if taken is not None:
            frame, pending = taken
            self._scene.outbox.emit(CancelUnderstanding(turn=pending.name))
            self._take(frame, self._read(pending.text, self.scope(frame)))

    def check(self) -> None:
        """Withdraw a question whose state was left, at the end of a macrostep."""
        pending = self._pending
        if pending is None:
            return
        top = self._scene.stack.top
        if self._scene.ended or (top.number, top.visit.number) != (pending.frame, pending.visit):
            self._withdraw()

    def _answered(self, name: str) -> tuple[Frame, _Pending] | None:
        pending = self._pending
        if pending is None or pending.name != name:
            self._scene.outbox.note("late", turn=name)
            return None
        self._pending = None
        self._scene.deadlines.cancel(f"understand:{name}")
        frame = self._scene.stack.visited(pending.frame, pending.visit)
        return None if frame is None else (frame, pending)

    def _withdraw(self) -> None:
        if self._pending is not None:
            name = self._pending.name
            self._pending = None
            self._scene.deadlines.cancel(f"understand:{name}")
            self._scene.outbox.emit(CancelUnderstanding(turn=name))

    def _take(self, frame: Frame, findings: Findings) -> None:
        talking = isinstance(frame.state.verb, Converse)
        if not findings.empty:
            form.apply(self._scene, frame, findings)
        elif not talking:
            ladders.misunderstood(self._scene, frame)
        if talking:
            frame.visit.asks = False  # the reply to this turn is there, or on its way

    # --- what a model told before ----------------------------------------------------------------

    def _remembered(self, frame: Frame, text: str) -> Mapping[str, Any] | None:
        """Return the report of the same words to the same question, earlier in this call."""
        return self._reports.get(_key(frame, text)) if self._reports else None

    def _remember(self, frame: Frame, text: str, report: Mapping[str, Any], scope: Scope) -> None:
        """Keep a report that told something; one that did not may have been a bad moment."""
        if text and not understanding.judge_report(report, scope).empty:
            self._reports[_key(frame, text)] = dict(report)
            while len(self._reports) > _REPORTS:
                del self._reports[next(iter(self._reports))]

    def scope(self, frame: Frame) -> Scope:
        """Return what may be understood now."""
        return scope_of(self._scene, self._tools, frame)

    def reportable(self, frame: Frame) -> Scope:
        """Return what the model of a free talk may report of the turn it answers.

        An intent the words alone have told is not told again: its handler has run.
        """
        return scope_of(self._scene, self._tools, frame, settled=frame.visit.settled)

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the turn a model is asked about and what it told before, as JSON-like data."""
        pending = asdict(self._pending) if self._pending is not None else None
        return {"pending": pending, "reports": {k: dict(v) for k, v in self._reports.items()}}

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        pending = data["pending"]
        self._pending = _Pending(**pending) if pending is not None else None
        self._reports = {key: dict(report) for key, report in data["reports"].items()}


def _key(frame: Frame, text: str) -> str:
    """The same words in the same state, to the same question."""
    visit, words = frame.visit, " ".join(utterance(text).words)
    asked = f"{visit.open_slot}?{visit.reading_back}"
    return f"{frame.flow.id}/{visit.state}/{asked}/{words}"


def combined(words: Findings, report: Mapping[str, Any], scope: Scope) -> Findings:
    """What a model told, and where it is silent what the words had given."""
    told = understanding.judge_report(report, scope)
    return Findings(
        slots={**words.slots, **told.slots},
        intent=told.intent if told.intent is not None else words.intent,
        answer=told.answer if told.answer is not None else words.answer,
        settled=True,
    )
