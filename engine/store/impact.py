"""Records as a new configuration would find them: exact counts, and the ids of those concerned.

Statements run over the tables as they are. A column that is yet to come reads as blank; a stored
formula whose text is new is computed in place. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from engine.compiled import CompiledField, Snapshot
from engine.errors import RequestInvalid
from engine.expr import EvalContext, Expression
from engine.model.fields.base import Storage, StorageKind, Value
from engine.names import FieldName, ObjectName
from engine.store.columns import codec, sql_type
from engine.store.selecting import Column, Selecting, Source
from engine.store.statements import compile_statement
from engine.store.tables import table_of
from engine.store.tx import Tx

_AT_A_TIME = 50  # conditions that one statement counts
SHOWN = 100  # ids of concerned records that are named; all of them are counted
Missing = frozenset[tuple[ObjectName, FieldName]]
Predicate = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many records a change concerns, and the ids of the first of them, in order."""

    count: int
    ids: tuple[int, ...] = ()


class Looking(Selecting):
    """Builds statements over a snapshot some of whose columns do not exist yet."""

    def __init__(
        self,
        snapshot: Snapshot,
        dialect: str,
        start: ObjectName,
        missing: Missing,
        aliases: Iterator[int] | None = None,
        params: dict[str, object] | None = None,
    ) -> None:
        self._missing = missing
        super().__init__(snapshot, dialect, start, {}, params=params, aliases=aliases)

    def again(self) -> Looking:
        """Give another look at the same object, for a subquery."""
        name = self.root.compiled.name
        return Looking(self.snapshot, self.dialect, name, self._missing, self._aliases)

    def value(self, source: Source, path: str, *, is_secured: bool) -> Column:
        """Give the value at the end of a path; what has no column yet is computed in place."""
        end, field = self.at(source, path, is_secured=is_secured)
        is_missing = (end.compiled.name, field.name) in self._missing
        if is_missing and field.formula is not None:
            return self.expression(field.formula, end, is_secured=False)
        return super().value(source, path, is_secured=is_secured)

    def source(self, name: ObjectName) -> Source:
        """Give a table under an alias; what it lacks is selected as blank."""
        lacking = {field for owner, field in self._missing if owner == name}
        if not lacking:
            return super().source(name)
        compiled = self.snapshot.model.objects[name]
        table = table_of(compiled, self.snapshot.physical[name], self.dialect)
        kept = [c.label(c.key) for c in table.c if c.key not in lacking]
        blank = [
            sa.cast(sa.null(), _column_type(compiled.fields[field], self.dialect)).label(field)
            for field in sorted(lacking)
        ]
        inner = sa.select(*kept, *blank).subquery(f"s{next(self._aliases)}")
        return Source(compiled, inner, self)


