"""Whom a step of an approval asks: people by what stands in the record, and members of groups.

Separate from deciding, because reminders ask as well: whoever has joined a group since, and the
managers of those who stay silent. Nobody is asked about what they have submitted themselves, in
their own name or working as somebody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.compiled import ApprovalStep, People
from engine.expr import EvalContext, ExprFailed
from engine.model.fields.base import Value
from engine.saving.unit import Unit
from engine.store.platform import approvals as store
from engine.store.platform.approvals import Question, Request, Wanted


def ask(
    unit: Unit,
    request: Request,
    step: ApprovalStep,
    values: Mapping[str, Value],
    context: EvalContext,
    *,
    is_again: bool = False,
) -> None:
    """Ask the approvers of a step; where they are too few, the administrators as well.

    `is_again`: of a step that has asked before, only those who are new. One statement, where the
    step names whom to ask.
    """
    wanted = wanted_of(step.approvers, values, context, but=request.authors)
    question = Question(request=request.id, round=request.round, step=step.name, at=unit.now)
    asked = store.ask(unit.tx, question, wanted)
    queues = set(wanted.ids) - set(asked) - request.authors
    if queues:
        asked += store.ask(unit.tx, question, _members(unit, queues, request.authors))
    if not is_again and len(asked) < (step.votes if step.decide == "votes" else 1):
        store.ask_administrators(unit.tx, question, but=request.authors)


def _members(unit: Unit, ids: set[int], but: Collection[int]) -> Wanted:
    """Give the members of those queues that an expression gave, as `owner` may be one."""
    groups = unit.snapshot.model.groups
    members = [
        groups[f"queue:{name}"]
        for name in store.names_of_queues(unit.tx, ids)
        if f"queue:{name}" in groups
    ]
    return Wanted(
        roles=frozenset().union(*(one.roles for one in members)),
        emails=frozenset().union(*(one.users for one in members)),
        but=but,
    )


def wanted_of(
    people: People, values: Mapping[str, Value], context: EvalContext, *, but: Collection[int] = ()
) -> Wanted:
    """Say whom a place of the configuration names; what cannot be computed is nobody."""
    ids = set()
    for expression in people.expressions:
        try:
            found = expression.evaluate(values, context)
        except ExprFailed:
            continue
        if isinstance(found, int) and not isinstance(found, bool):
            ids.add(found)
    return Wanted(ids=ids, roles=people.roles, emails=people.users, but=but)


def ask_managers(unit: Unit, request: Request, step: ApprovalStep) -> None:
    """Ask the managers of those who were asked and stay silent."""
    silent = [
        one.user
        for one in store.asked_of(unit.tx, [request.id])
        if one.round == request.round and one.answer is None and one.why == store.APPROVER
    ]
    wanted = Wanted(ids=store.managers_of(unit.tx, silent), but=request.authors)
    question = Question(
        request=request.id, round=request.round, step=step.name, at=unit.now, why=store.ESCALATED
    )
    store.ask(unit.tx, question, wanted)
