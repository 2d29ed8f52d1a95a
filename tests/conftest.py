"""Hypothesis profiles, and the order of the suite.

Hypothesis: `fast` by default and `ci` draw the same examples every time, so that a run says
something about the change and not about luck; `HYPOTHESIS_PROFILE=deep` goes looking for more, and
`HYPOTHESIS_EXAMPLES=1000` lets every property draw so many at random, also those that say a number
of their own (`--hypothesis-seed=7` makes a run repeatable, `--timeout=3000` lets it live). No
deadlines: how long an example takes says more about the machine than about the code.

The suite runs on two workers (pytest-xdist), a module at a time, so that what a module sets up (a
whole call on audio) is set up once.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow]
_LIVE = Path(__file__).parent / "live"
_OWN = "_hypothesis_internal_use_settings"

settings.register_profile(
    "fast", max_examples=50, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile(
    "ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile("deep", max_examples=20_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests on the wall clock: they take longest, and mostly wait."""
    items.sort(key=lambda item: not item.path.is_relative_to(_LIVE))
    examples = os.environ.get("HYPOTHESIS_EXAMPLES")
    if examples is not None:
        for item in items:
            _draw(item, int(examples))


def _draw(item: pytest.Item, examples: int) -> None:
    """Let a property draw so many examples, whatever its own settings say."""
    for owner, name in (
        (getattr(getattr(item, "obj", None), "__func__", getattr(item, "obj", None)), _OWN),
        (getattr(item, "cls", None), "settings"),  # a state machine
    ):
        own = getattr(owner, name, None)
        if isinstance(own, settings):
            setattr(owner, name, settings(own, max_examples=examples, derandomize=False))
