"""Reports in words, as an object and as JUnit, and values as files write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from deploy_tool.testing import Outcome, Report, State
from deploy_tool.testing.rendering import as_json, render, write_junit
from deploy_tool.testing.wording import say_refusal, say_value
from engine.errors import AccessDenied, FieldError, RecordInvalid
from engine.names import ComponentKey

STORED = Outcome(
    kind="test",
    name="t",
    component=ComponentKey("test:t"),
    state=State.FAILED,
    expected="a < b",
    found="b",
)


def test_a_stored_test_is_placed_by_its_component(tmp_path) -> None:
    """Without files there is no line, in words and in JUnit."""
    report = Report(outcomes=(STORED,))

    write_junit(report, tmp_path / "r.xml")

    assert next(render(report)) == "failed  test:t  t"
    case = ET.parse(tmp_path / "r.xml").getroot()[0][0]  # noqa: S314 -- written just now
    assert case.attrib == {"classname": "test:t", "name": "t", "time": "0.0000"}
    assert case[0].get("message") == "expected a < b; found b"


def test_nothing_to_run_is_said() -> None:
    """A configuration without examples and tests gives nought of everything."""
    report = Report(outcomes=())

    assert list(render(report)) == ["0 passed, 0 failed, 0 wait"]
    assert as_json(report) == {"passed": 0, "failed": 0, "waits": 0, "tests": []}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "blank"),
        (True, "true"),
        (Decimal("1E+3"), "1000"),
        (7, "7"),
        ("x", '"x"'),
        (date(2026, 5, 6), "2026-05-06"),
        (time(9, 30), "09:30:00"),
        (datetime(2026, 5, 6, 9, tzinfo=UTC), "2026-05-06T09:00:00Z"),
        (("a", "b"), "[a, b]"),
    ],
)
def test_values_read_as_in_files(value: object, said: str) -> None:
    """Somebody can copy what was found into the file."""
    assert say_value(value) == said


def test_refusals_name_fields_codes_and_hints() -> None:
    """By field where the error has fields, else by its code and sentence."""
    errors = (
        FieldError(field="a", code="R120", message="No number.", hint="write digits"),
        FieldError(field="", code="rule", message="No."),
    )

    assert (
        say_refusal(RecordInvalid(errors=errors)) == "a: R120 No number. (write digits); rule No."
    )
    assert say_refusal(AccessDenied("You may not.")) == "A100 You may not."
