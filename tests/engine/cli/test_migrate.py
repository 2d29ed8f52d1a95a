"""`turnwise migrate`: what a saved call needs to go on in a new version."""

from __future__ import annotations

from pathlib import Path

import pytest
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


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (NEW.replace("flow: desk", "flow: shop"), "is flow shop"),
        (NEW.replace("1.1.0", "1.0.0"), "both are version 1.0.0"),
    ],
)
def test_what_cannot_be_compared_is_told(tmp_path: Path, new: str, told: str) -> None:
    result = migrate(tmp_path, OLD, new)

    assert told in str(result.exception)
