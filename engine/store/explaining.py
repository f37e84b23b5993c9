"""Asks each branch of a row policy about one record: the reasons why it is seen, and no more."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from engine.access import RowPolicy
from engine.compiled import Snapshot
from engine.names import FieldName, ObjectName
from engine.store.reading import Caller
from engine.store.selecting import Selecting
from engine.store.statements import compile_statement
from engine.store.tx import Tx


def holding(
    tx: Tx,
    snapshot: Snapshot,
    caller: Caller,
    name: ObjectName,
    record: int,
    policies: Sequence[RowPolicy],
) -> tuple[bool, ...]:
    """Tell which policies reach a record, in the bin or not; nothing reaches an absent one.

    One statement, compiled for the occasion: some milliseconds.
    """
    selecting = Selecting(snapshot, tx.dialect, name, {})
    root = selecting.root
    flags = [
        sa.case(
            (selecting.policy(policy, root), sa.literal_column("1")), else_=sa.literal_column("0")
        )
        for policy in policies
    ]
    key = sa.bindparam("record", type_=sa.BigInteger)
    clause = (
        sa.select(root.raw(FieldName("id")), *flags)
        .select_from(selecting.from_clause)
        .where(root.raw(FieldName("id")) == key)
    )
    statement = compile_statement(clause, tx.dialect)
    params = {**caller.params(), **selecting.params, "record": record}
    found = tx.row(statement.text, statement.args(params))
    if found is None:
        return (False,) * len(policies)
    return tuple(bool(flag) for flag in found[1:])
