"""The outcomes as JUnit XML, which every build server reads."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from engine.testing.flow_tests.collect import Problem
from engine.testing.flow_tests.runner import Outcome, explain


def junit(outcomes: Sequence[Outcome], problems: Sequence[Problem], seconds: float) -> str:
    """Return the report; `time` of a case is how long the call would have taken."""
    failed = sum(not outcome.ok for outcome in outcomes)
    root = Xml.Element("testsuites")
    suite = Xml.SubElement(
        root,
        "testsuite",
        name="turnwise",
        tests=str(len(outcomes) + len(problems)),
        failures=str(failed),
        errors=str(len(problems)),
        time=f"{seconds:.3f}",
    )
    for outcome in outcomes:
        case = Xml.SubElement(
            suite,
            "testcase",
            classname=outcome.case.source.file,
            name=outcome.case.name,
            file=outcome.case.source.file,
            line=str(outcome.case.line),
            time=f"{outcome.virtual_seconds:.3f}",
        )
        failure = outcome.failure
        if failure is not None:
            message = _legal(f"expected {failure.expected}, found {failure.found}")
            Xml.SubElement(case, "failure", message=message).text = _legal(explain(outcome))
    for problem in problems:
        case = Xml.SubElement(suite, "testcase", classname=problem.file, name="collect", time="0")
        Xml.SubElement(case, "error", message=_legal(problem.message)).text = _legal(str(problem))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, "unicode") + "\n"


def _legal(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(c if c in "\t\n" or c >= " " else "?" for c in text)
