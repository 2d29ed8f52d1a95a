"""What a flow tells every recogniser about itself: the grammars of all its states, by one key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.machine.compiled import CompiledFlow
from providers.base import RecognitionContext


def grammar_key(flow: str, grammar: str) -> str:
    """Return the name under which a recogniser knows a grammar; two flows may use one name."""
    return f"{flow}/{grammar}" if grammar else ""


def recognition_context(flow: CompiledFlow) -> RecognitionContext:
    """Return the grammars and the key terms of a flow and of all flows it may call.

    The language is that of its `stt`, where one is named there.
    """
    flows = list(_family(flow, set()))
    grammars = {
        grammar_key(member.id, name): text
        for member in flows
        for name, text in member.grammars.items()
    }
    terms = {term: None for member in flows for term in _terms(member)}
    return RecognitionContext(grammars=grammars, keyterms=tuple(terms), **_language(flow))


def _language(flow: CompiledFlow) -> dict[str, str]:
    named = flow.pipeline.get("stt") or {}
    for one in named if isinstance(named, Sequence) else [named]:
        if isinstance(language := one.get("language"), str):
            return {"language": language}
    return {}


def tool_uses(flow: CompiledFlow) -> tuple[str, ...]:
    """Return every `use` of a tool in a flow and the flows it may call, each once."""
    members = _family(flow, set())
    return tuple(dict.fromkeys(tool.use for member in members for tool in member.tools.values()))


def _family(flow: CompiledFlow, seen: set[str]) -> Iterator[CompiledFlow]:
    if flow.fingerprint in seen:
        return
    seen.add(flow.fingerprint)
    yield flow
    for called in flow.flows.values():
        yield from _family(called, seen)


def _terms(flow: CompiledFlow) -> Iterator[str]:
    for intent in flow.intents.values():
        yield from intent.words
    for slot in flow.slots.values():
        for phrases in slot.words.values():
            yield from phrases
