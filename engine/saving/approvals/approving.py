"""Approvals carried out: records submitted, decided about and recalled, in the caller's unit.

`engine.automation.approving` says how a request moves; here it is asked, its answer is written, and
what follows is started. Reached as `Session.approvals`; `enter_approvals` is what a save calls.
Order of locks: the record first, then its request, on every path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.automation.approving import (
    Ask,
    Await,
    Ballot,
    Finish,
    Move,
    answered,
    submitted,
)
from engine.compiled import Approval, ApprovalStep, CompiledObject
from engine.errors import AccessDenied, Conflict, NotFound, PatronError, RequestInvalid
from engine.expr import EvalContext
from engine.expr.watching import ENTERED, NOT_HELD, ONCE, OTHER_TRIGGER, UNCHANGED, WAITS, Looked
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import did_you_mean
from engine.saving.approvals.asking import ask, wanted_of
from engine.saving.approvals.revisions import approval_of
from engine.saving.explaining.tracing import tell
from engine.saving.fetching import to_change
from engine.saving.looking import Seen
from engine.saving.noting import ensure_oneself, note
from engine.saving.unit import Record, Unit
from engine.saving.written import Written
from engine.store.platform import approvals as store
from engine.store.platform import runs
from engine.store.platform.approvals import Asked, NewRequest, Request
from engine.store.reading import Reached

MOST_LETTERS = 4000  # of a comment
_MET = "approvals: records submitted or decided about"
_DEED_OF = {store.APPROVED: "approve", store.REJECTED: "reject", store.RECALLED: "recall"}
_SAVED = frozenset({"created", "updated"})  # what submits a record by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A record that is decided about: its values, and the surroundings of expressions over it."""

    compiled: CompiledObject
    values: Mapping[str, Value]
    context: EvalContext

    def holds(self, step: ApprovalStep) -> bool:
        """Tell whether a step applies to the record as it is now."""
        return step.condition is None or step.condition.holds(self.values, self.context)

    @property
    def id(self) -> int:
        """The record's id."""
        return int(self.values["id"])  # type: ignore[arg-type]  # ids are integers

    @property
    def version(self) -> int:
        """The record's version."""
        return int(self.values["version"])  # type: ignore[arg-type]  # an integer


def submit(
    unit: Unit,
    compiled: CompiledObject,
    record_id: int,
    approval: str | None = None,
    comment: str = "",
) -> Request:
    """Submit a record for an approval; without a name, for the first whose criteria it fulfils.

    Raises: NotFound N100; AccessDenied W162; RequestInvalid W161, W163, W173; Conflict W164.
    """
    _ensure_short(comment)
    offered = unit.snapshot.model.approvals.get(compiled.name, ())
    wanted = _named(compiled, offered, approval)
    found = _load(unit, compiled, record_id, wanted)
    case = _case_of(unit, compiled, found.row)
    chosen = _chosen(unit, case, wanted, found)
    request = _enter(unit, case, chosen, comment)
    if request is None:
        message = say(
            'The record waits for "{approval}" already.', approval=chosen.title(unit.language)
        )
        raise Conflict(message, code="W164")
    return request


def decide(
    unit: Unit,
    compiled: CompiledObject,
    record_id: int,
    answer: str,
    approval: str | None = None,
    comment: str = "",
    *,
    question: tuple[int, int, int] | None = None,
) -> Request:
    """Approve or reject a record on behalf of the caller, or of somebody they stand in for.

    `question`: the request, its round and the person asked, when the answer comes by a link.
    Raises: NotFound N100; AccessDenied W166, A104 for who works as somebody else; Conflict W165,
    W167, W169; RequestInvalid W161, W170.
    """
    ensure_oneself(unit)
    _ensure_short(comment)
    pending = _pending(unit, compiled, record_id, approval)
    mine = _asked_me(unit, pending)
    if question is not None:
        mine = [one for one in mine if (one.request, one.round, one.user) == question]
    request, asked = _the_one(pending, mine)
    definition = approval_of(unit, request)
    case = _case_of(unit, compiled, _load(unit, compiled, record_id, (definition,)).row)
    if not store.answer(
        unit.tx, asked.id, answer=answer, actor=unit.me, comment=comment, at=unit.now
    ):
        raise decided_already()
    instead = {} if asked.user == unit.me else {"for": f"user {asked.user}"}
    _note(unit, request, answer, step=request.step, **instead)
    return _move_on(unit, case, definition, request, comment)


