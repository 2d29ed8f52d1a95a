"""The table of the flow language's checks, as it is promised, against the catalogue.

Codes are stable: a severity that changes, or a code that goes, breaks somebody's build.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from engine.flow.codes import CODES
from engine.flow.renamed import RENAMED

PROMISED = """\
TW001 yaml-syntax E
TW002 duplicate-key E
TW003 too-big E
TW004 bare-braces E
TW005 yaml11-trap W
TW006 odd-characters W
TW101 unknown-key E
TW102 missing-key E
TW103 wrong-shape E
TW104 two-verbs E
TW105 bad-id E
TW106 duplicate-id E
TW107 deprecated-key W
TW108 language-version E
TW109 bare-duration E
TW110 empty E
TW201 undefined-target E
TW202 undefined-slot E
TW203 undefined-name E
TW204 undefined-tool E
TW205 undefined-intent E
TW206 undefined-event E
TW207 undefined-flow E
TW208 include-cycle E
TW209 unused W
TW210 result-before-run W
TW211 maybe-empty-in-speech W
TW212 shadowed-name W
TW213 case-mismatch W
TW301 unreachable-state W
TW302 dead-end E
TW303 no-way-out W
TW304 spin-loop E
TW305 unbounded-retry W
TW306 missing-else E
TW307 shadowed-transition E
TW308 constant-guard W
TW309 overlapping-guards I
TW310 handler-never-fires W
TW311 wrong-end E
TW312 group-without-start E
TW313 unsafe-resume E
TW314 call-depth W
TW315 digression-loses-data W
TW316 cross-group-jump I
TW401 type-mismatch E
TW402 unknown-enum-value E
TW403 not-boolean E
TW404 not-exhaustive W
TW405 impossible-range W
TW406 assignment-type E
TW407 text-for-expression E
TW408 bad-bounds E
TW409 forbidden-construct E
TW410 expression-too-big E
TW411 null-arithmetic W
TW412 output-type E
TW501 no-question E
TW502 silent-silence W
TW503 ladder-without-exit E
TW504 same-line-twice I
TW505 no-human I
TW506 long-monologue W
TW507 unspeakable W
TW508 blocked-answer W
TW509 ignored-answer W
TW510 dtmf-conflict E
TW511 sensitive-leak W
TW512 write-without-consent W
TW513 transfer-without-plan-b W
TW601 args-mismatch E
TW602 arg-type E
TW603 unknown-result-field E
TW604 no-error-handler W
TW605 retry-of-write E
TW606 dead-air W
TW607 tool-drift E
TW608 unresolved-use E
TW701 converse-without-bound E
TW702 tool-name-collision E
TW703 twin-intents W
TW704 too-many-choices W
TW705 mode-mismatch W
TW706 prompt-names-unknown I
TW801 secret-literal E
TW802 env-missing W
TW803 untrusted-text W
TW804 path-escape E
TW901 test-names-unknown E
TW902 never-tested I
TW903 unmocked-write E
TW904 breaking-change E
TW905 unused-ignore W
"""
"""Code, name, severity: error, warning, info."""

SEVERITIES = {"E": "error", "W": "warning", "I": "info"}
WITHOUT_CASE = () if RENAMED else ("TW107",)
"""As long as no key of the language has been renamed, no file shows one: see test_renamed.py."""

BAD = Path(__file__).parents[2] / "diagnostics" / "bad"


@pytest.mark.parametrize("line", PROMISED.splitlines())
def test_a_code_is_what_it_was_promised_to_be(line: str) -> None:
    code, name, severity = line.split()
    entry = CODES[code]
    assert (entry.name, entry.severity) == (name, SEVERITIES[severity])


@pytest.mark.parametrize("line", PROMISED.splitlines())
def test_a_code_is_found_shown_and_explained(line: str) -> None:
    code = line.split()[0]
    if code not in WITHOUT_CASE:
        assert list(BAD.glob(f"{code}_*.yaml")), "no file that has it"
        assert list(BAD.glob(f"{code}_*.out")), "no text it prints"
    assert files("engine.flow").joinpath("explanations", f"{code}.md").is_file()


def test_there_are_ninety_three() -> None:
    assert len(PROMISED.splitlines()) == 93
