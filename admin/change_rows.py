"""The rows of a plan's page: changes with their differences, decisions, access, what came since.

Separate from the page's requests: here a plan is put into the words of the visitor's language.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from admin.telling import value_text
from admin.treating import TreatRow, Typed, in_words, treat_row
from admin.words import address, title_of
from deploy_tool.plans.deciding import mark_of
from deploy_tool.plans.plan import Plan, PlannedChange, PlannedConflict
from deploy_tool.plans.planning import Planned
from deploy_tool.plans.treatments import Way
from engine.diff import Risk
from engine.names import ComponentKey
from engine.source import SourceTree
from engine.source.sheets import head_text
from web.texts import later, say
from web.visit import visit

SHOWN_LINES = 12  # of a difference
SHOWN_ACCESS = 30  # lines about access; the command line's --json has them all
_RIGHTS = 6  # in one line
SIGNS = {"add": "+", "restore": "+", "change": "~", "rename": "↷", "retire": "−"}
_LOOKS = {"+": "add", "~": "mod", "↷": "mod", "−": "del"}
_CLASSES: Mapping[Risk, tuple[str, str]] = {
    Risk.ADDITIVE: (later("safe"), "green"),
    Risk.REVERSIBLE: (later("hides"), "amber"),
    Risk.NARROWING: (later("review"), "amber"),
    Risk.PURGE: (later("purges"), "red"),
}
_WAYS = {"more": ("+", "add"), "less": ("−", "del"), "other": ("~", "mod")}
_OVERLAPS: Mapping[str, tuple[str, str]] = {
    "none": (later("no overlap"), ""),
    "merged": (later("merged"), "green"),
    "conflict": (later("conflict"), "red"),
}


# How many: in the words for one, and for several.
_KEPT = (
    later("1 value is kept and comes back with a rollback."),
    later("{count} values are kept and come back with a rollback."),
)
_FAILING = (
    later("1 record would fail at its next save."),
    later("{count} records would fail at their next save."),
)
_SEEN = (
    later("1 record comes into sight of some."),
    later("{count} records come into sight of some."),
)
_HIDDEN = (
    later("1 record becomes invisible to some."),
    later("{count} records become invisible to some."),
)
_RENAMED = (
    later("1 expression follows the new name."),
    later("{count} expressions follow the new name."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change as the plan's page shows it. `lines` are those of its difference, with - and +."""

    sign: str
    look: str
    title: str
    address: str
    why: str
    impact: str
    word: str
    color: str
    lines: tuple[str, ...]
    more: int
    treat: TreatRow | None
    is_blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """A property that both sides changed: its values, the side that was chosen, and what stands."""

    what: str
    mark: str
    base: str
    theirs: str
    mine: str
    choice: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """What somebody may do more, less or otherwise with an object."""

    sign: str
    look: str
    who: str
    object: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceRow:
    """A component that the parent changed since the sandbox began."""

    version: int
    by: str
    at: datetime
    what: str
    word: str
    color: str


def change_row(planned: Planned, change: PlannedChange, typed: Typed | None = None) -> ChangeRow:
    """Put one change into words; `typed` is a treatment that was just refused."""
    sign = SIGNS.get(change.op, "~")
    word, color = _CLASSES[change.cls]
    if change.cls is Risk.ADDITIVE and change.impact.would_fail:
        word, color = later("review"), "amber"
    lines = _difference(planned.running.tree, planned.result, change.component)
    return ChangeRow(
        sign=sign,
        look=_LOOKS[sign],
        title=title_of(change.component, say),
        address=address(visit().root, change.component) if change.op != "retire" else "",
        why=change.why,
        impact=" ".join(_impact(change)),
        word=say("retires data") if change.op == "retire" and change.impact.values else say(word),
        color="red" if change.op == "retire" else color,
        lines=tuple(lines[:SHOWN_LINES]),
        more=max(len(lines) - SHOWN_LINES, 0),
        treat=treat_row(planned, change, typed),
        is_blocked=bool(change.treatment == Way.BLOCK and change.impact.concerned),
    )


