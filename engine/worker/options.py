"""What the installed providers say about their options in a flow, for its validator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.flow.catalogue import OptionProblem


def judge_options(kind: str, options: Mapping[str, Any]) -> tuple[OptionProblem, ...]:
    """Return what is wrong with the options of one component; needs no secret, starts nothing.

    Secrets that are written out are left to the validator's own rule.

    Args:
        kind: of the component, as in `pipeline`.
        options: what the flow says of it, `use` included.
    """
    # Most flows name no provider, and the registry brings numpy.
    from providers import registry

    known = next((one for one in registry.KINDS if one == kind), None)
    if known is None:
        return ()
    return tuple(
        OptionProblem(option=found.option, message=_in_words(found.message), known=found.known)
        for found in registry.problems(known, options)
        if found.option and not found.secret
    )


def _in_words(message: str) -> str:
    """What pydantic says, as the label of a finding."""
    plain = message.removeprefix("Value error, ").removeprefix("Input ")
    return f"{plain[:1].lower()}{plain[1:]}"
