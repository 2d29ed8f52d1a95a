"""Importing Turnwise is light, and a command loads only what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    *("aiortc", "av", "numpy", "pocketsphinx", "openai", "aiohttp", "rich", "jsonschema"),
    *("jinja2", "num2words"),
)


def loaded(code: str) -> set[str]:
    """Run `code` in a fresh interpreter; return which heavy modules it pulled in."""
    program = f"import sys\n{code}\nprint(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.splitlines()[-1].split())


def command(*argv: str) -> str:
    return (
        "from engine.cli.main import main\n"
        f"try: main({list(argv)!r}, standalone_mode=False)\n"
        "except SystemExit: pass"
    )


def test_import_engine_is_light() -> None:
    assert loaded("import engine") == set()


@pytest.mark.parametrize("argv", [["--help"], ["validate", "--help"]])
def test_help_loads_nothing_heavy(argv: list[str]) -> None:
    assert loaded(command(*argv)) == set()


def test_validate_does_not_load_the_audio_stack() -> None:
    heavy = loaded(command("validate", "flows/book_table.yaml"))
    assert heavy.isdisjoint({"aiortc", "av", "aiohttp", "pocketsphinx", "openai"})


CODE_FIRST = """
from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
compile_flow(Flow.from_instructions("You are Luigi and sell pizza."))
"""


def test_a_flow_in_code_loads_neither_jinja_nor_the_words_of_all_languages() -> None:
    assert loaded(CODE_FIRST) == set()
