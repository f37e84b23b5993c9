"""A plan in the words of people, as it stands on a terminal.

Separate from the plan, which is a document for machines; nobody parses this text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deploy_tool.plan import Plan, PlannedChange, PlannedConflict
from engine.diff import Risk
from engine.names import split_key

MARKS = {"add": "+", "change": "~", "rename": "↷", "retire": "-", "restore": "+"}
KINDS = {
    "validation_rule": "rule",
    "object_permission": "permission",
    "sharing_rule": "sharing",
    "permission_set": "access",
}
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
SHORT = 7  # digits of a digest that people read


def render_plan(plan: Plan) -> str:
    """Give the whole text of a plan."""
    if not plan.changes and not plan.conflicts:
        return f"No changes. {plan.target} already contains everything in this plan."
    return "\n".join(_plan_lines(plan))


def render_changes(changes: Sequence[PlannedChange]) -> str:
    """Give one line per change, in columns."""
    return "\n".join(_change_lines(changes))


def _plan_lines(plan: Plan) -> Iterator[str]:
    start = "" if plan.base == plan.target else f" (baseline {plan.base})"
    yield f"Plan {plan.digest[:SHORT]}  {plan.source}{start}  →  {plan.target}"
    yield ""
    yield from _change_lines(plan.changes)
    for conflict in plan.conflicts:
        yield _conflict_line(conflict)
    if plan.steps:
        yield ""
        yield f"Database steps ({DATABASES[plan.dialect]})"
        for number, step in enumerate(plan.steps, start=1):
            rows = "" if step.rows is None else f"   {step.rows:,} rows"
            yield f"  {number} {step.text}   {step.pace}{rows}"
    yield _checks_line(plan)
    for warning in plan.warnings:
        yield f"  {warning}"
    needs = [f"--accept {','.join(plan.needs)}"] if plan.needs else []
    if plan.approvals:
        what = "1 approval" if plan.approvals == 1 else f"{plan.approvals} approvals"
        needs.insert(0, f"{what} (author excluded)")
    if needs:
        yield f"Needs: {' · '.join(needs)}"


def _change_lines(changes: Sequence[PlannedChange]) -> Iterator[str]:
    shown = sorted(changes, key=_reading_order)
    names = [split_key(change.component) for change in shown]
    kinds = [KINDS.get(kind, kind) for kind, _ in names]
    paths = [".".join(path) for _, path in names]
    wide_kind = max(map(len, kinds), default=0)
    wide_path = max(map(len, paths), default=0)
    for change, kind, path in zip(shown, kinds, paths, strict=True):
        said = "; ".join(part for part in (change.why, _concerned(change)) if part)
        yield f"  {_mark(change)} {kind:<{wide_kind}}  {path:<{wide_path}}  {said}".rstrip()


def _concerned(change: PlannedChange) -> str:
    """Say how many records a change concerns, and what happens to them."""
    impact = change.impact
    about = "about " if impact.is_estimated else ""
    said = []
    if impact.values:
        said.append(f"{impact.values:,} records hold a value")
    if impact.would_fail:
        said.append(f"{about}{impact.would_fail:,} records would not pass")
    if said and change.treatment:
        said.append(f"treatment: {change.treatment}")
    return ", ".join(said)


def _reading_order(change: PlannedChange) -> tuple[str, str, str]:
    """Put the parts of one object together, the object itself first."""
    kind, path = split_key(change.component)
    return (path[0], "" if kind == "object" else kind, ".".join(path))


def _mark(change: PlannedChange) -> str:
    narrows = change.op == "change" and change.cls >= Risk.NARROWING
    return "!" if narrows else MARKS[change.op]


def _conflict_line(conflict: PlannedConflict) -> str:
    kind, path = split_key(conflict.component)
    where = f" {conflict.property}" if conflict.property else ""
    return f"  × {KINDS.get(kind, kind)} {'.'.join(path)}{where}: changed on both sides"


def _checks_line(plan: Plan) -> str:
    count = len(plan.warnings)
    word = "warning" if count == 1 else "warnings"
    return f"Checks: {plan.passed} passed, 0 failed, {count} {word}"
