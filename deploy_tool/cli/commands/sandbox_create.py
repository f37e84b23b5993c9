"""`patron sandbox create`: a sandbox with the configuration of another environment."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from engine.store.platform.members import list_members
from sandbox.sandboxes import NewSandbox, make_sandbox


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Make it, and say where it is and who may enter."""
    ensure_without_data(arguments.data)
    new = NewSandbox(
        name=arguments.name,
        parent=installation.known(arguments.source),
        url=arguments.database or "",
        actor=installation.actor,
        maker=installation.as_email,
    )
    row = make_sandbox(
        installation.settings, installation.environments, new, at=installation.clock.now()
    )
    with installation.environments.open(row.name).database.read() as tx:
        members = [member.email for member in list_members(tx)]
    terminal.say(f"{row.name} is made from {row.parent}, without records: /e/{row.name}/")
    if members:
        terminal.say(f"Its administrators: {', '.join(members)}")
    else:
        terminal.say(f"Next: patron user create {row.name} EMAIL --permission-set …")
    terminal.answer(
        {"environment": row.name, "kind": row.kind, "parent": row.parent, "members": members}
    )
    return Exit.DONE


def ensure_without_data(data: str) -> None:
    """Refuse to bring records along. Raises: UsageWrong U101."""
    if data != "none":
        raise UsageWrong(
            message=f"Bringing records along (--data {data}) comes with the promotion of changes.",
            code="U101",
            hint="--data none makes a sandbox with the configuration alone",
        )
