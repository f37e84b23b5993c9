"""Records read and written whole, many at a time, to be carried into another environment.

Separate from `reading` and `writing`, which serve people: here no rights are asked, nothing is
decided, and what is not a column is not seen. Records in the bin stay behind. Ids stay, so what an
environment knows of them (ranges, counters, shares by hand) is carried here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from engine.compiled import Inbound, Snapshot
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.store.columns import codec
from engine.store.platform.ids import BLOCK
from engine.store.reading import id_params, id_values, padded
from engine.store.statements import compile_statement
from engine.store.tables import DELETED_AT, table_of
from engine.store.text import native
from engine.store.tx import Tx

Record = dict[str, Value]
CHUNK = 512  # ids in one statement
_SHARE = "record, object, principal, access, until, created_at, created_by"
_SHARES = f"SELECT {_SHARE} FROM patron_share WHERE record IN ({{}}) ORDER BY id"
_PUT_SHARE = f"INSERT INTO patron_share ({_SHARE}) VALUES (?, ?, ?, ?, ?, ?, ?)"
_PUT_RANGE = "INSERT INTO patron_id_range (first, object) VALUES (?, ?)"
_PUT_COUNTER = "INSERT INTO patron_counter (name, next) VALUES (?, ?)"
_NEXT_BLOCK = "SELECT setval('patron_id_block', ?::bigint)"


class Reading:
    """Reads the live records of one object, every column decoded."""

    def __init__(self, tx: Tx, snapshot: Snapshot, name: ObjectName) -> None:
        compiled = snapshot.model.objects[name]
        self._tx = tx
        self._table = table_of(compiled, snapshot.physical[name], tx.dialect)
        stored = [field for field in compiled.fields.values() if field.is_stored]
        self._columns = [
            (str(field.name), codec(field.type.storage(field.decl), tx.dialect).decode)
            for field in stored
        ]
        self._chosen = sa.select(*(self._table.c[name] for name, _ in self._columns)).where(
            self._table.c[DELETED_AT].is_(None)
        )

    def count(self) -> int:
        """Tell how many there are."""
        clause = sa.select(sa.func.count()).where(self._table.c[DELETED_AT].is_(None))
        ((number,),) = self._rows(clause.select_from(self._table), {})
        return int(str(number))

    def slices(self, many: int) -> Iterator[list[Record]]:
        """Give all of them in order of id, so many at a time: one statement for each slice."""
        key, last = self._table.c["id"], 0
        after = key > sa.bindparam("last", type_=sa.BigInteger)
        clause = self._chosen.where(after).order_by(key).limit(many)
        while found := self._decoded(clause, {"last": last}):
            yield found
            last = int(str(found[-1]["id"]))

    def some(self, ids: Sequence[int], many: int) -> Iterator[list[Record]]:
        """Give those of some ids that are there, so many at a time."""
        for chunk in chunks(sorted(ids), many):
            wanted = padded(chunk)
            clause = self._chosen.where(self._table.c["id"].in_(id_params(len(wanted))))
            if found := self._decoded(clause.order_by(self._table.c["id"]), id_values(wanted)):
                yield found

    def _decoded(self, clause: sa.Select[object], params: dict[str, object]) -> list[Record]:
        return [
            {
                name: value if value is None or decode is None else decode(value)
                for (name, decode), value in zip(self._columns, row, strict=True)
            }
            for row in self._rows(clause, params)
        ]

    def _rows(
        self, clause: sa.Select[object], params: dict[str, object]
    ) -> list[tuple[Value, ...]]:
        statement = compile_statement(clause, self._tx.dialect)
        return self._tx.rows(statement.text, statement.args(params))


def live_ids(tx: Tx, snapshot: Snapshot, name: ObjectName, ids: Iterable[int]) -> set[int]:
    """Give those of some ids that are live records of an object."""
    table = _table(tx, snapshot, name)
    clause = sa.select(table.c["id"]).where(table.c[DELETED_AT].is_(None))
    return {row[0] for row in _among(tx, clause, table.c["id"], ids)}


def newest_ids(tx: Tx, snapshot: Snapshot, name: ObjectName, most: int) -> set[int]:
    """Give the live records of an object that were made last, at most so many."""
    table = _table(tx, snapshot, name)
    clause = sa.select(table.c["id"]).where(table.c[DELETED_AT].is_(None))
    statement = compile_statement(clause.order_by(table.c["id"].desc()).limit(most), tx.dialect)
    return {int(row[0]) for row in tx.rows(statement.text, statement.args({}))}


def ids_below(tx: Tx, snapshot: Snapshot, link: Inbound, ids: Iterable[int], most: int) -> set[int]:
    """Give the live records whose lookup leads to one of some ids: of each the newest, so many."""
    table = _table(tx, snapshot, link.object)
    via = table.c[link.field]
    place = sa.func.row_number().over(partition_by=via, order_by=table.c["id"].desc())
    found: set[int] = set()
    for chunk in chunks(sorted(ids), CHUNK):
        wanted = padded(chunk)
        ranked = (
            sa.select(table.c["id"], place.label("place"))
            .where(via.in_(id_params(len(wanted))), table.c[DELETED_AT].is_(None))
            .subquery()
        )
        statement = compile_statement(
            sa.select(ranked.c["id"]).where(ranked.c["place"] <= most), tx.dialect
        )
        rows = tx.rows(statement.text, statement.args(id_values(wanted)))
        found |= {int(row[0]) for row in rows}
    return found


def ids_above(
    tx: Tx, snapshot: Snapshot, name: ObjectName, field: FieldName, ids: Iterable[int]
) -> set[int]:
    """Give what a lookup of some records leads to."""
    table = _table(tx, snapshot, name)
    clause = sa.select(table.c[field]).where(table.c[field].is_not(None)).distinct()
    return {row[0] for row in _among(tx, clause, table.c["id"], ids)}


def carry_ids(source: Tx, target: Tx, own: int) -> None:
    """Let the target go on with numbers where the source stands, and with ids of its own.

    Ids of the source keep their objects; the target gives out ids from `own` on, so that what is
    made there never has the id of a record that the source makes later. Takes the place of what the
    target knew of ids below.
    """
    ranges = source.rows("SELECT first, object FROM patron_id_range ORDER BY first")
    counters = source.rows("SELECT name, next FROM patron_counter ORDER BY name")
    target.run(native(target, "DELETE FROM patron_id_range WHERE first < ?"), (own,))
    target.run("DELETE FROM patron_counter")
    if ranges:
        target.many(native(target, _PUT_RANGE), ranges)
    if counters:
        target.many(native(target, _PUT_COUNTER), counters)
    last = int(target.rows("SELECT coalesce(max(first), 0) FROM patron_id_range")[0][0])
    if last < own:
        target.run(native(target, _PUT_RANGE), (own, "user"))
        last = own
    if target.dialect == "postgresql":
        target.rows(native(target, _NEXT_BLOCK), (last // BLOCK,))


def last_id(tx: Tx) -> int:
    """Give the last id that an environment may have given out; 0 for none."""
    found = int(tx.rows("SELECT coalesce(max(first), 0) FROM patron_id_range")[0][0])
    return found + BLOCK if found else 0


def clear_records(tx: Tx, snapshot: Snapshot, name: ObjectName, *, but: Iterable[int] = ()) -> None:
    """Remove every record of an object, those in the bin too, but some; not what tells of them."""
    table = _table(tx, snapshot, name)
    clause = sa.delete(table)
    if kept := sorted(but):
        clause = clause.where(table.c["id"].not_in(kept))
    statement = compile_statement(clause, tx.dialect)
    tx.run(statement.text, statement.args({}))


def carry_shares(source: Tx, target: Tx, ids: Iterable[int]) -> None:
    """Open records by hand to whom they are opened in the source."""
    for chunk in chunks(sorted(ids), CHUNK):
        wanted = padded(chunk)
        places = ", ".join("?" * len(wanted))
        rows = source.rows(native(source, _SHARES.format(places)), wanted)
        if rows:
            target.many(native(target, _PUT_SHARE), rows)


def chunks(ids: Sequence[int], many: int) -> Iterator[Sequence[int]]:
    """Part ids into lists of at most so many."""
    for at in range(0, len(ids), many):
        yield ids[at : at + many]


def _among(
    tx: Tx, clause: sa.Select[tuple[int]], key: sa.Column[int], ids: Iterable[int]
) -> Iterator[tuple[int]]:
    for chunk in chunks(sorted(ids), CHUNK):
        wanted = padded(chunk)
        statement = compile_statement(clause.where(key.in_(id_params(len(wanted)))), tx.dialect)
        yield from tx.rows(statement.text, statement.args(id_values(wanted)))


def _table(tx: Tx, snapshot: Snapshot, name: ObjectName) -> sa.Table:
    return table_of(snapshot.model.objects[name], snapshot.physical[name], tx.dialect)
