"""What expressions read of other records: VLOOKUP and CURRENCYRATE, with full rights.

Separate from `reading`, because these are facts of the configuration that no caller asks for by
name. One statement for a value; a transaction that only reads asks for each value once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from engine.compiled import Snapshot
from engine.expr import EvalContext, ExprFailed
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.store.columns import codec
from engine.store.memo import Memo
from engine.store.selecting import Column, Selecting, Source
from engine.store.statements import Statement, compile_statement
from engine.store.tx import Tx

T = TypeVar("T")
RATES = ObjectName("exchange_rate")
_ID, _FROM, _DATE, _RATE = map(FieldName, ("id", "from", "date", "rate"))
_STATEMENTS: Memo[tuple[object, ...], tuple[Statement, Mapping[str, object]]] = Memo(512)


def with_others(context: EvalContext, tx: Tx, snapshot: Snapshot) -> EvalContext:
    """Let the expressions of a context read other records in a transaction."""
    elsewhere = _Elsewhere(tx, snapshot)
    rate = partial(elsewhere.rate, context)
    return replace(context, look_up=elsewhere.look_up, rate=rate)


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The live records of one snapshot, in one transaction."""

    tx: Tx
    snapshot: Snapshot

    def look_up(self, object: str, wanted: str, key: str, value: Value) -> Value:
        """Give a field of the oldest record whose key has a value; None when there is none."""
        asked = ("look_up", object, wanted, key, value)
        return self._once(asked, partial(self._look_up, ObjectName(object), wanted, key, value))

    def rate(self, context: EvalContext, currency: str) -> Decimal:
        """Give the worth of one unit of a currency today. Raises: ExprFailed without a rate."""
        today = context.today
        if currency == self.snapshot.model.project.currencies[0]:
            return Decimal(1)
        found = self._once(("rate", currency, today), partial(self._rate, currency, today))
        if found is None:
            raise ExprFailed(say("there is no exchange rate of {currency}", currency=currency))
        return found

    def _once(self, asked: tuple[object, ...], ask: Callable[[], T]) -> T:
        """Ask once in a transaction that only reads; a writing one may change the answer."""
        if self.tx.is_write:
            return ask()
        held = self.tx.held
        if asked not in held:
            held[asked] = ask()
        known: T = held[asked]
        return known

    def _look_up(self, name: ObjectName, wanted: str, key: str, value: Value) -> Value:
        def clause(root: Source) -> sa.Select[tuple[object]]:
            column = root.raw(FieldName(key))
            return sa.select(root.raw(FieldName(wanted))).where(column == _given("value", column))

        values = {"value": self._encoded(name, FieldName(key), value)}
        order = [(_ID, False)]
        return self._first(("look_up", wanted, key), name, FieldName(wanted), clause, order, values)

    def _rate(self, currency: str, today: date) -> Decimal | None:
        def clause(root: Source) -> sa.Select[tuple[object]]:
            code, begins = root.raw(_FROM), root.raw(_DATE)
            return sa.select(root.raw(_RATE)).where(
                code == _given("currency", code), begins <= _given("today", begins)
            )

        values = {
            "currency": self._encoded(RATES, _FROM, currency),
            "today": self._encoded(RATES, _DATE, today),
        }
        order = [(_DATE, True), (_ID, True)]
        found = self._first(("rate",), RATES, _RATE, clause, order, values)
        return found if isinstance(found, Decimal) else None

    def _first(
        self,
        shape: tuple[str, ...],
        name: ObjectName,
        wanted: FieldName,
        clause: Callable[[Source], sa.Select[tuple[object]]],
        order: list[tuple[FieldName, bool]],
        values: Mapping[str, object],
    ) -> Value:
        """Run a statement for the first live record in an order (field, descending?)."""
        key = (*shape, name, self.snapshot.physical[name].digest, self.tx.dialect)

        def make() -> tuple[Statement, Mapping[str, object]]:
            selecting = Selecting(self.snapshot, self.tx.dialect, name, {})
            root = selecting.root
            placed = [root.raw(f).desc() if down else root.raw(f).asc() for f, down in order]
            whole = clause(root).where(selecting.live(root)).order_by(*placed).limit(1)
            return compile_statement(whole, self.tx.dialect), selecting.params

        statement, constants = _STATEMENTS.get_or_make(key, make)
        row = self.tx.row(statement.text, statement.args({**constants, **values}))
        return None if row is None or row[0] is None else self._decoded(name, wanted, row[0])

    def _encoded(self, name: ObjectName, field: FieldName, value: Value) -> object:
        declared = self.snapshot.model.objects[name].fields[field]
        encode = codec(declared.type.storage(declared.decl), self.tx.dialect).encode
        return value if encode is None or value is None else encode(value)

    def _decoded(self, name: ObjectName, field: FieldName, raw: object) -> Value:
        declared = self.snapshot.model.objects[name].fields[field]
        decode = codec(declared.type.storage(declared.decl), self.tx.dialect).decode
        return raw if decode is None else decode(raw)  # type: ignore[return-value]  # a column holds its field's values


def _given(name: str, column: Column) -> sa.BindParameter[object]:
    return sa.bindparam(name, type_=column.type)
