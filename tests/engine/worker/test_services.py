"""The providers of one call: what the flow names, the embedded stack for the rest."""

from __future__ import annotations

import asyncio
import ctypes.util
import importlib.util
import shutil
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.errors import ConfigurationError
from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow
from engine.worker.services import make_services, try_components
from providers import registry
from providers.embedded.turn_detector import TextTurnDetector
from providers.scripted import ScriptedRecognizer
from providers.scripted_listener import ScriptedTurnListener


def flow(pipeline: str = "{}") -> CompiledFlow:
    text = f"""
turnwise: 1
flow: hello
start: bye
pipeline: {pipeline}
states:
  bye: {{say: Goodbye., end: hangup}}
"""
    return compile_flow(Flow.model_validate(YAML(typ="safe").load(text)))


@pytest.fixture
def no_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without espeak-ng and flite, neither as a program nor as a package."""
    find_spec, which = importlib.util.find_spec, shutil.which
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "espeakng_loader" else find_spec(name, *rest),
    )
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(
        shutil,
        "which",
        lambda name, *rest, **more: (
            None if name in ("espeak-ng", "flite") else which(name, *rest, **more)
        ),
    )


def test_a_flow_that_names_nothing_gets_the_embedded_stack_and_no_language_model() -> None:
    services = make_services(flow())

    made = (services.vad, services.stt, services.turn_detector, services.tts)
    assert all(type(one).__module__.startswith("providers.embedded.") for one in made)
    assert services.llm is None


@pytest.mark.parametrize("hears", [False, True], ids=["alone", "beside a detector that hears"])
def test_the_rule_reads_the_language_of_the_recogniser(
    monkeypatch: pytest.MonkeyPatch, hears: bool
) -> None:
    make = registry.make

    def made(kind: Any, options: Any, context: Any = None) -> Any:
        if kind == "turn_detector" and hears:
            return ScriptedTurnListener()
        return ScriptedRecognizer() if kind == "stt" else make(kind, options, context)

    monkeypatch.setattr(registry, "make", made)
    detector = make_services(flow("{stt: {use: far, language: de-AT}}")).turn_detector

    assert detector is not None
    assert asyncio.run(detector.predict("einen Tisch für", ["integer"])) < 0.2
    assert asyncio.run(detector.predict("a table for", ["integer"])) > 0.5


def test_a_detector_that_hears_stands_beside_the_rule_that_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = ScriptedTurnListener()
    make = registry.make

    def made(kind: Any, options: Any, context: Any = None) -> Any:
        return listener if kind == "turn_detector" else make(kind, options, context)

    monkeypatch.setattr(registry, "make", made)
    services = make_services(flow())

    assert services.turn_listener is listener
    assert isinstance(services.turn_detector, TextTurnDetector)


def test_every_call_gets_providers_of_its_own() -> None:
    first, second = make_services(flow()), make_services(flow())

    assert first.vad is not second.vad
    assert first.stt is not second.stt
    assert first.tts is not second.tts


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(ConfigurationError, match="speed"):
        make_services(flow("{tts: {use: embedded, speed: 9000}}"))


def test_a_missing_secret_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)

    with pytest.raises(ConfigurationError, match="NO_SUCH_KEY"):
        make_services(flow("{llm: {use: openai, model: m, api_key: $NO_SUCH_KEY}}"))


@pytest.mark.usefixtures("no_voice")
def test_a_machine_without_a_voice_is_told_how_to_get_one() -> None:
    with pytest.raises(ConfigurationError, match=r"pip install 'turnwise\[espeak\]'"):
        make_services(flow())


def test_of_a_list_the_first_that_can_be_made_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    local = "{use: openai, model: local, base_url: 'http://127.0.0.1:9/v1'}"
    models = f"[{{use: nosuch}}, {{use: openai, model: m, key: $NO_SUCH_KEY}}, {local}]"

    services = make_services(flow(f"{{llm: {models}, vad: [{{use: nosuch}}, {{use: embedded}}]}}"))

    assert (
        type(services.llm).__name__ == type(make_services(flow(f"{{llm: {local}}}")).llm).__name__
    )
    assert type(services.vad).__module__ == "providers.embedded.vad"


@pytest.mark.usefixtures("no_voice")
def test_of_a_list_nothing_of_which_can_be_made_every_reason_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r'no tts provider "nosuch".*; tts embedded: '):
        make_services(flow("{tts: [{use: nosuch}, {use: embedded}]}"))


INNER = """
turnwise: 1
flow: inner
start: bye
pipeline: {tts: {use: embedded}}
states:
  bye: {say: Goodbye., pipeline: {tts: {use: %s}, stt: {use: embedded}}, end: hangup}
"""


def inner(voice: str) -> CompiledFlow:
    return compile_flow(Flow.model_validate(YAML(typ="safe").load(INNER % voice)))


def test_what_a_state_has_of_its_own_is_made_by_its_name_and_not_before() -> None:
    compiled = inner("embedded")
    services = make_services(compiled)
    names = compiled.states["bye"].components
    assert services.component is not None
    made = services.component(names["tts"]), services.component(names["stt"])
    assert all(type(one).__module__.startswith("providers.embedded.") for one in made)
    assert services.tts not in made
    assert make_services(compile_flow(Flow.from_instructions("Be kind."))).component is None


def test_a_component_of_a_state_that_cannot_be_made_is_told_before_the_first_call() -> None:
    try_components(inner("embedded"))
    with pytest.raises(ConfigurationError, match="nobody"):
        try_components(inner("nobody"))
