"""How dangerous a change is: the class of every operation, decided per property.

Separate, because it is a table of the trade's judgement and nothing else: one small function per
property that can hurt, everything not listed is additive. Class 0 is free, class 1 can be taken
back with all its values (retire, rename, deactivate), class 2 may leave records that no longer pass
or people who see less, class 3 (purge) never happens in an apply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import IntEnum

from engine.diff.facets import ORDER, Data, PropertyChange, item_name


class Risk(IntEnum):
    """The classes of promotion.md; `word` is what `--accept` calls them."""

    ADDITIVE = 0
    REVERSIBLE = 1
    NARROWING = 2
    PURGE = 3

    @property
    def word(self) -> str:
        """What a person accepts: `retire`, `narrowing`, or "" when nothing has to be accepted."""
        return ("", "retire", "narrowing", "purge")[self]


Judge = Callable[[PropertyChange], Risk]

# Components that give somebody something: without them people see or may do less.
GIVING = frozenset({"permission_set", "object_permission", "sharing_rule", "role", "queue", "team"})
SHARING_WIDTH = {"private": 0, "parent": 1, "read": 2, "read_write": 3}
ACCESS_WIDTH = {"none": 0, "read": 1, "edit": 2}
USUAL_LENGTH = {"long_text": 32_000, "rich_text": 32_000}
ACCESS_RIGHTS = (
    "create",
    "read",
    "edit",
    "delete",
    "view_all",
    "modify_all",
    "share",
    "transfer",
)


def risk_of_add(kind: str, data: Data, *, parent_is_new: bool) -> Risk:
    """Judge a new component; records that exist already have nothing in a new required field."""
    if parent_is_new:
        return Risk.ADDITIVE
    if kind == "field" and data.get("required") is True:
        return Risk.NARROWING
    if kind == "index" and data.get("unique") is True:
        return Risk.NARROWING
    return Risk.ADDITIVE


def risk_of_retire(kind: str) -> Risk:
    """Judge the end of a component: hidden with its values, or access taken away."""
    return Risk.NARROWING if kind in GIVING else Risk.REVERSIBLE


def risk_of_change(kind: str, change: PropertyChange, after: Data) -> Risk:
    """Judge one changed property of a component that exists on both sides."""
    judge = JUDGES.get(kind, {}).get(change.name) or ANY_KIND.get(change.name)
    return judge(_with_usual_length(change, after)) if judge else Risk.ADDITIVE


def _with_usual_length(change: PropertyChange, after: Data) -> PropertyChange:
    """Fill in the length of the type where one side of a change of `length` leaves it out."""
    if change.path != ("length",):
        return change
    usual = USUAL_LENGTH.get(str(after.get("type")), 255)
    sides = (usual if side is None else side for side in (change.before, change.after))
    return PropertyChange(path=change.path, before=next(sides), after=next(sides))


def _always(_change: PropertyChange) -> Risk:
    return Risk.NARROWING


def _set(change: PropertyChange) -> Risk:
    return Risk.NARROWING if change.after else Risk.ADDITIVE


def _switched_on(change: PropertyChange) -> Risk:
    return Risk.NARROWING if change.after is True else Risk.ADDITIVE


def _switched_off(change: PropertyChange) -> Risk:
    return Risk.NARROWING if change.before is True else Risk.ADDITIVE


def _deactivated(change: PropertyChange) -> Risk:
    return Risk.REVERSIBLE if change.after is False else Risk.ADDITIVE


def _shorter(change: PropertyChange) -> Risk:
    old, new = _number(change.before, Decimal(0)), _number(change.after, Decimal(0))
    return Risk.NARROWING if new < old else Risk.ADDITIVE


def _higher_minimum(change: PropertyChange) -> Risk:
    lowest = Decimal("-Infinity")
    raised = _number(change.after, lowest) > _number(change.before, lowest)
    return Risk.NARROWING if raised else Risk.ADDITIVE


def _lower_maximum(change: PropertyChange) -> Risk:
    highest = Decimal("Infinity")
    lowered = _number(change.after, highest) < _number(change.before, highest)
    return Risk.NARROWING if lowered else Risk.ADDITIVE


def _number(value: object, usual: Decimal) -> Decimal:
    return Decimal(str(usual if value is None else value))


def _fewer(change: PropertyChange) -> Risk:
    """Judge a list: taking names away narrows, adding does not."""
    taken = _names(change.before) - _names(change.after)
    return Risk.NARROWING if taken else Risk.ADDITIVE


def _names(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset({value})
    if isinstance(value, Mapping):
        return frozenset(map(str, value))
    items = value if isinstance(value, list | tuple) else ()
    return frozenset(item_name(item) or str(item) for item in items)


def _picklist_values(change: PropertyChange) -> Risk:
    """Judge the values of a picklist: removed, deactivated, or only shown otherwise."""
    if change.path[-1] == ORDER:
        return Risk.ADDITIVE
    whole_value = len(change.path) <= 2  # noqa: PLR2004 -- ("values",) or ("values", NAME)
    if whole_value:
        return _fewer(change) if change.path == ("values",) else _gone(change)
    return _deactivated(change) if change.path[-1] == "active" else Risk.ADDITIVE


def _gone(change: PropertyChange) -> Risk:
    return Risk.NARROWING if change.after is None else Risk.ADDITIVE


def _record_type_values(change: PropertyChange) -> Risk:
    """Judge the values that a record type offers: a field not listed offers all of them."""
    if change.before is None and change.after is not None:
        return Risk.NARROWING
    return Risk.ADDITIVE if change.after is None else _fewer(change)


def _sharing(change: PropertyChange) -> Risk:
    old, new = (SHARING_WIDTH.get(str(x), 0) for x in (change.before, change.after))
    sideways = "parent" in {change.before, change.after}
    return Risk.NARROWING if new < old or sideways else Risk.ADDITIVE


def _feature(change: PropertyChange) -> Risk:
    return Risk.REVERSIBLE if change.after is False else Risk.ADDITIVE


def _field_access(change: PropertyChange) -> Risk:
    """Judge what a set gives on named fields; a field not named follows the object."""
    old, new = (_access_by_field(change, side) for side in (change.before, change.after))
    lower = any(_access_width(new.get(name)) < _access_width(old.get(name)) for name in old | new)
    return Risk.NARROWING if lower else Risk.ADDITIVE


def _access_by_field(change: PropertyChange, side: object) -> dict[str, object]:
    return dict(side) if isinstance(side, Mapping) else {change.path[-1]: side}


def _access_width(level: object) -> int:
    return ACCESS_WIDTH["edit"] if level is None else ACCESS_WIDTH.get(str(level), 0)


def _sharing_access(change: PropertyChange) -> Risk:
    old, new = (ACCESS_WIDTH.get(str(x), 1) for x in (change.before, change.after))
    return Risk.NARROWING if new < old else Risk.ADDITIVE


def _languages(change: PropertyChange) -> Risk:
    taken = _names(change.before) - _names(change.after)
    return Risk.REVERSIBLE if taken else Risk.ADDITIVE


def _currencies(change: PropertyChange) -> Risk:
    """Judge the currencies: the first is the company's, in which old amounts are counted."""
    old, new = _sequence(change.before), _sequence(change.after)
    kept = old[:1] == new[:1] and not set(old) - set(new)
    return Risk.ADDITIVE if kept else Risk.NARROWING


def _sequence(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


ANY_KIND: Mapping[str, Judge] = {"active": _deactivated}

JUDGES: Mapping[str, Mapping[str, Judge]] = {
    "field": {
        "type": _always,
        "required": _switched_on,
        "required_if": _set,
        "unique": _switched_on,
        "external_id": _switched_on,
        "encrypted": _always,
        "length": _shorter,
        "decimals": _always,
        "min": _higher_minimum,
        "max": _lower_maximum,
        "values": _picklist_values,
        "picklist": _always,
        "to": _fewer,
        "returns": _always,
        "measure": _always,
        "of": _always,
    },
    "object": {"sharing": _sharing, "features": _feature},
    "picklist": {"values": _picklist_values},
    "record_type": {"values": _record_type_values},
    "index": {"unique": _switched_on},
    "object_permission": {
        **dict.fromkeys(ACCESS_RIGHTS, _switched_off),
        "fields": _field_access,
    },
    "permission_set": {"permissions": _fewer},
    "sharing_rule": {"where": _always, "with": _always, "access": _sharing_access},
    "role": {"parent": _always},
    "queue": {"members": _fewer, "objects": _fewer},
    "team": {"members": _fewer},
    "project": {"languages": _languages, "currencies": _currencies},
}
