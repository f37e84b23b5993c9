"""Records written: INSERT, UPDATE with its version, the bin, and what a delete does to others.

Statements are shaped by the set of columns written, compiled once per shape and kept. What changed
and whether it may be written was decided above; nothing here judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

import sqlalchemy as sa

from engine.compiled import CompiledObject, Inbound, Snapshot
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.store.columns import codec
from engine.store.locks import is_unlocked
from engine.store.memo import Memo
from engine.store.mirroring import mirrored_columns
from engine.store.reading import id_params, id_values, padded
from engine.store.statements import Statement, compile_statement
from engine.store.tables import DELETED_AT, DELETED_BY, DELETED_WITH, table_of
from engine.store.tx import Tx
from engine.store.uniqueness import ensure_unique

Encode = Callable[[Value], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoders:
    """How values go to the driver, by field; `mirrored`: (parameter, field, how), written too."""

    own: Mapping[str, Encode] = dataclass_field(default_factory=dict)
    mirrored: tuple[tuple[str, str, Encode], ...] = ()


_AS_THEY_ARE = Encoders()
Prepared = tuple[Statement, Encoders]

_WRITES: Memo[tuple[object, ...], Prepared] = Memo(4096)


def insert(tx: Tx, snapshot: Snapshot, name: ObjectName, values: Mapping[str, Value]) -> None:
    """Insert one record; `values` holds its stored fields that are not blank."""
    compiled = snapshot.model.objects[name]
    columns = tuple(n for n in compiled.fields if compiled.fields[n].is_stored and n in values)
    statement, encoders = _prepare(tx, snapshot, name, "insert", columns)
    tx.writes += 1
    tx.run(statement.text, statement.args(_encoded(encoders, columns, values)))
    if snapshot.physical[name].unindexed:
        ensure_unique(tx, snapshot, name, columns, [int(str(values["id"]))])


def insert_many(
    tx: Tx, snapshot: Snapshot, name: ObjectName, records: Sequence[Mapping[str, Value]]
) -> None:
    """Insert many records in one go; all get the same columns."""
    compiled = snapshot.model.objects[name]
    columns = tuple(n for n, field in compiled.fields.items() if field.is_stored)
    statement, encoders = _prepare(tx, snapshot, name, "insert", columns)
    tx.writes += 1
    tx.many(
        statement.text,
        [statement.args(_encoded(encoders, columns, values)) for values in records],
    )
    if snapshot.physical[name].unindexed:
        ensure_unique(tx, snapshot, name, columns, [int(str(values["id"])) for values in records])


def update(
    tx: Tx,
    snapshot: Snapshot,
    name: ObjectName,
    changes: Sequence[Mapping[str, Value]],
    *,
    unlocked: bool = False,
) -> bool:
    """Write records that still have their version; each version becomes one more.

    Args: every change holds "id", "version" and the fields to write; all write the same fields.
    `unlocked`: only where no approval has locked the record meanwhile.
    Returns: False when somebody else was faster with one of them or it is gone.
    """
    columns = tuple(sorted(changes[0].keys() - {"id", "version"}))
    how = "update unlocked" if unlocked else "update"
    statement, encoders = _prepare(tx, snapshot, name, how, columns)
    rows = []
    for change in changes:
        params = _encoded(encoders, columns, change)
        params.update(key_id=change["id"], key_version=change["version"])
        rows.append(statement.args(params))
    tx.writes += 1
    is_done = (
        tx.run(statement.text, rows[0]) == 1
        if len(rows) == 1
        else tx.many(statement.text, rows) == len(rows)
    )
    if snapshot.physical[name].unindexed:
        ensure_unique(tx, snapshot, name, columns, [int(str(change["id"])) for change in changes])
    return is_done


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """One delete: when (ms since 1970 UTC), by whom, and the record that took the others along."""

    at: int
    by: int
    root: int


def move_to_bin(
    tx: Tx,
    snapshot: Snapshot,
    name: ObjectName,
    ids: Sequence[int],
    deletion: Deletion,
    *,
    unlocked: bool = False,
) -> bool:
    """Put live records into the bin.

    `unlocked`: only those that no approval has locked meanwhile; False when there was one.
    """
    values = (deletion.at, deletion.by, deletion.root)
    return _set_bin(tx, snapshot, name, ids, values, unlocked=unlocked) == len(set(ids))


def take_from_bin(tx: Tx, snapshot: Snapshot, name: ObjectName, ids: Sequence[int]) -> None:
    """Take records out of the bin. Raises: UniqueViolated S101 for a value that is taken now."""
    _set_bin(tx, snapshot, name, ids, (None, None, None))
    ensure_unique(tx, snapshot, name, snapshot.model.objects[name].fields, ids)


def inbound_records(
    tx: Tx,
    snapshot: Snapshot,
    inbound: Sequence[Inbound],
    ids: Sequence[int],
    *,
    deleted_with: int | None = None,
) -> list[tuple[Inbound, int, int]]:
    """List who points at `ids`, over all given lookups, in one statement.

    `deleted_with` asks for records that the delete of that record took along, not for live ones.
    Returns: (lookup, id of the record that points, id it points at), at most 10,000 a lookup.
    """
    wanted = padded(ids)
    places = tuple(_digest(snapshot, link.object) for link in inbound)
    key = ("refs", tuple(inbound), places, tx.dialect, len(wanted), deleted_with is None)

    def make() -> Prepared:
        parts = [
            _pointing(tx, snapshot, place, link, len(wanted), is_live=deleted_with is None)
            for place, link in enumerate(inbound)
        ]
        return compile_statement(sa.union_all(*parts), tx.dialect), _AS_THEY_ARE

    statement, _ = _WRITES.get_or_make(key, make)
    params: dict[str, object] = id_values(wanted)
    if deleted_with is not None:
        params["root"] = deleted_with
    rows = tx.rows(statement.text, statement.args(params))
    return [(inbound[int(place)], int(record), int(target)) for place, record, target in rows]


def clear_references(tx: Tx, snapshot: Snapshot, inbound: Inbound, ids: Sequence[int]) -> None:
    """Blank a lookup in the given records; their versions move on."""
    wanted = padded(ids)
    key = ("clear", inbound, _digest(snapshot, inbound.object), tx.dialect, len(wanted))

    def make() -> Prepared:
        table = _table(tx, snapshot, inbound.object)
        clause = (
            sa.update(table)
            .values({inbound.field: None, "version": table.c["version"] + 1})
            .where(table.c["id"].in_(id_params(len(wanted))))
        )
        return compile_statement(clause, tx.dialect), _AS_THEY_ARE

    statement, _ = _WRITES.get_or_make(key, make)
    tx.writes += 1
    tx.run(statement.text, statement.args(id_values(wanted)))


def move_binned_references(
    tx: Tx, snapshot: Snapshot, inbound: Inbound, others: Sequence[int], target: int
) -> None:
    """Turn a lookup from some records to another wherever it still points at them.

    For what lies in the bin or is about to: versions do not move.
    """
    wanted = padded(others)
    key = ("turn", inbound, _digest(snapshot, inbound.object), tx.dialect, len(wanted))

    def make() -> Prepared:
        table = _table(tx, snapshot, inbound.object)
        column = table.c[inbound.field]
        clause = (
            sa.update(table)
            .values({inbound.field: sa.bindparam("target", type_=sa.BigInteger)})
            .where(column.in_(id_params(len(wanted))))
        )
        return compile_statement(clause, tx.dialect), _AS_THEY_ARE

    statement, _ = _WRITES.get_or_make(key, make)
    params: dict[str, object] = id_values(wanted)
    tx.writes += 1
    tx.run(statement.text, statement.args({**params, "target": target}))


def _pointing(
    tx: Tx, snapshot: Snapshot, place: int, link: Inbound, many: int, *, is_live: bool
) -> sa.Select[tuple[int, int, int]]:
    table = _table(tx, snapshot, link.object)
    state: sa.ColumnElement[bool] = table.c[DELETED_AT].is_(None)
    if not is_live:
        state = table.c[DELETED_WITH] == sa.bindparam("root", type_=sa.BigInteger)
    return sa.select(
        sa.literal_column(str(place)).label("place"), table.c["id"], table.c[link.field]
    ).where(table.c[link.field].in_(id_params(many)), state)


def _set_bin(
    tx: Tx,
    snapshot: Snapshot,
    name: ObjectName,
    ids: Sequence[int],
    values: tuple[int | None, int | None, int | None],
    *,
    unlocked: bool = False,
) -> int:
    table = _table(tx, snapshot, name)
    wanted = padded(ids)
    key = ("bin", name, _digest(snapshot, name), tx.dialect, len(wanted), unlocked)

    def make() -> Prepared:
        clause = (
            sa.update(table)
            .values(
                {
                    DELETED_AT: sa.bindparam("at", type_=sa.BigInteger),
                    DELETED_BY: sa.bindparam("by", type_=sa.BigInteger),
                    DELETED_WITH: sa.bindparam("root", type_=sa.BigInteger),
                    "version": table.c["version"] + 1,
                }
            )
            .where(table.c["id"].in_(id_params(len(wanted))))
        )
        if unlocked:
            clause = clause.where(is_unlocked(table.c["id"]))
        return compile_statement(clause, tx.dialect), _AS_THEY_ARE

    statement, _ = _WRITES.get_or_make(key, make)
    params: dict[str, object] = id_values(wanted)
    tx.writes += 1
    return tx.run(
        statement.text,
        statement.args({**params, **dict(zip(("at", "by", "root"), values, strict=True))}),
    )


def _prepare(
    tx: Tx, snapshot: Snapshot, name: ObjectName, how: str, columns: tuple[str, ...]
) -> Prepared:
    compiled = snapshot.model.objects[name]
    key = (how, compiled.digest, _digest(snapshot, name), tx.dialect, columns)
    return _WRITES.get_or_make(key, lambda: _make(tx, snapshot, compiled, how, columns))


def _make(
    tx: Tx, snapshot: Snapshot, compiled: CompiledObject, how: str, columns: tuple[str, ...]
) -> Prepared:
    table = table_of(compiled, snapshot.physical[compiled.name], tx.dialect)
    written = {
        table.c[name]: sa.bindparam(f"v_{name}", type_=table.c[name].type) for name in columns
    }
    mirrored = mirrored_columns(snapshot, compiled.name, columns, tx.dialect)
    for key, _, _ in mirrored:
        written[table.c[key]] = sa.bindparam(f"v_{key}", type_=table.c[key].type)
    clause: sa.Insert | sa.Update
    if how == "insert":
        clause = sa.insert(table).values(written)
    else:
        written[table.c["version"]] = table.c["version"] + 1  # type: ignore[assignment]  # an expression
        clause = (
            sa.update(table)
            .values(written)
            .where(
                table.c["id"] == sa.bindparam("key_id"),
                table.c["version"] == sa.bindparam("key_version"),
                table.c[DELETED_AT].is_(None),
            )
        )
        if how == "update unlocked":
            clause = clause.where(is_unlocked(table.c["id"]))
    encoders = {}
    for name in columns:
        field = compiled.fields[FieldName(name)]
        encode = codec(field.type.storage(field.decl), tx.dialect).encode
        if encode is not None:
            encoders[name] = encode
    both = Encoders(own=encoders, mirrored=tuple(mirrored))
    return compile_statement(clause, tx.dialect), both


def _encoded(
    encoders: Encoders, columns: Iterable[str], values: Mapping[str, Value]
) -> dict[str, object]:
    params: dict[str, object] = {}
    own = encoders.own
    for name in columns:
        value = values.get(name)
        encode = own.get(name)
        params[f"v_{name}"] = value if value is None or encode is None else encode(value)
    for key, name, encode in encoders.mirrored:
        params[f"v_{key}"] = encode(values.get(name))
    return params


def _table(tx: Tx, snapshot: Snapshot, name: ObjectName) -> sa.Table:
    return table_of(snapshot.model.objects[name], snapshot.physical[name], tx.dialect)


def _digest(snapshot: Snapshot, name: ObjectName) -> tuple[str, str]:
    return snapshot.model.objects[name].digest, snapshot.physical[name].digest
