"""Sealed plans in files: written by `plan --out`, carried out by `apply PLAN`.

Separate from the plan itself, because everything that can be wrong with a file is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import orjson

from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.plans.plan import (
    FORMAT,
    Content,
    Elsewhere,
    FailedCheck,
    Plan,
    PlannedChange,
    PlannedConflict,
    PlannedStep,
    SinceBase,
    Trimmed,
)
from engine.access import AccessChange
from engine.diff import Risk
from engine.errors import DeploymentFailed
from engine.impact import Facts, Impact, Seen
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
        git_revision=_text(document.get("git_revision", "")),
        project=_text(document.get("project", "")),
        refresh=_text(document.get("refresh", "")),
        approvals=_number(_mapping(document["needs"])["approvals"]),
        since=tuple(_since(item) for item in _items(document.get("since", []))),
        resolved=tuple(_conflict(item) for item in _items(document.get("resolved", []))),
        trimmed=tuple(_trimmed(item) for item in _items(document.get("trimmed", []))),
        access=tuple(AccessChange(**_texts(item)) for item in _items(document.get("access", []))),
        visibility=tuple(_seen(item) for item in _items(document.get("visibility", []))),
        failed=tuple(
            _failed(item) for item in _items(_mapping(document["checks"]).get("problems", []))
        ),
    )


def _since(item: Mapping[str, object]) -> SinceBase:
    deployment = item["deployment"]
    changes = (_texts(change) for change in _items(item["changes"]))
    return SinceBase(
        version=_number(item["version"]),
        by=_text(item["by"]),
        at=_text(item["at"]),
        source=_text(item["source"]),
        deployment=None if deployment is None else _number(deployment),
        changes=tuple(
            Elsewhere(component=ComponentKey(change["component"]), overlap=change["overlap"])
            for change in changes
        ),
    )


def _trimmed(item: Mapping[str, object]) -> Trimmed:
    texts = _texts(item)
    return Trimmed(
        component=ComponentKey(texts["component"]),
        item=texts["item"],
        missing=ComponentKey(texts["missing"]),
    )


def _seen(item: Mapping[str, object]) -> Seen:
    numbers = {name: _number(item[name]) for name in ("members", "more", "less")}
    return Seen(object=_text(item["object"]), role=_text(item["role"]), **numbers)


def _failed(item: Mapping[str, object]) -> FailedCheck:
    texts = _texts(item)
    return FailedCheck(
        component=ComponentKey(texts["component"]), message=texts["message"], hint=texts["hint"]
    )


def _texts(item: Mapping[str, object]) -> dict[str, str]:
    return {key: _text(value) for key, value in item.items()}


def _change(item: Mapping[str, object]) -> PlannedChange:
    return PlannedChange(
        op=_text(item["op"]),
        component=ComponentKey(_text(item["component"])),
        cls=Risk(_number(item["class"])),
        why=_text(item["why"]),
        impact=_impact(_mapping(item["impact"])),
        treatment=_text(item.get("treatment", "")),
        facts=_facts(_mapping(item["impact"])),
    )


def _facts(item: Mapping[str, object]) -> Facts:
    """Read what is told beside the counts; what was not known is not there."""
    numbers = {n: _number(item.get(n, 0)) for n in ("distinct", "rewritten", "in_flight")}
    in_use = _mapping(item.get("in_use", {}))
    return Facts(
        **numbers,
        last_written=_text(item.get("last_written", "")),
        kept_until=_text(item.get("kept_until", "")),
        used_by=tuple(map(_text, _list(item.get("used_by", [])))),
        in_use=tuple((value, _number(count)) for value, count in in_use.items()),
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
        choice=_text(item.get("choice", "")),
    )


def _step(item: Mapping[str, object]) -> PlannedStep:
    rows, lasts = item["rows"], item.get("milliseconds")
    return PlannedStep(
        text=_text(item["text"]),
        pace=_text(item["pace"]),
        rows=None if rows is None else _number(rows),
        milliseconds=None if lasts is None else _number(lasts),
        sort=_text(item.get("sort", "")),
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
