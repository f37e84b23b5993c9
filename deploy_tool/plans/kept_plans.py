"""Plans kept on the server: what a digest stands for, whoever names it.

Separate from plans in files: a file is the client's, what lies here is ours. Nobody can change a
plan by sending another one; whoever sends a digest gets the plan that has it, or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson

from deploy_tool.plans.plan import Plan
from deploy_tool.plans.plan_files import plan_of
from engine.errors import NotFound
from engine.source import canonical
from engine.store.database import Database
from engine.store.platform.plans import KeptPlan, find_plan, keep_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A plan that is kept, with how it came to be: see `KeptPlan`."""

    plan: Plan
    source: str
    git_revision: str
    person: int


def keep(
    database: Database,
    plan: Plan,
    *,
    person: int,
    at: datetime,
    source: str,
    git_revision: str = "",
) -> None:
    """Keep a plan in the environment it was made for."""
    kept = KeptPlan(
        digest=plan.digest,
        document=canonical(plan.sealed()),
        source=source,
        git_revision=git_revision,
        person=person,
        author=plan.author,
        at=at,
    )
    with database.write() as tx:
        keep_plan(tx, kept)


def find_known(database: Database, digest: str) -> Known | None:
    """Give the plan that a digest stands for in an environment; None when none is kept.

    One that an older engine wrote and this one reads differently is none.
    """
    with database.read() as tx:
        kept = find_plan(tx, digest)
    if kept is None:
        return None
    try:
        plan = plan_of(orjson.loads(kept.document))
    except (KeyError, TypeError, ValueError):
        return None
    if plan.digest != digest:
        return None
    return Known(plan=plan, source=kept.source, git_revision=kept.git_revision, person=kept.person)


def no_such_plan(digest: str) -> NotFound:
    """Say that no plan of this digest is kept where one may look."""
    message = f"There is no plan {digest[:7]} here, or you may not see it."
    hint = "plans are kept for 30 days; make it again: patron plan --from A --to ENV --out FILE"
    return NotFound(message, code="D161", hint=hint)
