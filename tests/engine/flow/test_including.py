"""`include`: what comes from fragments, in which order, and where findings about it stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import FlowError
from engine.flow.catalogue import Catalogue
from engine.flow.loader import LoadResult, check_file
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded

MAIN = """\
turnwise: 1
flow: main
start: ask
include: [common.yaml, house.yaml]
slots:
  name: {type: text, ask: "Your name?"}
listen: {silence: 9s}
handle:
  error.timeout:
    - {when: "visits > 1", to: bye}
  error: {say: "Sorry.", to: bye}
states:
  ask: {collect: [name, phone], then: bye, handle: {no_match: {to: bye}}}
  human: {transfer: {to: $DESK}, handle: {error.transfer: {to: bye}}}
  bye: {say: "Goodbye.", end: hangup}
"""
COMMON = """\
turnwise: 1
fragment: common
intents:
  wants_person: {means: asks for a human, words: [operator please]}
slots:
  phone: {type: phone, ask: "Your number?"}
listen: {silence: 4s, no_input: ["Still there?"], no_match: ["Pardon?"]}
handle:
  intent.wants_person: {say: "One moment.", to: human}
  error.timeout: {to: human}
  no_input: {to: bye}
"""
HOUSE = """\
turnwise: 1
fragment: house
include: [common.yaml]
listen: {silence: 2s, transcript_timeout: 1s}
handle:
  no_input: {to: human}
  app.fire: {say: "Please leave the house.", to: bye}
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in {"main": MAIN, "common": COMMON, "house": HOUSE, **files}.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder / "main.yaml"


def check(folder: Path, **files: str) -> LoadResult:
    return check_file(write(folder, **files), Catalogue(), root=folder)


@pytest.fixture
def flow(tmp_path: Path) -> CompiledFlow:
    loaded = check(tmp_path)
    assert [found.message for found in loaded.diagnostics if found.is_error] == []
    return compile_loaded(loaded)


def test_names_of_fragments_are_names_of_the_flow(flow: CompiledFlow) -> None:
    assert list(flow.slots) == ["name", "phone"]
    assert flow.intents["wants_person"].words == ("operator please",)


def test_handlers_are_scopes_after_the_flow_in_the_order_of_the_includes(
    flow: CompiledFlow,
) -> None:
    scopes = flow.states["ask"].scopes
    assert [scope.owner for scope in scopes] == ["ask", "flow", "include.common", "include.house"]
    assert [handler.event for handler in scopes[1].handlers] == ["error.timeout", "error"]
    ways = [handler.transitions[0].id for handler in scopes[2].handlers]
    assert ways[1] == "include.common.handle.error.timeout[0]"


def test_policies_merge_key_by_key_and_the_first_to_say_something_wins(
    flow: CompiledFlow,
) -> None:
    listen = flow.states["ask"].listen
    assert listen.silence == 9_000
    assert listen.transcript_timeout == 1_000
    assert len(listen.no_input) == 1


def test_a_change_in_a_fragment_changes_the_fingerprint(flow: CompiledFlow, tmp_path: Path) -> None:
    other = compile_loaded(check(tmp_path, common=COMMON.replace("One moment.", "Wait.")))
    assert other.fingerprint != flow.fingerprint


def test_a_finding_about_something_included_stands_in_the_fragment(tmp_path: Path) -> None:
    loaded = check(tmp_path, house=HOUSE.replace("to: bye", "to: by"))
    (found,) = [f for f in loaded.diagnostics if f.is_error]
    assert (found.code, Path(found.span.file).name, found.span.line) == ("TW201", "house.yaml", 7)
    assert loaded.sources[found.span.file].cut(found.span) == "by"
    assert found.fix is not None
    assert found.fix.edits[0].span.file == found.span.file


def test_what_a_fragment_offers_and_nobody_uses_is_no_finding(tmp_path: Path) -> None:
    unused = COMMON.replace("slots:\n", "slots:\n  age: integer\n")
    assert "TW209" not in {found.code for found in check(tmp_path, common=unused).diagnostics}


def test_a_fragment_that_cannot_be_read_is_told_once_and_nothing_follows_from_it(
    tmp_path: Path,
) -> None:
    loaded = check(tmp_path, common=COMMON.replace("words: [", "words: [["))
    errors = [found for found in loaded.diagnostics if found.is_error]
    assert {Path(found.span.file).name for found in errors} == {"common.yaml"}
    assert loaded.flow is None


def test_a_fragment_may_not_leave_the_project(tmp_path: Path) -> None:
    loaded = check(tmp_path, main=MAIN.replace("common.yaml, ", "../common.yaml, "))
    assert "TW804" in {found.code for found in loaded.diagnostics}


def test_a_fragment_alone_is_checked_and_is_nothing_to_run(tmp_path: Path) -> None:
    write(tmp_path)
    loaded = check_file(tmp_path / "common.yaml", Catalogue())
    assert loaded.diagnostics == ()
    with pytest.raises(FlowError, match="is a fragment"):
        compile_loaded(loaded)


def test_a_comment_in_a_fragment_ignores_what_is_found_there(tmp_path: Path) -> None:
    wordy = HOUSE.replace("Please leave the house.", "See https://example.org/fire.")
    marked = wordy.replace("to: bye}", "to: bye}  # turnwise: ignore[TW507] read out on purpose")
    assert "TW507" in {found.code for found in check(tmp_path, house=wordy).diagnostics}

    loaded = check(tmp_path, house=marked)
    assert "TW507" not in {found.code for found in loaded.diagnostics}
    assert "TW507" in {found.code for found in loaded.ignored}


def test_anchors_and_merge_keys_survive_the_merging(tmp_path: Path) -> None:
    shared = COMMON.replace("  error.timeout: {to: human}", "  error.timeout: &way {to: human}")
    shared += "  app.fire: *way\n"
    loaded = check(tmp_path, common=shared)
    assert [found.message for found in loaded.diagnostics if found.is_error] == []
    assert compile_loaded(loaded).states["ask"].scopes[2].handlers[-1].event == "app.fire"
