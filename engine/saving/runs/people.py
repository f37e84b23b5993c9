"""Who is meant by a recipient: users, queues, roles, teams and addresses become persons.

Separate from effects, because approvals and assignments ask the same question. The answer is found
when it is needed and not before: who holds a role today gets today's mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.compiled import CompiledObject, Members, Model
from engine.errors import AutomationFailed
from engine.expr import EvalContext, Expression, ExprFailed
from engine.locale import say
from engine.model.fields.base import Value
from engine.programs import Group, Recipient
from engine.saving.completing import completed
from engine.saving.unit import Unit
from engine.store.platform.recipients import Found, Wanted, find_people, queue_names

_NOBODY = Members()
Meant = int | str | Group  # an id of a user or a queue, an address, a group
Asking = tuple[Mapping[str, Value], EvalContext]  # a record, and the surroundings of expressions


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to tell. `user` is None for people outside; `language` is never blank."""

    user: int | None
    address: str
    name: str
    language: str


def resolve_people(
    unit: Unit,
    compiled: CompiledObject,
    who: Sequence[Recipient] | Recipient,
    values: Mapping[str, Value],
    context: EvalContext,
) -> tuple[Person, ...]:
    """Give the persons that recipients mean on behalf of one record: see `resolve_many`."""
    return resolve_many(unit, compiled, who, [(values, context)])[0]


def resolve_many(
    unit: Unit,
    compiled: CompiledObject,
    who: Sequence[Recipient] | Recipient,
    asking: Sequence[Asking],
) -> list[tuple[Person, ...]]:
    """Give for each record the persons that recipients mean, in their order, each once.

    Members must be active. An address that belongs to a user means that user: one who may not enter
    any more is left out. Paths that the values of a record lack are read with full rights.
    Costs at most four statements, however many recipients and records there are.
    Raises: AutomationFailed W140 when an expression among them cannot be computed.
    """
    listed = (who,) if isinstance(who, Expression | Group) else tuple(who)
    reads = [path for one in listed if isinstance(one, Expression) for path in one.reads]
    wholes = completed(unit, compiled, [values for values, _ in asking], reads)
    surroundings = (context for _, context in asking)
    meant = [
        list(_meant(listed, values, context))
        for values, context in zip(wholes, surroundings, strict=True)
    ]
    everyone = list(dict.fromkeys(one for each in meant for one in each))
    known = dict(_found(unit, everyone))
    return [_each_once(person for one in each for person in known[one]) for each in meant]


def _each_once(persons: Iterable[Person]) -> tuple[Person, ...]:
    return tuple({person.user or person.address: person for person in persons}.values())


def _found(unit: Unit, meant: Sequence[Meant]) -> Iterator[tuple[Meant, tuple[Person, ...]]]:
    """Give the persons behind each of those who are meant."""
    ids = {one for one in meant if isinstance(one, int)}
    model = unit.snapshot.model
    found = find_people(unit.tx, _wanted(model, meant))
    queues = queue_names(unit.tx, ids - {person.user for person in found})
    groups = [Group(sort="queue", name=name) for name in queues.values()]
    if groups:
        found += find_people(unit.tx, _wanted(model, groups))
    known = _Known(model, found)
    for one in meant:
        yield one, tuple(known.persons(_queue(one, queues)))


def _meant(
    who: Sequence[Recipient], values: Mapping[str, Value], context: EvalContext
) -> Iterator[Meant]:
    for one in who:
        value = one if isinstance(one, Group) else _evaluated(one, values, context)
        if isinstance(value, str):
            yield value.strip()
        elif isinstance(value, int | Group):
            yield value


def _evaluated(expression: Expression, values: Mapping[str, Value], context: EvalContext) -> Value:
    try:
        return expression.evaluate(values, context) or None
    except ExprFailed as failed:
        message = say(
            "Whom `{expression}` means cannot be computed: {reason}.",
            expression=expression.text,
            reason=failed.reason,
        )
        raise AutomationFailed(message, code="W140") from failed


def _queue(one: Meant, queues: Mapping[int, str]) -> Meant:
    is_queue = isinstance(one, int) and one in queues
    return Group(sort="queue", name=queues[one]) if is_queue else one  # type: ignore[index]


def _wanted(model: Model, meant: Iterable[Meant]) -> Wanted:
    users: set[int] = set()
    roles: set[str] = set()
    emails: set[str] = set()
    sets: set[str] = set()
    for one in meant:
        if isinstance(one, int):
            users.add(one)
        elif isinstance(one, str):
            emails.add(one.lower())
        else:
            members = _members(model, one)
            roles |= members.roles
            emails |= members.users
            sets |= _held_names(model, "permission_set", one)
    return Wanted(
        users=frozenset(users),
        roles=frozenset(roles),
        emails=frozenset(emails),
        permission_sets=frozenset(sets),
    )


def _members(model: Model, group: Group) -> Members:
    """Give who belongs to a group by role or e-mail; former names of roles count."""
    if group.sort == "user":
        return Members(users=frozenset({group.name.lower()}))
    named = Members(roles=frozenset({group.name})) if group.sort == "role" else None
    members = named or model.groups.get(f"{group.sort}:{group.name}", _NOBODY)
    roles = [_held_names(model, "role", Group(sort="role", name=role)) for role in members.roles]
    return Members(roles=frozenset().union(*roles), users=members.users)


def _held_names(model: Model, kind: str, group: Group) -> frozenset[str]:
    """Give the names under which members hold a role or a permission set, former ones too."""
    if group.sort != kind:
        return frozenset()
    former = model.former.get(kind, {})
    return frozenset({group.name, *(old for old, new in former.items() if new == group.name)})


class _Known:
    """People who were found, by what they are asked for."""

    def __init__(self, model: Model, found: Sequence[Found]) -> None:
        self._model, self._found = model, found
        self._by_id = {person.user: person for person in found}
        self._by_email: dict[str, list[Found]] = {}
        for person in self._by_id.values():
            self._by_email.setdefault(person.email.lower(), []).append(person)

    def persons(self, one: Meant) -> Iterator[Person]:
        """Give the active persons that are meant; an address that is nobody's is one of its own."""
        if isinstance(one, Group):
            known = self._members_of(one)
        elif isinstance(one, int):
            known = [self._by_id[one]] if one in self._by_id else []
        else:
            known = self._by_email.get(one.lower(), [])
        default = self._model.project.languages[0]
        if not known and isinstance(one, str):
            yield Person(user=None, address=one, name="", language=default)
        for person in known:
            if person.is_active:
                yield Person(
                    user=person.user,
                    address=person.email,
                    name=person.name,
                    language=person.language or default,
                )

    def _members_of(self, group: Group) -> list[Found]:
        members = _members(self._model, group)
        sets = _held_names(self._model, "permission_set", group)
        return [
            person
            for person in self._found
            if person.role in members.roles
            or person.email.lower() in members.users
            or sets & person.permission_sets
        ]
