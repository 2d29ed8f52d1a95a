"""What the rules may know of the outside, as plain data: `flow` never imports `providers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from engine.flow.model import Flow, FlowTest

Kind: TypeAlias = Literal[
    "stt", "llm", "tts", "vad", "turn_detector", "realtime", "denoise", "avatar"
]
"""The kinds of components that `pipeline` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a tool's function."""

    annotation: str = ""
    """The name of its type, `int` or `date`; empty where it has none, or another kind of one."""
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a tool's function takes, or why there is none."""

    what: str = "function"
    """What does the work: a function, an operation of a web service, a tool of a server."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    open: bool = False
    """It also takes any other argument: `**kwargs`."""
    failure: str = ""
    """Why there is no such function; empty where there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionProblem:
    """What a provider has against one of its options."""

    option: str
    message: str
    """In the provider's words, without the name of the option."""
    known: tuple[str, ...] | None = None
    """It has no such option: those it has."""


def _nothing(kind: str, options: Mapping[str, Any]) -> Sequence[OptionProblem]:
    """Judge nothing: nobody here knows the providers."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Names that a flow may use and does not declare itself."""

    providers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kind (`stt`, `llm`, `tts`, ...) to the names that `use:` may hold.

    A kind that is absent is not checked.
    """
    judge: Callable[[str, Mapping[str, Any]], Sequence[OptionProblem]] = _nothing
    """Told a kind and what a flow says of one component, `use` included: what is wrong with it.

    It is asked about providers of `providers` only.
    """
    started: bool = False
    """The flow is about to be started by a room: it has no caller to return to."""
    find_file: Callable[[str, str, bool], tuple[str, ...] | None] | None = None
    """Told a flow's file, what it names, and whether that is a folder: None where it is there, else
    what is beside its place. Without it, files are not looked for."""
    environment: frozenset[str] | None = None
    """The names of the environment's variables; None: they are not checked."""
    signatures: Mapping[str, Signature] = field(default_factory=dict)
    """The functions of tools, by what `use:` says; one that is absent is not checked."""
    before: Mapping[str, Flow] = field(default_factory=dict)
    """An older version of a file, by the name its findings carry."""
    tests: Mapping[str, Mapping[str, FlowTest]] = field(default_factory=dict)
    """Tests of a flow in files of their own, by the name that the flow's findings carry."""
    without_model: bool = False
    """Tell what would need a language model."""
