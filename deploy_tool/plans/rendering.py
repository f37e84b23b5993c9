"""A plan in the words of people, as it stands on a terminal.

Separate from the plan, which is a document for machines; nobody parses this text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from deploy_tool.plans.plan import Plan, PlannedChange, PlannedStep, SinceBase
from deploy_tool.plans.rendering_access import access_lines, visibility_lines
from engine.diff import Risk
from engine.names import ComponentKey, split_key

MARKS = {"add": "+", "change": "~", "rename": "↷", "retire": "-", "restore": "+"}
KINDS = {
    "validation_rule": "rule",
    "object_permission": "permission",
    "sharing_rule": "sharing",
    "permission_set": "access",
}
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
OVERLAPS = {"none": "no overlap", "merged": "merged", "conflict": "conflict"}
SHORT = 7  # digits of a digest that people read
SHOWN = 20  # versions and changes of access that are named; JSON has them all
_WIDEST = 40  # characters of a value in a conflict
_SECOND = 1000  # milliseconds


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
    yield from _since_lines(plan)
    yield ""
    yield from _change_lines(plan.changes)
    yield from _conflict_lines(plan)
    if plan.trimmed:
        items = ", ".join(f"{t.item} of {named(t.component)}" for t in plan.trimmed)
        yield f"  trimmed {count_of(len(plan.trimmed), 'item')}: {items}"
    yield from visibility_lines(plan.visibility)
    yield from access_lines(plan.access)
    yield from _step_lines(plan)
    yield _checks_line(plan)
    for check in plan.failed:
        yield f"  ✗ {check.message} ({check.hint})"
    for warning in plan.warnings:
        yield f"  {warning}"
    needs = _needs(plan)
    if needs:
        yield f"Needs: {needs}"


def _needs(plan: Plan) -> str:
    needs = [f"--accept {','.join(plan.needs)}"] if plan.needs else []
    if plan.approvals:
        needs.insert(0, f"{count_of(plan.approvals, 'approval')} (author excluded)")
    if plan.conflicts:
        needs.insert(
            0, f"{count_of(len(plan.conflicts), 'decision')} (--resolve …=target|incoming)"
        )
    return " · ".join(needs)


def _since_lines(plan: Plan) -> Iterator[str]:
    if not plan.since:
        return
    times = count_of(len(plan.since), "time")
    yield f"Since the baseline {plan.environment} changed {times} outside this plan:"
    rows = [row for version in plan.since[-SHOWN:] for row in _since_rows(plan, version)]
    yield from _columns(rows)
    if len(plan.since) > SHOWN:
        yield f"  and {count_of(len(plan.since) - SHOWN, 'version')} before"


def _since_rows(plan: Plan, version: SinceBase) -> Iterator[tuple[str, ...]]:
    at = datetime.fromisoformat(version.at)
    door = "" if version.deployment is None else f", deployment D-{version.deployment}"
    who = f"by {version.by}, {at.day} {at:%b %H:%M} UTC{door}"
    name = f"{plan.environment}@{version.version}"
    for change in version.changes or (None,):
        what = "" if change is None else named(change.component)
        yield (name, who, what, "" if change is None else OVERLAPS[change.overlap])
        name = who = ""


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _change_lines(changes: Sequence[PlannedChange]) -> Iterator[str]:
    shown = sorted(changes, key=_reading_order)
    names = [split_key(change.component) for change in shown]
    kinds = [KINDS.get(kind, kind) for kind, _ in names]
    paths = [".".join(path) for _, path in names]
    wide_kind = max(map(len, kinds), default=0)
    wide_path = max(map(len, paths), default=0)
    for change, kind, path in zip(shown, kinds, paths, strict=True):
        said = "; ".join(part for part in (change.why, *concerned(change)) if part)
        yield f"  {_mark(change)} {kind:<{wide_kind}}  {path:<{wide_path}}  {said}".rstrip()


def concerned(change: PlannedChange) -> Iterator[str]:
    """Say how many records a change concerns, what happens to them, and what follows from it."""
    yield _counts(change)
    facts, impact = change.facts, change.impact
    if facts.in_use:
        yield ", ".join(f"“{value}” in {count:,}" for value, count in facts.in_use)
    if impact.more_visible or impact.less_visible:
        more, less = impact.more_visible or 0, impact.less_visible or 0
        ways = [f"{more:,} records come into sight"] if more else []
        yield ", ".join([*ways, *([f"{less:,} go out of sight"] if less else [])])
    if facts.rewritten:
        yield f"{count_of(facts.rewritten, 'expression')} rewritten"
    if facts.in_flight:
        yield f"{facts.in_flight:,} in flight stay on their revision"
    yield from _about_retired(change)


def _counts(change: PlannedChange) -> str:
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


def _about_retired(change: PlannedChange) -> Iterator[str]:
    facts = change.facts
    if change.op != "retire":
        return
    if facts.kept_until:
        distinct = f" ({facts.distinct:,} different)" if facts.distinct else ""
        yield f"kept{distinct} until {_day(facts.kept_until)} at least"
    if facts.last_written:
        yield f"last written {_day(facts.last_written)}"
    if facts.used_by:
        yield f"used so far by {', '.join(map(named, map(ComponentKey, facts.used_by)))}"
    elif facts.kept_until:
        yield "used nowhere"


def _day(text: str) -> str:
    found = date.fromisoformat(text)
    return f"{found.day} {found:%b %Y}"


def _reading_order(change: PlannedChange) -> tuple[str, str, str]:
    """Put the parts of one object together, the object itself first."""
    kind, path = split_key(change.component)
    return (path[0], "" if kind == "object" else kind, ".".join(path))


def _mark(change: PlannedChange) -> str:
    narrows = change.op == "change" and change.cls >= Risk.NARROWING
    return "!" if narrows else MARKS[change.op]


def _conflict_lines(plan: Plan) -> Iterator[str]:
    """Show `base | target | incoming | result` of everything that both sides changed."""
    for conflict in (*plan.conflicts, *plan.resolved):
        mark, end = ("×", "undecided") if not conflict.choice else ("=", conflict.choice)
        where = f" {conflict.property}" if conflict.property else ""
        yield f"  {mark} {named(conflict.component)}{where}: changed on both sides; {end}"
        result = conflict.incoming if conflict.choice == "incoming" else conflict.target
        sides = (conflict.base, conflict.target, conflict.incoming, result)
        names = ("base", plan.environment, "incoming", "result")
        yield "      " + " | ".join(f"{n}: {_short(v)}" for n, v in zip(names, sides, strict=True))


def _short(value: object) -> str:
    if value is None:
        return "–"
    text = " ".join(str(list(value) if isinstance(value, tuple) else value).split())
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"


def _step_lines(plan: Plan) -> Iterator[str]:
    if not plan.steps:
        return
    yield ""
    yield f"Database steps ({DATABASES[plan.dialect]})"
    for number, step in enumerate(plan.steps, start=1):
        yield f"  {number} {'   '.join(_step_parts(step))}"


def _step_parts(step: PlannedStep) -> Iterable[str]:
    rows = [] if step.rows is None else [f"{step.rows:,} rows"]
    return (
        step.text,
        step.pace,
        *rows,
        *([_about(step.milliseconds)] if step.milliseconds else []),
    )


def _about(milliseconds: int) -> str:
    if milliseconds < _SECOND:
        return f"about {milliseconds} ms"
    return f"about {milliseconds / _SECOND:,.1f} s"


def _checks_line(plan: Plan) -> str:
    warnings = count_of(len(plan.warnings), "warning")
    return f"Checks: {plan.passed} passed, {len(plan.failed)} failed, {warnings}"


def named(key: ComponentKey) -> str:
    """Name a component as plans do: rule opportunity.max_discount."""
    kind, path = split_key(key)
    return f"{KINDS.get(kind, kind)} {'.'.join(path)}"


def count_of(number: int, what: str) -> str:
    """Say how many there are of something: 1 row, 2 rows."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
