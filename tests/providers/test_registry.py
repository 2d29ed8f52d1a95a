"""Providers are found by entry point, their options checked, and their state told one by one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from pydantic import Field, SecretStr

from providers.base import RecognitionContext
from providers.embedded.turn_detector import TextTurnDetector
from providers.errors import ProviderConfigurationError, ProviderMissing
from providers.info import Need, Options, ProviderInfo, Seconds, Secret
from providers.registry import GROUP, Registry, catalogue, check, first_of, installed, make


class AcmeOptions(Options):
    key: SecretStr
    timeout: Seconds = Field(default=1.0)


class Acme(TextTurnDetector):
    def __init__(self, options: AcmeOptions, context: RecognitionContext) -> None:
        self.options = options


ACME = ProviderInfo(
    kind="turn_detector",
    name="acme",
    summary="a test",
    options=AcmeOptions,
    make=Acme,
    secrets=(Secret("key", "ACME_KEY"),),
)
LACKING = ProviderInfo(
    kind="tts",
    name="lacking",
    summary="a test",
    options=Options,
    make=lambda options, context: pytest.fail("made although a program is missing"),
    needs=((Need("program", "no-such-program-xyz", "apt install xyz"),),),
)


def registry(**points: str) -> Registry:
    return Registry(
        EntryPoint(name.replace("__", "."), value, GROUP) for name, value in points.items()
    )


class _Point:
    """An entry point whose object is already here."""

    def __init__(self, name: str, info: object) -> None:
        self.name, self.value, self._info = name, "here:X", info

    def load(self) -> object:
        return self._info


@pytest.fixture
def acme() -> Registry:
    """Two providers that no package offers: one wants a secret, one lacks a program."""
    points: list[Any] = [_Point("turn_detector.acme", ACME), _Point("tts.lacking", LACKING)]
    return Registry(points)


def test_built_in_providers_are_found_without_loading_them() -> None:
    names = catalogue()

    assert names["vad"] == ("embedded",)
    assert names["stt"] == ("embedded",)
    assert names["turn_detector"] == ("embedded",)
    assert names["llm"] == ("openai",)
    assert names["tts"] == ("embedded",)


def test_every_built_in_provider_tells_what_its_entry_point_promises() -> None:
    for kind, names in catalogue().items():
        for name in names:
            info = installed().info(kind, name)
            assert (info.kind, info.name) == (kind, name)


def test_nothing_named_makes_the_embedded_default() -> None:
    assert isinstance(make("turn_detector", {}), TextTurnDetector)


def test_a_model_has_no_default() -> None:
    with pytest.raises(ProviderConfigurationError, match="use: NAME"):
        make("llm", {})


def test_unknown_provider_names_the_nearest() -> None:
    assert check("stt", {"use": "embeded"}) == (
        'no stt provider "embeded"; did you mean "embedded"?',
    )


def test_unknown_option_names_the_nearest() -> None:
    assert check("vad", {"use": "embedded", "hang_over": "300ms"}) == (
        'vad embedded has no option "hang_over"; did you mean "hangover"?',
    )


def test_what_is_wrong_is_also_told_part_by_part(acme: Registry) -> None:
    options = {"use": "acme", "key": "sk-123", "timeot": 3}

    secret, unknown = acme.problems("turn_detector", options)

    assert (secret.option, secret.secret, secret.known) == ("key", True, None)
    assert (unknown.option, unknown.known) == ("timeot", ("key", "timeout"))
    assert (secret.text, unknown.text) == acme.check("turn_detector", options)


def test_a_provider_that_cannot_be_had_is_a_problem_of_no_option(acme: Registry) -> None:
    (problem,) = acme.problems("stt", {"use": "acme"})

    assert (problem.option, problem.text) == ("", 'no stt provider "acme"')


def test_the_first_of_a_list_that_can_be_made_is_made() -> None:
    def build(options: Mapping[str, Any]) -> str:
        if "wrong" in options:
            raise ProviderMissing(options["wrong"])
        return str(options["use"])

    assert first_of({"use": "a"}, build) == "a"
    assert first_of([{"wrong": "no a"}, {"use": "b"}, {"use": "c"}], build) == "b"
    with pytest.raises(ProviderMissing, match="no a"):
        first_of([{"wrong": "no a"}], build)
    with pytest.raises(ProviderConfigurationError, match="no a; no b"):
        first_of([{"wrong": "no a"}, {"wrong": "no b"}], build)


def test_option_of_the_wrong_type_is_told_with_its_name() -> None:
    (problem,) = check("vad", {"threshold": 3})

    assert problem.startswith("vad embedded: `threshold`: Input should be less than 1")


def test_durations_are_taken_as_in_flows(acme: Registry) -> None:
    options = {"use": "acme", "key": "$K", "timeout": "350ms"}
    provider = acme.make("turn_detector", options, environment={"K": "s3cret"})

    assert isinstance(provider, Acme)
    assert provider.options.timeout == 0.35
    assert provider.options.key.get_secret_value() == "s3cret"


def test_a_secret_written_out_is_refused_and_not_repeated(acme: Registry) -> None:
    options = {"use": "acme", "key": "sk-123"}

    (problem,) = acme.check("turn_detector", options)

    assert "$ACME_KEY" in problem
    assert "sk-123" not in problem
    with pytest.raises(ProviderConfigurationError):
        acme.make("turn_detector", options)


def test_a_named_variable_must_be_set_when_the_provider_is_made(acme: Registry) -> None:
    options = {"use": "acme", "key": "$ACME_KEY"}

    assert acme.check("turn_detector", options) == ()
    with pytest.raises(ProviderConfigurationError, match=r"\$ACME_KEY, which is not set"):
        acme.make("turn_detector", options, environment={})


def test_what_is_missing_is_told_with_its_remedy(acme: Registry) -> None:
    with pytest.raises(ProviderMissing, match="apt install xyz"):
        acme.make("tts", {"use": "lacking"})


def test_status_has_one_row_per_provider(acme: Registry) -> None:
    rows = {(row.kind, row.name): row.state for row in acme.status({})}

    assert rows == {
        ("turn_detector", "acme"): "missing secret",
        ("tts", "lacking"): "missing program",
    }
    assert acme.status({"ACME_KEY": "x"})[0].state == "ready"


def test_a_broken_provider_is_a_row_and_not_a_crash() -> None:
    found = registry(
        stt__gone="no_such_module_xyz:INFO", sst__odd="x:Y", vad__text="textwrap:dedent"
    )

    assert {row.name: row.state for row in found.status({})} == {
        "gone": "broken",
        "odd": "broken",
        "text": "broken",
    }


def test_two_providers_of_one_name_are_told() -> None:
    info = "providers.embedded.turn_detector:INFO"
    points = [EntryPoint("turn_detector.embedded", value, GROUP) for value in (info, "zzz:LATER")]

    states = [row.state for row in Registry(points).status({})]

    assert states == ["ready", "shadowed"]


def test_a_python_path_takes_the_place_of_an_entry_point() -> None:
    path = "python:providers.embedded.turn_detector:INFO"

    assert isinstance(make("turn_detector", {"use": path}), TextTurnDetector)
    (problem,) = check("vad", {"use": path})
    assert problem == f'"{path}" is of kind turn_detector, not vad'
