"""`turnwise explain`: what a code means, or what a key of the flow language does.

The pages are Markdown files in `engine/flow/explanations`, one for each code that some pass
reports. A page holds one example that has the finding (```` ```yaml bad ````), one that has not
(```` ```yaml good ````), and the sub-flows these need (```` ```yaml file=NAME ````); a test runs
them all.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, TextIO

import click

from engine.cli.render import forgiving
from engine.flow.codes import CODES
from engine.flow.diagnostics import nearest
from engine.flow.schema import flow_schema
from engine.flow.shape_words import TITLES, as_yaml

_FENCE = re.compile(r"^```yaml (bad|good|file=(\S+))\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """The explanation of one code."""

    text: str
    """The page as written."""
    bad: str = ""
    """A flow that has the finding; empty where none can be shown."""
    good: str = ""
    """The same flow without it."""
    others: dict[str, str] = field(default_factory=dict)
    """Files that the examples name."""


def page(code: str) -> Page:
    """The page of a code."""
    file = files("engine.flow").joinpath("explanations", f"{code}.md")
    text = file.read_text(encoding="utf-8")
    found = {match.group(1): match for match in _FENCE.finditer(text)}
    others = {match.group(2): match.group(3) for match in found.values() if match.group(2)}
    bad, good = (found[kind].group(3) if kind in found else "" for kind in ("bad", "good"))
    return Page(text, bad, good, others)


def explain(topic: str | None, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Explain a code or a key; without one, list the codes.

    Returns:
        0, or 2 for a topic that is neither.
    """
    out, err = out or sys.stdout, err or sys.stderr
    if topic is None:
        _list_codes(out)
        return 0
    code = topic.upper()
    if code in CODES:
        _explain_code(code, out)
        return 0
    named = next((entry.code for entry in CODES.values() if entry.name == topic.lower()), None)
    if named is not None:
        _explain_code(named, out)
        return 0
    uses = _uses(topic)
    if uses:
        _explain_key(topic, uses, out)
        return 0
    meant = nearest(topic, [*CODES, *(entry.name for entry in CODES.values()), *_keys()])
    hint = f"; did you mean {meant}?" if meant is not None else ""
    family = [known for known in CODES if code.startswith("TW") and known[:3] == code[:3]]
    if family and meant is None:
        hint = f"; codes of that family are {family[0]} to {family[-1]}"
    err.write(
        f"turnwise explain: {topic!r} is neither a code nor a key of the flow language{hint}\n"
    )
    return 2


def _list_codes(out: TextIO) -> None:
    for entry in CODES.values():
        out.write(f"{entry.code}  {entry.severity:<8} {entry.name:<22} {entry.catches}\n")
    out.write(
        "\nturnwise explain CODE tells more; turnwise explain KEY explains a key of a flow.\n"
    )


def _explain_code(code: str, out: TextIO) -> None:
    entry = CODES[code]
    out.write(f"{code} {entry.name} ({entry.severity})\n\n")
    text = page(code).text.replace("```yaml bad\n", "```yaml\n# bad\n")
    text = text.replace("```yaml good\n", "```yaml\n# good\n")
    text = re.sub(r"```yaml file=(\S+)\n", r"```yaml\n# \1\n", text)
    out.write(text)


# --- keys -----------------------------------------------------------------------------------------


def _uses(key: str) -> list[tuple[str, dict[str, Any]]]:
    """Where a key stands, and what the schema says of it; a dotted key names its place."""
    owner, _, name = key.rpartition(".")
    schema = flow_schema()
    found: list[tuple[str, dict[str, Any]]] = []
    for definition in [schema, *schema["definitions"].values()]:
        title = TITLES.get(definition.get("title", ""), "")
        inner = definition.get("properties", {}).get(name)
        if isinstance(inner, dict) and title and owner in title:
            found.append((title, inner))
    return found


def _keys() -> list[str]:
    schema = flow_schema()
    return [
        key
        for definition in [schema, *schema["definitions"].values()]
        for key in definition.get("properties", {})
    ]


def _explain_key(topic: str, uses: list[tuple[str, dict[str, Any]]], out: TextIO) -> None:
    told: dict[str, list[str]] = {}
    for title, schema in uses:
        told.setdefault(_about(topic, schema), []).append(title)
    for about, titles in told.items():
        out.write(f"{topic}: a key of {', '.join(dict.fromkeys(titles))}\n{about}\n")


def _about(topic: str, schema: dict[str, Any]) -> str:
    key = topic.rpartition(".")[2]
    lines = [f"  {schema.get('description', '')}"]
    if "default" in schema:
        lines.append(f"  default: {as_yaml(schema['default'])}")
    choices = schema.get("enum")
    if choices:
        lines.append(f"  values:  {', '.join(as_yaml(choice) for choice in choices)}")
    lines += [f"  example: {key}: {as_yaml(example)}" for example in schema.get("examples", [])]
    return "\n".join(lines) + "\n"


@click.command(name="explain")
@click.argument("topic", required=False)
def command(topic: str | None) -> int:
    """Explain a code (TW101), its name (unknown-key), or a key of a flow (silence).

    Without a topic, all codes are listed.
    """
    return explain(topic, forgiving(sys.stdout), forgiving(sys.stderr))
