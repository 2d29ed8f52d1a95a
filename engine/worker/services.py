"""The providers of one call: what the flow names, and the embedded default for the rest.

Of a list of providers the first that can be made here is taken, for the whole call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import ConfigurationError
from engine.machine.compiled import CompiledFlow, Component
from engine.pipeline.others import MakeComponent
from engine.pipeline.pipeline import Services
from engine.session.grammars import recognition_context
from providers import registry
from providers.base import (
    AudioTurnDetector,
    Provider,
    RecognitionContext,
    TurnDetector,
    VoiceActivityDetector,
)
from providers.embedded.turn_detector import TextTurnDetector
from providers.embedded.turn_vocabulary import spoken_in
from providers.errors import ProviderError
from providers.registry import first_of


def make_services(flow: CompiledFlow) -> Services:
    """Build the providers of one call; cheap, they start when the session opens them.

    Raises:
        ConfigurationError: a named provider, or each one of a list, does not exist, cannot run on
            this machine, or lacks its secret.
    """
    context = recognition_context(flow)
    named = {kind: flow.pipeline.get(kind) or {} for kind in registry.KINDS}

    def vad() -> VoiceActivityDetector:
        return first_of(named["vad"], lambda one: registry.make("vad", one))

    try:
        reads, hears = _detectors(
            first_of(
                named["turn_detector"], lambda one: registry.make("turn_detector", one, context)
            ),
            context.language,
        )
        return Services(
            vad=vad(),
            another_vad=vad,
            stt=first_of(named["stt"], lambda one: registry.make("stt", one, context)),
            turn_detector=reads,
            turn_listener=hears,
            tts=first_of(named["tts"], lambda one: registry.make("tts", one)),
            llm=first_of(named["llm"], lambda one: registry.make("llm", one))
            if named["llm"]
            else None,
            component=_maker(flow, context) if _components(flow) else None,
        )
    except ProviderError as error:
        raise ConfigurationError(str(error)) from error


def try_components(flow: CompiledFlow) -> None:
    """Make once what states have of their own: no caller shall be the first to learn it cannot be.

    Raises:
        ConfigurationError: one of them cannot be made here.
    """
    make = _maker(flow, RecognitionContext())
    for name in _components(flow):
        try:
            make(name)
        except ProviderError as error:
            raise ConfigurationError(str(error)) from error


def _components(flow: CompiledFlow) -> dict[str, Component]:
    """What the states of a flow, and of the flows it may call, have of their own."""
    found: dict[str, Component] = {}
    for called in flow.flows.values():
        found |= _components(called)
    return found | dict(flow.components)


def _maker(flow: CompiledFlow, context: RecognitionContext) -> MakeComponent:
    known = _components(flow)

    def make(name: str) -> Provider:
        component = known[name]
        return first_of(component.options, lambda one: _made(component.kind, one, context))

    return make


def _made(kind: str, options: Mapping[str, Any], context: RecognitionContext) -> Provider:
    match kind:
        case "stt":
            return registry.make("stt", options, context)
        case "llm":
            return registry.make("llm", options)
        case _:
            return registry.make("tts", options)


def _detectors(
    named: TurnDetector | AudioTurnDetector, language: str
) -> tuple[TurnDetector, AudioTurnDetector | None]:
    """Put the rule that reads the words beside a detector that hears the voice."""
    if isinstance(named, AudioTurnDetector):
        return TextTurnDetector(spoken_in(language)), named
    return named, None