def recall(
    unit: Unit,
    compiled: CompiledObject,
    record_id: int,
    approval: str | None = None,
    comment: str = "",
) -> Request:
    """Take a request back: whoever submitted it may, and who may change every such record.

    Raises: NotFound N100; AccessDenied W168; Conflict W165; RequestInvalid W161, W170.
    """
    _ensure_short(comment)
    pending = _pending(unit, compiled, record_id, approval)
    is_over_all = unit.access.of(compiled.name).may("modify_all")
    mine = [one for one in pending if is_over_all or one.submitted_by == unit.me]
    if not mine:
        raise AccessDenied(say("Only who submitted the record recalls it."), code="W168")
    request = _single(mine)
    try:
        definition = approval_of(unit, request)
    except Conflict:
        definition = None  # its version cannot be read any more: a way out there must be
    _note(unit, request, store.RECALLED)
    return _finish(unit, request, store.RECALLED, comment, definition)


def enter_approvals(unit: Unit, compiled: CompiledObject, written: Sequence[Written]) -> None:
    """Submit saved records by themselves, where an approval says so and its criteria now hold.

    Only a save that changes what the criteria look at submits. Two statements for each approval
    that is entered, none where none concerns the record.
    """
    declared = unit.snapshot.model.approvals.get(compiled.name, ())
    looked_at = [one for one in declared if one.is_automatic or unit.trace is not None]
    for one in written if looked_at else ():
        if one.event not in _SAVED:
            continue
        case = _saved_case(unit, compiled, one)
        for approval in looked_at:
            outcome = _entered(unit, case, one, approval)
            if unit.trace is not None:
                _tell(unit, case, approval, outcome)


def _entered(unit: Unit, case: _Case, saved: Written, approval: Approval) -> str:
    """Submit a saved record where an approval asks for it; say what came out."""
    if not approval.is_automatic:
        return OTHER_TRIGGER
    if saved.old is not None and not saved.changed & approval.watch:
        return UNCHANGED
    if (saved.id, approval.name) in unit.tx.held.get(_MET, ()):
        return ONCE
    if not _meets(approval, case):
        return NOT_HELD
    return WAITS if _enter(unit, case, approval, "") is None else ENTERED


def _tell(unit: Unit, case: _Case, approval: Approval, outcome: str) -> None:
    looked = Looked(
        kind="approval",
        name=approval.name,
        outcome=outcome,
        condition=approval.condition,
        values=case.values,
        context=case.context,
    )
    tell(unit, case.compiled, case.id, looked)


def offered(unit: Unit, seen: Seen) -> list[Approval]:
    """Give the approvals that the caller may submit a record for as it is now. No statement."""
    values = {**seen.record, **seen.facts}
    case = _case_of(unit, seen.object, values)
    return [
        one
        for one in unit.snapshot.model.approvals.get(seen.object.name, ())
        if _may_submit(unit, case, one, may_edit=seen.may_edit) and _meets(one, case)
    ]


# --- moving -------------------------------------------------------------------------------------


def _enter(unit: Unit, case: _Case, approval: Approval, comment: str) -> Request | None:
    """Make a request and ask at its first step; None when the record waits for it already."""
    move = submitted(approval, case.holds)
    step = move.step if isinstance(move, Ask) else None
    new = NewRequest(
        record=case.id,
        object=case.compiled.name,
        approval=approval.name,
        revision=unit.snapshot.version,
        digest=approval.digest,
        status=store.PENDING if step else store.APPROVED,
        step=step.name if step else "",
        locks=approval.locks,
        record_version=case.version,
        comment=comment,
    )
    number = store.insert(unit.tx, new, by=unit.me, helper=unit.helper_id, at=unit.now)
    if number is None:
        return None
    request = _made(unit, number, new)
    _pass_by(unit, case.id, approval.name)
    if step is not None:
        ask(unit, request, step, case.values, case.context)
        unit.tx.after_commit(unit.wake)
    _start(unit, approval, "submit", request)
    if step is None:
        _start(unit, approval, "approve", request)
    return request


