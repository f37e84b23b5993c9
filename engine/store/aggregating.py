"""Aggregates: groups and measures over the records of a plan, in one statement.

Separate from `reading`, which gives records: here a row is a group, and what it holds are sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from engine.compiled import Snapshot
from engine.expr import Expression, Kind
from engine.model.fields.base import Value
from engine.query import AggregatePlan
from engine.store.lower import decoder
from engine.store.memo import Memo
from engine.store.narrowing import Narrowing, is_narrow
from engine.store.reading import Caller, Row, digests
from engine.store.selecting import Column, Selecting
from engine.store.statements import Statement, compile_statement
from engine.store.tx import Tx

AVERAGE_PLACES = 4


def aggregate(tx: Tx, snapshot: Snapshot, plan: AggregatePlan, caller: Caller) -> list[Row]:
    """Compute groups and measures in one statement; groups in their own order, blanks last."""
    key = ("aggregate", plan.key, tx.dialect, digests(snapshot, plan.objects))
    statement, constants, decoders = _AGGREGATED.get_or_make(
        key, lambda: _aggregating(snapshot, tx.dialect, plan)
    )
    params = {**caller.params(), **constants}
    names = [name for name, _ in plan.group] + [name for name, _, _ in plan.measures]
    rows = []
    for raw in tx.rows(statement.text, statement.args(params)):
        values = [
            decode(value) if decode is not None and value is not None else value
            for decode, value in zip(decoders, raw, strict=True)
        ]
        rows.append(dict(zip(names, values, strict=True)))
    return rows


Decoders = Sequence[Callable[[object], Value] | None]
_AGGREGATED: Memo[tuple[object, ...], tuple[Statement, Mapping[str, object], Decoders]] = Memo(512)


def _aggregating(
    snapshot: Snapshot, dialect: str, plan: AggregatePlan
) -> tuple[Statement, Mapping[str, object], Decoders]:
    selecting = Selecting(snapshot, dialect, plan.object, dict(plan.secured))
    root = selecting.root
    groups = [selecting.expression(e, root, is_secured=True) for _, e in plan.group]
    measures = [_measured(selecting, function, of) for _, function, of in plan.measures]
    where = [selecting.live(root)]
    if is_narrow(plan.policy):
        where.append(Narrowing(selecting, plan).all())
    else:
        where.append(selecting.policy(plan.policy, root))
    where += [selecting.condition(e, root, is_secured=True) for e in plan.where]
    places = range(1, len(groups) + 1)
    clause = (
        sa.select(*groups, *measures)
        .select_from(selecting.from_clause)
        .where(*where)
        .group_by(*(sa.text(str(place)) for place in places))
        .order_by(*(sa.text(f"{place} NULLS LAST") for place in places))
    )
    decoders = [decoder(e.type, dialect) for _, e in plan.group]
    decoders += [_measure_decoder(function, of, dialect) for _, function, of in plan.measures]
    return compile_statement(clause, dialect), selecting.params, tuple(decoders)


def _measured(selecting: Selecting, function: str, of: Expression | None) -> Column:
    if of is None:
        return sa.func.count()
    lowered = selecting.expression(of, selecting.root, is_secured=True)
    measured: Column = getattr(sa.func, function)(lowered)
    return measured


def _measure_decoder(
    function: str, of: Expression | None, dialect: str
) -> Callable[[Any], Any] | None:
    """Say how a measure is read: sums and extremes as their argument, averages to four places."""
    if of is None or function == "count":
        return None
    if of.type.kind is not Kind.NUMBER:
        return decoder(of.type, dialect)
    places = of.type.decimals
    if function != "avg" and places is not None:
        return decoder(of.type, dialect)
    scale = places if dialect == "sqlite" and places is not None else 0
    shown = max(places or 0, AVERAGE_PLACES)
    return lambda value: round(Decimal(str(value)).scaleb(-scale), shown)
