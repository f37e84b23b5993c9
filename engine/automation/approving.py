"""How a request for approval moves: from step to step, to its end. Pure.

The state is the step that a request stands at and the answers given there; whether a step applies
is told by `holds`, which the caller works out over the record as it is now. What follows is a value
that the caller carries out (`engine.saving.approvals.approving`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.compiled import Approval, ApprovalStep

APPROVED, REJECTED = "approved", "rejected"
Holds = Callable[[ApprovalStep], bool]


@dataclass(frozen=True, slots=True)
class Ask:
    """What follows: the approvers of a step are asked."""

    step: ApprovalStep


@dataclass(frozen=True, slots=True)
class Finish:
    """What follows: the request ends, approved or rejected."""

    status: str


@dataclass(frozen=True, slots=True)
class Await:
    """What follows: nothing yet, more answers are needed."""


Move = Ask | Finish | Await


def submitted(approval: Approval, holds: Holds) -> Ask | Finish:
    """Say what follows when a record is submitted: the first step that applies asks.

    Where none applies nobody has to agree: it is approved.
    """
    return _ahead(approval.steps, holds)


@dataclass(frozen=True, slots=True)
class Ballot:
    """The answer of one person who is asked; None: not yet.

    `is_extra`: asked beside those that the step names, and no one whom everybody waits for.
    """

    answer: str | None
    is_extra: bool = False


def answered(
    approval: Approval, step: ApprovalStep, ballots: Sequence[Ballot], holds: Holds
) -> Move:
    """Say what follows from the ballots at a step, the newest answer included.

    first: whoever answers first decides. all: one refusal refuses. votes: refused once so many
    refuse that the votes cannot be had any more.
    """
    verdict = _verdict(step, ballots)
    if verdict is None:
        return Await()
    place = approval.steps.index(step)
    if verdict == APPROVED:
        return _ahead(approval.steps[place + 1 :], holds)
    before = _ahead(approval.steps[:place][::-1], holds) if step.goes_back else None
    return before if isinstance(before, Ask) else Finish(REJECTED)


def needed(step: ApprovalStep, ballots: Sequence[Ballot]) -> int:
    """Say how many have to agree at a step; one at least, whoever is asked."""
    if step.decide == "all":
        return max(sum(not ballot.is_extra for ballot in ballots), 1)
    return step.votes


def _verdict(step: ApprovalStep, ballots: Sequence[Ballot]) -> str | None:
    agreed = sum(ballot.answer == APPROVED for ballot in ballots)
    refused = sum(ballot.answer == REJECTED for ballot in ballots)
    if agreed >= needed(step, ballots):
        return APPROVED
    is_out_of_reach = len(ballots) - refused < needed(step, ballots)
    return REJECTED if refused and (step.decide != "votes" or is_out_of_reach) else None


def _ahead(steps: Sequence[ApprovalStep], holds: Holds) -> Ask | Finish:
    found = next((step for step in steps if holds(step)), None)
    return Finish(APPROVED) if found is None else Ask(found)