def _move_on(
    unit: Unit, case: _Case, approval: Approval, request: Request, comment: str
) -> Request:
    """Carry out what follows from the answer that was just written."""
    step = approval.step(request.step)
    assert step is not None  # the request goes by this very approval
    round_ = [one for one in store.asked_of(unit.tx, [request.id]) if one.round == request.round]
    ballots = [Ballot(one.answer, is_extra=one.why != store.APPROVER) for one in round_]
    move: Move = answered(approval, step, ballots, case.holds)
    if isinstance(move, Finish):
        return _finish(unit, request, move.status, comment, approval)
    if isinstance(move, Await):
        return _kept(unit, request, is_done=store.stay(unit.tx, request))
    entered = store.enter_step(unit.tx, request, move.step.name, at=unit.now)
    moved = _kept(unit, request, is_done=entered)
    ask(unit, moved, move.step, case.values, case.context)
    return moved


def _finish(
    unit: Unit,
    request: Request,
    status: str,
    comment: str,
    approval: Approval | None = None,
) -> Request:
    """End a request, and let follow what the configuration says, and the runs that waited."""
    done = store.end(unit.tx, request, status, by=unit.me, comment=comment, at=unit.now)
    ended = _kept(unit, request, is_done=done)
    _pass_by(unit, request.record, request.approval)
    if approval is not None:
        _start(unit, approval, _DEED_OF[status], request)
    if runs.wake(unit.tx, f"approval:{request.id}", at=unit.now):
        unit.tx.after_commit(unit.wake)
    return ended


def _start(unit: Unit, approval: Approval, deed: str, request: Request) -> None:
    """Start the steps that follow from a deed, as they were when the record was submitted."""
    program = approval.programs.get(deed)
    compiled = unit.snapshot.model.objects.get(approval.object)
    if program is not None and compiled is not None and unit.start is not None:
        unit.start(unit, program, compiled, request.record, f"{approval.key}.on_{deed}")


def _pass_by(unit: Unit, record: int, approval: str) -> None:
    """Remember that a record was submitted or decided about: this transaction does it once."""
    met: frozenset[tuple[int, str]] = unit.tx.held.get(_MET, frozenset())
    unit.tx.held[_MET] = met | {(record, approval)}


def _note(unit: Unit, request: Request, deed: str, **more: str) -> None:
    """Note in the audit what somebody decided; what they wrote stays with the request."""
    target = f"{request.object} {request.record}"
    detail = {"approval": request.approval, "request": request.id, **more}
    note(unit, f"approval.{deed}", target, detail)


def _kept(unit: Unit, request: Request, *, is_done: bool) -> Request:
    """Give a request as it is after a change. Raises: Conflict W167 when there was none."""
    after = store.find(unit.tx, request.id) if is_done else None
    if after is None:
        raise decided_already()
    return after


# --- finding ------------------------------------------------------------------------------------


def _named(
    compiled: CompiledObject, offered: Sequence[Approval], name: str | None
) -> tuple[Approval, ...]:
    """Give the approvals that a caller may mean. Raises: RequestInvalid W161."""
    found = tuple(one for one in offered if name in (None, one.name))
    if found:
        return found
    if name is None:
        message = say('No approval is about "{object}".', object=compiled.name)
        raise RequestInvalid(message, code="W161")
    message = say('"{object}" has no approval "{name}".', object=compiled.name, name=name)
    hint = did_you_mean(name, [one.name for one in offered])
    raise RequestInvalid(message, code="W161", hint=hint)


def _load(
    unit: Unit, compiled: CompiledObject, record_id: int, approvals: Sequence[Approval]
) -> Reached:
    """Load a record and keep it for this transaction. Raises: NotFound N100."""
    access = unit.access.of(compiled.name)
    paths = frozenset().union(*(one.reads for one in approvals))
    plan = unit.planner.load(compiled, paths)
    found = to_change(unit, compiled, plan, [record_id]).get(record_id)
    if found is None or not access.may("read"):
        raise NotFound
    return found


def _chosen(unit: Unit, case: _Case, offered: Sequence[Approval], found: Reached) -> Approval:
    """Choose the approval to submit for: the first that is open to the caller and that applies."""
    refused: PatronError | None = None
    for approval in offered:
        if not _may_submit(unit, case, approval, may_edit=found.may_edit):
            message = say("You are not among those who submit this record.")
            refused = refused or AccessDenied(message, code="W162")
        elif not _meets(approval, case):
            title = approval.title(unit.language)
            message = say('The record does not need "{approval}" as it is now.', approval=title)
            refused = RequestInvalid(message, code="W163")
        else:
            return approval
    assert refused is not None  # one is offered at least
    raise refused


