"""One SELECT in the making: the object's table, the lookups joined to it, columns and predicates.

Separate from `reading`, which executes, so that lists, saves, aggregates and impact counts build
the same joins and the same policies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.access import Everything, Nothing, OwnedBy, RowPolicy, Through
from engine.compiled import CompiledField, CompiledObject, Snapshot
from engine.errors import RequestInvalid
from engine.expr import Expression
from engine.names import FieldName, ObjectName
from engine.query import Fetch, Hop
from engine.query.columns import walk
from engine.store.lower import NoSqlForm, lower, lower_condition
from engine.store.tables import DELETED_AT, table_of

ME = "me"  # parameter: the caller's id

Column = sa.ColumnElement[Any]  # Any: a column holds what its field holds


class Source:
    """One table of the statement under its alias, and the lookups joined below it."""

    def __init__(
        self, compiled: CompiledObject, table: sa.FromClause, selecting: Selecting
    ) -> None:
        self.compiled, self.table = compiled, table
        self.joined: dict[Hop, Source] = {}
        self._selecting = selecting

    def raw(self, name: FieldName) -> Column:
        """Give the stored column of a field of this object."""
        return self.table.c[name]

    def through(self, hop: Hop) -> Source:
        """Join the target of a lookup, once per lookup and security."""
        found = self.joined.get(hop)
        if found is None:
            found = self.joined[hop] = self._selecting.join(self, hop)
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
    ) -> None:
        self.snapshot, self.dialect, self.secured = snapshot, dialect, secured
        self.params: dict[str, object] = {} if params is None else params
        self._aliases = 0
        self.root = self._source(start)
        self.from_clause: sa.FromClause = self.root.table

    def join(self, source: Source, hop: Hop) -> Source:
        """Add a LEFT JOIN for a lookup; a hidden target of a secured path reads as blank."""
        target = self._source(hop.target)
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

    def policy(self, policy: RowPolicy, source: Source) -> sa.ColumnElement[bool]:
        """Lower a row policy to a predicate over `source`."""
        if isinstance(policy, Everything):
            return sa.true()
        if isinstance(policy, Nothing):
            return sa.false()
        if isinstance(policy, OwnedBy):
            return source.raw(FieldName("owner")) == sa.bindparam(ME, type_=sa.BigInteger)
        if isinstance(policy, Through):
            return self._through(policy, source)
        return sa.or_(*(self.policy(branch, source) for branch in policy.branches))

    def live(self, source: Source, *, is_bin: bool = False) -> sa.ColumnElement[bool]:
        """Give the predicate for records that are (or are not) in the bin."""
        deleted = source.table.c[DELETED_AT]
        return deleted.is_not(None) if is_bin else deleted.is_(None)

    def _through(self, policy: Through, source: Source) -> sa.ColumnElement[bool]:
        target = source.compiled.fields[policy.lookup].decl.targets[0]
        parent = self._source(target)
        return sa.exists().where(
            parent.raw(FieldName("id")) == source.raw(policy.lookup),
            self.live(parent),
            self.policy(policy.policy, parent),
        )

    def _columns(self, source: Source, *, is_secured: bool) -> Callable[[str], Column]:
        return lambda path: self.value(source, path, is_secured=is_secured)

    def _source(self, name: ObjectName) -> Source:
        compiled = self.snapshot.model.objects[name]
        table = table_of(compiled, self.snapshot.physical[name], self.dialect)
        alias = table.alias(f"t{self._aliases}")
        self._aliases += 1
        return Source(compiled, alias, self)


def _no_sql(expression: Expression, missing: NoSqlForm) -> RequestInvalid:
    message = f"This cannot be used in a filter, an order or a total: {expression.text}"
    return RequestInvalid(message, code="Q110", hint=str(missing))
