"""Opening a unit of work: enter the environment, pin its model, work out the caller's rights.

Separate from `engine.session`, so that jobs and tests can open one without a face.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.access import Access, effective
from engine.clock import Clock
from engine.compiled import Model, Snapshot
from engine.expr import EvalContext
from engine.model.fields.base import Value
from engine.query import Planner, ReadPlan
from engine.saving.unit import Unit
from engine.snapshots import Credential, Environment
from engine.store.memo import Memo
from engine.store.platform.enter import Member, enter
from engine.store.reading import Caller
from engine.store.tx import Tx

_PLANS: Memo[tuple[object, ...], ReadPlan] = Memo(4096)
_RIGHTS: Memo[tuple[str, frozenset[str]], tuple[Access, Planner]] = Memo(1024)


def open_unit(
    environment: Environment, tx: Tx, credential: Credential, clock: Clock, source: str
) -> Unit:
    """Enter an environment in an open transaction. Raises: SignInRequired A200."""
    entered = enter(tx, credential)
    snapshot = environment.snapshot(tx, entered)
    member = entered.member
    access, planner = rights(snapshot.model, member.permission_sets)
    now = clock.now()
    return Unit(
        tx=tx,
        snapshot=snapshot,
        access=access,
        planner=planner,
        caller=Caller(me=member.id, context=_context(snapshot, access, member, now)),
        now=now,
        source=source,
        take_ids=partial(environment.ids.take, tx),
        plans=partial(_kept_plan, (snapshot.model.digest, access.signature)),
    )


def _kept_plan(
    whose: tuple[str, str], key: tuple[object, ...], make: Callable[[], ReadPlan]
) -> ReadPlan:
    return _PLANS.get_or_make((whose, key), make)


def rights(model: Model, sets: frozenset[str]) -> tuple[Access, Planner]:
    """Give the rights of permission sets over a model, worked out once."""

    def make() -> tuple[Access, Planner]:
        access = effective(model, sets)
        return access, Planner(model, access)

    return _RIGHTS.get_or_make((model.digest, sets), make)


def _context(snapshot: Snapshot, access: Access, member: Member, now: datetime) -> EvalContext:
    user: dict[str, Value] = {
        "id": member.id,
        "email": member.email,
        "name": member.name,
        "role": member.role,
        "language": member.language,
        "time_zone": member.time_zone,
    }
    return EvalContext(
        now=now,
        zone=zone_of(member.time_zone or snapshot.model.project.time_zone),
        user=MappingProxyType(user),
        env=snapshot.env,
        prior=None,
        is_new=False,
        permissions=access.permissions,
        roles=frozenset({member.role} if member.role else ()),
    )


def zone_of(name: str) -> ZoneInfo:
    """Give a time zone by name; an unknown one is UTC rather than a failed request."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
