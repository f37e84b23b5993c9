"""Row policies lowered to SQL: predicates over rows, in three forms of the same tree.

Where few rows are looked at (by id, over a lookup), each question is answered by key (EXISTS).
Where many are, what does not depend on the row is gathered once (IN); where they are walked for a
page, PostgreSQL also gathers what lies behind a lookup, if it is not too much. Where the policy
itself shall find the rows, each branch is written so that an index leads to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.access import (
    AnyOf,
    ByHand,
    Everything,
    InQueues,
    Nothing,
    OwnedBelow,
    OwnedBy,
    RowPolicy,
    Ruled,
    Through,
)
from engine.access.effective import padded_size
from engine.compiled import SharingRule
from engine.expr import Expression
from engine.names import FieldName

if TYPE_CHECKING:
    from engine.store.selecting import Column, Selecting, Source

ME, ROLE, GROUP, NOW = "me", "my_role", "group_", "ctx_now"  # parameters

Predicate = sa.ColumnElement[bool]
Ids = sa.Select[tuple[int]]

_USER = sa.table("patron_user", sa.column("id"), sa.column("role"), sa.column("email"))
_ROLES = sa.table("patron_role_tree", *map(sa.column, ("above", "below", "depth")))
_QUEUE = sa.table("patron_queue", *map(sa.column, ("id", "name", "api_name")))
_SHARE = sa.table(
    "patron_share", *map(sa.column, ("record", "object", "principal", "access", "until"))
)
_ONE: sa.ColumnElement[int] = sa.literal_column("1")
_OWNER, _ID = FieldName("owner"), FieldName("id")


def group_params(me: int, role: str, groups: tuple[str, ...]) -> dict[str, object]:
    """Give the parameters that policies ask for: who the caller is and where they belong."""
    names = [f"user:{me}", *groups]
    names += [names[-1]] * (padded_size(len(names)) - len(names))
    return {ME: me, ROLE: role, **{f"{GROUP}{place}": n for place, n in enumerate(names)}}


def queue_name(owner: Column) -> Column:
    """Give the name of the queue that an owner is, NULL for a person."""
    return sa.select(_QUEUE.c.name).where(_QUEUE.c.id == owner).scalar_subquery()


def there_is(rows: sa.Select[Any], *own: sa.FromClause) -> Predicate:
    """Tell whether there is a row. `own`: what it selects from; all else is of statements around.

    SQLAlchemy finds out by itself for one statement around it, not for several.
    """
    found: Predicate = sa.exists(rows.correlate_except(*own))
    return found


class Form(StrEnum):
    """How a predicate is asked."""

    KEY = "key"  # of few rows, found otherwise
    SCAN = "scan"  # of many rows, one after the other
    WALK = "walk"  # the same for one caller, until a page is full
    LEAD = "lead"  # it leads to the rows


class PolicyWriter:
    """Writes policies over the sources of one statement."""

    def __init__(self, selecting: Selecting, form: Form = Form.KEY) -> None:
        self._selecting, self._form = selecting, form

    def predicate(self, policy: RowPolicy, source: Source) -> Predicate:
        """Write a policy as a condition on one row of `source`."""
        if isinstance(policy, Everything | Nothing):
            return sa.true() if isinstance(policy, Everything) else sa.false()
        if isinstance(policy, AnyOf):
            return sa.or_(*(self.predicate(branch, source) for branch in policy.branches))
        if isinstance(policy, Through):
            return self._through(policy, source)
        if isinstance(policy, ByHand):
            return self._by_hand(policy, source)
        if isinstance(policy, Ruled):
            return self._ruled(policy, source)
        return self._owned(policy, source)

    def _owned(self, policy: OwnedBy | OwnedBelow | InQueues, source: Source) -> Predicate:
        owner = source.raw(_OWNER)
        if isinstance(policy, OwnedBy):
            return owner == self.me()
        if isinstance(policy, OwnedBelow):
            return self._among(owner, self.led())
        return self._among(owner, self._queues(policy.queues))

    # What a caller is: parameters here; who counts for many callers gives columns and constants.

    def me(self) -> Column:
        """Give the caller's id."""
        return sa.bindparam(ME, type_=sa.BigInteger)

    def led(self) -> Ids:
        """Give the users whose role lies below the caller's."""
        return _below(sa.bindparam(ROLE, type_=sa.Text), least=1)

    def under(self, role: str) -> Ids:
        """Give the users of a role and of those below it."""
        (above,) = self._texts((role,))
        return _below(above, least=0)

    def principals(self, size: int) -> list[Column]:
        """Give whom a share by hand may name: the caller and the groups they belong to."""
        return [sa.bindparam(f"{GROUP}{place}", type_=sa.Text) for place in range(size)]

    def queue_names(self, names: Iterable[str]) -> Iterable[str]:
        """Give the API names under which the records of queues are known."""
        return names

    def _among(self, value: Column, ids: Ids) -> Predicate:
        """Tell whether a value is among ids: looked up by key, or in a set gathered once."""
        if self._form is not Form.KEY:
            return self.within(value, ids)
        (column,) = ids.selected_columns
        return there_is(ids.where(column == value), *ids.get_final_froms())

    def within(self, value: Column, ids: sa.Select[Any]) -> Predicate:
        """Tell whether a value is in a set gathered once; where it leads, by the value's index.

        PostgreSQL would rather join two tables whole than follow an index for a set of unknown
        size; for an array it follows the index.
        """
        gathered = ids.correlate(None)
        if self._form is Form.LEAD and self._selecting.dialect == "postgresql":
            return value == sa.any_(sa.func.array(gathered.scalar_subquery()))
        return value.in_(gathered)

    def _queues(self, names: Iterable[str]) -> Ids:
        known = self._texts(self.queue_names(names))
        return sa.select(_QUEUE.c.id).where(_QUEUE.c.api_name.in_(known))

    def _by_hand(self, policy: ByHand, source: Source) -> Predicate:
        if self._form is Form.LEAD:
            of_object = _SHARE.c.object == self._selecting.constant(source.compiled.name)
            shared = sa.select(_SHARE.c.record).where(of_object, *self._valid(policy))
            return self.within(source.raw(_ID), shared)
        condition = [_SHARE.c.record == source.raw(_ID), *self._valid(policy)]
        return there_is(sa.select(_ONE).select_from(_SHARE).where(*condition), _SHARE)

    def _valid(self, policy: ByHand) -> list[Predicate]:
        """Choose the shares that count for the caller now."""
        until = _SHARE.c.until
        now = sa.bindparam(NOW, value=None, type_=sa.BigInteger)  # as expressions make theirs
        found = [
            _SHARE.c.principal.in_(self.principals(policy.size)),
            sa.or_(until.is_(None), until > now),
        ]
        if policy.levels == ("edit",):
            found.append(_SHARE.c.access == sa.literal_column("'edit'"))
        return found

    def _ruled(self, policy: Ruled, source: Source) -> Predicate:
        rule = self._rule(policy)
        if rule.where is None:
            return self._owners(rule.owners or "", source)
        if self._form is Form.LEAD:
            return self._selecting.condition(rule.where, source, is_secured=False)
        nested = self._selecting.nested(source)
        condition = nested.selecting.condition(rule.where, nested, is_secured=False)
        if not nested.joined:
            return condition
        joined = nested.selecting.from_clause
        by_key = there_is(sa.select(_ONE).select_from(joined).where(condition), joined)
        lookup = _only_lookup(rule.where, source)
        is_asked = self._form is not Form.WALK or self._selecting.dialect != "postgresql"
        if is_asked or lookup is None:
            return by_key
        return self._over_lookup(rule.where, lookup, source, by_key)

    def _over_lookup(
        self, where: Expression, lookup: FieldName, source: Source, by_key: Predicate
    ) -> Predicate:
        """Gather the targets for which a condition holds, instead of asking target by target.

        The condition may hold for a lookup that leads nowhere (ISBLANK), which no target tells.
        """
        value = source.raw(lookup)
        (target,) = source.compiled.fields[lookup].decl.targets
        holding = self._selecting.beside(target)
        holds = holding.condition_behind(where, lookup)
        ids = sa.select(holding.root.raw(_ID)).select_from(holding.from_clause).where(holds)
        nothing = self._selecting.beside(target)
        nothing.lead_nowhere()
        blank = nothing.condition_behind(where, lookup)
        one = nothing.from_clause
        holds_for_nothing = there_is(sa.select(_ONE).select_from(one).where(blank), one)
        there = self._selecting.beside(target).root
        pointed = sa.select(_ONE).select_from(there.table).where(there.raw(_ID) == value)
        leads_nowhere = ~there_is(pointed, there.table)
        return self._selecting.gathering(
            value, ids, by_key, sa.and_(holds_for_nothing, leads_nowhere)
        )

    def _owners(self, owners: str, source: Source) -> Predicate:
        """Write whose records an owner-based rule opens."""
        sort, _, name = owners.partition(":")
        owner = source.raw(_OWNER)
        if sort == "queue":
            return self._among(owner, self._queues((name,)))
        if sort == "role_and_below":
            return self._among(owner, self.under(name))
        return self._among(owner, self._people(owners))

    def _people(self, group: str) -> Ids:
        """Select the users of a role or a team."""
        model = self._selecting.snapshot.model
        if group.startswith("role:"):
            name = group.removeprefix("role:")
            roles, users = {name}, frozenset[str]()
        else:
            members = model.groups[group]
            roles, users = set(members.roles), members.users
        former = model.former.get("role", {})
        roles |= {old for old, new in former.items() if new in roles}
        belongs = [_USER.c.role.in_(self._texts(sorted(roles)))] if roles else []
        belongs += [_USER.c.email.in_(self._texts(sorted(users)))] if users else []
        return sa.select(_USER.c.id).where(sa.or_(sa.false(), *belongs))

    def _through(self, policy: Through, source: Source) -> Predicate:
        target = source.compiled.fields[policy.lookup].decl.targets[0]
        parent = self._selecting.source(target)
        found = sa.select(_ONE).select_from(parent.table)
        return there_is(
            found.where(
                parent.raw(_ID) == source.raw(policy.lookup),
                self._selecting.live(parent),
                self.by_key().predicate(policy.policy, parent),
            ),
            parent.table,
        )

    def by_key(self) -> PolicyWriter:
        """Give the writer for one row that was found otherwise."""
        return PolicyWriter(self._selecting)

    def _rule(self, policy: Ruled) -> SharingRule:
        rules = self._selecting.snapshot.model.sharing[policy.object]
        return next(rule for rule in rules if rule.name == policy.rule)

    def _texts(self, values: Iterable[str]) -> list[sa.BindParameter[Any]]:
        """Make constants of the statement; there is one at least."""
        return [self._selecting.constant(value) for value in values]


def _only_lookup(where: Expression, source: Source) -> FieldName | None:
    """Give the lookup to one object behind which lies all that a condition reads, if it is one."""
    names = {path.partition(".")[0] for path in where.reads}
    name = FieldName(names.pop()) if len(names) == 1 else None
    field = source.compiled.fields.get(name) if name else None
    if field is None or len(field.decl.targets) != 1 or name == _OWNER:
        return None
    return name if all("." in path for path in where.reads) else None


def _below(above: sa.ColumnElement[Any], *, least: int) -> Ids:
    """Select the users whose role lies `least` steps or more below a role."""
    joined = sa.join(_ROLES, _USER, _USER.c.role == _ROLES.c.below)
    return (
        sa.select(_USER.c.id)
        .select_from(joined)
        .where(_ROLES.c.above == above, _ROLES.c.depth >= least)
    )
