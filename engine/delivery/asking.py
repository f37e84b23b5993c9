"""Telling those who are asked: at once, again after `remind_after`, and then their managers.

Runs behind the save that asked, so that submitting waits for no mail. Everybody is told in their
language, and only of what they may see; who does not see the record cannot decide about it and is
told nothing. A link of a mail stands for one person and one question, works once and not for ever;
see docs/decisions/approvals.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from engine.clock import Clock, FixedClock
from engine.compiled import Approval, ApprovalStep
from engine.errors import PatronError
from engine.locale import in_language, say
from engine.names import ObjectName
from engine.saving.approvals.asking import ask, ask_managers
from engine.saving.approvals.revisions import approval_of
from engine.saving.looking import load_facts, load_named
from engine.saving.runs.effects import MAIL, notify, one_line
from engine.saving.runs.people import Person
from engine.saving.unit import Unit
from engine.session import Session, run
from engine.settings import Settings
from engine.snapshots import Environment
from engine.store.platform import approval_links, approvals, outbox
from engine.store.platform.approval_links import Link
from engine.store.platform.approvals import Asked, Request
from engine.store.platform.enter import MemberCredential, SystemCredential, hash_token
from engine.unit import open_unit

MOST_REMINDERS = 12
ESCALATED_AT = 2  # the reminder with which managers of the silent are asked as well
LINK_LASTS = timedelta(days=14)
DECIDE = "decide"  # where links lead: /decide/<environment>/<secret>


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A request that is due, as the system sees it."""

    environment: Environment
    base: str  # the installation's address, "" when it is not known
    unit: Unit
    request: Request
    approval: Approval
    step: ApprovalStep


def tell_due(environment: Environment, settings: Settings, clock: Clock) -> int:
    """Tell everybody who is to be told now, one request after the other; give how many requests."""
    with environment.database.read() as tx:
        found = approvals.due(tx, at=clock.now())
    base = settings.public_url.rstrip("/")
    for number in found:
        run(
            environment,
            SystemCredential(),
            lambda session, number=number: _tell(environment, base, session, number),  # type: ignore[misc]  # bound now
            write=True,
            clock=clock,
            source="workflow",
        )
    return len(found)


def _tell(environment: Environment, base: str, session: Session, number: int) -> None:
    """Tell about one request, if it is still due: another worker may have been faster."""
    unit = session.unit
    request = approvals.find(unit.tx, number, for_update=True)
    is_due = request is not None and request.due_at is not None and request.due_at <= unit.now
    if request is None or not is_due or request.status != approvals.PENDING:
        return
    try:
        approval = approval_of(unit, request)
    except PatronError:
        approvals.told(unit.tx, request, (), next_at=None, at=unit.now)
        return
    step = approval.step(request.step)
    assert step is not None  # the request goes by this very approval
    case = _Case(
        environment=environment,
        base=base,
        unit=unit,
        request=request,
        approval=approval,
        step=step,
    )
    if request.reminders:
        _ask_again(case)
    asked = [one for one in approvals.asked_of(unit.tx, [number]) if one.round == request.round]
    silent = [one for one in asked if one.answer is None]
    _tell_all(case, silent)
    after = step.remind_after if request.reminders < MOST_REMINDERS else None
    next_at = None if after is None else unit.now + after
    approvals.told(unit.tx, request, [one.id for one in silent], next_at=next_at, at=unit.now)


def _ask_again(case: _Case) -> None:
    """Ask who has joined a group since, and at the second reminder the managers of the silent."""
    unit, request = case.unit, case.request
    compiled = unit.snapshot.model.objects.get(request.object)
    if compiled is None:
        return
    paths = tuple(sorted(case.approval.reads))
    values = load_facts(unit, compiled, request.record, paths)
    ask(unit, request, case.step, values, unit.caller.context, is_again=True)
    if request.reminders >= ESCALATED_AT:
        ask_managers(unit, request, case.step)


