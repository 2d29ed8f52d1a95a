"""Repairs are made by span, make nothing worse, and come to an end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.catalogue import Catalogue
from engine.flow.codes import CODES
from engine.flow.fixing import fix_text
from engine.flow.formatter import comments
from engine.flow.loader import LoadResult, check_text

ROOT = Path(__file__).parents[3]
CASES = sorted((ROOT / "tests" / "diagnostics" / "bad").glob("*.yaml"))
BOOK = (ROOT / "flows" / "book_table.yaml").read_text(encoding="utf-8")
CATALOGUE = Catalogue(
    providers=dict.fromkeys(("stt", "llm", "tts", "vad", "turn_detector"), ("embedded", "scripted"))
)

FLOW = """\
turnwise: 1
flow: f
start: ask
slots:
  name: {type: text, ask: "Who?"}
listen: {no_input: ["Hello?"], no_match: ["Pardon?"]}
handle: {no_input: bye, no_match: bye}
states:
  ask:
    collect: [name]
    then: bye
  bye: {say: "Goodbye.", end: hangup}
"""


def check(text: str, folder: Path = ROOT / "flows") -> LoadResult:
    return check_text(text, "f.yaml", CATALOGUE, folder=folder, root=ROOT)


def test_a_safe_repair_is_made_and_nothing_else_changes() -> None:
    text = FLOW.replace('"Who?"', "Who?").replace("  ask:\n", "  ask:   # first\n")
    fixed = fix_text(text, check)

    assert fixed.text == text.replace("Who?", '"Who?"')
    assert [found.code for found in fixed.applied] == ["TW005"]
    assert fixed.result.ok


def test_a_guess_is_made_only_when_asked_for() -> None:
    text = FLOW.replace("then: bye", "then: byee")

    assert fix_text(text, check).text == text
    assert fix_text(text, check, unsafe=True).text == FLOW


def test_what_a_repair_uncovers_is_repaired_in_the_next_round() -> None:
    """A misspelt key hides the rules; the misspelt target behind it shows up afterwards."""
    text = FLOW.replace("    then: bye", "    thne: byee")
    fixed = fix_text(text, check, unsafe=True)

    assert fixed.text == FLOW
    assert [found.code for found in fixed.applied] == ["TW101", "TW201"]


def errors(result: LoadResult, prefix: str) -> int:
    return sum(found.is_error and found.code.startswith(prefix) for found in result.diagnostics)


def never_worse(text: str, folder: Path, *, unsafe: bool) -> None:
    before = check(text, folder)
    fixed = fix_text(text, lambda changed: check(changed, folder), unsafe=unsafe)
    after = check(fixed.text, folder)

    # An error of syntax hides those of shape, and these hide those of the rules.
    measures = [tuple(errors(r, p) for p in ("TW0", "TW1", "TW")) for r in (before, after)]
    assert measures[1] <= measures[0]
    if not errors(before, "TW0") and not any(f.code == "TW905" for f in fixed.applied):
        kept = [fixed.text[slice(*place)] for place in comments(fixed.text)]
        assert kept == [text[slice(*place)] for place in comments(text)]
    again = fix_text(fixed.text, lambda changed: check(changed, folder), unsafe=unsafe)
    assert again.text == fixed.text


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_case_of_the_corpus_is_made_worse(path: Path, unsafe: bool) -> None:
    never_worse(path.read_bytes().decode("utf-8", "replace"), path.parent, unsafe=unsafe)


@given(st.data())
def test_no_damaged_flow_is_made_worse(data: st.DataObject) -> None:
    """Words of a real flow are misspelt, cut out or exchanged."""
    text = BOOK
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        put = data.draw(st.sampled_from(["", "x", ":", "{", "'", "no", " ", "\n", "?", "\u200b"]))
        text = text[:at] + put + text[at + data.draw(st.integers(0, 2)) :]
    never_worse(text, ROOT / "flows", unsafe=data.draw(st.booleans()))


GUARDED = """\
turnwise: 1
flow: f
start: ask
slots:
  seat: {type: [window, aisle], ask: "Where?"}
