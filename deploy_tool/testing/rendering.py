"""Writes a report for people, for programs and, as JUnit XML, for continuous integration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

# Written only, never read: no XML from outside comes near it.
from xml.etree import ElementTree as ET  # nosec B405

from deploy_tool.exits import UsageWrong
from deploy_tool.testing.outcomes import Outcome, Report, State


def render(report: Report) -> Iterator[str]:
    """Write one line per test, two more for what failed, and the closing count."""
    for outcome in report.outcomes:
        line = f"{outcome.state:<6}  {outcome.place}  {outcome.name}"
        yield f"{line}: {outcome.found}" if outcome.state is State.WAITS else line
        if outcome.state is State.FAILED:
            yield f"        expected: {outcome.expected}"
            yield f"        found:    {outcome.found}"
    yield summary(report)


def summary(report: Report) -> str:
    """Write the closing line: `12 passed, 0 failed, 1 wait`."""
    passed, failed, waiting = (report.count(state) for state in State)
    return f"{passed} passed, {failed} failed, {waiting} wait"


def as_json(report: Report) -> Mapping[str, object]:
    """Give the one object of `--json`."""
    return {
        **{str(state): report.count(state) for state in State},
        "tests": [outcome.as_json() for outcome in report.outcomes],
    }


def write_junit(report: Report, path: Path) -> None:
    """Write JUnit XML: what failed as a failure, what waits as skipped. Raises: UsageWrong U100."""
    root = ET.Element("testsuites")
    for kind in ("example", "test", "copy"):
        found = [outcome for outcome in report.outcomes if outcome.kind == kind]
        if found:
            _add_suite(root, kind, Report(outcomes=tuple(found)))
    ET.indent(root)
    try:
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        message = f"The report cannot be written to {path}: {error.strerror}."
        raise UsageWrong(message=message) from error


def _add_suite(root: ET.Element, kind: str, report: Report) -> None:
    suite = ET.SubElement(
        root,
        "testsuite",
        name=f"patron.{kind}s",
        tests=str(len(report.outcomes)),
        failures=str(report.count(State.FAILED)),
        errors="0",
        skipped=str(report.count(State.WAITS)),
        time=f"{sum(outcome.seconds for outcome in report.outcomes):.4f}",
    )
    for outcome in report.outcomes:
        _add_case(suite, outcome)


def _add_case(suite: ET.Element, outcome: Outcome) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=str(outcome.component),
        name=outcome.name,
        time=f"{outcome.seconds:.4f}",
    )
    if outcome.file:
        case.set("file", outcome.file)
        case.set("line", str(outcome.line))
    if outcome.state is State.FAILED:
        message = f"expected {outcome.expected}; found {outcome.found}"
        ET.SubElement(case, "failure", message=message).text = f"{outcome.place}\n{message}"
    if outcome.state is State.WAITS:
        ET.SubElement(case, "skipped", message=f"waits for {outcome.found}")
