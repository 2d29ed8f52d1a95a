"""The generated parts of the documents: `python -m engine.cli.reference docs` writes them anew.

A document keeps its own prose; between `<!-- begin NAME -->` and `<!-- end NAME -->` stands what
only the code knows: the keys of the language, the findings, the tables of the machines, the options
of the providers. A test compares, so that no document says what is no longer so.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import io
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from engine.cli.explain import page
from engine.cli.main import COMMANDS
from engine.cli.reference_keys import keys, rest, table, unsupported
from engine.cli.render import Summary, render
from engine.cli.test import Wanted, test
from engine.core import agent, user
from engine.flow.codes import CODES, Code
from engine.flow.loader import check_text, load_text
from engine.flow.shape_words import as_yaml
from engine.machine.chart import Chart
from engine.machine.compiler import compile_loaded
from engine.machine.export import to_mermaid
from providers.info import ProviderInfo
from providers.registry import DEFAULTS, KINDS, installed

_PART = re.compile(r"(<!-- begin ([\w.]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def renewed(text: str) -> str:
    """Return a document with its generated parts made anew.

    Raises:
        KeyError: it has a part that nothing generates.
    """
    return _PART.sub(lambda m: f"{m[1]}{_part(m[2])}\n{m[3]}", text)


def renew(folder: Path) -> list[Path]:
    """Write the generated parts of every document in a folder; return those that changed."""
    changed = []
    for path in sorted(folder.glob("*.md")):
        old = path.read_text(encoding="utf-8")
        new = renewed(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
            changed.append(path)
    return changed


def _part(name: str) -> str:
    kind, _, subject = name.partition(".")
    return _PARTS[kind](subject).strip("\n")


# --- findings ------------------------------------------------------------------------------------

_FAMILIES: Final = {
    "TW0": "The file as YAML",
    "TW1": "Its shape",
    "TW2": "Names",
    "TW3": "Ways through the states",
    "TW4": "Types",
    "TW5": "What is said",
    "TW6": "Tools",
    "TW7": "Models",
    "TW8": "Secrets and paths",
    "TW9": "Tests",
}


def codes(_: str = "") -> str:
    """Return a chapter for each family of findings, a section for each code."""
    chapters = []
    for start, title in _FAMILIES.items():
        family = [code for code in CODES.values() if code.code.startswith(start)]
        chapters.append("\n\n".join([f"## {title}", *map(_section, family)]))
    return "\n\n".join(chapters)


def _section(code: Code) -> str:
    text = page(code.code).text.strip()
    text = text.replace("```yaml bad\n", "Bad:\n\n```yaml\n")
    text = text.replace("```yaml good\n", "Good:\n\n```yaml\n")
    text = re.sub(r"```yaml file=(\S+)\n", r"Beside it, `\1`:\n\n```yaml\n", text)
    return f"### {code.code} {code.name}\n\n*{code.severity}*\n\n{text}"


_WRONG: Final = """\
turnwise: 1
flow: salon
start: ask
slots:
  name: {type: text, ask: "What is your name?"}
  size: {type: integer, ask: "How many?"}
listen: {no_input: ["Are you still there?"], no_match: ["Sorry?"]}
handle: {no_input: {to: bye}, no_match: {to: bye}}
states:
  ask: {collect: [name, size], then: chek}
  check:
    then:
      - {when: slots.size > "12", to: bye}
      - {to: bye}
  bye: {say: "Goodbye {{ slots.nmae }}.", end: hangup}
"""


def finding(_: str = "") -> str:
    """Return a flow with three mistakes, and what `validate` prints about it."""
    result, told = check_text(_WRONG, "salon.yaml"), io.StringIO()
    summary = Summary(elapsed_ms=27, files=1, states=3)
    render(result.diagnostics, result.sources, summary, "text", told)
    return f"```yaml bad\n{_WRONG}```\n\n```text\n{told.getvalue().strip()}\n```"


_FAILING: Final = """\
turnwise: 1
flow: seats
start: ask
slots: {seats: {type: integer, ask: "How many seats?"}}
states:
  ask: {collect: [seats], then: held}
  held: {say: "{{ slots.seats }} seats. Goodbye.", end: hangup}
