"""The providers of one call: what the flow names, and the embedded default for the rest."""

from __future__ import annotations

from engine.errors import ConfigurationError
from engine.machine.compiled import CompiledFlow
from engine.pipeline.pipeline import Services
from engine.session.grammars import recognition_context
from providers import registry
from providers.errors import ProviderError


def make_services(flow: CompiledFlow) -> Services:
    """Build the providers of one call; cheap, they start when the session opens them.

    Raises:
        ConfigurationError: a named provider does not exist, cannot run on this machine, or lacks
            its secret.
    """
    chosen = {kind: dict(flow.pipeline.get(kind) or {}) for kind in registry.KINDS}
    context = recognition_context(flow)
    try:
        return Services(
            vad=registry.make("vad", chosen["vad"]),
            stt=registry.make("stt", chosen["stt"], context),
            turn_detector=registry.make("turn_detector", chosen["turn_detector"]),
            tts=registry.make("tts", chosen["tts"]),
            llm=registry.make("llm", chosen["llm"]) if chosen["llm"] else None,
        )
    except ProviderError as error:
        raise ConfigurationError(str(error)) from error
