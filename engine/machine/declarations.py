"""What a flow declares by name, lowered: types, slots, intents, tools, providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from engine.flow.durations import parse_duration
from engine.flow.expressions import Expression
from engine.flow.model import Component, Intent, Keypad, Pipeline, Slot, Tool, ValueType, Variable
from engine.flow.model import Migration as WrittenMigration
from engine.flow.templates import Template
from engine.machine.compiled import (
    Filler,
    IntentSpec,
    KeySpec,
    Migration,
    SlotSpec,
    SlotType,
    ToolSpec,
)

BUILT_IN_INTENTS: Mapping[str, IntentSpec] = {
    intent.name: intent
    for intent in (
        IntentSpec(
            name="repeat_please",
            means="did not hear or understand, and wants the last thing said again",
            words=(
                "repeat that",
                "repeat please",
                "please repeat",
                "say that again",
                "say again",
                "come again",
                "once more please",
                "pardon",
                "what did you say",
            ),
        ),
        IntentSpec(
            name="go_back",
            means="wants to go back to the question before",
            words=("go back", "back please", "one step back", "previous question"),
        ),
        IntentSpec(name="off_topic", means="says something that has nothing to do with this call"),
    )
}
"""Always in scope; an intent of the same name in the flow takes its place. What they do without a
handler (REPEAT, BACK, the `no_match` ladder) is the dialog's doing: no handler is compiled in."""

COMPONENTS = ("vad", "stt", "turn_detector", "llm", "tts")


def template(text: str | None) -> Template | None:
    """A text of the flow that may be absent."""
    return None if text is None else Template(text)


def slot_type(written: ValueType) -> SlotType:
    """A type of the flow language."""
    return SlotType(
        kind=written.kind,
        values=written.values,
        item=None if written.item is None else slot_type(written.item),
        fields={name: slot_type(inner) for name, inner in written.fields.items()},
        optional=written.optional,
    )


# --- values written in the file ------------------------------------------------------------------

_READERS: Mapping[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "datetime": datetime.fromisoformat,
    "duration": lambda text: timedelta(milliseconds=parse_duration(text)),
}


def typed(value: Any, declared: SlotType) -> Any:
    """A value as YAML gives it (`default`, `min`, `max`), as it is at run time.

    Raises:
        ValueError: it does not have the declared type; `validate` finds that before.
    """
    if value is None:
        return None
    if declared.kind == "list" and isinstance(value, list):
        return [typed(item, declared.item or SlotType(kind="text")) for item in value]
    if declared.kind == "number" and type(value) is int:
        return float(value)
    reader = _READERS.get(declared.kind)
    return reader(value) if reader is not None and isinstance(value, str) else value


# --- declarations --------------------------------------------------------------------------------


def slot(name: str, written: Slot) -> SlotSpec:
    """A slot the caller is asked for."""
    declared = slot_type(written.type)
    return SlotSpec(
        name=name,
        type=declared,
        about=written.about or "",
        ask=template(written.ask),
        check=None if written.check is None else Expression(written.check),
        min=typed(written.min, declared),
        max=typed(written.max, declared),
        invalid=template(written.invalid),
        readback=written.readback,
        sensitive=written.sensitive,
        resets=tuple(written.resets),
        default=typed(written.default, declared),
        words=_words(declared, written.values or {}),
        dtmf=None if written.dtmf is None else _keys(written.dtmf, declared),
    )


def _keys(written: Keypad, declared: SlotType) -> KeySpec:
    return KeySpec(
        digits=written.digits,
        least=written.min or written.digits or 1,
        finish="" if written.finish == "none" else written.finish,
        timeout=written.timeout,
        values={key: typed(value, declared) for key, value in (written.values or {}).items()},
    )


def _words(declared: SlotType, phrases: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Each value with the phrases that mean it; `window_seat` is said "window seat"."""
    values = dict.fromkeys((*declared.values, *phrases))
    return {
        value: tuple(dict.fromkeys((value.replace("_", " "), *phrases.get(value, ()))))
        for value in values
    }


def variable(name: str, written: Variable) -> SlotSpec:
    """An input or variable: a slot nobody asks for."""
    declared = slot_type(written.type)
    return SlotSpec(
        name=name,
        type=declared,
        about=written.about or "",
        sensitive=written.sensitive,
        default=typed(written.default, declared),
    )


def intents(written: Mapping[str, Intent]) -> dict[str, IntentSpec]:
    """The flow's intents in its order, then the built-in ones it does not replace."""
    own = {name: _intent(name, intent) for name, intent in written.items()}
    return own | {n: intent for n, intent in BUILT_IN_INTENTS.items() if n not in own}


def _intent(name: str, written: Intent) -> IntentSpec:
    return IntentSpec(
        name=name,
        means=written.means,
        words=tuple(written.words),
        examples=tuple(written.examples),
        avoid=tuple(written.not_),
        dtmf=written.dtmf,
    )


def tool(name: str, written: Tool) -> ToolSpec:
    """A declared tool."""
    filler = written.filler
    return ToolSpec(
        name=name,
        use=written.use,
        args={key: slot_type(kind) for key, kind in written.args.items()},
        returns=None if written.returns is None else slot_type(written.returns),
        timeout=written.timeout,
        retry_times=written.retry.times if written.retry else 0,
        retry_after=written.retry.after if written.retry else 0,
        filler=None
        if filler is None
        else Filler(
            after=filler.after,
            say=tuple(Template(line) for line in filler.say),
            every=filler.every,
        ),
        effect=written.effect,
        idempotent=written.idempotent,
        keep=written.keep,
    )


def migration(written: WrittenMigration) -> Migration:
    """A rule for snapshots of older versions."""
    names: dict[str, dict[str, str]] = {"states": {}, "slots": {}}
    for old, new in written.rename.items():
        kind, _, name = old.partition(".")
        names[kind][name] = new.partition(".")[2]
    return Migration(versions=written.from_, states=names["states"], slots=names["slots"])


def pipeline(written: Pipeline | None) -> dict[str, Any]:
    """Component name to its options, or to a list of them in the order of fallback."""
    found: dict[str, Any] = {}
    for name in COMPONENTS:
        value = None if written is None else getattr(written, name)
        if isinstance(value, list):
            found[name] = [_component(item) for item in value]
        elif value is not None:
            found[name] = _component(value)
    return found


def _component(written: Component) -> dict[str, Any]:
    return {"use": written.use, **written.options}
