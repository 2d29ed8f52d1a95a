"""What a provider tells about itself before any of its code or SDK is loaded.

The module that holds a `ProviderInfo` imports no SDK at its top, so that listing and checking
providers is quick and works on a machine where half of them are not installed.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from providers.base import Kind, Provider, RecognitionContext

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")


class Options(BaseModel):
    """The typed options of one provider, as a flow writes them beside `use`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _seconds(value: object) -> object:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) / (1000 if match[2] == "ms" else 1)
    return value


Seconds: TypeAlias = Annotated[float, BeforeValidator(_seconds), Field(ge=0, allow_inf_nan=False)]
"""Seconds as a float; written `350ms`, `1.5s`, or a bare number of seconds."""


@dataclass(frozen=True, slots=True)
class Need:
    """A program on the path or an importable package."""

    kind: Literal["program", "package"]
    name: str
    hint: str
    """How to get it, ready to paste."""

    def met(self) -> bool:
        """Tell whether it is on this machine (nothing is imported or run)."""
        if self.kind == "program":
            return shutil.which(self.name) is not None
        return importlib.util.find_spec(self.name) is not None


@dataclass(frozen=True, slots=True)
class Secret:
    """An option that must be given as `$NAME`, never as a literal."""

    option: str
    variable: str
    """The environment variable it is usually kept in; `status` looks there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderInfo:
    """One provider: its names, its options, what it can do and what it needs."""

    kind: Kind
    name: str
    summary: str
    options: type[Options]
    make: Callable[[Any, RecognitionContext], Provider]
    """Build it from an instance of `options`; cheap: processes start in the provider's `open`."""
    capabilities: frozenset[str] = frozenset()
    """Such as `partials`, `word_times`, `grammars`, `streaming`."""
    secrets: tuple[Secret, ...] = ()
    needs: tuple[tuple[Need, ...], ...] = ()
    """Each row must be met by one of its alternatives."""

    def missing(self) -> tuple[Need, ...]:
        """Return the first alternative of every row that nothing meets."""
        return tuple(row[0] for row in self.needs if not any(need.met() for need in row))
