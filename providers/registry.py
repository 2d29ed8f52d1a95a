"""Providers by kind and name: found by entry point, sorted, checked, reported one by one.

A distribution offers a provider with an entry point of the group `turnwise.providers` whose name is
`KIND.NAME` and whose object is a `ProviderInfo`:

    [project.entry-points."turnwise.providers"]
    "stt.acme" = "acme_turnwise:STT"

A flow names it with `use: acme`; `use: python:module:attribute` takes a `ProviderInfo` directly.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Literal, TypeVar, get_args, overload

from pydantic import ValidationError

from providers.base import (
    AudioTurnDetector,
    Kind,
    LanguageModel,
    Provider,
    RecognitionContext,
    Recognizer,
    Synthesizer,
    TurnDetector,
    VoiceActivityDetector,
)
from providers.errors import ProviderConfigurationError, ProviderError, ProviderMissing
from providers.info import ProviderInfo

T = TypeVar("T")

GROUP: Final = "turnwise.providers"
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

DEFAULTS: Final[Mapping[Kind, str]] = {
    "vad": "embedded",
    "stt": "embedded",
    "turn_detector": "embedded",
    "tts": "embedded",
}
"""What is used where a flow names nothing. No model: words, parsers and grammars need none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One row of `turnwise providers`."""

    kind: str
    name: str
    state: Literal[
        "ready", "missing program", "missing package", "missing secret", "broken", "shadowed"
    ]
    detail: str
    """What it is, or what to do about its state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one option, or with the choice of the provider."""

    text: str
    """The whole of it, with the names of provider and option."""
    option: str = ""
    """Empty: the provider itself cannot be had."""
    message: str = ""
    """The same for who sees the option beside it."""
    known: tuple[str, ...] | None = None
    """There is no such option: those there are."""
    secret: bool = False
    """A secret is written out."""


class Registry:
    """The providers of a set of entry points.

    Args:
        points: entry points of the group; of two with one name the first by value counts.
    """

    def __init__(self, points: Iterable[EntryPoint]) -> None:
        self._points: dict[str, EntryPoint] = {}
        self._shadowed: list[EntryPoint] = []
        for point in sorted(points, key=lambda point: (point.name, point.value)):
            first = self._points.setdefault(point.name, point)
            if first.value != point.value:
                self._shadowed.append(point)

    def catalogue(self) -> dict[Kind, tuple[str, ...]]:
        """Return the sorted names per kind, without importing anything."""
        names = [point.partition(".") for point in self._points]
        return {kind: tuple(name for of, _, name in names if of == kind) for kind in KINDS}

    def info(self, kind: Kind, name: str) -> ProviderInfo:
        """Return what the provider tells about itself.

        Raises:
            ProviderConfigurationError: there is none of that name, or it cannot be loaded.
        """
        if name.startswith("python:"):
            return _checked(_load_path(name), kind, name)
        point = self._points.get(f"{kind}.{name}")
        if point is None:
            known = self.catalogue()[kind]
            raise ProviderConfigurationError(f'no {kind} provider "{name}"{_nearest(name, known)}')
        try:
            found = point.load()
        except Exception as error:
            raise ProviderConfigurationError(
                f'the {kind} provider "{name}" ({point.value}) cannot be loaded: {error}'
            ) from error
        return _checked(found, kind, name)

    def check(self, kind: Kind, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what is wrong with these options; needs no secret and starts nothing.

        Options that name an environment variable are taken as right.
        """
        return tuple(problem.text for problem in self.problems(kind, options))

    def problems(self, kind: Kind, options: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return the same as `check`, part by part."""
        try:
            info = self.info(kind, _name(kind, options))
        except ProviderConfigurationError as error:
            return (Problem(text=str(error)),)
        given = {key: value for key, value in options.items() if key != "use"}
        problems = _literal_secrets(info, given)
        problems += _problems(info, given, pending=tuple(k for k in given if _is_name(given[k])))
        return tuple(problems)

    def make(
        self,
        kind: Kind,
        options: Mapping[str, Any],
        context: RecognitionContext | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Provider:
        """Build the provider these options name.

        Args:
            kind: what is wanted.
            options: as in a flow: `use` and the provider's own options.
            context: what a recogniser is told about the flow.
            environment: where `$NAME` is looked up; the process's by default.

        Raises:
            ProviderConfigurationError: unknown name or option, wrong value, missing secret.
            ProviderMissing: a program or package is not on this machine.
        """
        info = self.info(kind, _name(kind, options))
        given = {key: value for key, value in options.items() if key != "use"}
        if problems := _literal_secrets(info, given):
            raise ProviderConfigurationError(_joined(problems))
        given = _resolved(info, given, os.environ if environment is None else environment)
        if problems := _problems(info, given):
            raise ProviderConfigurationError(_joined(problems))
        if missing := info.missing():
            needs = "; ".join(
                f"{need.kind} {need.name} is missing: {need.hint}" for need in missing
            )
            raise ProviderMissing(f"{kind} {info.name}: {needs}")
        return info.make(info.options.model_validate(given), context or RecognitionContext())

    def status(self, environment: Mapping[str, str] | None = None) -> tuple[Status, ...]:
        """Return one row per provider found, sorted by kind and name."""
        environment = os.environ if environment is None else environment
        rows = [self._row(name, environment) for name in self._points]
        for point in self._shadowed:
            kind, _, name = point.name.partition(".")
            detail = f"{point.value} is hidden by {self._points[point.name].value}"
            rows.append(Status(kind=kind, name=name, state="shadowed", detail=detail))
        order: dict[str, int] = {kind: number for number, kind in enumerate(KINDS)}
        return tuple(sorted(rows, key=lambda row: (order.get(row.kind, 99), row.name, row.state)))

    def _row(self, key: str, environment: Mapping[str, str]) -> Status:
        kind, _, name = key.partition(".")
        if kind not in KINDS:
            detail = f'"{kind}" is no kind of provider{_nearest(kind, KINDS)}'
            return Status(kind=kind, name=name, state="broken", detail=detail)
        try:
            info = self.info(kind, name)
        except ProviderConfigurationError as error:
            return Status(kind=kind, name=name, state="broken", detail=str(error))
        if missing := info.missing():
            state: Literal["missing program", "missing package"]
            state = "missing program" if missing[0].kind == "program" else "missing package"
            return Status(kind=kind, name=name, state=state, detail=missing[0].hint)
        for secret in info.secrets:
            if not environment.get(secret.variable):
                detail = f"set {secret.variable}, or name another variable in `{secret.option}:`"
                return Status(kind=kind, name=name, state="missing secret", detail=detail)
        return Status(kind=kind, name=name, state="ready", detail=info.summary)


# --- the installed ones --------------------------------------------------------------------------


@functools.cache
def installed() -> Registry:
    """Return the registry of everything installed in this environment."""
    return Registry(entry_points(group=GROUP))


def catalogue() -> dict[Kind, tuple[str, ...]]:
    """Return the sorted names per kind of what is installed; imports nothing of them."""
    return installed().catalogue()


def check(kind: Kind, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with the options a flow gives for one component."""
    return installed().check(kind, options)


def problems(kind: Kind, options: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return what is wrong with the options of one component, part by part."""
    return installed().problems(kind, options)


def status() -> tuple[Status, ...]:
    """Return one row per installed provider."""
    return installed().status()


@overload
def make(
    kind: Literal["vad"], options: Mapping[str, Any], context: RecognitionContext | None = None
) -> VoiceActivityDetector: ...
@overload
def make(
    kind: Literal["stt"], options: Mapping[str, Any], context: RecognitionContext | None = None
) -> Recognizer: ...
@overload
def make(
    kind: Literal["turn_detector"],
    options: Mapping[str, Any],
    context: RecognitionContext | None = None,
) -> TurnDetector | AudioTurnDetector: ...
@overload
def make(
    kind: Literal["llm"], options: Mapping[str, Any], context: RecognitionContext | None = None
) -> LanguageModel: ...
@overload
def make(
    kind: Literal["tts"], options: Mapping[str, Any], context: RecognitionContext | None = None
) -> Synthesizer: ...
def make(
    kind: Kind, options: Mapping[str, Any], context: RecognitionContext | None = None
) -> Provider:
    """Build an installed provider; see `Registry.make`."""
    return installed().make(kind, options, context)


def first_of(
    named: Mapping[str, Any] | Sequence[Mapping[str, Any]], make: Callable[[Mapping[str, Any]], T]
) -> T:
    """Build the first provider of a list that can be built here.

    Args:
        named: `use` and options, or a list of such in the order in which they are tried.
        make: builds one.

    Raises:
        ProviderError: none can be built; tells why of each.
    """
    problems: list[ProviderError] = []
    for options in [named] if isinstance(named, Mapping) else named:
        try:
            return make(options)
        except ProviderError as error:
            problems.append(error)
    if len(problems) == 1:
        raise problems[0]
    raise ProviderConfigurationError("; ".join(str(problem) for problem in problems))


# --- checks --------------------------------------------------------------------------------------


def _name(kind: Kind, options: Mapping[str, Any]) -> str:
    name = options.get("use", DEFAULTS.get(kind))
    if not isinstance(name, str):
        raise ProviderConfigurationError(f"no {kind} provider is named: write `use: NAME`")
    return name


def _load_path(name: str) -> object:
    module, _, attribute = name.removeprefix("python:").partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ProviderConfigurationError(f'"{name}" cannot be loaded: {error}') from error


def _checked(found: object, kind: Kind, name: str) -> ProviderInfo:
    if not isinstance(found, ProviderInfo):
        raise ProviderConfigurationError(f'"{name}" is no ProviderInfo but {type(found).__name__}')
    if found.kind != kind:
        raise ProviderConfigurationError(f'"{name}" is of kind {found.kind}, not {kind}')
    return found


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.startswith("$")


def _joined(problems: Iterable[Problem]) -> str:
    return "; ".join(problem.text for problem in problems)


def _literal_secrets(info: ProviderInfo, given: Mapping[str, Any]) -> list[Problem]:
    """Refuse secrets written out, without repeating them."""
    found = []
    for secret in info.secrets:
        if secret.option in given and not _is_name(given[secret.option]):
            message = (
                f"must be the name of an environment variable, such as ${secret.variable},"
                " not the secret itself"
            )
            text = f"`{secret.option}` {message}"
            found.append(Problem(text=text, option=secret.option, message=message, secret=True))
    return found


def _resolved(
    info: ProviderInfo, given: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, Any]:
    result = dict(given)
    for key, value in given.items():
        if _is_name(value):
            if value[1:] not in environment:
                raise ProviderConfigurationError(
                    f"{info.kind} {info.name}: `{key}` names {value}, which is not set"
                )
            result[key] = environment[value[1:]]
    return result


def _problems(
    info: ProviderInfo, given: Mapping[str, Any], pending: tuple[str, ...] = ()
) -> list[Problem]:
    try:
        info.options.model_validate(dict(given))
    except ValidationError as error:
        found = []
        for item in error.errors(include_url=False, include_input=False):
            key, message = str(item["loc"][0]) if item["loc"] else "", item["msg"]
            if item["type"] == "extra_forbidden":
                known = tuple(sorted(info.options.model_fields))
                text = f'{info.kind} {info.name} has no option "{key}"{_nearest(key, known)}'
                found.append(Problem(text=text, option=key, known=known))
            elif key not in pending:
                text = f"{info.kind} {info.name}: `{key}`: {message}"
                found.append(Problem(text=text, option=key, message=message))
        return found
    return []


def _nearest(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    if near := difflib.get_close_matches(name, known, n=1):
        return f'; did you mean "{near[0]}"?'
    return f"; known: {', '.join(known)}" if known else ""
