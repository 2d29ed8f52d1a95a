"""The providers of one call: what the flow names, and the embedded default for the rest.

Of a list of providers the first that can be made here is taken, for the whole call.
"""

from __future__ import annotations

from engine.errors import ConfigurationError
from engine.machine.compiled import CompiledFlow
from engine.pipeline.pipeline import Services
from engine.session.grammars import recognition_context
from providers import registry
from providers.base import AudioTurnDetector, TurnDetector, VoiceActivityDetector
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
        )
    except ProviderError as error:
        raise ConfigurationError(str(error)) from error


def _detectors(
    named: TurnDetector | AudioTurnDetector, language: str
) -> tuple[TurnDetector, AudioTurnDetector | None]:
    """Put the rule that reads the words beside a detector that hears the voice."""
    if isinstance(named, AudioTurnDetector):
        return TextTurnDetector(spoken_in(language)), named
    return named, None
