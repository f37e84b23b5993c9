"""The steps of runs that reach people and other systems: mails, notifications, calls, new owners.

Separate from `stepping`, which works on records. What is sent is a row of the same transaction
(`engine.saving.runs.effects`), under a key of the step: a step that is undone has sent nothing, and
one that is repeated sends nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.errors import AutomationFailed, Conflict, PatronError, RequestInvalid
from engine.expr import ExprFailed
from engine.programs import Approve, Assign, CallEndpoint, Notify, SendMail
from engine.saving.approvals.approving import submit
from engine.saving.runs.assigning import choose_owners
from engine.saving.runs.effects import Letter, call_of, notifications, put_effects, send_mails
from engine.saving.runs.people import Person, resolve_many
from engine.saving.runs.progress import WAITING, Progress
from engine.saving.runs.stepping import At, failed, note_step, text_of, turns
from engine.saving.save import Change, change
from engine.saving.unit import Unit
from engine.store.platform.approvals import PENDING, Request, of_record
from engine.store.platform.notifications import Notification, put_notifications
from engine.store.platform.outbox import Effect


def _mail(unit: Unit, group: Sequence[At]) -> None:
    """Write the mails of all runs in as few statements as of one."""
    doing = group[0][1]
    assert isinstance(doing, SendMail)  # the table says so
    people = _people(unit, group, doing)
    letters = [
        Letter(values=one.values or {}, context=one.context, to=to, key=_key(one, doing))
        for (one, _), to in zip(group, people, strict=True)
    ]
    try:
        send_mails(unit, group[0][0].compiled(unit), doing.email, letters)
    except PatronError as refused:
        raise failed(group[0][0], doing, refused) from refused
    for (progress, _), to in zip(group, people, strict=True):
        note_step(progress, doing, at=unit.now, given={"email": doing.email}, output=_told(to))


def _notify(unit: Unit, group: Sequence[At]) -> None:
    """Tell users on behalf of all runs in as few statements as on behalf of one."""
    doing = group[0][1]
    assert isinstance(doing, Notify)  # the table says so
    compiled = group[0][0].compiled(unit)
    texts = [text_of(progress, doing, doing.text) for progress, _ in group]
    rows: list[Notification] = []
    for (progress, _), to, text in zip(group, _people(unit, group, doing), texts, strict=True):
        rows += notifications(compiled, progress.record, to, text, _key(progress, doing))
        note_step(progress, doing, at=unit.now, given={"text": text}, output=_told(to))
    put_notifications(unit.tx, rows, at=unit.now)


def _call(unit: Unit, group: Sequence[At]) -> None:
    effects: list[Effect] = []
    for progress, doing in group:
        assert isinstance(doing, CallEndpoint)  # the table says so
        try:
            body = _body(progress, doing)
            effects.append(
                call_of(unit, doing.endpoint, body, progress.record, _key(progress, doing))
            )
        except ExprFailed as wrong:
            error = AutomationFailed(wrong.reason, code="W110")
            raise failed(progress, doing, error) from wrong
        except PatronError as refused:
            raise failed(progress, doing, refused) from refused
        given = {"endpoint": doing.endpoint, "body": body}
        note_step(progress, doing, at=unit.now, given=given)
    put_effects(unit, effects)


def _body(progress: Progress, doing: CallEndpoint) -> dict[str, object]:
    """Compute what is sent. Raises: ExprFailed."""
    values = progress.values or {}
    return {
        sent.name: sent.constant
        if sent.expression is None
        else sent.expression.evaluate(values, progress.context)
        for sent in doing.body
    }


def _assign(unit: Unit, group: Sequence[At]) -> None:
    """Choose owners for all runs at once, so that turns are fair, and give the records to them."""
    progress, doing = group[0]
    assert isinstance(doing, Assign)  # the table says so
    compiled = progress.compiled(unit)
    asking = [(one.values or {}, one.context) for one, _ in group]
    try:
        owners = choose_owners(unit, compiled, asking, doing.assignment)
    except PatronError as refused:
        raise failed(progress, doing, refused) from refused
    chosen = {one.row.id: owner for (one, _), owner in zip(group, owners, strict=True)}
    for turn in turns(group):
        given = [
            Change(id=one.record, given={"owner": owner})
            for one, _ in turn
            if (owner := chosen[one.row.id]) is not None
        ]
        outcomes = dict(zip([c.id for c in given], change(unit, compiled, given), strict=True))
        for one, _ in turn:
            outcome = outcomes.get(one.record)
            if isinstance(outcome, PatronError):
                raise failed(one, doing, outcome)
            said = {"assignment": doing.assignment}
            output = {"owner": chosen[one.row.id]}
            note_step(one, doing, at=unit.now, given=said, output=output)
            one.values = None


def _approve(unit: Unit, group: Sequence[At]) -> None:
    """Submit records and wait for what is decided; one that needs no approval goes on at once."""
    for progress, doing in group:
        assert isinstance(doing, Approve)  # the table says so
        try:
            request = _submitted(unit, progress, doing)
        except PatronError as refused:
            raise failed(progress, doing, refused) from refused
        given = {"approval": doing.approval}
        output = {} if request is None else {"request": request.id, "status": request.status}
        note_step(progress, doing, at=unit.now, given=given, output=output)
        progress.values = None
        if request is not None and request.status == PENDING:
            progress.state, progress.waits_for = WAITING, f"approval:{request.id}"


def _submitted(unit: Unit, progress: Progress, doing: Approve) -> Request | None:
    """Submit a record, or give the request that it waits for already; None: it needs none."""
    compiled = progress.compiled(unit)
    try:
        return submit(unit, compiled, progress.record, doing.approval)
    except RequestInvalid as refused:
        if refused.code != "W163":
            raise
        return None
    except Conflict:
        found = of_record(unit.tx, progress.record, pending=True)
        return next((one for one in found if one.approval == doing.approval), None)


def _people(unit: Unit, group: Sequence[At], doing: SendMail | Notify) -> list[tuple[Person, ...]]:
    """Give whom a step means for each run. What cannot be said of one is said when it is alone."""
    asking = [(progress.values or {}, progress.context) for progress, _ in group]
    try:
        return resolve_many(unit, group[0][0].compiled(unit), doing.to, asking)
    except PatronError as refused:
        raise failed(group[0][0], doing, refused) from refused


def _key(progress: Progress, doing: SendMail | Notify | CallEndpoint) -> str:
    return f"run:{progress.row.id}:step:{progress.count}:{doing.step}"


def _told(to: Sequence[Person]) -> dict[str, object]:
    return {"to": [one.address for one in to]}


# Instruction -> what carries it out, for all runs that stand at it.
EFFECTS: Mapping[type, Callable[[Unit, Sequence[At]], None]] = {
    SendMail: _mail,
    Notify: _notify,
    CallEndpoint: _call,
    Assign: _assign,
    Approve: _approve,
}
