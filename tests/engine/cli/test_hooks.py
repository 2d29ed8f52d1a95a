"""The hooks for pre-commit call commands that exist, with options they have."""

from __future__ import annotations

import importlib
from pathlib import Path

from ruamel.yaml import YAML

from engine.cli.main import COMMANDS

ROOT = Path(__file__).parents[3]


def test_every_hook_calls_a_command_with_options_it_has() -> None:
    hooks = YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")

    assert {hook["id"] for hook in hooks} == {"turnwise-validate", "turnwise-fmt"}
    for hook in hooks:
        program, name, *options = hook["entry"].split()
        assert (program, name in COMMANDS) == ("turnwise", True)
        command = importlib.import_module(f"engine.cli.{name}").command
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(options) <= known
