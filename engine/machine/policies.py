"""Policies of one state: what flow, groups and state wrote, merged key by key, inner keys first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.flow.model import InterruptionProfile, Interruptions, Listen
from engine.flow.templates import Template
from engine.machine.compiled import InterruptionPolicy, ListenPolicy
from engine.machine.compiled_actions import PolicyChange

_KEYS = (
    "allow", "mode", "min_time", "min_words", "min_confidence", "blocked", "fade", "echo_guard"
)  # fmt: skip
_LISTS = ("phrases", "ignore")


def merge_interruptions(layers: Sequence[Interruptions]) -> InterruptionPolicy:
    """Merge what was written, outermost first, over the defaults of the language.

    The `thinking` profile starts from the merged profile itself, so that a key it does not name
    means the same before and while the agent is heard.
    """
    changes: dict[str, Any] = {}
    thinking: dict[str, Any] = {}
    for layer in layers:
        changes |= _written(layer)
        if layer.thinking is not None:
            thinking |= _written(layer.thinking)
    policy = InterruptionPolicy(**changes)
    return replace(policy, thinking=replace(policy, **thinking)) if thinking else policy


def change_of(layer: Interruptions | None) -> PolicyChange | None:
    """Return what a line says about being interrupted, if it says anything."""
    if layer is None:
        return None
    thinking = {} if layer.thinking is None else _written(layer.thinking)
    return PolicyChange(keys=_written(layer), thinking=thinking)


def changed(policy: InterruptionPolicy, change: PolicyChange | None) -> InterruptionPolicy:
    """Return the policy of a line in a state with this one.

    What the line says holds before it is audible as well, whatever the state says of that time.
    """
    if change is None:
        return policy
    line = replace(policy, **change.keys, thinking=None)
    if policy.thinking is None and not change.thinking:
        return line
    early = line if policy.thinking is None else replace(policy.thinking, **change.keys)
    return replace(line, thinking=replace(early, **change.thinking))


def _written(layer: InterruptionProfile) -> dict[str, Any]:
    found = {key: value for key in _KEYS if (value := getattr(layer, key)) is not None}
    found |= {key: tuple(value) for key in _LISTS if (value := getattr(layer, key)) is not None}
    alarm = layer.false_alarm
    if alarm is not None and alarm.pause is not None:
        found["false_alarm_pause"] = alarm.pause
    if alarm is not None and alarm.resume is not None:
        found["false_alarm_resume"] = alarm.resume
    return found


def merge_listen(layers: Sequence[Listen]) -> ListenPolicy:
    """Merge what was written, outermost first, over the defaults of the language.

    A ladder replaces the outer one as a whole: its lines belong together.
    """
    changes: dict[str, Any] = {}
    for layer in layers:
        for key in ("silence", "max_turn", "transcript_timeout", "preempt"):
            if (value := getattr(layer, key)) is not None:
                changes[key] = value
        for key in ("no_input", "no_match"):
            if (lines := getattr(layer, key)) is not None:
                changes[key] = tuple(Template(line) for line in lines)
        if layer.accept is not None:
            changes["accept"] = tuple(layer.accept)
        changes |= _end_of_turn(layer)
    policy = ListenPolicy(**changes)
    # A state that only asks for more patience (`min: 1200ms`) means `max` to be no less.
    return replace(policy, max_wait=max(policy.min_wait, policy.max_wait))


def _end_of_turn(layer: Listen) -> dict[str, Any]:
    written = layer.end_of_turn
    if written is None:
        return {}
    pairs = {
        "end_of_turn": written.mode,
        "min_wait": written.min,
        "max_wait": written.max,
        "threshold": written.threshold,
    }
    return {key: value for key, value in pairs.items() if value is not None}
