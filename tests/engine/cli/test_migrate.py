"""`turnwise migrate`: what a saved call needs to go on in a new version."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from engine.cli.main import main

OLD = """\
turnwise: 1
flow: desk
version: 1.0.0
start: ask_size
slots: {party: {type: integer, ask: For how many?}}
listen: {no_match: [Pardon?]}
handle: {no_match: {to: bye}, no_input: {to: bye}, error: {to: bye}}
states:
  ask_size: {collect: [party], then: bye}
  bye: {say: "For {{ slots.party }}.", end: hangup}
"""
NEW = OLD.replace("1.0.0", "1.1.0").replace("ask_size", "ask_sizes").replace("party", "party_size")
RULES = """\
migrate:
  - from: "=1.0.0"
    rename:
      states.ask_size: states.ask_sizes
      slots.party: slots.party_size
"""


def migrate(folder: Path, old: str, new: str) -> Result:
    paths = [folder / "old.yaml", folder / "new.yaml"]
    for path, text in zip(paths, (old, new), strict=True):
        path.write_text(text)
    return CliRunner().invoke(main, ["migrate", *map(str, paths)], standalone_mode=False)


def test_renamed_states_and_slots_are_proposed_and_the_proposal_covers_them(tmp_path: Path) -> None:
    proposed = migrate(tmp_path, OLD, NEW)

    assert proposed.return_value == 1, proposed.output
    assert RULES in proposed.output
    covered = migrate(tmp_path, OLD, NEW + RULES)
    assert covered.return_value == 0, covered.output
    assert "states.ask_size: covered, it is now states.ask_sizes" in covered.output


def test_nothing_is_needed_where_everything_is_still_there(tmp_path: Path) -> None:
    result = migrate(tmp_path, OLD, OLD.replace("1.0.0", "1.1.0"))

    assert result.return_value == 0
    assert "Every state and slot of a saved call is there" in result.output


def test_a_slot_of_another_type_has_no_successor(tmp_path: Path) -> None:
    result = migrate(tmp_path, OLD, OLD.replace("1.0.0", "1.1.0").replace("integer", "date"))

    assert result.return_value == 1
    assert "slots.party: another type: integer, now date" in result.output
    assert "1 without a successor" in result.output


def test_another_flow_cannot_be_compared(tmp_path: Path) -> None:
    result = migrate(tmp_path, OLD, NEW.replace("flow: desk", "flow: shop"))

    assert "is flow shop" in str(result.exception)


def test_what_needs_rules_needs_another_version(tmp_path: Path) -> None:
    result = migrate(tmp_path, OLD, NEW.replace("1.1.0", "1.0.0"))

    assert result.return_value == 1
    assert "Rules go by version: give the new one another" in result.output


def test_flows_that_are_called_are_compared_with_rules_of_their_own(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    outer = OLD.replace("start:", "flows: {inner: ./inner.yaml}\nstart:").replace(
        "handle: {", "handle: {dtmf.1: {call: inner}, "
    )
    inner = OLD.replace("flow: desk", "flow: inner").replace("end: hangup", "end: return")
    for folder, text in ((old, inner), (new, inner.replace("ask_size", "ask_sizes"))):
        folder.mkdir()
        (folder / "desk.yaml").write_text(outer)
        (folder / "inner.yaml").write_text(text)
    args = ["migrate", str(old / "desk.yaml"), str(new / "desk.yaml")]

    result = CliRunner().invoke(main, args, standalone_mode=False)
    assert result.return_value == 1
    assert "inner: 1.0.0 to 1.0.0\n  states.ask_size: gone, probably" in result.output
    assert "Rules go by version" in result.output

    text = (new / "inner.yaml").read_text().replace("1.0.0", "1.1.0")
    (new / "inner.yaml").write_text(text)
    proposed = CliRunner().invoke(main, args, standalone_mode=False).output
    (new / "inner.yaml").write_text(text + proposed[proposed.index("migrate:") :])
    covered = CliRunner().invoke(main, args, standalone_mode=False)
    assert covered.return_value == 0, covered.output
