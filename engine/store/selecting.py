"""One SELECT in the making: the object's table, the lookups joined to it, columns and predicates.

Separate from `reading`, which executes, so that lists, saves, aggregates and impact counts build
the same joins and the same policies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import sqlalchemy as sa

from engine.access import RowPolicy
from engine.compiled import CompiledField, CompiledObject, Snapshot
from engine.errors import RequestInvalid
from engine.expr import Expression
from engine.names import FieldName, ObjectName
from engine.query import Fetch, Hop
from engine.query.columns import walk
from engine.store.lower import NoSqlForm, lower, lower_condition
from engine.store.sharing import Form, PolicyWriter, queue_name
from engine.store.tables import DELETED_AT, table_of

GATHERED = 2_000  # ids that a walk gathers at most, to look each row up among them
_ONE_ROW = sa.table("patron_head", sa.column("id"))  # a table that always has one row

Column = sa.ColumnElement[Any]  # Any: a column holds what its field holds


class Source:
    """One table of the statement under its alias, and the lookups joined below it."""

    def __init__(
        self, compiled: CompiledObject, table: sa.FromClause, selecting: Selecting
    ) -> None:
        self.compiled, self.table = compiled, table
        self.joined: dict[Hop, Source] = {}
        self.selecting = selecting
        self.owner_of: Column | None = None  # set where a user is joined as the owner of a record

    def raw(self, name: FieldName) -> Column:
        """Give the stored column of a field of this object; the name of an owner may be a queue's.

        `owner` leads to a user or a queue, and people want to read who or what it is.
        """
        column = self.table.c[name]
        if self.owner_of is None or name != "name":
            return column
        return sa.func.coalesce(column, queue_name(self.owner_of), type_=column.type)

    def through(self, hop: Hop) -> Source:
        """Join the target of a lookup, once per lookup and security."""
        found = self.joined.get(hop)
        if found is None:
            found = self.joined[hop] = self.selecting.join(self, hop)
        return found


class Selecting:
    """Builds one statement over one snapshot for one dialect.

    `secured` holds the policies for targets of typed paths. `params` receives the constants of
    lowered expressions, by parameter name.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        dialect: str,
        start: ObjectName,
        secured: Mapping[ObjectName, RowPolicy],
        params: dict[str, object] | None = None,
        aliases: Iterator[int] | None = None,
    ) -> None:
        self.snapshot, self.dialect, self.secured = snapshot, dialect, secured
        self.params: dict[str, object] = {} if params is None else params
        self._aliases = count() if aliases is None else aliases
        self.root = self.source(start)
        self.from_clause: sa.FromClause = self.root.table

    def beside(self, name: ObjectName | None = None) -> Selecting:
        """Start another part of the same statement, over the same object or another one.

        It has joins of its own; no two parts use the same alias.
        """
        start = self.root.compiled.name if name is None else name
        return Selecting(
            self.snapshot, self.dialect, start, self.secured, self.params, self._aliases
        )

    def _one_row(self) -> sa.FromClause:
        """Give one row to join to: SQLite would write the row down again for each question."""
        name = f"one{next(self._aliases)}"
        if self.dialect == "sqlite":
            return _ONE_ROW.alias(name)
        return sa.select(sa.literal_column("1").label("one")).subquery(name)

    def nested(self, source: Source) -> Source:
        """Give `source` again for an expression whose joins stand inside a subquery of their own.

        The subquery selects from `source.selecting.from_clause`; it is one row and the joins.
        """
        inner = Selecting(
            self.snapshot,
            self.dialect,
            source.compiled.name,
            self.secured,
            self.params,
            self._aliases,
        )
        again = Source(source.compiled, source.table, inner)
        inner.root, inner.from_clause = again, self._one_row()
        return again

    def join(self, source: Source, hop: Hop) -> Source:
        """Add a LEFT JOIN for a lookup; a hidden target of a secured path reads as blank."""
        target = self.source(hop.target)
        if (hop.lookup, hop.target) == ("owner", "user"):
            target.owner_of = source.raw(hop.lookup)
        condition = target.raw(FieldName("id")) == source.raw(hop.lookup)
        policy = self.secured.get(hop.target) if hop.is_secured else None
        if policy is not None:
            condition = sa.and_(condition, self.policy(policy, target))
        self.from_clause = self.from_clause.outerjoin(target.table, condition)
        return target

    def fetch(self, want: Fetch) -> Column:
        """Give a stored column at the end of some lookups."""
        source = self.root
        for hop in want.hops:
            source = source.through(hop)
        return source.raw(want.field)

    def at(self, source: Source, path: str, *, is_secured: bool) -> tuple[Source, CompiledField]:
        """Follow a path from a source; the compiler or planner has checked it."""
        model = self.snapshot.model
        found = walk(model, source.compiled.name, path, is_secured=is_secured)
        if found is None:
            message = f"path {path!r} of {source.compiled.name} leads nowhere"
            raise LookupError(message)
        for hop in found[0]:
            source = source.through(hop)
        return source, found[2]

    def value(self, source: Source, path: str, *, is_secured: bool) -> Column:
        """Give the value at the end of a path; formulas not stored are lowered in place."""
        end, field = self.at(source, path, is_secured=is_secured)
        if field.is_stored or field.formula is None:
            return end.raw(field.name)
        return self.expression(field.formula, end, is_secured=False)

    def expression(self, expression: Expression, source: Source, *, is_secured: bool) -> Column:
        """Lower an expression over the fields of `source`, as a value.

        Raises: RequestInvalid Q110 for what has no SQL form on this database.
        """
        column = self._columns(source, is_secured=is_secured)
        try:
            return lower(expression, self.dialect, column, self.params)
        except NoSqlForm as missing:
            raise _no_sql(expression, missing) from missing

    def condition(
        self, expression: Expression, source: Source, *, is_secured: bool
    ) -> sa.ColumnElement[bool]:
        """Lower a condition for a WHERE, where blank and false are the same. Raises as above."""
        column = self._columns(source, is_secured=is_secured)
        try:
            return lower_condition(expression, self.dialect, column, self.params)
        except NoSqlForm as missing:
            raise _no_sql(expression, missing) from missing

    def policy(
        self, policy: RowPolicy, source: Source, form: Form = Form.KEY
    ) -> sa.ColumnElement[bool]:
        """Lower a row policy to a predicate over `source`."""
        return PolicyWriter(self, form).predicate(policy, source)

    def condition_behind(self, expression: Expression, lookup: FieldName) -> sa.ColumnElement[bool]:
        """Lower a condition over the object that a lookup leads to, where this statement starts.

        Everything that it reads lies behind the lookup. Raises as `condition`.
        """
        start = f"{lookup}."

        def column(path: str) -> Column:
            return self.value(self.root, path.removeprefix(start), is_secured=False)

        try:
            return lower_condition(expression, self.dialect, column, self.params)
        except NoSqlForm as missing:
            raise _no_sql(expression, missing) from missing

    def lead_nowhere(self) -> None:
        """Start from one row to which no record of the root is joined: all of it is blank."""
        self.from_clause = sa.outerjoin(self._one_row(), self.root.table, sa.false())

    def gathering(
        self,
        value: Column,
        ids: sa.Select[Any],
        by_key: sa.ColumnElement[bool],
        otherwise: sa.ColumnElement[bool] | None = None,
    ) -> sa.ColumnElement[bool]:
        """Tell whether a value is among ids that are gathered once, or `otherwise` holds.

        More than `GATHERED` are not gathered for a page of fifty rows: then each row is asked
        `by_key`.
        """
        most: Column = sa.literal_column(str(GATHERED))
        few = ids.correlate(None).limit(sa.literal_column(str(GATHERED + 1)))
        found = few.cte(f"few_{next(self._aliases)}")
        (column,) = found.c
        fits = sa.select(sa.func.count()).select_from(found).scalar_subquery() <= most
        among: sa.ColumnElement[bool] = value.in_(sa.select(column))
        if otherwise is not None:
            among = sa.or_(among, otherwise)
        return sa.case((fits, among), else_=by_key)

    def constant(self, value: object) -> sa.BindParameter[Any]:
        """Make a parameter of a constant that belongs to the statement."""
        name = f"e{len(self.params)}"
        self.params[name] = value
        return sa.bindparam(name, type_=sa.Text)

    def live(self, source: Source, *, is_bin: bool = False) -> sa.ColumnElement[bool]:
        """Give the predicate for records that are (or are not) in the bin."""
        deleted = source.table.c[DELETED_AT]
        return deleted.is_not(None) if is_bin else deleted.is_(None)

    def _columns(self, source: Source, *, is_secured: bool) -> Callable[[str], Column]:
        return lambda path: self.value(source, path, is_secured=is_secured)

    def source(self, name: ObjectName) -> Source:
        """Give the table of an object under an alias of its own, joined to nothing yet."""
        compiled = self.snapshot.model.objects[name]
        table = table_of(compiled, self.snapshot.physical[name], self.dialect)
        return Source(compiled, table.alias(f"t{next(self._aliases)}"), self)


def _no_sql(expression: Expression, missing: NoSqlForm) -> RequestInvalid:
    message = f"This cannot be used in a filter, an order or a total: {expression.text}"
    return RequestInvalid(message, code="Q110", hint=str(missing))
