"""Compares what a test expects of a record with what somebody sees of it."""

from __future__ import annotations

from collections.abc import Mapping

from deploy_tool.testing.outcomes import State, Stopped
from deploy_tool.testing.wording import say_refusal, say_value
from engine.compiled import Model
from engine.errors import RecordInvalid
from engine.expr import EvalContext
from engine.expr.constants import ANY
from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.records.constants import read_constants
from engine.session import Record


def compare(
    model: Model,
    name: ObjectName,
    wanted: Mapping[str, object],
    record: Record,
    context: EvalContext,
) -> None:
    """Compare values by field or path; `$any` means that there is one.

    Raises: Stopped with everything that differs.
    """
    constants = {path: value for path, value in wanted.items() if value != ANY}
    try:
        expected = read_constants(model, name, constants, context, over=record)
    except RecordInvalid as invalid:
        found = f"the expected values cannot be read: {say_refusal(invalid)}"
        raise Stopped(State.FAILED, expected="values of the record", found=found) from invalid
    differs = [path for path in wanted if not _fits(path, wanted, expected, record)]
    if differs:
        raise Stopped(
            State.FAILED,
            expected=", ".join(f"{p} = {_say_wanted(p, wanted, expected)}" for p in differs),
            found=", ".join(f"{path} {_say_found(path, record)}" for path in differs),
        )


def _fits(
    path: str, wanted: Mapping[str, object], expected: Mapping[str, Value], record: Record
) -> bool:
    if path not in record:
        return False
    found = record[path]
    if wanted[path] == ANY:
        return found is not None
    if isinstance(found, tuple | list):
        names = expected[path]
        return isinstance(names, tuple) and sorted(names) == sorted(found)
    return found == expected[path] and isinstance(found, bool) is isinstance(expected[path], bool)


def _say_wanted(path: str, wanted: Mapping[str, object], expected: Mapping[str, Value]) -> str:
    return "any value" if wanted[path] == ANY else say_value(expected[path])


def _say_found(path: str, record: Record) -> str:
    if path not in record:
        return "may not be read by this user"
    reasons = record.get("_errors")
    reason = reasons.get(path) if isinstance(reasons, Mapping) else None
    return f"= {say_value(record[path])}" + (f" ({reason})" if reason else "")
