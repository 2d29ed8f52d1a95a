"""Comments that keep warnings from being told, and what they cover."""

from __future__ import annotations

import pytest

from engine.flow.catalogue import Catalogue
from engine.flow.edits import apply_edits
from engine.flow.loader import LoadResult, check_text

FLOW = """\
turnwise: 1
flow: f
start: bye
states:
  bye: {say: "Goodbye.", end: hangup}
  spare:
    say: Never heard.
    end: hangup
"""


def check(text: str) -> LoadResult:
    return check_text(text, "f.yaml", Catalogue())


def told(text: str) -> list[str]:
    return [found.code for found in check(text).diagnostics]


def hidden(text: str) -> list[str]:
    return [found.code for found in check(text).ignored]


def test_without_a_comment_the_warning_is_told() -> None:
    assert told(FLOW) == ["TW301"]


@pytest.mark.parametrize(
    "text",
    [
        FLOW.replace("  spare:", "  spare:  # turnwise: ignore[TW301] later"),
        FLOW.replace("  spare:", "  # turnwise: ignore[TW301]\n\n  # more\n  spare:"),
        FLOW.replace("states:", "states:  # turnwise: ignore[TW301]"),
        FLOW.replace("  spare:", "  spare: # turnwise:ignore[ TW301 ]"),
    ],
)
def test_a_comment_covers_its_key_or_the_one_that_follows(text: str) -> None:
    assert told(text) == []
    assert hidden(text) == ["TW301"]


def test_it_does_not_cover_other_codes_or_other_places() -> None:
    elsewhere = FLOW.replace("hangup}", "hangup}  # turnwise: ignore[TW301]")
    assert told(elsewhere) == ["TW905", "TW301"]
    other = FLOW.replace("  spare:", "  spare:  # turnwise: ignore[TW303]")
    assert told(other) == ["TW301", "TW905"]


def test_errors_cannot_be_ignored() -> None:
    text = FLOW.replace("  spare:", "  spare:  # turnwise: ignore[TW302, TW301]").replace(
        "    end: hangup\n", ""
    )
    assert "TW302" in told(text)


def test_speech_that_looks_like_a_comment_is_none() -> None:
    text = FLOW.replace("say: Never heard.", 'say: "# turnwise: ignore[TW301]"')
    assert "TW301" in told(text)
    assert hidden(text) == []


@pytest.mark.parametrize(
    ("written", "left"),
    [
        (
            "  spare:  # turnwise: ignore[TW301, TW303] why",
            "  spare:  # turnwise: ignore[TW301] why",
        ),
        ("  spare:  # turnwise: ignore[TW303]", "  spare:"),
        ("  # turnwise: ignore[TW303]\n  spare:", "  spare:"),
    ],
)
def test_what_is_unused_can_be_removed(written: str, left: str) -> None:
    result = check(FLOW.replace("  spare:", written))
    (found,) = [one for one in result.diagnostics if one.code == "TW905"]
    assert found.fix is not None
    assert apply_edits(result.source, found.fix.edits) == FLOW.replace("  spare:", left)


def test_while_a_flow_has_wrong_shape_nothing_is_unused() -> None:
    """The rules have not run yet, so nobody knows."""
    text = FLOW.replace("  spare:", "  spare:  # turnwise: ignore[TW303]").replace("flow: f\n", "")
    assert told(text) == ["TW102"]
