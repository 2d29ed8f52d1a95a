"""An edited flow that a call is to go on with (S17): taken at the first stable point, or refused.

Between two steps a conversation is at rest, and may be moved. Where something is at work whose
answer would come to another flow, it is tried again after each step, until that has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.reload import ReloadRefusedError, UnderWayError, move
from engine.errors import ConfigurationError
from engine.machine.compiled import CompiledFlow
from engine.pipeline.pipeline import Services
from engine.session.grammars import tool_uses


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an edited flow in one call."""

    kind: Literal["taken", "waits", "refused"]
    """`waits` is told once, and followed by one of the others, or by the end of the call."""
    flow: CompiledFlow
    why: str = ""
    """Why it waits, or is refused; with `taken`: what of it holds for the next call only."""


Told = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A flow a call is to go on with."""

    flow: CompiledFlow
    services: Callable[[], Services]
    """Makes the providers of a call of that flow."""
    told: Told


class Succession:
    """Keeps the latest flow that was offered until it is taken or refused.

    Args:
        resolve: makes tools callable; raises `ConfigurationError`.
    """

    def __init__(self, resolve: Callable[[Iterable[str]], None]) -> None:
        self._resolve = resolve
        self._offer: Offer | None = None
        self._told_to_wait = False

    @property
    def waiting(self) -> bool:
        """Whether there is a flow to go on with."""
        return self._offer is not None

    def offer(self, offer: Offer) -> None:
        """Take a flow; one that was offered before and still waits is forgotten."""
        self._offer, self._told_to_wait = offer, False

    def attempt(self, conversation: Conversation) -> tuple[Offer, Conversation] | None:
        """Return the flow and the conversation that goes on with it; None: not, or not yet."""
        offer = self._offer
        if offer is None or conversation.closed:
            return None
        try:
            self._resolve(tool_uses(offer.flow))
            moved = move(snapshot.take(conversation), offer.flow)
        except UnderWayError as error:
            if not self._told_to_wait:
                self._told_to_wait = True
                offer.told(Outcome(kind="waits", flow=offer.flow, why=str(error)))
            return None
        except (ReloadRefusedError, ConfigurationError) as error:
            self._offer = None
            offer.told(Outcome(kind="refused", flow=offer.flow, why=str(error)))
            return None
        self._offer = None
        later = _for_the_next_call(conversation.flow, offer.flow)
        offer.told(Outcome(kind="taken", flow=offer.flow, why=later))
        return offer, moved


def _for_the_next_call(old: CompiledFlow, new: CompiledFlow) -> str:
    """Name what a call keeps to its end: the providers it began with."""
    changed = [name for name in new.pipeline if new.pipeline[name] != old.pipeline.get(name)]
    changed += [name for name in old.pipeline if name not in new.pipeline]
    return f"its own pipeline stays: {', '.join(sorted(changed))} differ" if changed else ""
