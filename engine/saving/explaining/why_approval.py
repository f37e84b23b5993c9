"""Why a record was not submitted for an approval, and whom its steps ask, or do not ask.

A request that waits goes by the approval as it was when the record was submitted; so does what is
told of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from engine.compiled import Approval, ApprovalStep, CompiledObject
from engine.errors import Conflict
from engine.expr import Expression, ExprFailed
from engine.expr.watching import (
    ANSWERED,
    ASKED,
    AUTHOR,
    BLANK,
    BY_HAND,
    ENTERED,
    ESCALATED,
    INACTIVE,
    INSTEAD,
    LATER,
    NOT_HELD,
    STANDS_IN,
    UNCHANGED,
    UNKNOWN,
    WAITS,
    WOULD_BE,
)
from engine.saving.approvals.revisions import approval_of
from engine.saving.explaining.answers import Point, Someone, Teller, Why, is_hidden
from engine.saving.explaining.standing import standings
from engine.saving.unit import Unit
from engine.store.platform import approvals as store
from engine.store.platform.approvals import Asked, Request
from engine.store.platform.recipients import Found, Wanted, find_people

APPROVAL = "approval"
_EXTRA = {store.NOBODY: INSTEAD, store.ESCALATED: ESCALATED}


def why_approval(unit: Unit, compiled: CompiledObject, record_id: int, now: Approval) -> Why:
    """Say why a record waits for an approval or does not, and whom each step asks."""
    last = next((r for r in store.of_record(unit.tx, record_id) if r.approval == now.name), None)
    pending = last if last is not None and last.status == store.PENDING else None
    found = now
    if pending is not None:
        with suppress(Conflict):  # its version cannot be read any more: then as it is now
            found = approval_of(unit, pending)
    (standing,) = standings(unit, compiled, [record_id], found.reads)
    teller = Teller(unit, compiled, standing)
    asked = [] if pending is None else store.asked_of(unit.tx, [pending.id])
    return Why(
        component=now.key,
        label=found.title(unit.language),
        trigger="",
        event=standing.event,
        outcome=WAITS if pending is not None else _outcome(teller, found),
        criteria=teller.part(found.condition),
        points=tuple(_step(teller, found, step, pending, asked) for step in found.steps),
        state="" if last is None else last.status,
        since=None if last is None else last.ended_at or last.submitted_at,
    )


def _outcome(teller: Teller, approval: Approval) -> str:
    """Say what becomes of a record for which no request waits, when it is saved so."""
    standing = teller.standing
    if is_hidden(teller.part(approval.condition)):
        return UNKNOWN
    if not teller.holds(approval.condition):
        return NOT_HELD
    if not approval.is_automatic:
        return BY_HAND
    is_new = standing.event == "created"
    return ENTERED if is_new or standing.changed & approval.watch else UNCHANGED


def _step(
    teller: Teller,
    approval: Approval,
    step: ApprovalStep,
    pending: Request | None,
    asked: Sequence[Asked],
) -> Point:
    is_here = pending is not None and pending.step == step.name
    now = [one for one in asked if pending is not None and one.round == pending.round]
    return Point(
        name=step.name,
        label=approval.step_title(step.name, teller.unit.language),
        outcome=WAITS if is_here else teller.outcome(step.condition),
        criteria=teller.part(step.condition),
        people=tuple(_people(teller, step, pending, now if is_here else None)),
    )


def _people(
    teller: Teller,
    step: ApprovalStep,
    pending: Request | None,
    asked: Sequence[Asked] | None,
) -> Iterator[Someone]:
    """Tell of everybody whom a step names. `asked`: of the step at which the record waits."""
    unit = teller.unit
    answers = None if asked is None else {one.user: one for one in asked}
    authors = frozenset() if pending is None else pending.authors
    named: set[int] = set()
    for expression in step.approvers.expressions:
        value = _followed(teller, expression)
        if not isinstance(value, int):
            said = BLANK if value is None else UNKNOWN
            yield Someone(by=expression.text, user=None, name="", outcome=said)
            continue
        for person in find_people(unit.tx, Wanted(users=frozenset({value}))):
            named.add(person.user)
            yield _someone(person, expression.text, authors, answers)
    members = Wanted(roles=step.approvers.roles, emails=step.approvers.users)
    for person in find_people(unit.tx, members):
        if person.user not in named:
            named.add(person.user)
            by = person.email if person.email.lower() in step.approvers.users else person.role
            yield _someone(person, by, authors, answers)
    yield from _others(unit, asked or (), named)


def _followed(teller: Teller, expression: Expression) -> object:
    """Give what an expression names: an id, None for nobody, "" where the caller may not know."""
    if not teller.may_follow(expression):
        return ""
    try:
        return expression.evaluate(teller.standing.values, teller.standing.context)
    except ExprFailed:
        return None


def _someone(
    person: Found, by: str, authors: Collection[int], answers: dict[int, Asked] | None
) -> Someone:
    outcome = WOULD_BE
    if person.user in authors:
        outcome = AUTHOR
    elif not person.is_active:
        outcome = INACTIVE
    elif answers is not None:
        given = answers.get(person.user)
        outcome = LATER if given is None else ANSWERED if given.answer else ASKED
    return Someone(by=by, user=person.user, name=person.name, outcome=outcome)


def _others(unit: Unit, asked: Sequence[Asked], named: Collection[int]) -> Iterator[Someone]:
    """Tell of those who are asked although no step names them, and of those who stand in."""
    for one in asked:
        if one.user not in named:
            outcome = ANSWERED if one.answer else _EXTRA.get(one.why, ASKED)
            yield Someone(by="", user=one.user, name=one.name, outcome=outcome)
    instead = store.delegates_of(unit.tx, [one.user for one in asked], at=unit.now)
    names = {one.user: one.name for one in asked}
    for person in find_people(unit.tx, Wanted(users=frozenset(instead.values()))):
        for away in sorted(user for user, other in instead.items() if other == person.user):
            by = names.get(away, "")
            yield Someone(by=by, user=person.user, name=person.name, outcome=STANDS_IN)