def decision_rows(plan: Plan | None) -> list[DecisionRow]:
    """Give every conflict, decided or not."""
    found = (*plan.conflicts, *plan.resolved) if plan else ()
    return sorted(map(_decision, found), key=lambda row: row.what)


def access_rows(plan: Plan | None) -> list[AccessRow]:
    """Sum the difference of effective access up: one row for each group, object and way."""

    def group(change: object) -> tuple[str, str, str]:
        return (change.who, change.object, change.way)  # type: ignore[attr-defined]  # an AccessChange

    rows = []
    for (who, target, way), changes in groupby(
        sorted(plan.access if plan else (), key=group), group
    ):
        said = [_right(c.what, c.before, c.after) for c in changes]
        if len(said) > _RIGHTS:
            said = [*said[:_RIGHTS], say("{count} more", count=len(said) - _RIGHTS)]
        sign, look = _WAYS[way]
        rows.append(AccessRow(sign=sign, look=look, who=who, object=target, what=", ".join(said)))
    return rows


def since_rows(plan: Plan | None) -> list[SinceRow]:
    """Give what the parent changed meanwhile, the newest first."""
    rows = []
    for version in reversed(plan.since if plan else ()):
        for change in version.changes:
            word, color = _OVERLAPS[change.overlap]
            rows.append(
                SinceRow(
                    version=version.version,
                    by=version.by,
                    at=datetime.fromisoformat(version.at),
                    what=title_of(change.component, say),
                    word=say(word),
                    color=color,
                )
            )
    return rows


def _decision(conflict: PlannedConflict) -> DecisionRow:
    mine, theirs = value_text(conflict.incoming), value_text(conflict.target)
    return DecisionRow(
        what=f"{title_of(conflict.component, say)} {conflict.property}".strip(),
        mark=mark_of(conflict),
        base=value_text(conflict.base),
        theirs=theirs,
        mine=mine,
        choice=conflict.choice,
        result=mine if conflict.choice == "incoming" else theirs,
    )


def _right(what: str, before: str, after: str) -> str:
    given = {before, after} <= {"", "given"}
    return what if given else f"{what} {before or '—'} → {after or '—'}"


def _impact(change: PlannedChange) -> Iterator[str]:
    """Say how many records are concerned, and what follows; nothing where none is."""
    found, facts = change.impact, change.facts
    held = ", ".join(f"“{value}” ({count})" for value, count in facts.in_use)
    treatment = in_words(change.treatment) if change.treatment else ""
    said: tuple[tuple[object, str], ...] = (
        (found.values, _counted(found.values, _KEPT)),
        (facts.kept_until, say("Kept until {day} at least.", day=facts.kept_until)),
        (facts.last_written, say("Last written {day}.", day=facts.last_written)),
        (facts.used_by, say("Used so far by {names}.", names=", ".join(facts.used_by))),
        (held, say("In use: {values}.", values=held)),
        (found.would_fail, _counted(found.would_fail, _FAILING)),
        (found.more_visible, _counted(found.more_visible, _SEEN)),
        (found.less_visible, _counted(found.less_visible, _HIDDEN)),
        (facts.rewritten, _counted(facts.rewritten, _RENAMED)),
        (facts.in_flight, say("{count} in flight stay on their revision.", count=facts.in_flight)),
        (treatment, say("Treatment: {treatment}.", treatment=treatment)),
    )
    return (sentence for applies, sentence in said if applies)


def _counted(count: int | None, words: tuple[str, str]) -> str:
    """Say how many, in the words for one or for several."""
    one, many = words
    return say(one) if count == 1 else say(many, count=count)


def _difference(before: SourceTree, after: SourceTree, key: ComponentKey) -> list[str]:
    """Give the lines that go and come, with - and +; nothing for what is wholly new or gone."""
    if key not in before.docs or key not in after.docs:
        return []
    old, new = (head_text(tree, key).splitlines() for tree in (before, after))
    found = difflib.unified_diff(old, new, n=0, lineterm="")
    return [line for line in found if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
