"""Opening a unit of work: enter the environment, pin its model, work out the caller's rights.

Separate from `engine.session`, so that jobs and tests can open one without a face.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType

from engine.access import Access, Standing, effective, standing
from engine.clock import Clock, zone_of
from engine.compiled import Model, Snapshot
from engine.errors import AccessDenied, SignInRequired
from engine.expr import EvalContext
from engine.locale import say
from engine.model.fields.base import Value
from engine.query import Planner, ReadPlan
from engine.saving.after import follow
from engine.saving.explaining.tracing import switched_trace
from engine.saving.runs.running import start_one
from engine.saving.unit import Unit
from engine.snapshots import Credential, Environment
from engine.store.elsewhere import with_others
from engine.store.memo import Memo
from engine.store.platform.enter import Helper, Member, MemberCredential, enter, look_at
from engine.store.reading import Caller
from engine.store.tx import Tx

_PLANS: Memo[tuple[object, ...], ReadPlan] = Memo(4096)
_STANDINGS: Memo[tuple[str, str, str], Standing] = Memo(4096)
_RIGHTS: Memo[tuple[str, frozenset[str], Standing], tuple[Access, Planner]] = Memo(1024)


def open_unit(
    environment: Environment, tx: Tx, credential: Credential, clock: Clock, source: str
) -> Unit:
    """Enter an environment in an open transaction.

    Raises: SignInRequired A200; AccessDenied A203 for a session that lacks its second factor.
    """
    entered = enter(tx, credential)
    snapshot = environment.snapshot(tx, entered)
    member = entered.member
    access, planner = rights_of(snapshot.model, member)
    _ensure_second_factor(snapshot.model, access, credential)
    now = clock.now()
    return Unit(
        tx=tx,
        snapshot=snapshot,
        access=access,
        planner=planner,
        caller=caller_of(tx, snapshot, access, member, now),
        now=now,
        source=source,
        helper=_helper(tx, snapshot.model, access, credential),
        scopes=member.scopes,
        take_ids=partial(environment.ids.take, tx),
        plans=partial(_kept_plan, (snapshot.model.digest, access.signature)),
        wake=environment.wake,
        trace=switched_trace(snapshot, member.id, now) if snapshot.switches else None,
        follow=follow,
        start=start_one,
    )


def _ensure_second_factor(model: Model, access: Access, credential: Credential) -> None:
    """Refuse a session without a second factor to who holds a set that asks for one."""
    if not isinstance(credential, MemberCredential) or credential.has_second_factor:
        return
    held = (model.permission_sets.get(name) for name in access.sets)
    if any(one is not None and one.requires_second_factor for one in held):
        message = say("What you may do here needs a second factor.")
        raise AccessDenied(message, code="A203", hint=say("set it up, then come back"))


def _helper(tx: Tx, model: Model, access: Access, credential: Credential) -> Helper | None:
    """Give who works as the caller; one statement where somebody does, else none.

    Whoever may not any more, because of what they or the other hold now, is sent to sign in.
    Raises: SignInRequired A200.
    """
    helper = credential.helper if isinstance(credential, MemberCredential) else None
    if helper is None:
        return None
    own = look_at(tx, helper.user)
    held = None if own is None else rights_of(model, own)[0]
    if held is None or "log_in_as" not in held.permissions:
        raise SignInRequired
    is_above = access.is_administrator or not access.permissions <= held.permissions
    if is_above and not held.is_administrator:
        raise SignInRequired
    return helper


def _kept_plan(
    whose: tuple[str, str], key: tuple[object, ...], make: Callable[[], ReadPlan]
) -> ReadPlan:
    return _PLANS.get_or_make((whose, key), make)


def rights_of(model: Model, member: Member) -> tuple[Access, Planner]:
    """Give a member's rights over a model, worked out once for all who stand alike."""
    place = _STANDINGS.get_or_make(
        (model.digest, member.role, member.email),
        lambda: standing(model, member.role, member.email),
    )

    def make() -> tuple[Access, Planner]:
        access = effective(model, member.permission_sets, place)
        return access, Planner(model, access)

    return _RIGHTS.get_or_make((model.digest, member.permission_sets, place), make)


def caller_of(tx: Tx, snapshot: Snapshot, access: Access, member: Member, now: datetime) -> Caller:
    """Give what statements and expressions know of a member."""
    return Caller(
        me=member.id,
        context=with_others(_context(snapshot, access, member, now), tx, snapshot),
        role=access.standing.role,
        groups=tuple(sorted(access.standing.groups)),
    )


def _context(snapshot: Snapshot, access: Access, member: Member, now: datetime) -> EvalContext:
    user: dict[str, Value] = {
        "id": member.id,
        "email": member.email,
        "name": member.name,
        "role": member.role,
        "manager": member.manager,
        "active": True,  # others do not enter
        "language": member.language,
        "time_zone": member.time_zone,
        "delegate": member.delegate,
    }
    return EvalContext(
        now=now,
        zone=zone_of(member.time_zone or snapshot.model.project.time_zone),
        user=MappingProxyType(user),
        env=snapshot.env,
        prior=None,
        is_new=False,
        permissions=access.permissions,
        roles=access.standing.held,
    )


def in_name_of(unit: Unit, user: int, helper: int | None = None) -> Unit:
    """Give the same transaction as that of a user who may be away: for what goes on in their name.

    `helper` worked as them when it began, and is named with them in what goes on.
    Days begin in the project's time zone, as in all that happens by itself.
    """
    if helper is not None:
        own = look_at(unit.tx, helper)
        email = own.email if own is not None else f"user {helper}"
        unit = replace(unit, helper=Helper(helper, email))
    member = look_at(unit.tx, user)
    if member is None or member.id == unit.me:
        return unit
    access, _ = rights_of(unit.snapshot.model, member)
    caller = caller_of(unit.tx, unit.snapshot, access, member, unit.now)
    zone = zone_of(unit.snapshot.model.project.time_zone)
    return replace(unit, caller=replace(caller, context=replace(caller.context, zone=zone)))
