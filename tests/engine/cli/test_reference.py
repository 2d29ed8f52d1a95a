"""The generated parts of the documents are current, and leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from engine.cli.reference import renew, renewed
from engine.cli.reference_keys import PROBES, _yaml, keys, unsupported
from engine.flow.codes import CODES
from engine.flow.expression_judge import ARITY, ROOTS
from engine.flow.loader import check_text
from engine.flow.model.slots import SCALAR_KINDS
from engine.flow.rules.references import EVENTS
from engine.flow.schema import flow_schema
from engine.flow.template_syntax import FILTERS
from providers.registry import KINDS

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = (DOCS / "reference.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_what_is_generated_is_current(path: Path) -> None:
    """Else run `python -m engine.cli.reference docs`."""
    text = path.read_text(encoding="utf-8")
    assert renewed(text) == text


def test_every_definition_of_the_schema_has_a_table_or_a_line() -> None:
    shown = set(re.findall(r"<!-- begin keys\.(\w+) -->", REFERENCE))
    shown |= set(re.findall(r"^### `(\w+)`$", REFERENCE, re.MULTILINE))
    told_in_words = {"InterruptionProfile", "ResultType", "Target"}
    definitions = {name.removesuffix("Map") for name in flow_schema()["definitions"]}
    assert definitions <= shown | told_in_words


def test_every_key_of_a_flow_stands_in_some_table() -> None:
    for key in flow_schema()["properties"]:
        assert f"| `{key}` |" in keys("Flow") + keys("Policies"), key


def test_every_example_reads_as_the_value_it_shows() -> None:
    definitions = [flow_schema(), *flow_schema()["definitions"].values()]
    for definition in definitions:
        for key, node in definition.get("properties", {}).items():
            for example in node.get("examples", []) if isinstance(node, dict) else []:
                if key not in KINDS:
                    line = f"{key}: {_yaml(example)}"
                    assert YAML(typ="safe").load(line) == {key: example}, line


def test_every_link_inside_the_reference_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", REFERENCE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([\w-]+)\)", REFERENCE)) <= anchors


@pytest.mark.parametrize("name", [*ARITY, *ROOTS, *FILTERS, *SCALAR_KINDS])
def test_every_name_of_the_language_is_told(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}\b", REFERENCE, re.MULTILINE) or f", `{name}" in REFERENCE


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_told(name: str) -> None:
    assert re.search(rf"`{name}\b", REFERENCE)


def test_every_code_has_its_section() -> None:
    text = (DOCS / "codes.md").read_text(encoding="utf-8")
    for code in CODES.values():
        assert f"### {code.code} {code.name}" in text, code.code


def test_every_probe_is_a_flow_that_runs() -> None:
    """Nothing of the language is refused: what has no effect yet is said."""
    for what, flow in PROBES.items():
        errors = [d.code for d in check_text(flow, "probe.yaml").diagnostics if d.is_error]
        assert errors == [], what


def test_what_the_schema_marks_is_what_the_validator_names() -> None:
    marked = {
        key
        for definition in [flow_schema(), *flow_schema()["definitions"].values()]
        for key, node in definition.get("properties", {}).items()
        if isinstance(node, dict) and "x-turnwise-effect" in node
    }
    table = unsupported("TW113")
    for key in marked:
        assert re.search(rf"\b{key}:", table), key


def test_renewing_writes_only_what_changed(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("Own words.\n")
    part = "<!-- begin unsupported.TW113 -->\n"
    end = part.replace("begin", "end")
    (tmp_path / "part.md").write_text(f"Before\n{part}{end}after\n")

    assert [path.name for path in renew(tmp_path)] == ["part.md"]
    assert renew(tmp_path) == []
    assert (tmp_path / "part.md").read_text().startswith(f"Before\n{part}| what |")


def test_a_part_that_nothing_generates_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        renewed("<!-- begin nonsense -->\n<!-- end nonsense -->")
