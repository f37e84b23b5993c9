"""`patron user create`: a person of the installation, and a member of one environment."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from engine.model.permissions import ADMINISTRATOR
from engine.names import did_you_mean
from engine.people import NewMember, create_user
from engine.store.platform.versions import load_tree


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Make the person and let them in with the permission sets given."""
    environment = installation.environment(arguments.env)
    with environment.database.read() as tx:
        known = load_tree(tx)
    sets = [*arguments.permission_set]
    ensure_known("permission set", sets, {*_names(known, "permission_set"), ADMINISTRATOR})
    if arguments.role:
        ensure_known("role", [arguments.role], _names(known, "role"))
    password = sys.stdin.readline().rstrip("\n") if arguments.password_stdin else ""
    member = create_user(
        installation.environments.control,
        environment.database,
        NewMember(
            email=arguments.email,
            name=arguments.name or "",
            role=arguments.role,
            permission_sets=frozenset(sets),
            password=password,
            is_service=arguments.service,
        ),
        at=installation.clock.now(),
        actor=installation.actor,
    )
    rights = ", ".join(sorted(member.permission_sets)) or "no permission set yet"
    terminal.say(f"{member.email} is a member of {environment.name}: {rights}.")
    terminal.answer({"user": member.user, "email": member.email, "permission_sets": sorted(sets)})
    return Exit.DONE


def ensure_known(what: str, names: list[str], known: set[str]) -> None:
    """Refuse a name that the environment does not have. Raises: UsageWrong U100."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, sorted(known)) or f"there are: {', '.join(sorted(known))}"
            raise UsageWrong(message=f'There is no {what} "{name}".', hint=hint)


def _names(tree: Iterable[str], kind: str) -> set[str]:
    return {key.partition(":")[2] for key in tree if key.startswith(f"{kind}:")}
