"""The form algorithm (S6, S7): what a turn's findings change, and what is asked next.

`collect` asks for the first empty slot of its list; whatever else was said is taken as well. A slot
with `readback` is said back before the form goes on: yes goes on, no asks anew, another value is
said back in its turn. `confirm` is the same with one hidden yes/no slot, the `answer`.

A yes that comes with a correction answers a question whose premise is gone: it does not count, and
the question is put again.
"""

from __future__ import annotations

from typing import Any

from engine.core import lines
from engine.core.findings import Findings
from engine.core.frames import Frame
from engine.core.ladders import understood
from engine.core.scene import Scene
from engine.flow.expressions import EvaluationError
from engine.machine.compiled import Collect, Confirm, Rest, SlotSpec

_SPELLED = frozenset({"phone", "digits", "email", "text", "integer"})
"""Kinds a readback spells out; the others are said as a person would."""


# --- what is asked -------------------------------------------------------------------------------


def open_question(frame: Frame) -> bool:
    """Find what the state still has to ask, and note it in the visit. False: it is complete."""
    visit, verb = frame.visit, frame.state.verb
    if isinstance(verb, Collect):
        visit.reading_back, visit.open_slot = _next(frame, verb)
        return visit.open_slot != ""
    visit.open_slot = visit.reading_back = ""
    if isinstance(verb, Confirm):
        return frame.memory.answer is None
    return isinstance(verb, Rest)


def _next(frame: Frame, verb: Collect) -> tuple[str, str]:
    """Find the slot that is said back, and the one that is asked for: the same, or the first empty.

    An optional slot (`T?`) is taken when it is said, and never asked for.
    """
    memory, values, slots, empty = frame.memory, frame.memory.slots, frame.flow.slots, ""
    for name in verb.slots:
        if values[name] is not None:
            if memory.unverified(name):
                return name, name
        elif not empty and not slots[name].type.optional:
            empty = name
    return "", empty


def ask(scene: Scene, frame: Frame) -> None:
    """Put the open question."""
    frame.visit.asks = False
    frame.visit.asked = _question(scene, frame)
    scene.say(frame.visit.asked, frame, "question")


def _question(scene: Scene, frame: Frame) -> str:
    state, visit = frame.state, frame.visit
    if isinstance(state.verb, Confirm):
        return scene.render(state.verb.text, frame, f"confirm of {state.id}")
    if visit.reading_back:
        spec, value = frame.flow.slots[visit.reading_back], frame.memory.slots[visit.reading_back]
        spelled = spec.type.kind in _SPELLED
        template = lines.READBACK_SPELLED if spelled else lines.READBACK_SPOKEN
        return scene.render(template, frame, f"readback of {spec.name}", value=value)
    if visit.open_slot:
        spec = frame.flow.slots[visit.open_slot]
        if spec.ask is None:
            name = spec.name.replace("_", " ")
            return scene.render(lines.QUESTION, frame, f"ask of {spec.name}", value=name)
        return scene.render(spec.ask, frame, f"ask of {spec.name}")
    return scene.render(state.say, frame, f"say of {state.id}") if state.say is not None else ""


def yes_no_open(frame: Frame) -> bool:
    """Say whether the caller was asked something to be answered with yes or no."""
    if isinstance(frame.state.verb, Confirm):
        return frame.memory.answer is None
    return bool(frame.visit.reading_back)


def takes_yes_or_no(frame: Frame) -> bool:
    """Say whether a yes or no answers what was asked, be it for a boolean slot."""
    slot = frame.flow.slots.get(frame.visit.open_slot)
    return yes_no_open(frame) or (slot is not None and slot.type.kind == "boolean")


