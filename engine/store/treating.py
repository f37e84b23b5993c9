"""Values of existing records changed by a deployment, in batches, with version and history.

A treatment changes what people see, so that the record's version moves on and its history tells of
it; rules and workflows of a save do not run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.compiled import Snapshot
from engine.model.fields.base import Storage, StorageKind, Value
from engine.names import FieldName, ObjectName
from engine.store.columns import codec
from engine.store.impact import Condition, Looking
from engine.store.mirroring import mirrored_columns
from engine.store.platform import history
from engine.store.platform.history import Entry
from engine.store.statements import compile_statement
from engine.store.tables import table_of
from engine.store.tx import Tx

BATCH = 2000
_DATETIME = Storage(StorageKind.DATETIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Treating:
    """One field of one object, in the transaction of a switch that has its columns already."""

    tx: Tx
    snapshot: Snapshot
    object: ObjectName
    field: FieldName
    by: int  # the user whom the history names
    at: datetime

    def change(self, condition: Condition, new: Callable[[Value], Value]) -> int:
        """Give every live record that meets a condition another value; give how many did.

        Cost: three statements per 2,000 records concerned.
        """
        last = done = 0
        while rows := self._batch(condition, last):
            changed = [(number, version, old, new(old)) for number, version, old in rows]
            self._write([row for row in changed if row[2] != row[3]])
            last, done = rows[-1][0], done + len(rows)
        return done

    def change_some(self, condition: Condition, new: Callable[[Value], Value]) -> int:
        """Do it to the next records that meet the condition; give how many got another value."""
        rows = self._batch(condition, 0)
        changed = [(number, version, old, new(old)) for number, version, old in rows]
        different = [row for row in changed if row[2] != row[3]]
        self._write(different)
        return len(different)

    def _batch(self, condition: Condition, last: int) -> list[tuple[int, int, Value]]:
        look = Looking(self.snapshot, self.tx.dialect, self.object, frozenset())
        root = look.root
        key = root.raw(FieldName("id"))
        clause = (
            sa.select(key, root.raw(FieldName("version")), root.raw(self.field))
            .select_from(look.from_clause)
            .where(key > last, look.live(root), condition(look))
            .order_by(key)
            .limit(BATCH)
        )
        statement = compile_statement(clause, self.tx.dialect)
        decode = self._codec().decode
        return [
            (int(number), int(version), old if old is None or decode is None else decode(old))
            for number, version, old in self.tx.rows(statement.text, statement.args(look.params))
        ]

    def _write(self, rows: Sequence[tuple[int, int, Value, Value]]) -> None:
        if not rows:
            return
        compiled = self.snapshot.model.objects[self.object]
        table = table_of(compiled, self.snapshot.physical[self.object], self.tx.dialect)
        values: dict[Any, Any] = {  # Any: columns and what SQLAlchemy takes for them
            table.c[self.field]: sa.bindparam("new", type_=table.c[self.field].type),
            table.c["version"]: table.c["version"] + 1,
            table.c["updated_at"]: sa.bindparam("now", type_=table.c["updated_at"].type),
            table.c["updated_by"]: self.by,
        }
        mirrored = mirrored_columns(self.snapshot, self.object, [self.field], self.tx.dialect)
        for key, _, _ in mirrored:
            values[table.c[key]] = sa.bindparam(key, type_=table.c[key].type)
        clause = sa.update(table).values(values)
        clause = clause.where(table.c["id"] == sa.bindparam("key_id", type_=sa.BigInteger))
        statement = compile_statement(clause, self.tx.dialect)
        encode, stamp = self._codec().encode, codec(_DATETIME, self.tx.dialect).encode
        now: Any = self.at if stamp is None else stamp(self.at)  # Any: as the driver takes it
        parameters = [
            {
                "new": new if new is None or encode is None else encode(new),
                "now": now,
                "key_id": number,
                **{key: mirror(new) for key, _, mirror in mirrored},
            }
            for number, _, _, new in rows
        ]
        self.tx.many(statement.text, [statement.args(one) for one in parameters])
        if compiled.history & compiled.fields[self.field].bit:
            self._remember(rows)

    def _remember(self, rows: Sequence[tuple[int, int, Value, Value]]) -> None:
        entries = [
            Entry(
                record=number,
                object=self.object,
                version=version + 1,
                event="updated",
                changes={str(self.field): (old, new)},
            )
            for number, version, old, new in rows
        ]
        history.append(self.tx, entries, at=self.at, actor=self.by, source="deploy")

    def _codec(self) -> Any:  # Any: a codec of this field's storage
        field = self.snapshot.model.objects[self.object].fields[self.field]
        return codec(field.type.storage(field.decl), self.tx.dialect)