def _may_submit(unit: Unit, case: _Case, approval: Approval, *, may_edit: bool) -> bool:
    access = unit.access.of(case.compiled.name)
    if access.may("modify_all"):
        return True
    if approval.submitters is None:
        return access.may("edit") and may_edit
    wanted = wanted_of(approval.submitters, case.values, case.context)
    user = case.context.user
    return (
        unit.me in wanted.ids
        or (user.get("role") or None) in wanted.roles
        or str(user.get("email", "")).lower() in wanted.emails
    )


def _meets(approval: Approval, case: _Case) -> bool:
    condition = approval.condition
    return condition is None or condition.holds(case.values, case.context)


def _pending(
    unit: Unit, compiled: CompiledObject, record_id: int, approval: str | None
) -> list[Request]:
    """Give the requests of a record that wait, the record kept. Raises: NotFound; Conflict W165."""
    _load(unit, compiled, record_id, ())
    found = store.of_record(unit.tx, record_id, pending=True, for_update=True)
    found = [one for one in found if approval in (None, one.approval)]
    if not found:
        raise Conflict(say("Nothing waits for a decision here."), code="W165")
    return found


def _asked_me(unit: Unit, pending: Sequence[Request]) -> list[Asked]:
    """Give what the requests ask of the caller, of themselves first, then as a delegate.

    Rounds that are over are among them: whoever is late hears that, not that nobody asks them.
    """
    known = [one.id for one in pending if unit.me not in one.authors]
    others = store.stands_in_for(unit.tx, unit.me, at=unit.now) if known else frozenset()
    asked = [one for one in store.asked_of(unit.tx, known) if one.user in {unit.me, *others}]
    return sorted(asked, key=lambda one: one.user != unit.me)


def _the_one(pending: Sequence[Request], mine: Sequence[Asked]) -> tuple[Request, Asked]:
    """Give the one request that the caller decides about, and what it asks of them."""
    if not mine:
        raise AccessDenied(say("You are not asked to decide about this."), code="W166")
    rounds = {(one.id, one.round) for one in pending}
    still = [one for one in mine if one.answer is None and (one.request, one.round) in rounds]
    if not still:
        raise decided_already()
    request = _single([one for one in pending if any(one.id == a.request for a in still)])
    return request, next(one for one in still if one.request == request.id)


def _single(requests: Sequence[Request]) -> Request:
    """Give the only request. Raises: RequestInvalid W170 when it must be said which is meant."""
    if len(requests) > 1:
        names = ", ".join(one.approval for one in requests)
        message = say("Several approvals wait here: {names}.", names=names)
        raise RequestInvalid(message, code="W170", hint=say("say which one in `approval`"))
    return requests[0]


def _case_of(unit: Unit, compiled: CompiledObject, row: Record) -> _Case:
    context = replace(unit.caller.context, prior=row, is_new=False)
    return _Case(compiled=compiled, values=row, context=context)


def _saved_case(unit: Unit, compiled: CompiledObject, saved: Written) -> _Case:
    met = None if unit.memory is None else unit.memory.of(saved.id)
    prior = saved.old if met is None else met.found
    context = replace(unit.caller.context, prior=prior, is_new=prior is None)
    return _Case(compiled=compiled, values=saved.values, context=context)


def _made(unit: Unit, number: int, new: NewRequest) -> Request:
    """Give a request that was just written, without asking for it."""
    is_pending = new.status == store.PENDING
    return Request(
        id=number,
        record=new.record,
        object=new.object,
        approval=new.approval,
        revision=new.revision,
        digest=new.digest,
        status=new.status,
        step=new.step,
        round=1,
        locks=new.locks,
        record_version=new.record_version,
        submitted_by=unit.me,
        submitted_at=unit.now,
        comment=new.comment,
        ended_by=None if is_pending else unit.me,
        ended_at=None if is_pending else unit.now,
        ended_comment="",
        due_at=unit.now if is_pending else None,
        reminders=0,
        version=1,
        helper=unit.helper_id,
    )


def _ensure_short(comment: str) -> None:
    if len(comment) > MOST_LETTERS:
        message = say("A comment has at most {most:group} letters.", most=MOST_LETTERS)
        raise RequestInvalid(message, code="W173")


def decided_already() -> Conflict:
    """Say that somebody was faster."""
    return Conflict(say("This was decided already."), code="W167")
