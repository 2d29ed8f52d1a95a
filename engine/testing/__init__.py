"""The public test kit: what Turnwise's own tests are made of, for the flows and tools of others.

In virtual time:

- ``run_virtual(main())``, ``VirtualLoop``, ``VirtualClock``: asyncio without waiting; a deadlock
  raises instead of hanging.

For one module or one conversation:

- ``Playbook``: events and expected effects, read from top to bottom, exact to the millisecond.

For whole calls:

- ``*.conversation.yaml``: golden conversations, collected by the pytest plugin
  (`engine.testing.plugin`, on by itself once Turnwise is installed). Each is played on the bare
  core and through the real session; both timelines must be equal, and equal to the stored one.
  `engine.testing.script` tells the format; ``pytest --timeline-update`` stores timelines anew.
- ``play(path)``: the same from code. ``load_flow(path)``: a compiled flow, or `FlowError`.
- ``ScriptedCaller`` (`engine.testing.scripted_caller`): a participant who follows a script on real
  audio and measures by ear.

The scripted doubles of every provider kind ship with the providers: `providers.scripted`.

Names are imported on first use, so that the pytest plugin stays light.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Outcome": "engine.testing.golden",
    "Playbook": "engine.testing.playbook",
    "Script": "engine.testing.script",
    "ScriptError": "engine.testing.script",
    "ScriptedCaller": "engine.testing.scripted_caller",
    "Simulator": "engine.testing.simulator",
    "DeadlockError": "engine.testing.loop",
    "VirtualClock": "engine.testing.loop",
    "VirtualLoop": "engine.testing.loop",
    "VirtualTimeoutError": "engine.testing.loop",
    "load_flow": "engine.testing.golden",
    "play": "engine.testing.golden",
    "read_script": "engine.testing.script",
    "run_session": "engine.testing.golden",
    "run_virtual": "engine.testing.loop",
}
"""Public names and the modules they live in."""


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
