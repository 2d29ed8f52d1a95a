"""The public kit: every listed name exists, and importing the package loads nothing heavy."""

import subprocess
import sys

import pytest

import engine.testing


@pytest.mark.parametrize("name", dir(engine.testing))
def test_a_public_name_can_be_imported(name):
    assert getattr(engine.testing, name).__name__ == name


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        engine.testing.nonsense  # noqa: B018


def test_the_plugin_is_light():
    """It is imported in every run of pytest on a machine where Turnwise is installed."""
    code = (
        "import sys, engine.testing.plugin;"
        "print([m for m in ('numpy', 'pydantic', 'ruamel', 'aiortc', 'transitions')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
