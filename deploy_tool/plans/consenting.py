"""What a plan needs before it is carried out: no conflict, consent, and no more records than said.

Separate from carrying it out, because the command line asks the same before it asks a person.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import datetime

from deploy_tool.exits import Exit
from deploy_tool.plans.counting import Counts
from deploy_tool.plans.plan import Plan, PlannedChange
from deploy_tool.plans.planning import Planned
from deploy_tool.plans.tallies import Tally, taken_by
from deploy_tool.plans.treatments import ensure_treated, is_conversion
from engine.diff import Operation
from engine.errors import DeploymentFailed
from engine.impact import UNTOUCHED
from engine.names import ComponentKey, split_key
from engine.store.ddl.generations import TooManyMisfits
from engine.store.tx import Tx

_OF_RECORDS = frozenset({"field", "index", "picklist"})


def ensure_decided(plan: Plan) -> None:
    """Refuse a plan with conflicts. Raises: DeploymentFailed D106, exit 4."""
    if not plan.conflicts:
        return
    count = len(plan.conflicts)
    what = "1 property" if count == 1 else f"{count} properties"
    raise DeploymentFailed(
        message=f"{what} changed on both sides since {plan.base}; nothing was changed.",
        code="D106",
        step="verify",
        exit_code=Exit.CONFLICT,
        status=409,
        hint=_way_out(plan),
    )


def _way_out(plan: Plan) -> str:
    """Name the decision that helps; where somebody goes back, also whoever changed it since."""
    taking = f"--resolve {_first(plan)}=incoming takes what comes in"
    said = f"{taking}, =target keeps what {plan.environment} has"
    if not plan.source.startswith(f"{plan.environment}@"):
        return said
    component = shlex.quote(plan.conflicts[0].component)
    return f"{said}; patron blame {plan.environment} {component} says who changed it since"


def _first(plan: Plan) -> str:
    """Name a conflict as `--resolve` wants it, quoted where a shell would read it otherwise."""
    first = plan.conflicts[0]
    return shlex.quote("/".join(filter(None, (first.component, first.property))))


def ensure_consented(planned: Planned, accepted: frozenset[str]) -> None:
    """Refuse what is not additive and nobody has consented to, with the reason for each change.

    Looks at the operations between the trees: what a file says of its own danger proves nothing.
    Raises: DeploymentFailed D101 for a missing consent, D107 for a treatment that blocks; exit 5.
    """
    impacts = {change.component: change.impact for change in planned.plan.changes}
    found = [PlannedChange.of(o, impacts.get(o.component)) for o in planned.operations]
    ensure_accepted(found, accepted)
    ensure_treated((c.component, c.treatment, c.impact.concerned) for c in planned.plan.changes)


def ensure_accepted(changes: Iterable[PlannedChange], accepted: frozenset[str]) -> None:
    """Refuse changes that are not additive and not consented to. Raises: DeploymentFailed D101."""
    refused = [c for c in changes if c.cls.word and c.cls.word not in accepted]
    if not refused:
        return
    count = len(refused)
    what = "1 change is" if count == 1 else f"{count} changes are"
    reasons = ""
    for found in refused:
        concerned = found.impact.concerned
        records = f" ({concerned:,} records)" if concerned else ""
        reasons += f"\n  {found.component}: {found.why}{records}"
    words = ",".join(sorted({c.cls.word for c in refused}, reverse=True))
    raise DeploymentFailed(
        message=f"{what} not additive, and nothing was changed:{reasons}",
        code="D101",
        step="verify",
        exit_code=Exit.CONSENT_MISSING,
        status=409,
        hint=f"consent with --accept {words}, or keep these as they are",
    )


def ensure_no_more(tx: Tx, planned: Planned, *, is_converted: bool = False) -> Tally:
    """Count again what was consented to: records may have come since; give the counts.

    `is_converted`: what does not fit another type was counted while it was converted.
    Raises: DeploymentFailed D108, exit 5.
    """
    asked = [o for o in planned.operations if o.cls.word]
    return _ensure(tx, planned, [o for o in asked if not (is_converted and is_conversion(o))])


def ensure_no_more_since(tx: Tx, planned: Planned, since: datetime) -> Tally:
    """Look only at records that changed since all were counted. Raises: D108, exit 5.

    Cost: one look at each table concerned; what it asks of all its records is counted again where
    some changed. How many there are was counted before: nobody waits for that inside the fence.
    """
    changed = [o for o in planned.operations if o.cls.word and not is_conversion(o)]
    asked = [o for o in changed if split_key(o.component)[0] in _OF_RECORDS]
    counting = _counts(planned).over(tx, since=since) if asked and planned.previous else None
    if counting is None:
        return Tally()
    met = counting.of(asked)
    again = [o for o in asked if met[o.component].concerned]
    return _ensure(tx, planned, again, with_rows=False)


def misfitting(error: TooManyMisfits) -> DeploymentFailed:
    """Say that values do not fit the type they were to become; exit 5."""
    return DeploymentFailed(
        message=f"{error.message} Nothing was changed.",
        code="D130",
        step="verify",
        exit_code=Exit.CONSENT_MISSING,
        status=409,
        hint=error.hint,
    )


def _ensure(
    tx: Tx, planned: Planned, operations: Sequence[Operation], *, with_rows: bool = True
) -> Tally:
    plan = planned.plan
    consented = {c.component: c.impact for c in plan.changes if c.impact.concerned}
    if not operations or planned.previous is None:
        return Tally()
    counting = _counts(planned).over(tx)
    if counting is None:
        return Tally()  # values would have to be kept differently: the steps refuse that
    found = counting.of(operations)
    for component, impact in found.items():
        now, before = impact.concerned, consented.get(component, UNTOUCHED).concerned
        if now > before:
            raise _grown(component, before, now, plan)
    return taken_by(counting, found) if with_rows else Tally(changes=found)


def _counts(planned: Planned) -> Counts:
    assert planned.previous is not None  # the callers have looked
    return Counts(
        environment=planned.plan.environment,
        running=planned.running,
        previous=planned.previous,
        model=planned.model,
    )


def _grown(component: ComponentKey, before: int, now: int, plan: Plan) -> DeploymentFailed:
    return DeploymentFailed(
        message=f"{component} concerns {now:,} records now, and {before:,} were consented to; "
        "nothing was changed.",
        code="D108",
        step="verify",
        exit_code=Exit.CONSENT_MISSING,
        status=409,
        hint=f"look at it again: {plan.made_again}",
    )
