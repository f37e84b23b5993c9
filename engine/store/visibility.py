"""How many records people would see that they did not, or no longer: two policies in one statement.

Separate from `sharing`, which asks for one caller at a time: here the caller is a column, so that
one statement counts the records of an object which at least one of many members gains or loses.
The tables of roles and queues still say what runs, so what they hold is written out on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import sqlalchemy as sa

from engine.access import Everything, Nothing, OwnedBy, RowPolicy, Through
from engine.access.policy import ByHand, leaves
from engine.names import FieldName, ObjectName
from engine.store.impact import Looking, Predicate, Records
from engine.store.selecting import Column
from engine.store.sharing import Form, Ids, PolicyWriter, there_is
from engine.store.statements import compile_statement

_ID = FieldName("id")
_USER = sa.table("patron_user", *map(sa.column, ("id", "role")))
_ONE: sa.ColumnElement[int] = sa.literal_column("1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What members who stand alike see on one side.

    `led`: roles whose records they see as those above. `groups`: whom shares may name beside them.
    `under`: the roles of "this role and below", and `queues`: every name of a queue, old ones too.
    """

    policy: RowPolicy
    led: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    under: Mapping[str, frozenset[str]]
    queues: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlookers:
    """Members who stand alike, what they see on one side, and what they see on the other."""

    users: tuple[int, ...]
    here: Side
    there: Side


def count_only_here(
    here: Records, there: Records, name: ObjectName, named: ObjectName, who: Sequence[Onlookers]
) -> int:
    """Count the live records that somebody sees here and not there. One statement.

    `name` is what the object is called here, `named` there. Raises: RequestInvalid Q110.
    """
    aliases: Iterator[int] = count()
    params: dict[str, object] = {}
    one = Looking(here.snapshot, here.tx.dialect, name, here.missing, aliases, params)
    other = Looking(there.snapshot, there.tx.dialect, named, there.missing, aliases, params)
    met = [_only_here(one, other, each, aliases) for each in who]
    clause = sa.select(sa.func.count()).select_from(one.from_clause)
    clause = clause.where(one.live(one.root), sa.or_(sa.false(), *met))
    statement = compile_statement(clause, here.tx.dialect)
    found = here.tx.row(statement.text, statement.args({**here.context.sql_params(), **params}))
    return 0 if found is None else int(found[0])


def _only_here(here: Looking, there: Looking, who: Onlookers, aliases: Iterator[int]) -> Predicate:
    """Tell of a record whether one of the members sees it on one side alone."""
    users = _USER.alias(f"m{next(aliases)}")
    sees = _Writer(here, who.here, users.c.id).predicate(who.here.policy, here.root)
    keeps = _Writer(there, who.there, users.c.id).predicate(who.there.policy, there.root)
    if not isinstance(who.there.policy, Everything | Nothing):
        same = there.root.raw(_ID) == here.root.raw(_ID)
        rows = sa.select(_ONE).select_from(there.from_clause).where(same, keeps)
        keeps = there_is(rows, there.from_clause)
    is_personal = _is_personal(who.here.policy) or _is_personal(who.there.policy)
    chosen = who.users if is_personal else who.users[:1]
    found = sa.select(_ONE).select_from(users).where(users.c.id.in_(chosen), sees, sa.not_(keeps))
    return there_is(found, users)


def _is_personal(policy: RowPolicy) -> bool:
    """Tell whether a policy shows different records to members who stand alike."""
    return any(
        isinstance(leaf, OwnedBy | ByHand)
        or (isinstance(leaf, Through) and _is_personal(leaf.policy))
        for leaf in leaves(policy)
    )


class _Writer(PolicyWriter):
    """Writes a policy for a member who is a column of the statement."""

    def __init__(
        self, looking: Looking, side: Side, member: Column, form: Form = Form.SCAN
    ) -> None:
        super().__init__(looking, form)
        self._looking, self._side, self._member = looking, side, member

    def by_key(self) -> PolicyWriter:
        """Give the same for one row that was found otherwise."""
        return _Writer(self._looking, self._side, self._member, Form.KEY)

    def me(self) -> Column:
        """Give the member's id."""
        return self._member

    def led(self) -> Ids:
        """Give the users whose role lies below, as this side has it."""
        return self._of_roles(self._side.led)

    def under(self, role: str) -> Ids:
        """Give the users of a role and of those below it, as this side has it."""
        return self._of_roles(self._side.under.get(role, frozenset({role})))

    def principals(self, size: int) -> list[Column]:
        """Give the member and their groups; `size` counts them already."""
        own = sa.literal_column("'user:'").concat(sa.cast(self._member, sa.Text))
        return [own, *self._texts(self._side.groups)]

    def queue_names(self, names: Iterable[str]) -> Iterable[str]:
        """Give every name that the record of a queue may have now."""
        return [known for name in names for known in self._side.queues.get(name, (name,))]

    def _of_roles(self, roles: frozenset[str]) -> Ids:
        texts = self._texts(sorted(roles))
        return sa.select(_USER.c.id).where(_USER.c.role.in_(texts) if texts else sa.false())
