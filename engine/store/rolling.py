"""Roll-ups recomputed: parents locked in order of id, then one UPDATE per parent object.

`UPDATE … SET total = (SELECT SUM …)` without the lock loses concurrent children on PostgreSQL,
whose subquery is older than the lock: hence two statements there. SQLite has one writer at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine.compiled import CompiledField, CompiledObject, RollUp, Snapshot
from engine.expr import ExprFailed
from engine.model.fields.base import StorageKind, Value
from engine.names import FieldName, ObjectName
from engine.store.columns import codec
from engine.store.memo import Memo
from engine.store.reading import Caller, id_params, id_values, padded
from engine.store.selecting import Column, Selecting
from engine.store.statements import Statement, compile_statement
from engine.store.tables import DELETED_AT, table_of
from engine.store.tx import Tx
from engine.store.writing import update


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """One parent after its roll-ups were recomputed: stored values before and after."""

    id: int
    version: int
    before: Mapping[str, Value]
    after: Mapping[str, Value]


_ROLLS: Memo[tuple[object, ...], tuple[Statement, Mapping[str, object]]] = Memo(1024)


def recompute(
    tx: Tx,
    snapshot: Snapshot,
    caller: Caller,
    parent: ObjectName,
    names: tuple[FieldName, ...],
    ids: Sequence[int],
) -> list[Rolled]:
    """Recompute roll-ups of parents, and the stored formulas that read them.

    Args: `names` are roll-up fields of `parent`; `ids` the parents, ascending.
    """
    compiled = snapshot.model.objects[parent]
    stored = [field for field in compiled.fields.values() if field.is_stored]
    before = _locked(tx, snapshot, compiled, stored, ids)
    if not before:
        return []
    live = padded(sorted(before))
    statement, constants = _rolling(tx, snapshot, compiled, names, len(live))
    params = {**caller.params(), **constants, **id_values(live)}
    rolled = []
    decoders = [_decoder(compiled.fields[name], tx.dialect) for name in names]
    tx.writes += 1
    for record, version, *values in tx.rows(statement.text, statement.args(params)):
        fresh: dict[str, Value] = {
            name: value if value is None or decode is None else decode(value)
            for name, decode, value in zip(names, decoders, values, strict=True)
        }
        after: dict[str, Value] = {**before[record], **fresh, "version": version}
        rolled.append(_settled(tx, snapshot, caller, compiled, before[record], after))
    return sorted(rolled, key=lambda found: found.id)


def _locked(
    tx: Tx,
    snapshot: Snapshot,
    compiled: CompiledObject,
    stored: list[CompiledField],
    ids: Sequence[int],
) -> dict[int, dict[str, Value]]:
    """Lock the parents in order of id and read them as they are."""
    table = table_of(compiled, snapshot.physical[compiled.name], tx.dialect)
    wanted = padded(ids)
    key = (
        "lock",
        compiled.digest,
        snapshot.physical[compiled.name].digest,
        tx.dialect,
        len(wanted),
    )

    def make() -> tuple[Statement, Mapping[str, object]]:
        clause = (
            sa.select(*(table.c[field.name] for field in stored))
            .where(table.c["id"].in_(id_params(len(wanted))), table.c[DELETED_AT].is_(None))
            .order_by(table.c["id"])
        )
        if tx.dialect == "postgresql":
            clause = clause.with_for_update()
        return compile_statement(clause, tx.dialect), {}

    statement, _ = _ROLLS.get_or_make(key, make)
    args = statement.args(id_values(wanted))
    decoders = [_decoder(field, tx.dialect) for field in stored]
    names = [str(field.name) for field in stored]
    found: dict[int, dict[str, Value]] = {}
    for raw in tx.rows(statement.text, args):
        values: dict[str, Value] = {
            name: value if value is None or decode is None else decode(value)
            for name, decode, value in zip(names, decoders, raw, strict=True)
        }
        found[int(values["id"])] = values  # type: ignore[arg-type]  # ids are integers
    return found


def _rolling(
    tx: Tx, snapshot: Snapshot, compiled: CompiledObject, names: tuple[FieldName, ...], many: int
) -> tuple[Statement, Mapping[str, object]]:
    roll_ups = [r for r in compiled.roll_ups if r.name in names]
    children = tuple(snapshot.model.objects[r.child].digest for r in roll_ups)
    places = tuple(snapshot.physical[r.child].digest for r in roll_ups)
    here = snapshot.physical[compiled.name].digest
    key = ("roll", compiled.digest, here, children, places, names, tx.dialect, many)

    def make() -> tuple[Statement, Mapping[str, object]]:
        table = table_of(compiled, snapshot.physical[compiled.name], tx.dialect)
        constants: dict[str, object] = {}
        values: dict[str, Column] = {
            r.name: measure(snapshot, tx.dialect, compiled, table, r, constants) for r in roll_ups
        }
        values["version"] = table.c["version"] + 1
        clause = (
            sa.update(table)
            .values(values)
            .where(table.c["id"].in_(id_params(many)))
            .returning(table.c["id"], table.c["version"], *(table.c[n] for n in names))
        )
        return compile_statement(clause, tx.dialect), constants

    return _ROLLS.get_or_make(key, make)


def measure(
    snapshot: Snapshot,
    dialect: str,
    compiled: CompiledObject,
    table: sa.Table,
    roll_up: RollUp,
    constants: dict[str, object],
) -> Column:
    """Build the correlated subquery of one roll-up."""
    selecting = Selecting(snapshot, dialect, roll_up.child, {}, constants)
    child = selecting.root
    measured = sa.func.count() if roll_up.of is None else _over(compiled, roll_up, selecting)
    where = [child.raw(roll_up.via) == table.c["id"], selecting.live(child)]
    if roll_up.where is not None:
        where.append(selecting.condition(roll_up.where, child, is_secured=False))
    return (
        sa.select(measured)
        .select_from(selecting.from_clause)
        .where(*where)
        .correlate(table)
        .scalar_subquery()
    )


def _over(compiled: CompiledObject, roll_up: RollUp, selecting: Selecting) -> Column:
    assert roll_up.of is not None  # only `count` has no field
    column = selecting.root.raw(roll_up.of)
    function: Column = getattr(sa.func, roll_up.measure)(column)
    if roll_up.measure == "count":
        return function
    if selecting.dialect == "sqlite":
        function = _rescaled(compiled, roll_up, selecting, function)
    return sa.func.coalesce(function, 0) if roll_up.measure == "sum" else function


def _rescaled(
    compiled: CompiledObject,
    roll_up: RollUp,
    selecting: Selecting,
    function: Column,
) -> Column:
    """SQLite keeps decimals as scaled integers; bring the child's scale to the parent's."""
    assert roll_up.of is not None  # checked by the caller
    child = selecting.root.compiled.fields[roll_up.of]
    parent = compiled.fields[roll_up.name]
    theirs, ours = child.type.storage(child.decl), parent.type.storage(parent.decl)
    if theirs.kind is not StorageKind.DECIMAL or ours.kind is not StorageKind.DECIMAL:
        return function
    shift = ours.decimals - theirs.decimals
    if shift > 0:
        function = function * sa.literal_column(str(10**shift))
    elif shift < 0:
        function = function / sa.literal_column(f"{10**-shift}.0")
    is_whole = roll_up.measure != "avg" and shift >= 0
    return function if is_whole else sa.cast(sa.func.round(function), sa.BigInteger)


def _settled(
    tx: Tx,
    snapshot: Snapshot,
    caller: Caller,
    compiled: CompiledObject,
    before: Mapping[str, Value],
    after: dict[str, Value],
) -> Rolled:
    """Recompute the stored formulas of a parent; write those whose value changed."""
    written: dict[str, Value] = {}
    for name in compiled.formulas:
        field = compiled.fields[name]
        if not field.is_stored or field.formula is None:
            continue
        try:
            value = field.formula.evaluate(after, caller.context)
        except ExprFailed:
            value = None
        if value != after.get(name):
            after[name] = written[name] = value
    record, version = int(after["id"]), int(after["version"])  # type: ignore[arg-type]  # integers
    if written:
        update(tx, snapshot, compiled.name, [{"id": record, "version": version, **written}])
        version += 1
    return Rolled(id=record, version=version, before=before, after={**after, "version": version})


def _decoder(field: CompiledField, dialect: str) -> Callable[[object], Value] | None:
    return codec(field.type.storage(field.decl), dialect).decode
