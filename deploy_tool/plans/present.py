"""What a configuration needs of the environment it comes to: values of variables, people in roles.

Separate from checking, which looks at the configuration alone. A missing value of a variable that
comes with the plan is refused; a role, queue or team without anybody in it is a warning, because
people come and go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy_tool.exits import Exit
from deploy_tool.plans.plan import FailedCheck, Plan
from engine.compiled import Model
from engine.diff import Operation, Retire
from engine.errors import DeploymentFailed
from engine.names import ComponentKey, EnvironmentName, split_key
from engine.source import SourceTree
from engine.store.platform.members import MemberRow
from engine.store.platform.values import list_values
from engine.store.tx import Tx

_GROUPS = frozenset({"role", "queue", "team"})
# Kinds that give work to people; access that nobody has yet is no mistake.
_WORKING = frozenset({"workflow", "approval", "assignment", "sla", "endpoint", "action"})


def missing_values(
    tx: Tx, environment: EnvironmentName, operations: Iterable[Operation], result: SourceTree
) -> tuple[FailedCheck, ...]:
    """Name the required variables that a plan brings, or makes required, without a value here."""
    known: dict[str, bool] | None = None
    found = []
    for operation in operations:
        kind, path = split_key(operation.component)
        if kind != "env_var" or isinstance(operation, Retire):
            continue
        if result.docs[operation.component].data.get("required") is not True:
            continue
        known = list_values(tx) if known is None else known
        if path[-1] not in known:
            found.append(_missing(environment, operation.component, path[-1]))
    return tuple(found)


def ensure_present(tx: Tx, plan: Plan, operations: Iterable[Operation], result: SourceTree) -> None:
    """Refuse a plan whose variables have no value here, as it is now.

    A first version has nothing to hold values yet. Raises: DeploymentFailed D180, exit 3.
    """
    found = missing_values(tx, plan.environment, operations, result) if plan.version else ()
    if found:
        raise DeploymentFailed(
            message=" ".join(f"{check.message}." for check in found) + " Nothing was changed.",
            code="D180",
            step="verify",
            exit_code=Exit.INVALID,
            status=422,
            hint=found[0].hint,
        )


def nobody_in(
    operations: Iterable[Operation], model: Model, members: Iterable[MemberRow]
) -> Iterator[str]:
    """Warn of roles, queues and teams that get work from a plan, and have no active member."""
    roles, mails = _people(model, members)
    for operation in operations:
        kind, path = split_key(operation.component)
        if isinstance(operation, Retire) or kind not in _WORKING:
            continue
        for used in model.links.uses.get(operation.component, ()):
            group, (name, *_) = split_key(used)
            if group in _GROUPS and not _has_somebody(model, group, name, roles, mails):
                yield f"{kind} {'.'.join(path)} gives work to {group} {name}, and nobody is in it"


def _people(model: Model, members: Iterable[MemberRow]) -> tuple[set[str], set[str]]:
    former = model.former.get("role", {})
    active = [member for member in members if member.is_active]
    roles = {former.get(member.role, member.role) for member in active}
    return roles, {member.email.lower() for member in active}


def _has_somebody(model: Model, group: str, name: str, roles: set[str], mails: set[str]) -> bool:
    if group == "role":
        return name in roles
    members = model.groups.get(f"{group}:{name}")
    return members is not None and bool(members.roles & roles or members.users & mails)


def _missing(environment: EnvironmentName, key: ComponentKey, name: str) -> FailedCheck:
    return FailedCheck(
        component=key,
        message=f"The variable {name} is required and has no value in {environment}",
        hint=f"patron env values {environment} {name}=… --plan PLAN",
    )
