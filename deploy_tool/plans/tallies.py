"""What a deployment met and what it left: counts of the records concerned, before and after.

Separate from a plan's counts, which somebody consented to: these stand in the history of the
deployment and prove what became of the records. Numbers only, never an id and never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from deploy_tool.plans.counting import Counts
from deploy_tool.plans.plan import Plan
from engine.diff import Operation, Retire
from engine.impact import Counting, Impact
from engine.names import ComponentKey, ObjectName, split_key
from engine.store.tx import Tx

# Kinds whose changes ask something of records, and can be asked again afterwards.
_OF_RECORDS = frozenset({"field", "index", "picklist", "validation_rule"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts by component, and how many rows the tables of their objects have."""

    changes: Mapping[ComponentKey, Impact] = field(default_factory=dict)
    rows: Mapping[ObjectName, int] = field(default_factory=dict)

    def and_more(self, other: Tally) -> Tally:
        """Let newer counts take the place of older ones."""
        changes = {**self.changes, **other.changes}
        return Tally(changes=changes, rows={**self.rows, **other.rows})

    def as_json(self) -> dict[str, object]:
        """Give what the history keeps; {} where no record was concerned."""
        changes = {key: _counts(i) for key, i in sorted(self.changes.items()) if i.concerned}
        owners = set(map(owner_of, map(ComponentKey, changes)))
        rows = {name: count for name, count in sorted(self.rows.items()) if name in owners}
        return {"changes": changes, "rows": rows} if changes else {}


def tally_of(plan: Plan) -> Tally:
    """Give what a plan counted, of the changes that concern records."""
    found = {c.component: c.impact for c in plan.changes if c.impact.concerned}
    return Tally(changes=found)


def taken_by(counting: Counting, found: Mapping[ComponentKey, Impact]) -> Tally:
    """Keep counts that were just taken, with the rows of the tables they are about."""
    concerned = (key for key, impact in found.items() if impact.concerned)
    owners = dict.fromkeys(filter(None, map(owner_of, concerned)))
    return Tally(changes=found, rows={name: counting.rows(name) for name in owners})


def taken_after(
    tx: Tx, counts: Counts, operations: Iterable[Operation], before: Mapping[str, object]
) -> dict[str, object]:
    """Count again what was counted before, now that the new configuration runs.

    Values of what was retired are looked for where they lay before. Who sees what is not asked
    again.
    """
    changes, rows = (_mapping(before.get(name)) for name in ("changes", "rows"))
    asked = [o for o in operations if o.component in changes and _can_ask(o)]
    hidden, here = counts.afterwards(tx)
    found = {
        **hidden.of([o for o in asked if isinstance(o, Retire)]),
        **here.of([o for o in asked if not isinstance(o, Retire)]),
    }
    owners = map(ObjectName, rows)
    return {
        "changes": {key: _same(i, _mapping(changes[key])) for key, i in sorted(found.items())},
        "rows": {name: hidden.rows(name) or here.rows(name) for name in owners},
    }


def owner_of(component: ComponentKey) -> ObjectName | None:
    """Give the object whose records a change asks something of; None where it has several."""
    kind, path = split_key(component)
    return ObjectName(path[0]) if kind in _OF_RECORDS - {"picklist"} | {"object"} else None


def read_tally(text: str) -> Mapping[str, object]:
    """Read what the history keeps; {} for nothing."""
    return _mapping(orjson.loads(text)) if text else {}


def _can_ask(operation: Operation) -> bool:
    kind, _ = split_key(operation.component)
    return kind in _OF_RECORDS or (kind == "object" and isinstance(operation, Retire))


def _counts(found: Impact) -> dict[str, int]:
    known = {
        "values": found.values,
        "would_fail": found.would_fail,
        "less_visible": found.less_visible,
    }
    return {name: count for name, count in known.items() if count}


def _same(found: Impact, names: Iterable[str]) -> dict[str, int]:
    """Give what was counted before, as it is now, with its noughts."""
    known = {"values": found.values or 0, "would_fail": found.would_fail or 0}
    return {name: known[name] for name in names if name in known}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