def _tell_all(case: _Case, silent: Collection[Asked]) -> None:
    """Tell each of them, and whoever stands in for those who are away."""
    unit = case.unit
    instead = approvals.delegates_of(unit.tx, [one.user for one in silent], at=unit.now)
    for one in silent:
        for user in dict.fromkeys((one.user, instead.get(one.user, one.user))):
            if user not in case.request.authors:
                _tell_one(case, one, user)


def _tell_one(case: _Case, asked: Asked, user: int) -> None:
    """Tell one person, in a unit of their own: what they may see decides what they are told."""
    request, clock = case.request, FixedClock(case.unit.now)
    try:
        own = open_unit(case.environment, case.unit.tx, MemberCredential(user), clock, "workflow")
    except PatronError:
        return  # no member any more
    compiled = own.snapshot.model.objects.get(ObjectName(request.object))
    seen = {} if compiled is None else load_named(own, compiled, [request.record])
    if compiled is None or request.record not in seen:
        return
    title = "" if compiled.title is None else str(seen[request.record].get(compiled.title) or "")
    label = compiled.text(own.language, "label") or compiled.label
    language = own.language or own.snapshot.model.project.languages[0]
    name = title or f"{label} {request.record}"
    about = own.caller.context.user
    person = Person(
        user=user,
        address=str(about.get("email") or ""),
        name=str(about.get("name") or ""),
        language=language,
    )
    key = f"approval:{request.id}:{request.round}:{request.reminders}:{asked.user}"
    subject = say("{approval}: {record}", approval=case.approval.title(language), record=name)
    notify(own, compiled, request.record, [person], subject, key)
    link = Link(request=request.id, round=request.round, person=asked.user, user=user)
    text = in_language(_text(case, asked, name, language, link), language)
    payload: Mapping[str, object] = {
        "to": person.address,
        "name": person.name,
        "language": language,
        "template": "",
        "object": request.object,
        "record": request.record,
        "subject": one_line(subject),
        "text": text,
    }
    effect = outbox.Effect(kind=MAIL, payload=payload, key=f"{key}:{user}")
    outbox.put(case.unit.tx, [effect], at=case.unit.now)
    case.unit.tx.after_commit(case.environment.wake)


def _text(case: _Case, asked: Asked, name: str, language: str, link: Link) -> str:
    """Write the mail: what is asked by whom, why them, and how to answer."""
    request = case.request
    why = {
        approvals.APPROVER: say("You are asked to decide about it."),
        approvals.NOBODY: say("The step names nobody who can decide, so administrators do."),
        approvals.ESCALATED: say("Somebody of your team has not answered yet, so you are asked."),
    }[asked.why]
    parts = {
        "approval": case.approval.title(language),
        "step": case.approval.step_title(case.step.name, language),
        "record": name,
        "comment": f"\n“{request.comment}”" if request.comment else "",
        "why": why,
        "how": _how(case, link),
    }
    if request.reminders:
        return say(
            "“{record}” still waits for “{approval}” ({step}).{comment}\n\n{why}\n\n{how}\n",
            **parts,
        )
    return say("“{record}” waits for “{approval}” ({step}).{comment}\n\n{why}\n\n{how}\n", **parts)


def _how(case: _Case, link: Link) -> str:
    """Say how to answer: by links, where the installation knows its own address."""
    if not case.base:
        return say("Open Patron and choose “Approvals”.")
    secret = secrets.token_urlsafe(32)
    expires = case.unit.now + LINK_LASTS
    approval_links.insert_link(case.unit.tx, hash_token(secret), link, expires=expires)
    root = f"{case.base}/{DECIDE}/{case.environment.name}/{secret}"
    record = f"{case.base}/e/{case.environment.name}/o/{case.request.object}/{case.request.record}"
    return say(
        "Approve: {approve}\nReject: {reject}\nThe record: {record}\n\n"
        "A link works once, for you alone; it asks before it decides.",
        approve=f"{root}?answer=approve",
        reject=f"{root}?answer=reject",
        record=record,
    )
