"""From a user's turn to findings: words and parsers first, then a model if the flow has one.

A turn is judged by what is in scope when it is judged. While a model is asked, the dialog is busy;
the question is withdrawn when the caller goes on speaking, or when the state it was asked in is
left. A model that fails or is late costs nothing that the words alone had given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from engine.core import form, ladders, lines, understanding
from engine.core.findings import Findings, Scope
from engine.core.frames import Frame
from engine.core.scene import Scene
from engine.core.tooling import Tools
from engine.effects import CancelUnderstanding, Understand
from engine.events import Millis
from engine.machine.compiled import Collect, IntentSpec, Run, SlotSpec, TransferTo

MODEL_TIME: Millis = 1_500
"""How long a model may think about what the caller meant: longer, and the pause is felt as one."""


Reader: TypeAlias = Callable[[str, Scope], Findings]
"""Finds what a turn says about what is in scope, without a model."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A turn a model was asked about."""

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

    @property
    def _has_model(self) -> bool:
        """Say whether a model can be asked; the services of a call are its first flow's."""
        return bool(self._scene.flow.pipeline.get("llm"))

    @property
    def thinking(self) -> bool:
        """True while a model is asked."""
        return self._pending is not None

    # --- turns and keys --------------------------------------------------------------------------

    def turn(self, turn: str, text: str) -> None:
        """Take a committed turn of the caller; empty text is speech nobody could make out."""
        scene = self._scene
        self._withdraw()
        frame = scene.stack.top
        frame.memory.new_turn()
        frame.tries["turns"] += 1
        scene.turn = {"id": turn, "text": text}
        if isinstance(frame.state.verb, TransferTo) and frame.visit.stage == "sent":
            scene.say(lines.WORKING, frame, "filler")  # it cannot be recalled
            return
        scope = self.scope(frame)
        findings = self._read(text, scope) if text.strip() else Findings()
        if findings.settled or not text.strip() or not self._has_model:
            self._take(frame, findings)
            return
        self._pending = _Pending(turn, text, frame.number, frame.visit.number)
        scene.deadlines.set(f"understand:{turn}", scene.at + MODEL_TIME)
        scene.outbox.emit(
            Understand(
                turn=turn,
                text=text,
                question=frame.visit.asked,
                schema=understanding.report_schema(scope),
                hints=_hints(scope),
            )
        )

    def key(self, frame: Frame, pressed: str) -> Findings:
        """Return what a key means in this frame."""
        return understanding.key(pressed, self.scope(frame))

    # --- the model -------------------------------------------------------------------------------

    def reported(self, turn: str, report: Mapping[str, Any]) -> None:
        """Take a model's report; what the words had given is kept where the model is silent."""
        taken = self._answered(turn)
        if taken is None:
            return
        frame, pending = taken
        scope = self.scope(frame)
        words = self._read(pending.text, scope)
        told = understanding.judge_report(report, scope)
        self._take(
            frame,
            Findings(
                slots={**words.slots, **told.slots},
                intent=told.intent if told.intent is not None else words.intent,
                answer=told.answer if told.answer is not None else words.answer,
                settled=True,
            ),
        )

    def failed(self, turn: str, message: str) -> None:
        """The model failed or is late: go on with the words alone.

        Args:
            turn: the turn it was asked about; empty for any.
            message: for the journal.
        """
        self._scene.report("error.llm", message)
        pending = self._pending
        taken = self._answered(turn or (pending.turn if pending is not None else ""))
        if taken is not None:
            frame, pending = taken
            self._scene.outbox.emit(CancelUnderstanding(turn=pending.turn))
            self._take(frame, self._read(pending.text, self.scope(frame)))

    def check(self) -> None:
        """Withdraw a question whose state was left, at the end of a macrostep."""
        pending = self._pending
        if pending is None:
            return
        top = self._scene.stack.top
        if self._scene.ended or (top.number, top.visit.number) != (pending.frame, pending.visit):
            self._withdraw()

    def _answered(self, turn: str) -> tuple[Frame, _Pending] | None:
        pending = self._pending
        if pending is None or pending.turn != turn:
            self._scene.outbox.note("late", turn=turn)
            return None
        self._pending = None
        self._scene.deadlines.cancel(f"understand:{turn}")
        frame = self._scene.stack.visited(pending.frame, pending.visit)
        return None if frame is None else (frame, pending)

    def _withdraw(self) -> None:
        if self._pending is not None:
            turn = self._pending.turn
            self._pending = None
            self._scene.deadlines.cancel(f"understand:{turn}")
            self._scene.outbox.emit(CancelUnderstanding(turn=turn))

    def _take(self, frame: Frame, findings: Findings) -> None:
        if findings.empty:
            ladders.misunderstood(self._scene, frame)
        else:
            form.apply(self._scene, frame, findings)

    # --- what is in scope ------------------------------------------------------------------------

    def scope(self, frame: Frame) -> Scope:
        """Return what may be understood now."""
        filled = {} if self._closed(frame) else frame.memory.filled
        now = self._scene.now
        return Scope(
            slots=_slots(frame, filled),
            filled=filled,
            open_slot=frame.visit.open_slot or None,
            yes_no=form.yes_no_open(frame),
            intents=_intents(frame),
            today=now.date(),
            now=now,
        )

    def _closed(self, frame: Frame) -> bool:
        """Say whether corrections come too late: what is written or handed over is decided."""
        verb = frame.state.verb
        if isinstance(verb, Run):
            return self._tools.writing(frame)
        return isinstance(verb, TransferTo)

    # --- snapshot --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any] | None:
        """Return the turn a model is asked about, as JSON-like data."""
        return asdict(self._pending) if self._pending is not None else None

    def from_dict(self, data: Mapping[str, Any] | None) -> None:
        """Restore what `to_dict` gave."""
        self._pending = _Pending(**data) if data is not None else None


def _slots(frame: Frame, filled: Mapping[str, Any]) -> tuple[SlotSpec, ...]:
    """The open question first, then the rest of the form, then every filled slot."""
    verb = frame.state.verb
    form_slots = verb.slots if isinstance(verb, Collect) else ()
    first = (frame.visit.open_slot,) if frame.visit.open_slot else ()
    names = dict.fromkeys((*first, *form_slots, *filled))
    return tuple(frame.flow.slots[name] for name in names)


def _intents(frame: Frame) -> tuple[IntentSpec, ...]:
    """The intents somebody handles here, innermost scope first, then the built-in ones."""
    declared, found = frame.flow.intents, dict[str, IntentSpec]()
    for scope in frame.state.scopes:
        for handler in scope.handlers:
            head, _, name = handler.event.partition(".")
            if head == "intent" and name in declared:
                found.setdefault(name, declared[name])
            elif handler.event == "intent":
                found |= {n: spec for n, spec in declared.items() if n not in found}
    for spec in lines.BUILT_IN_INTENTS:
        found.setdefault(spec.name, declared.get(spec.name, spec))
    return tuple(found.values())


def _hints(scope: Scope) -> dict[str, Any]:
    """What a model is told about the names in the schema."""
    return {
        "slots": {spec.name: spec.about for spec in scope.slots if spec.about},
        "intents": {
            spec.name: {
                "means": spec.means,
                "examples": list(spec.examples),
                "not": list(spec.avoid),
            }
            for spec in scope.intents
        },
    }
