"""Files that a flow plays or looks into are looked for, where somebody can look (TW608)."""

from __future__ import annotations

from engine.flow.catalogue import Catalogue
from engine.flow.loader import check_text

FLOW = """\
turnwise: 1
flow: sounds
start: hello
sound: {thinking: {file: keys.wav}}
knowledge: {menu: {use: "local:./meun"}, web: {use: "provider:web"}}
states:
  hello:
    enter: [{play: sounds/chmie.wav}]
    sound: {ambience: {file: cafe.wav}}
    then: [{do: [{play: gone.wav}], to: bye}]
  bye: {say: Goodbye., end: hangup}
"""
THERE = ("keys.wav", "cafe.wav", "sounds/chime.wav")


def find(flow: str, written: str, folder: bool) -> tuple[str, ...] | None:
    """A folder of sounds that is in no file system."""
    assert flow == "flow.yaml"
    if folder:
        return ("./menu",)
    return None if written in THERE else tuple(name for name in THERE if "/" in name)


def told(catalogue: Catalogue) -> list[tuple[int, int, str, str]]:
    found = check_text(FLOW, "flow.yaml", catalogue).diagnostics
    return [
        (one.span.line, one.span.column, one.message, one.help)
        for one in found
        if one.code == "TW608"
    ]


def test_what_is_not_there_is_told_with_what_was_meant() -> None:
    assert told(Catalogue(find_file=find)) == [
        (5, 32, "there is no folder `./meun`", "did you mean `./menu`?"),
        (8, 20, "there is no file `sounds/chmie.wav`", "did you mean `sounds/chime.wav`?"),
        (10, 25, "there is no file `gone.wav`", "there is `sounds/chime.wav`"),
    ]


def test_without_a_way_to_look_nothing_is_looked_for() -> None:
    assert told(Catalogue()) == []
