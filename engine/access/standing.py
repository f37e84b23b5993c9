"""Where somebody stands: their role, and the groups that rules and shares may name.

Derived from the pinned model and the member as entered, so it is never older than either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.compiled import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a caller is beside their permission sets.

    `groups`: every group they belong to, as rules write them ("role:emea", "team:desk", …).
    `held`: their role and those below it: HAS_ROLE is true for each.
    `leads`: whether somebody's role lies below theirs.
    `queues`: those they are a member of; `watched`: those that roles below them work on.
    """

    role: str = ""
    groups: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    leads: bool = False
    queues: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """Stand for the groups in memo keys."""
        return ",".join(sorted(self.groups))


NOWHERE = Standing()


def standing(model: Model, role: str, email: str) -> Standing:
    """Say where a member stands. Cost: O(roles + teams + queues)."""
    own = model.former.get("role", {}).get(role, role)
    own = own if own in model.roles else ""
    under = _below(model, own)
    groups = {f"role:{own}"} if own else set()
    groups |= {f"role_and_below:{name}" for name in above(model.roles, own)}
    joined = {
        name
        for name, members in model.groups.items()
        if own in members.roles or email.lower() in members.users
    }
    below_own = under - {own}
    watched = {n for n, members in model.groups.items() if not below_own.isdisjoint(members.roles)}
    return Standing(
        role=own,
        groups=frozenset(groups | joined),
        held=under,
        leads=bool(below_own),
        queues=_queues(joined),
        watched=_queues(watched - joined),
    )


def above(parents: Mapping[str, str | None], role: str) -> tuple[str, ...]:
    """Give a role and those above it, the nearest first."""
    found: list[str] = []
    here: str | None = role or None
    while here is not None and here not in found:
        found.append(here)
        here = parents.get(here)
    return tuple(found)


def _below(model: Model, role: str) -> frozenset[str]:
    """Give a role and those below it."""
    return frozenset(name for name in model.roles if role and role in above(model.roles, name))


def _queues(groups: set[str]) -> tuple[str, ...]:
    return tuple(sorted(g.removeprefix("queue:") for g in groups if g.startswith("queue:")))
