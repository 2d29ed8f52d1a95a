"""The components a state has of its own: another voice, another model, another recogniser.

`pipeline` of a state or group names a component as a whole; the innermost wins. Each is known by a
name made of its kind and its options: two states with the same voice share one, in whatever flow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from engine.flow.model import Policies
from engine.machine.compiled_policies import Component
from engine.machine.declarations import pipeline

SWITCHABLE = ("stt", "llm", "tts")
"""Kinds of which another one may serve from one moment to the next."""


def own_components(known: dict[str, Component], inner: Iterable[Policies]) -> Mapping[str, str]:
    """Return the names of the components a state has of its own, by kind.

    Args:
        known: those of the flow by name; new ones are added.
        inner: the groups around the state, outermost first, and itself.
    """
    found: dict[str, Component] = {}
    for level in inner:
        options = pipeline(level.pipeline) if level.pipeline is not None else {}
        for kind in SWITCHABLE:
            if kind in options:
                found[kind] = Component(kind=kind, options=options[kind])
    named = {kind: (_name_of(one), one) for kind, one in found.items()}
    known |= dict(named.values())
    return {kind: name for kind, (name, _) in named.items()}


def _name_of(component: Component) -> str:
    """The name of a component: the same for the same kind and options."""
    text = json.dumps(component.options, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{component.kind}-{digest[:8]}"
