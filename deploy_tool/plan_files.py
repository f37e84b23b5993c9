"""Sealed plans in files: written by `plan --out`, carried out by `apply PLAN`.

Separate from the plan itself, because everything that can be wrong with a file is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import orjson

from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.plan import (
    FORMAT,
    Content,
    Plan,
    PlannedChange,
    PlannedConflict,
    PlannedStep,
)
from engine.diff import Risk
from engine.errors import DeploymentFailed
from engine.impact import Impact
from engine.names import ComponentKey, Digest, EnvironmentName
from engine.source import canonical


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan with everything that it will write. Raises: UsageWrong U100."""
    try:
        path.write_text(canonical(plan.sealed()) + "\n", encoding="utf-8")
    except OSError as error:
        message = f"The plan cannot be written to {path}: {error.strerror}."
        raise UsageWrong(message=message) from error


def read_plan(path: Path) -> Plan:
    """Read a sealed plan.

    Raises: UsageWrong U100 when there is no such file; DeploymentFailed D105 (exit 3) when it is no
    plan, or was changed after it was sealed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The plan {path} cannot be read: {error.strerror}."
        raise UsageWrong(message=message, hint="patron plan --out FILE writes one") from error
    try:
        document = orjson.loads(content)
        plan = plan_of(document)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise _unusable(f"{path} is no plan of this version of Patron.") from error
    if plan.digest != document["digest"]:
        raise _unusable(f"The plan {path} was changed after it was sealed.")
    return plan


def plan_of(document: Mapping[str, object]) -> Plan:
    """Build a plan from its document. Raises: KeyError, TypeError or ValueError for any other."""
    if document["format"] != FORMAT:
        raise ValueError("a format of another version")
    return Plan(
        environment=EnvironmentName(_text(document["environment"])),
        dialect=_text(document["dialect"]),
        source=_text(document["source"]),
        base=_text(document["base"]),
        version=_number(document["version"]),
        tree=Digest(_text(document["tree"])),
        result=Digest(_text(document["result"])),
        changes=tuple(_change(item) for item in _items(document["changes"])),
        conflicts=tuple(_conflict(item) for item in _items(document["conflicts"])),
        steps=tuple(_step(item) for item in _items(document["steps"])),
        warnings=tuple(map(_text, _list(document["warnings"]))),
        passed=_number(_mapping(document["checks"])["passed"]),
        content={
            ComponentKey(key): _content(pair) for key, pair in _mapping(document["content"]).items()
        },
        removed=tuple(ComponentKey(_text(key)) for key in _list(document["removed"])),
        author=_text(document["author"]),
        approvals=_number(_mapping(document["needs"])["approvals"]),
    )


def _change(item: Mapping[str, object]) -> PlannedChange:
    return PlannedChange(
        op=_text(item["op"]),
        component=ComponentKey(_text(item["component"])),
        cls=Risk(_number(item["class"])),
        why=_text(item["why"]),
        impact=_impact(_mapping(item["impact"])),
        treatment=_text(item.get("treatment", "")),
    )


def _impact(item: Mapping[str, object]) -> Impact:
    counts = ("values", "would_fail", "more_visible", "less_visible")
    found = {name: None if item[name] is None else _number(item[name]) for name in counts}
    return Impact(
        **found,
        records=tuple(map(_number, _list(item.get("records", [])))),
        is_estimated=item.get("estimated") is True,
    )


def _conflict(item: Mapping[str, object]) -> PlannedConflict:
    return PlannedConflict(
        component=ComponentKey(_text(item["component"])),
        property=_text(item["property"]),
        base=_exact(item["base"]),
        target=_exact(item["target"]),
        incoming=_exact(item["incoming"]),
    )


def _step(item: Mapping[str, object]) -> PlannedStep:
    rows = item["rows"]
    return PlannedStep(
        text=_text(item["text"]),
        pace=_text(item["pace"]),
        rows=None if rows is None else _number(rows),
    )


def _content(pair: object) -> Content:
    data, text = _list(pair)
    return Content(data=_text(data), text=_text(text))


def _exact(value: object) -> object:
    """Turn floating numbers, which only conflicts can hold, back into decimals."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return {key: _exact(item) for key, item in value.items()} if isinstance(value, dict) else value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("a number expected")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list expected")
    return value


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("an object expected")
    return value


def _items(value: object) -> list[Mapping[str, object]]:
    return [_mapping(item) for item in _list(value)]


def _unusable(message: str) -> DeploymentFailed:
    return DeploymentFailed(
        message=message,
        code="D105",
        step="verify",
        exit_code=Exit.INVALID,
        status=422,
        hint="make the plan again: patron plan --from A --to ENV --out FILE",
    )