tests:
  four:
    talk:
      - user: four
      - agent: /five seats/
"""


def failing_test(_: str = "") -> str:
    """Return what `turnwise test` prints about a test that fails."""
    told = io.StringIO()
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("seats.yaml").write_text(_FAILING, encoding="utf-8")
        test([Path("seats.yaml")], Wanted(), told)
    text = re.sub(r"\d+ ms", "48 ms", told.getvalue().strip())
    return f"```text\n{text}\n```"


# --- commands ------------------------------------------------------------------------------------


def commands(_: str = "") -> str:
    """Return what `turnwise COMMAND --help` prints, for every command."""
    return "\n\n".join(f"## `turnwise {name}`\n\n{_help(name)}" for name in sorted(COMMANDS))


def _help(name: str) -> str:
    command = copy.copy(importlib.import_module(f"engine.cli.{name}").command)
    command._help_option = None  # click keeps the one of its first use, with other names perhaps
    context = click.Context(command, info_name=f"turnwise {name}", max_content_width=100)
    context.help_option_names = ["-h", "--help"]
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"```text\n{text}\n```"


# --- machines and providers ----------------------------------------------------------------------

_CHARTS: Final[Mapping[str, Chart]] = {"agent": agent.CHART, "user": user.CHART}


def chart(name: str) -> str:
    """Return a machine's table as a Mermaid drawing."""
    drawn = _CHARTS[name]
    rows = [f"    {row.source} --> {row.dest}: {row.trigger}" for row in drawn.rows]
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {drawn.states[0]}", *rows, "```"]
    return "\n".join(lines)


_DRAWN: Final = """\
turnwise: 1
flow: table
start: ask
slots: {size: {type: integer, ask: "How many are you?"}}
intents: {gives_up: {means: no longer wants a table, words: [never mind]}}
listen: {no_input: ["Are you still there?"], no_match: ["Sorry?"]}
handle:
  intent.gives_up: {to: bye}
  no_input: {to: bye}
  no_match: {to: bye}
states:
  ask: {collect: [size], then: agree}
  agree:
    confirm: A table for {{ slots.size }}?
    then:
      - {when: answer, to: bye}
      - {to: ask}
  bye: {say: Goodbye., end: hangup}
"""


def graph(_: str = "") -> str:
    """Return a flow, and the drawing that `turnwise graph` makes of it."""
    drawing = to_mermaid(compile_loaded(load_text(_DRAWN)))
    return f"```yaml\n{_DRAWN}```\n\n```mermaid\n{drawing}```"


def providers(_: str = "") -> str:
    """Return what each installed provider is, and its options."""
    parts = []
    for kind in KINDS:
        for name in installed().catalogue()[kind]:
            info = installed().info(kind, name)
            mark = ", the default" if DEFAULTS.get(kind) == name else ""
            title = f"### `{kind}: {{use: {name}}}`{mark}"
            parts.append(
                f"{title}\n\n{info.summary[:1].upper()}{info.summary[1:]}.\n\n{_options(info)}"
            )
    return "\n\n".join(parts)


def _options(info: ProviderInfo) -> str:
    rows = []
    for name, option in info.options.model_fields.items():
        default = "needed" if option.is_required() else f"`{as_yaml(option.default)}`"
        rows.append((f"`{name}`", default.replace("`None`", ""), option.description or ""))
    return table(("option", "default", "meaning"), rows) if rows else "It has no options."


_PARTS: Final[Mapping[str, Callable[[str], str]]] = {
    "chart": chart,
    "codes": codes,
    "commands": commands,
    "failing_test": failing_test,
    "finding": finding,
    "graph": graph,
    "keys": keys,
    "providers": providers,
    "rest": rest,
    "unsupported": unsupported,
}

if __name__ == "__main__":
    for written in renew(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        sys.stdout.write(f"{written}\n")
