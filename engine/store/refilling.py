"""Computed columns filled for all records of an object, in batches by id; the bin included."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from engine.compiled import CompiledField, CompiledObject, Snapshot
from engine.expr import EvalContext, ExprFailed
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.store.columns import Codec, codec
from engine.store.rolling import measure
from engine.store.selecting import Column
from engine.store.statements import compile_statement
from engine.store.tables import table_of
from engine.store.tx import Tx

BATCH = 2000
SOME = 1000  # records that are locked at a time while people work
Row = dict[str, Value]


def refill_roll_ups(
    tx: Tx,
    snapshot: Snapshot,
    context: EvalContext,
    name: ObjectName,
    fields: Sequence[FieldName],
) -> None:
    """Recompute roll-ups of every record of an object: one statement."""
    compiled = snapshot.model.objects[name]
    table = table_of(compiled, snapshot.physical[name], tx.dialect)
    constants: dict[str, object] = dict(context.sql_params())
    values = _measured(snapshot, tx.dialect, compiled, table, fields, constants)
    statement = compile_statement(sa.update(table).values(values), tx.dialect)
    tx.run(statement.text, statement.args(constants))


def _measured(
    snapshot: Snapshot,
    dialect: str,
    compiled: CompiledObject,
    table: sa.Table,
    fields: Sequence[FieldName],
    constants: dict[str, object],
) -> dict[str, Column]:
    """Give what measures some roll-ups of an object; fills the constants that it needs."""
    return {
        roll_up.name: measure(snapshot, dialect, compiled, table, roll_up, constants)
        for roll_up in compiled.roll_ups
        if roll_up.name in fields
    }


def roll_up_some(
    tx: Tx,
    snapshot: Snapshot,
    context: EvalContext,
    name: ObjectName,
    fields: Sequence[FieldName],
    after: int,
) -> int | None:
    """Recompute roll-ups of the next records beyond an id; give the last one, None at the end.

    The parents are locked in order of id before they are measured, as every save does.
    """
    compiled = snapshot.model.objects[name]
    table = table_of(compiled, snapshot.physical[name], tx.dialect)
    key = table.c["id"]
    chosen = sa.select(key).where(key > after).order_by(key).limit(SOME)
    if tx.dialect == "postgresql":
        chosen = chosen.with_for_update()
    statement = compile_statement(chosen, tx.dialect)
    ids = [int(row[0]) for row in tx.rows(statement.text, statement.args({}))]
    if not ids:
        return None
    constants: dict[str, object] = dict(context.sql_params())
    values = _measured(snapshot, tx.dialect, compiled, table, fields, constants)
    clause = sa.update(table).values(values).where(key > after, key <= ids[-1])
    statement = compile_statement(clause, tx.dialect)
    tx.run(statement.text, statement.args(constants))
    return ids[-1] if len(ids) == SOME else None


def compute_some(
    tx: Tx,
    snapshot: Snapshot,
    context: EvalContext,
    name: ObjectName,
    fields: Sequence[FieldName],
    after: int,
) -> int | None:
    """Recompute stored formulas of the next records beyond an id; None at the end."""
    compiled = snapshot.model.objects[name]
    filling = _Filling(tx, snapshot, compiled, fields, is_locking=True)
    rows = filling.batch(after, SOME)
    filling.write([row for row in rows if _computed(compiled, fields, row, context)])
    return int(rows[-1]["id"]) if len(rows) == SOME else None  # type: ignore[arg-type]  # an id


def refill_formulas(
    tx: Tx,
    snapshot: Snapshot,
    context: EvalContext,
    name: ObjectName,
    fields: Sequence[FieldName],
) -> None:
    """Recompute stored formulas of every record of an object; writes only what differs."""
    compiled = snapshot.model.objects[name]
    filling = _Filling(tx, snapshot, compiled, fields)
    last = 0
    while rows := filling.batch(last):
        filling.write([row for row in rows if _computed(compiled, fields, row, context)])
        last = int(rows[-1]["id"])  # type: ignore[arg-type]  # ids are integers


def _computed(
    compiled: CompiledObject, fields: Sequence[FieldName], row: Row, context: EvalContext
) -> bool:
    """Compute formulas into a row; tell whether one of them came out different."""
    is_different = False
    for name in fields:
        formula = compiled.fields[name].formula
        assert formula is not None  # the caller asks for formulas only
        try:
            value = formula.evaluate(row, context)
        except ExprFailed:
            value = None
        is_different = is_different or value != row.get(name)
        row[name] = value
    return is_different


class _Filling:
    """The two statements of one object's refill, compiled once."""

    def __init__(
        self,
        tx: Tx,
        snapshot: Snapshot,
        compiled: CompiledObject,
        fields: Sequence[FieldName],
        *,
        is_locking: bool = False,
    ) -> None:
        self._tx, self._fields = tx, fields
        self._stored = [field for field in compiled.fields.values() if field.is_stored]
        self._decoders = [_codec(field, tx).decode for field in self._stored]
        self._encoders = {name: _codec(compiled.fields[name], tx).encode for name in fields}
        table = table_of(compiled, snapshot.physical[compiled.name], tx.dialect)
        chosen = (
            sa.select(*(table.c[field.name] for field in self._stored))
            .where(table.c["id"] > sa.bindparam("last", type_=sa.BigInteger))
            .order_by(table.c["id"])
            .limit(sa.bindparam("batch"))
        )
        if is_locking and tx.dialect == "postgresql":
            chosen = chosen.with_for_update()
        self._select = compile_statement(chosen, tx.dialect)
        written = {n: sa.bindparam(f"v_{n}", type_=table.c[n].type) for n in fields}
        clause = sa.update(table).values(written)
        key = sa.bindparam("key_id", type_=sa.BigInteger)
        self._update = compile_statement(clause.where(table.c["id"] == key), tx.dialect)

    def batch(self, last: int, many: int = BATCH) -> list[Row]:
        args = self._select.args({"last": last, "batch": many})
        return [
            {
                str(field.name): value if value is None or decode is None else decode(value)
                for field, decode, value in zip(self._stored, self._decoders, raw, strict=True)
            }
            for raw in self._tx.rows(self._select.text, args)
        ]

    def write(self, rows: Sequence[Row]) -> None:
        if rows:
            self._tx.many(self._update.text, [self._update.args(self._params(r)) for r in rows])

    def _params(self, row: Row) -> dict[str, object]:
        params: dict[str, object] = {"key_id": row["id"]}
        for name in self._fields:
            value, encode = row[name], self._encoders[name]
            params[f"v_{name}"] = value if value is None or encode is None else encode(value)
        return params


def _codec(field: CompiledField, tx: Tx) -> Codec:
    return codec(field.type.storage(field.decl), tx.dialect)