listen: {no_input: ["Hello?"], no_match: ["Pardon?"]}
handle: {no_input: bye, no_match: bye}
states:
  ask:
    collect: [seat]
    then:
      - when: GUARD
        to: other
      - to: bye
  other: {say: "By the window.", then: bye}
  bye: {say: "Goodbye.", end: hangup}
"""


@pytest.mark.parametrize(
    ("written", "meant", "unsafe"),
    [
        ("\"{{ slots.seat == 'window' }}\"", "slots.seat == 'window'", False),
        ("'{{ slots.seat == \"window\" }}'", 'slots.seat == "window"', False),
        ("\"{{ slots.seat in ['window'] }}\"", "\"slots.seat in ['window']\"", False),
        ('slots.seat == "windw"', 'slots.seat == "window"', True),
        ("'slots.seat == \"windw\"'", "'slots.seat == \"window\"'", True),
        ("slots.seet == 'window'", "slots.seat == 'window'", True),
    ],
)
def test_expressions_are_repaired_where_they_stand(written: str, meant: str, unsafe: bool) -> None:
    fixed = fix_text(GUARDED.replace("GUARD", written), check, unsafe=unsafe)

    assert fixed.text == GUARDED.replace("GUARD", meant)
    assert fixed.result.ok


def test_text_where_an_expression_is_due_is_quoted() -> None:
    args = GUARDED.replace("GUARD", "slots.seat == 'window'").replace(
        '{say: "By the window.", then: bye}', "{run: greet, args: {kind: vip}, then: bye}"
    )
    text = args + 'tools:\n  greet: {use: "python:a.b", timeout: 1s, args: {kind: text}}\n'
    fixed = fix_text(text, check)

    assert fixed.text == text.replace("kind: vip", "kind: '\"vip\"'")


@pytest.mark.parametrize(
    ("extra", "gone"),
    [
        ("slots:\n  spare: {type: text}\n", True),
        ("slots:\n  spare:\n    type: text\n    about: |\n      x\n", True),
        ("slots:\n  spare: text  # keep me\n", False),
    ],
)
def test_what_is_never_used_goes_with_its_lines_but_not_with_its_comment(
    extra: str, gone: bool
) -> None:
    text = FLOW.replace("slots:\n", extra)
    fixed = fix_text(text, check, unsafe=True)

    assert fixed.text == (FLOW if gone else text)


@pytest.mark.parametrize("braces", ["{a: text, X, b: text}", "{X, a: text}", "{a: text, X}"])
def test_what_is_never_used_goes_with_its_comma(braces: str) -> None:
    text = FLOW + "inputs: " + braces.replace("X", "spare: text") + "\n"
    used = text.replace("Goodbye.", "Goodbye {{ inputs.a }} {{ inputs.b }}.")
    used = used if "b:" in braces else used.replace(" {{ inputs.b }}", "")
    fixed = fix_text(used, check, unsafe=True)

    assert "spare" not in fixed.text
    assert fixed.result.ok
    left = braces.replace("X, ", "").replace(", X", "")
    assert f"inputs: {left}\n" in fixed.text


def test_the_table_of_codes_says_which_findings_can_be_repaired() -> None:
    """The cases of the corpus show a repair for each code that promises one, and for no other."""
    offered: dict[str, set[str]] = {}
    shown: set[str] = set()
    for path in CASES:
        text = path.read_bytes().decode("utf-8", "replace")
        for found in check(text, path.parent).diagnostics:
            shown.add(found.code)
            if found.fix is not None:
                offered.setdefault(found.code, set()).add("safe" if found.fix.safe else "unsafe")

    promised = {code for code in shown if CODES[code].fix is not None}
    assert promised == offered.keys()
    assert {code for code in promised if CODES[code].fix == "safe"} == {
        code for code, kinds in offered.items() if "safe" in kinds
    }
