"""Plans as values: equal plans are the same statement."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.access import RowPolicy
from engine.expr import Expression
from engine.names import ObjectName
from engine.query.columns import Computed, Fetch


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order. Text sorts by its folded key; blanks come last in both directions."""

    path: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPlan:
    """Everything the store must know to read records of one object.

    `key` identifies the statement: digests of every object touched, columns, filter, order, policy.
    `secured` gives the row policy of each object that a typed path may reach.
    `objects` names whose records the statement looks at, those of conditions and policies included.
    `outputs` maps the keys of a record to slots of the assembled row.
    `former` holds the former names by which the request called things, to be told to the caller.
    """

    key: tuple[object, ...]
    object: ObjectName
    objects: frozenset[ObjectName]
    fetches: tuple[Fetch, ...]
    computed: tuple[Computed, ...]
    outputs: tuple[tuple[str, int], ...]
    where: tuple[Expression, ...] = ()
    policy: RowPolicy
    secured: tuple[tuple[ObjectName, RowPolicy], ...] = ()
    order: tuple[Order, ...] = ()
    is_bin: bool = False
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AggregatePlan:
    """Groups and measures over one object, under the same policy as its lists."""

    key: tuple[object, ...]
    object: ObjectName
    objects: frozenset[ObjectName]
    group: tuple[tuple[str, Expression], ...]
    measures: tuple[tuple[str, str, Expression | None], ...]  # name, function, argument
    where: tuple[Expression, ...]
    policy: RowPolicy
    secured: tuple[tuple[ObjectName, RowPolicy], ...] = field(default=())
    former: tuple[str, ...] = ()