Condition = Callable[[Looking], Predicate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of an environment, seen with a snapshot that is not in force yet.

    `since`: only those that were changed from then on.
    """

    tx: Tx
    snapshot: Snapshot
    missing: Missing
    context: EvalContext
    since: datetime | None = None

    def found(self, name: ObjectName, *conditions: Condition) -> Counted:
        """Count the live records of an object that meet one of the conditions.

        One statement, a second where there are more than are named. An object without a table has
        no records. Raises: RequestInvalid Q110 for a condition that has no SQL form.
        """
        if name not in self.snapshot.physical or not conditions:
            return Counted(count=0)
        ids = self._ids(name, conditions, SHOWN + 1)
        if len(ids) <= SHOWN:
            return Counted(count=len(ids), ids=ids)
        look = self._look(name)
        where = _any(look, conditions)  # before the clause: it may join other tables
        ((count,),) = self._rows(self._wanted(look, sa.func.count()).where(where), look)
        return Counted(count=int(count), ids=ids[:SHOWN])

    def found_each(self, name: ObjectName, conditions: Sequence[Condition]) -> tuple[Counted, ...]:
        """Count the live records that meet each of the conditions, in one look at the table.

        One statement for all (a few where there are hundreds), and one for the ids of each that is
        met. Raises: RequestInvalid Q110.
        """
        found: list[Counted] = []
        for start in range(0, len(conditions), _AT_A_TIME):
            some, look = conditions[start : start + _AT_A_TIME], self._look(name)
            counts = [sa.func.count().filter(condition(look)) for condition in some]
            (row,) = self._rows(self._wanted(look, *counts), look)
            for condition, count in zip(some, row, strict=True):
                ids = self._ids(name, (condition,), SHOWN) if count else ()
                found.append(Counted(count=int(count), ids=ids))
        return tuple(found)

    def can_tell(self, name: ObjectName, condition: Condition) -> bool:
        """Tell whether a condition has an SQL form on this database."""
        try:
            condition(self._look(name))
        except RequestInvalid:
            return False
        return True

    def written(self, name: ObjectName, field: FieldName) -> tuple[int, str]:
        """Give how many different values a field holds, and the day of the last save of one.

        The day is UTC, ISO text; "" where no record holds a value. One statement.
        """
        if name not in self.snapshot.physical:
            return 0, ""
        look = self._look(name)
        column, saved = look.root.raw(field), look.root.raw(FieldName("updated_at"))
        wanted = sa.select(sa.func.count(column.distinct()), sa.func.max(saved))
        where = (look.live(look.root), column.is_not(None))
        ((distinct, last),) = self._rows(wanted.select_from(look.from_clause).where(*where), look)
        decode = codec(Storage(StorageKind.DATETIME), self.tx.dialect).decode
        day = decode(last) if decode and last is not None else last
        return int(distinct), "" if day is None else f"{day.astimezone(UTC):%Y-%m-%d}"

    def total(self, name: ObjectName) -> int:
        """Count the rows of an object's table, those in the bin too; 0 without a table."""
        if name not in self.snapshot.physical:
            return 0
        look = self._look(name)
        wanted = sa.select(sa.func.count()).select_from(look.from_clause)
        ((count,),) = self._rows(wanted, look)
        return int(count)

    def _look(self, name: ObjectName) -> Looking:
        return Looking(self.snapshot, self.tx.dialect, name, self.missing)

    def _wanted(self, look: Looking, *columns: Any) -> sa.Select[Any]:  # Any: as SQLAlchemy has it
        """Select of the live records, of those changed since a moment where that is asked."""
        clause = sa.select(*columns).select_from(look.from_clause).where(look.live(look.root))
        if self.since is None:
            return clause
        saved = FieldName("updated_at")
        return clause.where(look.root.raw(saved) >= _encoded(look, saved, self.since))

    def _ids(
        self, name: ObjectName, conditions: Sequence[Condition], limit: int
    ) -> tuple[int, ...]:
        look = self._look(name)
        where, key = _any(look, conditions), look.root.raw(FieldName("id"))
        clause = self._wanted(look, key).where(where).order_by(key).limit(limit)
        return tuple(int(row[0]) for row in self._rows(clause, look))

    def _rows(self, clause: sa.Select[Any], look: Looking) -> Iterator[tuple[Any, ...]]:
        statement = compile_statement(clause, self.tx.dialect)
        params = {**self.context.sql_params(), **look.params}
        yield from self.tx.rows(statement.text, statement.args(params))


def count_alone(tx: Tx) -> None:
    """Count with one process to the end of the transaction: those who work need the other cores."""
    if tx.dialect == "postgresql":
        tx.run("SET LOCAL max_parallel_workers_per_gather = 0")


def _any(look: Looking, conditions: Sequence[Condition]) -> Predicate:
    return sa.or_(*(make(look) for make in conditions))


def every(look: Looking) -> Predicate:
    """Find every record."""
    return look.root.raw(FieldName("id")).is_not(None)


def holding(field: FieldName) -> Condition:
    """Find records with a value in a field."""
    return lambda look: look.root.raw(field).is_not(None)


def blank(field: FieldName) -> Condition:
    """Find records without a value in a field."""
    return lambda look: look.root.raw(field).is_(None)


def longer(field: FieldName, length: int) -> Condition:
    """Find records whose text has more code points."""
    return lambda look: sa.func.length(look.root.raw(field)) > length


def below(field: FieldName, limit: Value) -> Condition:
    """Find records with less than a limit."""
    return lambda look: look.root.raw(field) < _encoded(look, field, limit)


def above(field: FieldName, limit: Value) -> Condition:
    """Find records with more than a limit."""
    return lambda look: look.root.raw(field) > _encoded(look, field, limit)


def valued(field: FieldName, values: Sequence[str]) -> Condition:
    """Find records that hold one of some picklist values."""

    def make(look: Looking) -> Predicate:
        declared, column = look.root.compiled.fields[field], look.root.raw(field)
        if declared.type.storage(declared.decl).kind is not StorageKind.LIST:
            return column.in_(list(values))
        return sa.or_(*(column.contains(f";{value};", autoescape=True) for value in values))

    return make


def repeated(fields: Sequence[FieldName]) -> Condition:
    """Find records that share their values of some fields with another live record."""

    def make(look: Looking) -> Predicate:
        twin = look.again()
        theirs = [twin.root.raw(field) for field in fields]
        twice = (
            sa.select(*theirs)
            .where(twin.live(twin.root), *(column.is_not(None) for column in theirs))
            .group_by(*theirs)
            .having(sa.func.count() > 1)
        )
        return sa.tuple_(*(look.root.raw(field) for field in fields)).in_(twice)

    return make


def meeting(condition: Expression, *others: Condition) -> Condition:
    """Find records for which an expression holds, and the other conditions too."""

    def make(look: Looking) -> Predicate:
        held = look.condition(condition, look.root, is_secured=False)
        return sa.and_(held, *(other(look) for other in others))

    return make


def _encoded(look: Looking, field: FieldName, value: Value) -> Any:  # Any: as the driver takes it
    declared = look.root.compiled.fields[field]
    encode = codec(declared.type.storage(declared.decl), look.dialect).encode
    return value if encode is None else encode(value)


def _column_type(field: CompiledField, dialect: str) -> Any:  # Any: as SQLAlchemy types it
    return sql_type(field.type.storage(field.decl), dialect)
