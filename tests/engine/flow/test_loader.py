"""Loading gives a flow or findings, never an exception; sub-flows come with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.flow.diagnostics import Span
from engine.flow.loader import LoadResult, check_file, check_text, load, load_text
from engine.flow.source import Source
from engine.machine.compiler import compile_loaded

SMALLEST = """\
turnwise: 1
flow: hello
start: bye
states:
  bye: {say: Goodbye., end: hangup}
"""

HOURS = """\
turnwise: 1
flow: opening_hours
start: tell
states:
  tell: {say: We are open., then: done}
  done: {end: return}
"""


def caller(*flows: str) -> str:
    """A flow that names these files as sub-flows `f0`, `f1` ..."""
    names = ", ".join(f"f{index}: {path}" for index, path in enumerate(flows))
    return SMALLEST.replace("start:", f"flows: {{{names}}}\nstart:")


def codes(result: LoadResult) -> list[str]:
    return [found.code for found in result.diagnostics]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "flows").mkdir()
    return tmp_path / "flows"


def test_a_right_text_is_a_flow() -> None:
    result = load_text(SMALLEST)
    assert result.ok
    assert result.flow is not None
    assert result.flow.flow == "hello"
    assert result.diagnostics == ()


def test_a_wrong_text_is_findings_and_no_flow() -> None:
    result = check_text(SMALLEST.replace("hangup", "hangpu"))
    assert result.flow is None
    assert codes(result) == ["TW103"]


def test_findings_of_all_kinds_come_at_once() -> None:
    text = SMALLEST.replace("say: Goodbye.", "sya: Goodbye., say: {{ x }}") + "colour: red\n"
    assert codes(load_text(text)) == ["TW101", "TW004", "TW101"]


# --- files ----------------------------------------------------------------------------------------


def test_a_missing_file_is_a_message_with_the_nearest_name(project: Path) -> None:
    (project / "book_table.yaml").write_text(SMALLEST)
    result = load(project / "bok_table.yaml")
    assert not result.readable
    assert codes(result) == ["TW000"]
    assert "book_table.yaml" in result.diagnostics[0].help


def test_a_folder_and_a_folder_that_is_not_there_are_messages(project: Path) -> None:
    assert codes(load(project)) == ["TW000"]
    assert codes(load(project / "nowhere" / "x.yaml")) == ["TW000"]


def test_a_name_that_no_file_can_have_is_a_message() -> None:
    assert codes(load("a\0b.yaml")) == ["TW000"]


def test_a_file_that_is_not_utf8_is_a_message(project: Path) -> None:
    (project / "latin.yaml").write_bytes(b"turnwise: 1\nflow: caf\xe9\n")
    result = load(project / "latin.yaml")
    assert codes(result) == ["TW000"]
    assert "line 2" in result.diagnostics[0].message


def test_a_file_that_is_too_large_is_refused(project: Path) -> None:
    (project / "large.yaml").write_bytes(b"# \xc3\xa9\n" * 400_000)
    assert codes(load(project / "large.yaml")) == ["TW003"]


# --- sub-flows ------------------------------------------------------------------------------------


def test_sub_flows_are_loaded_beside_the_file(project: Path) -> None:
    (project / "parts").mkdir()
    (project / "parts" / "hours.yaml").write_text(HOURS)
    (project / "main.yaml").write_text(caller("./parts/hours.yaml"))
    result = load(project / "main.yaml")
    assert result.ok
    inner = result.subflows["f0"]
    assert inner.flow is not None
    assert inner.flow.flow == "opening_hours"
    assert len(result.sources) == 2


def test_errors_of_a_sub_flow_are_errors_of_the_flow(project: Path) -> None:
    (project / "hours.yaml").write_text(HOURS.replace("then: done", "thne: done"))
    (project / "main.yaml").write_text(caller("hours.yaml"))
    result = check_file(project / "main.yaml")
    assert not result.ok
    errors = [found for found in result.diagnostics if found.is_error]
    assert [found.code for found in errors] == ["TW101"]
    assert errors[0].span.file.endswith("hours.yaml")


def test_a_sub_flow_named_twice_is_loaded_once(project: Path) -> None:
    (project / "hours.yaml").write_text(HOURS.replace("then: done", "thne: done"))
    (project / "main.yaml").write_text(caller("hours.yaml", "./hours.yaml"))
    result = load(project / "main.yaml")
    assert codes(result) == ["TW101"]
    assert result.subflows["f0"] is result.subflows["f1"]


def test_a_missing_sub_flow_is_told_where_it_is_named(project: Path) -> None:
    (project / "hours.yaml").write_text(HOURS)
    (project / "main.yaml").write_text(caller("./huors.yaml"))
    (found,) = load(project / "main.yaml").diagnostics
    assert (found.code, found.span.line) == ("TW207", 3)
    assert found.help == "did you mean `./hours.yaml`?"


def test_flows_that_name_each_other_are_found(project: Path) -> None:
    (project / "a.yaml").write_text(caller("b.yaml"))
    (project / "b.yaml").write_text(caller("a.yaml"))
    (found,) = load(project / "a.yaml").diagnostics
    assert found.code == "TW208"
    assert found.path == ("a.yaml", "b.yaml", "a.yaml")


@pytest.mark.parametrize("name", ["../../secret.yaml", "/etc/passwd", "link.yaml"])
def test_sub_flows_stay_inside_the_project(project: Path, name: str, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_text(HOURS)
    (project / "link.yaml").symlink_to(outside)
    (project / "main.yaml").write_text(caller(name))
    assert codes(load(project / "main.yaml")) == ["TW804"]


def test_a_sub_flow_may_stand_elsewhere_in_the_project(project: Path) -> None:
    (project.parent / "shared.yaml").write_text(HOURS)
    (project / "main.yaml").write_text(caller("../shared.yaml"))
    assert load(project / "main.yaml").ok


def test_a_text_without_a_folder_has_no_sub_flows() -> None:
    assert codes(load_text(caller("./hours.yaml"))) == ["TW207"]


def test_odd_paths_of_sub_flows_are_findings(project: Path) -> None:
    (project / "main.yaml").write_text(caller('"a\\0b"', "parts"))
    (project / "parts").mkdir()
    assert codes(load(project / "main.yaml")) == ["TW207", "TW207"]


# --- any text -------------------------------------------------------------------------------------


def inside(span: Span, text: str) -> bool:
    last = Source(span.file, text).at(len(text))
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    return (1, 1) <= start <= end <= (last.end_line, last.end_column)


FULL = (Path(__file__).parents[3] / "flows" / "book_table.yaml").read_text(encoding="utf-8")
LINES = FULL.splitlines(keepends=True)
PIECES = ["null", "[]", "{}", "5", "true", "''", "- x", "a: b", "&x", "*x", "{{ a }}", "\t", "\n",
          "  ", ": ", "then: bye", "collect: [x]", "end: hangup", "say: x", "to: STAY"]  # fmt: skip


@st.composite
def damaged_flows(draw: st.DrawFn) -> str:
    """A real flow with lines dropped, doubled, moved, and pieces put in."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        change = draw(st.sampled_from(["drop", "double", "indent", "piece", "cut"]))
        line = lines[at]
        column = draw(st.integers(0, len(line)))
        piece = draw(st.sampled_from(PIECES))
        lines[at] = {
            "drop": "",
            "double": line + line,
            "indent": "  " + line,
            "piece": line[:column] + piece + line[column:],
            "cut": line[:column] + "\n",
        }[change]
    return "".join(lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged_flows())
def test_a_damaged_flow_is_loaded_or_refused_with_places(text: str) -> None:
    """And what is not refused can be compiled."""
    result = check_text(text, "f.yaml", folder=Path(__file__).parents[3] / "flows")
    errors = [found for found in result.diagnostics if found.is_error]
    assert result.ok == (not errors)
    if result.ok:
        compile_loaded(result)
    for found in result.diagnostics:
        if found.span.file == "f.yaml":
            assert inside(found.span, text), found


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["x", "", "5s", "a.b"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["turnwise", "flow", "start", "states", "slots", "handle", "then", "say", "collect",
             "to", "type", "tools", "use", "listen", "no_input", "timers", "x", "END", "do", "run"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["states", "slots", "tools", "handle", "flow"]), VALUES))
def test_any_data_is_judged_with_places(data: dict[str, object]) -> None:
    import json

    text = json.dumps({"turnwise": 1, "start": "x", **data}, indent=1)
    result = check_text(text, "f.yaml")
    assert result.ok or any(found.is_error for found in result.diagnostics)
    assert all(inside(found.span, text) for found in result.diagnostics)
