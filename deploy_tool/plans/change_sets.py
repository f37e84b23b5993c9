"""Change sets: what of a sandbox goes together, kept under a name, taken by `@name`.

A pattern `@name` stands for the components of a change set, with the treatments and the sides of
conflicts that were chosen for them; what is typed beside it goes before. Components that were
promoted meanwhile are no mistake: there is nothing left of them to take. What is said anew of a set
of a known name replaces what it says; what is not mentioned stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from deploy_tool.exits import UsageWrong
from deploy_tool.plans.deciding import read_decisions
from deploy_tool.plans.planning import Wishes
from deploy_tool.plans.treatments import read_sent_treatment
from engine.errors import FieldError, NotFound, RecordInvalid
from engine.names import did_you_mean
from engine.snapshots import Environment
from engine.store.platform import audit
from engine.store.platform.change_sets import (
    ChangeSet,
    delete_change_set,
    find_change_set,
    list_change_sets,
    put_change_set,
)
from engine.store.tx import Tx

MARK = "@"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_RULES = "small letters, digits, - and _, a letter first, at most 40"


def list_sets(environment: Environment) -> list[ChangeSet]:
    """Give the change sets of an environment, by name."""
    with environment.database.read() as tx:
        return list_change_sets(tx)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWish:
    """What somebody wants of a change set; None leaves it as it is in a set of that name.

    `joins`: the components are added to those that are in it.
    """

    name: str
    components: tuple[str, ...] = ()
    reason: str | None = None
    treatments: Mapping[str, str] | None = None
    choices: Mapping[str, str] | None = None
    joins: bool = False


def keep_set(environment: Environment, wish: SetWish, *, actor: str, at: datetime) -> ChangeSet:
    """Keep a change set. Raises: as `put_set`."""
    with environment.database.write() as tx:
        return put_set(tx, wish, actor=actor, at=at)


def put_set(tx: Tx, wish: SetWish, *, actor: str, at: datetime) -> ChangeSet:
    """Keep a change set in a transaction of the caller; give what it is now.

    Raises: RecordInvalid R100 for a name or a list that cannot be; UsageWrong U105, U106 for a
    treatment or a choice that makes no sense.
    """
    known = find_change_set(tx, wish.name)
    if not _NAME.fullmatch(wish.name):
        raise _wrong("name", "R112", f"A change set is called by {_RULES} characters.")
    one = _with(known, wish, actor, at)
    if not one.components:
        raise _wrong("components", "R105", "A change set needs a component.")
    for text in one.treatments.values():
        read_sent_treatment(text)
    read_decisions(_typed(one.choices))
    put_change_set(tx, one)
    _note(tx, actor, "change_set.keep", one.name, at)
    return one


def _with(known: ChangeSet | None, wish: SetWish, actor: str, at: datetime) -> ChangeSet:
    """Give the set that a wish makes of the one that is known."""
    before = known or ChangeSet(
        name=wish.name, reason="", components=(), treatments={}, choices={}, actor=actor, at=at
    )
    inside = (*(before.components if wish.joins else ()), *filter(None, wish.components))
    return ChangeSet(
        name=wish.name,
        reason=before.reason if wish.reason is None else wish.reason,
        components=tuple(dict.fromkeys(inside)),
        treatments=before.treatments if wish.treatments is None else wish.treatments,
        choices=before.choices if wish.choices is None else wish.choices,
        actor=actor,
        at=at,
    )


def drop_set(environment: Environment, name: str, *, actor: str, at: datetime) -> None:
    """Drop a change set. Raises: NotFound D163."""
    with environment.database.write() as tx:
        remove_set(tx, environment.name, name, actor=actor, at=at)


def remove_set(tx: Tx, environment: str, name: str, *, actor: str, at: datetime) -> None:
    """Drop a change set in a transaction of the caller. Raises: NotFound D163."""
    if not delete_change_set(tx, name):
        raise no_such_set(environment, name)
    _note(tx, actor, "change_set.drop", name, at)


def no_such_set(environment: str, name: str) -> NotFound:
    """Say that an environment has no change set of a name."""
    return NotFound(f'{environment} has no change set "{name[:40]}".', code="D163")


def with_sets(environment: Environment | None, wishes: Wishes) -> Wishes:
    """Put components, treatments and choices in the place of every `@name`.

    `environment` is the source, None for files. Raises: UsageWrong U127 for a set that is nowhere.
    """
    wanted = [pattern for pattern in wishes.patterns if pattern.startswith(MARK)]
    if not wanted:
        return wishes
    if environment is None:
        message = f"{wanted[0]} is a change set, and those lie in a sandbox."
        raise UsageWrong(message=message, code="U127", hint="--from SANDBOX")
    known = {one.name: one for one in list_sets(environment)}
    sets = [_find(known, pattern.removeprefix(MARK), environment) for pattern in wanted]
    treatments = {
        key: read_sent_treatment(text) for one in sets for key, text in one.treatments.items()
    }
    choices = [typed for one in sets for typed in read_decisions(_typed(one.choices)).typed]
    return replace(
        wishes,
        patterns=tuple(p for p in wishes.patterns if not p.startswith(MARK)),
        optional=tuple(key for one in sets for key in one.components),
        usual={**treatments, **wishes.usual},
        decisions=replace(wishes.decisions, usual=tuple(choices)),
    )


def _find(known: Mapping[str, ChangeSet], name: str, environment: Environment) -> ChangeSet:
    if name in known:
        return known[name]
    message = f'{environment.name} has no change set "{name[:40]}".'
    raise UsageWrong(message=message, code="U127", hint=did_you_mean(name, known))


def _typed(choices: Mapping[str, str]) -> Iterable[str]:
    return (f"{what}={side}" for what, side in choices.items())


def _wrong(field: str, code: str, message: str) -> RecordInvalid:
    return RecordInvalid(message, errors=(FieldError(field=field, code=code, message=message),))


def _note(tx: Tx, actor: str, action: str, name: str, at: datetime) -> None:
    audit.note(tx, at=at, actor=actor, action=action, target=name)
