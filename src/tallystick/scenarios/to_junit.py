"""Results of scenarios as JUnit XML, which continuous integration shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from tallystick.scenarios.outcome import Result, State
from tallystick.scenarios.words import expectation, instead

# Characters that XML 1.0 cannot hold.
_UNFIT = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Suite:
    """The results of one file, with the agreement's timezone."""

    file: str
    zone: ZoneInfo
    results: tuple[Result, ...]


def to_junit(suites: Sequence[Suite]) -> str:
    """One suite for each file, one case for each scenario."""
    root = ET.Element("testsuites")
    for suite in suites:
        cases = [_case(suite, result) for result in suite.results]
        counts = {
            "tests": str(len(cases)),
            "failures": str(sum(case.find("failure") is not None for case in cases)),
            "errors": str(sum(case.find("error") is not None for case in cases)),
        }
        ET.SubElement(root, "testsuite", {"name": _fit(suite.file), **counts}).extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: Suite, result: Result) -> ET.Element:
    scenario = result.scenario
    place = {"classname": _fit(suite.file), "file": _fit(suite.file), "line": str(scenario.span.line)}
    case = ET.Element("testcase", {"name": _fit(scenario.title), **place})
    wrong = [outcome for outcome in result.outcomes if outcome.state is not State.HELD]
    if wrong:
        failed = any(outcome.state is State.FAILED for outcome in wrong)
        said = f"{len(wrong)} of {len(result.outcomes)} expectations did not hold" if failed else "could not fail"
        element = ET.SubElement(case, "failure" if failed else "error", {"message": said})
        lines = (line for outcome in wrong for line in (expectation(outcome.expected), *instead(outcome, suite.zone)))
        element.text = _fit("\n".join(lines))
    return case


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)
