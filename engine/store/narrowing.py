"""Lists, counts and totals of somebody who does not see everything.

A window of a list can be found in several ways, and the statement itself decides which, by
gathering the ids that the branches of the policy open, each along its index, up to a limit. Few:
they are sorted. Some: the order of the list is walked along its index, and only rows whose ids are
among them are read (SQLite, where rows lie in another order; PostgreSQL takes longer to gather so
many). Many: the order is walked and each row asked. Somebody who sees 0.1 % would walk for ever,
somebody who sees half would gather for ever. The statement says which way it took, and for a while
the caller's next ones go that way alone (`ways`). Counts and totals are made of the branches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from engine.access import Everything, Nothing, RowPolicy, Through, leaves
from engine.names import FieldName
from engine.query import AggregatePlan, ReadPlan
from engine.store.keyset import Cursor, after_clause, order_columns
from engine.store.selecting import Column, Selecting
from engine.store.sharing import Form, PolicyWriter
from engine.store.ways import Way

FEW, SOME = 2_000, 10_000  # ids that are sorted; ids that rows of the order are looked up among
_ID = FieldName("id")

Part = tuple[Selecting, sa.ColumnElement[bool]]  # a branch: its joins, and its predicate
Ids = sa.Select[Any]  # one column, `id`
Asked = Callable[[Selecting], sa.ColumnElement[bool]]  # the condition on a row of the order


def is_narrow(policy: RowPolicy) -> bool:
    """Tell whether a policy opens some records and not all of them."""
    return not isinstance(policy, Everything | Nothing)


class Narrowing:
    """Writes the statements of one plan under one narrow policy."""

    def __init__(self, selecting: Selecting, plan: ReadPlan | AggregatePlan) -> None:
        self._outer, self._plan = selecting, plan
        self._found: list[sa.CTE] = []
        self._sizes: list[sa.CTE] = []
        self._limit: Column = sa.null()

    def window(self, after: Cursor | None, limit: int, way: Way | None = None) -> sa.Select[Any]:
        """Choose the rows of one window of a list, with the keys of their order behind.

        `way`: the one that is known to be short. Without it the last column says which one is.

        `limit` stands in the text: PostgreSQL plans a statement once for all callers only when that
        costs no more than planning it for each, and for that it must know how few rows are wanted.
        """
        self._limit = sa.literal_column(str(limit))
        plan, outer = self._plan, self._outer
        assert isinstance(plan, ReadPlan)  # lists only
        asked = self._asked(plan.policy, way)
        picked = sa.union_all(*(self._arm(*arm, after) for arm in asked.items())).subquery("picked")
        # The sum keeps SQLite from walking the table and looking each row up among the picked.
        key = outer.root.raw(_ID) == picked.c.id + 0
        outer.from_clause = sa.join(picked, outer.root.table, key)
        columns = [outer.fetch(want) for want in plan.fetches]
        told = [] if way else [self._taken().label("way")]
        # The order is that of the picked rows: PostgreSQL must not think of walking the table.
        keys = [
            replace(key, column=picked.c[f"key_{place}"])
            for place, key in enumerate(order_columns(outer.beside(), plan))
        ]
        return (
            sa.select(*columns, *(key.column for key in keys), *told)
            .select_from(outer.from_clause)
            .order_by(*(key.ordering(is_back=self._is_back(after)) for key in keys))
        )

    def _asked(self, policy: RowPolicy, way: Way | None) -> dict[Way, Asked]:
        """Write what a row is asked on the known way, or on each that the statement chooses from.

        Nothing is capped on a known way: the caller may see more by now.
        """
        asked: dict[Way, Asked] = {Way.MANY: lambda s: s.policy(policy, s.root, Form.WALK)}
        if way is not Way.MANY:
            found = self._whole(policy) if way else self._gathered(policy, self._outer)
            asked[Way.FEW] = lambda s: _picked(s, found)
            asked[Way.SOME] = lambda s: _met(s, found)
        fitting = (Way.FEW, Way.SOME, Way.MANY) if self._has_some else (Way.FEW, Way.MANY)
        return {known: asked[known] for known in ((way,) if way else fitting)}

    def count(self, most: Column) -> sa.Select[Any]:
        """Count up to `most`: no branch gives more, and what two of them give counts once."""
        plan = self._plan
        assert isinstance(plan, ReadPlan)  # lists only
        parts = []
        for selecting, predicate in self._parts(plan.policy, self._outer):
            root = selecting.root
            where = [selecting.live(root, is_bin=plan.is_bin), predicate]
            where += [selecting.condition(e, root, is_secured=True) for e in plan.where]
            parts.append(_ids(selecting, *where).limit(most))
        both = _union(parts, sa.union).subquery("both")
        inner = sa.select(both.c.id).limit(most).subquery("counted")
        return sa.select(sa.func.count()).select_from(inner)

    def all(self) -> sa.ColumnElement[bool]:
        """Tell that the root of the statement is among all that the branches open."""
        parts = [_ids(s, predicate) for s, predicate in self._parts(self._plan.policy, self._outer)]
        both = _union(parts, sa.union).subquery("both")
        return self._outer.root.raw(_ID).in_(sa.select(both.c.id))

    def _arm(
        self,
        how: Way,
        narrow: Asked,
        after: Cursor | None,
    ) -> sa.Select[Any]:
        """Write one of the ways to a window; it does nothing where another one fits."""
        plan = self._plan
        assert isinstance(plan, ReadPlan)  # lists only
        selecting = self._outer.beside()
        root = selecting.root
        keys = order_columns(selecting, plan)
        where = [selecting.live(root, is_bin=plan.is_bin), narrow(selecting)]
        where += [selecting.condition(e, root, is_secured=True) for e in plan.where]
        if after is not None:
            where.append(after_clause(keys, after))
        named = [key.column.label(f"key_{place}") for place, key in enumerate(keys)]
        arm = _ids(selecting, *where).add_columns(*named)
        arm = arm.order_by(*(key.ordering(is_back=self._is_back(after)) for key in keys))
        limit = self._limit
        if not self._sizes:  # this way is the only one
            arm = arm.limit(limit)
        elif selecting.dialect == "postgresql":
            arm = arm.where(self._fits(how)).limit(limit)
        else:  # SQLite would ask row by row, and stops at once for a limit of 0
            fits = sa.case((self._fits(how), limit), else_=0)
            arm = arm.limit(sa.select(fits).scalar_subquery())
        inner = arm.subquery(f"arm_{how}")
        return sa.select(*inner.c)

    @staticmethod
    def _is_back(after: Cursor | None) -> bool:
        return after is not None and after.is_back

    def _taken(self) -> sa.ColumnElement[str]:
        """Name the way that fits."""
        few, many = ((self._fits(way), way.value) for way in (Way.FEW, Way.MANY))
        return sa.case(few, many, else_=Way.SOME.value)

    def _fits(self, how: Way) -> sa.ColumnElement[bool]:
        few: Column = sa.literal_column(str(FEW))
        most: Column = sa.literal_column(str(self._most))
        counts = [sa.select(size.c.size).scalar_subquery() for size in self._sizes]
        is_few = sa.and_(*(count <= few for count in counts))
        is_many = sa.or_(*(count > most for count in counts))
        if how is Way.SOME:
            return sa.and_(sa.not_(is_few), sa.not_(is_many))
        return is_few if how is Way.FEW else is_many

    @property
    def _most(self) -> int:
        """Give how many ids are gathered at most."""
        return SOME if self._has_some else FEW

    @property
    def _has_some(self) -> bool:
        """Tell whether rows are worth looking up among ids: where they lie in another order."""
        is_ordered = isinstance(self._plan, ReadPlan) and bool(self._plan.order)
        return is_ordered and self._outer.dialect != "postgresql"

    def _whole(self, policy: RowPolicy) -> sa.CTE:
        """Gather all ids that a policy opens."""
        parts = [_ids(*part) for part in self._parts(policy, self._outer)]
        whole: Ids = _union(parts, sa.union_all)
        return whole.cte("whole")

    def _gathered(self, policy: RowPolicy, beside: Selecting) -> sa.CTE:
        """Gather the ids that a policy opens, in the bin or not, up to one more than will do."""
        most: Column = sa.literal_column(str(self._most + 1))
        branches = self._parts(policy, beside, is_capped=True)
        # Each is limited by itself as well, so that PostgreSQL chooses a way that can stop early.
        parts = [_ids(s, predicate).limit(most) for s, predicate in branches]
        both = _union(parts, sa.union_all).subquery(f"open_{len(self._found)}")
        limited = sa.select(both.c.id).limit(most)
        found = limited.cte(f"found_{len(self._found)}")
        self._found.append(found)
        size = sa.select(sa.func.count().label("size")).select_from(found)
        self._sizes.append(size.cte(f"size_{len(self._sizes)}"))  # counted once, asked often
        return found

    def _parts(
        self, policy: RowPolicy, beside: Selecting, *, is_capped: bool = False
    ) -> list[Part]:
        """Write each branch beside the others, so that each finds its own way to the rows."""
        found: list[Part] = []
        for leaf in leaves(policy):
            selecting = beside.beside()
            if isinstance(leaf, Through):
                predicate = self._through(leaf, selecting, is_capped=is_capped)
            else:
                predicate = selecting.policy(leaf, selecting.root, Form.LEAD)
            found.append((selecting, predicate))
        return found

    def _through(
        self, leaf: Through, selecting: Selecting, *, is_capped: bool
    ) -> sa.ColumnElement[bool]:
        """Lead over the parents that are open to their children."""
        root = selecting.root
        lookup = root.raw(leaf.lookup)
        target = root.compiled.fields[leaf.lookup].decl.targets[0]
        parents = selecting.beside(target)
        if not is_narrow(leaf.policy):
            whole = _ids(
                parents, parents.live(parents.root), parents.policy(leaf.policy, parents.root)
            )
            return lookup.in_(whole.correlate(None))
        if is_capped:
            found = self._gathered(leaf.policy, parents)
            opened: Ids = sa.select(found.c.id)
        else:
            # A name at the top of the statement: SQLite reads only so many selects in each other.
            parts = [_ids(s, p) for s, p in self._parts(leaf.policy, parents)]
            named = _union(parts, sa.union).cte()
            opened = sa.select(named.c.id)
        writer = PolicyWriter(parents, Form.LEAD)
        live = _ids(
            parents, parents.live(parents.root), writer.within(parents.root.raw(_ID), opened)
        )
        return PolicyWriter(selecting, Form.LEAD).within(lookup, live)


def _picked(selecting: Selecting, found: sa.CTE) -> sa.ColumnElement[bool]:
    """Go to each of the ids."""
    key = selecting.root.raw(_ID)
    return PolicyWriter(selecting, Form.LEAD).within(key, sa.select(found.c.id))


def _met(selecting: Selecting, found: sa.CTE) -> sa.ColumnElement[bool]:
    """Take the rows of the order whose ids are among those; the sum keeps it from going to each."""
    return (selecting.root.raw(_ID) + 0).in_(sa.select(found.c.id))


def _ids(selecting: Selecting, *where: sa.ColumnElement[bool]) -> Ids:
    """Select the ids of a part; its joins are complete once its predicates are written."""
    key = selecting.root.raw(_ID).label("id")
    return sa.select(key).select_from(selecting.from_clause).where(*where)


def _union(parts: list[Ids], join: Callable[..., Any]) -> Any:
    """Join parts; each stands in a subquery of its own, because SQLite takes no parentheses."""
    if len(parts) == 1:
        return parts[0]
    return join(*(sa.select(part.subquery().c.id) for part in parts))