def kinds(frame: Frame) -> tuple[str, ...]:
    """Return the kinds that are asked for, the open question first."""
    verb = frame.state.verb
    if isinstance(verb, Rest):
        return ()  # anything may be said
    if yes_no_open(frame):
        return ("yesno",)
    if not isinstance(verb, Collect) or not frame.visit.open_slot:
        return ()
    slots, values = frame.flow.slots, frame.memory.slots
    names = (frame.visit.open_slot, *[n for n in verb.slots if values[n] is None])
    return tuple(dict.fromkeys([slots[n].type.kind for n in names]))


# --- what a turn changes -------------------------------------------------------------------------


class _Outcome:
    """What the values of one turn did."""

    def __init__(self) -> None:
        self.filled: list[str] = []
        self.invalid: list[str] = []
        self.corrections: dict[str, Any] = {}
        self.repeated: list[str] = []


def apply(scene: Scene, frame: Frame, findings: Findings) -> None:
    """Apply one turn's findings together; raises corrected, invalid and intent in this order."""
    visit, memory = frame.visit, frame.memory
    understood(frame)
    visit.asks = True
    outcome = _store(scene, frame, findings)
    if scene.personal.watches:
        scene.personal.told(str(scene.turn["id"]), frame, [*outcome.filled, *outcome.invalid])
    if outcome.corrections:
        keep = (*findings.slots,)
        reset = memory.correct(outcome.corrections, keep)
        scene.note_slots(frame, list(reset))
        scene.raise_signal("corrected", frame, {"corrections": outcome.corrections})
    for name in outcome.invalid:
        refused = {"slot": name, "value": findings.slots[name]}
        scene.raise_signal(f"invalid.{name}", frame, refused)
    _answer(scene, frame, findings, outcome)
    if findings.intent is not None:
        alone = not findings.slots and findings.answer is None
        scene.raise_signal(f"intent.{findings.intent}", frame, {"alone": alone})


def _store(scene: Scene, frame: Frame, findings: Findings) -> _Outcome:
    memory, outcome = frame.memory, _Outcome()
    for name, value in findings.slots.items():
        old = memory.slots[name]
        if value == old:
            outcome.repeated.append(name)
        elif not _allowed(scene, frame, frame.flow.slots[name], value):
            outcome.invalid.append(name)
        else:
            memory.fill(name, value)
            outcome.filled.append(name)
            # what is being said back may be put right without having been "corrected"
            if old is not None and name != frame.visit.reading_back:
                outcome.corrections[name] = value
    scene.note_slots(frame, outcome.filled)
    return outcome


def _allowed(scene: Scene, frame: Frame, spec: SlotSpec, value: Any) -> bool:
    """Judge bounds and `check`; a check that fails to evaluate accepts nothing."""
    try:
        if spec.min is not None and value < spec.min:
            return False
        if spec.max is not None and value > spec.max:
            return False
        return spec.check is None or scene.evaluate(spec.check, frame, value=value) is True
    except (EvaluationError, TypeError) as error:
        scene.fail("error.flow", f"check of {spec.name}: {error}", frame)
        return False


def _answer(scene: Scene, frame: Frame, findings: Findings, outcome: _Outcome) -> None:
    """Take a yes or no: for a readback, or for the open confirm."""
    memory, reading, answer = frame.memory, frame.visit.reading_back, findings.answer
    if reading:
        _answer_readback(scene, frame, reading, answer, outcome)
    elif isinstance(frame.state.verb, Confirm) and not outcome.corrections and not outcome.invalid:
        memory.answer = answer


def _answer_readback(
    scene: Scene, frame: Frame, slot: str, answer: bool | None, outcome: _Outcome
) -> None:
    memory = frame.memory
    if slot in outcome.filled:
        return  # another value: it is said back in its turn
    if slot in outcome.repeated or (answer is True and slot not in outcome.invalid):
        memory.read_back.add(slot)
    elif answer is False:
        memory.clear(slot)
        scene.note_slots(frame, [slot])
        if slot not in outcome.invalid:
            scene.say(lines.ASK_AGAIN, frame, "question")
