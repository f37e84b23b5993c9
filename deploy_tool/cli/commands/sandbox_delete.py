"""`patron sandbox delete`: a sandbox with everything in it."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from engine.errors import DeploymentFailed
from sandbox.sandboxes import delete_sandbox, ensure_deletable


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Ask, unless told not to, and delete it."""
    name = installation.known(arguments.name)
    ensure_deletable(installation.environments, name)
    if not arguments.yes:
        ensure_wanted(terminal, name)
    delete_sandbox(
        installation.environments, name, actor=installation.actor, at=installation.clock.now()
    )
    terminal.say(f"{name} is deleted.")
    terminal.answer({"environment": name, "deleted": True})
    return Exit.DONE


def ensure_wanted(terminal: Terminal, name: str) -> None:
    """Ask. Raises: UsageWrong U100 when nobody can be; DeploymentFailed D101 for a no."""
    if not terminal.is_interactive:
        message = f"Deleting {name} cannot be undone, and there is nobody to ask."
        raise UsageWrong(message=message, hint="add --yes")
    if not terminal.asks(f"Delete {name} with all its records and changes, for good?"):
        raise DeploymentFailed(
            message="Nothing was deleted.", code="D101", exit_code=Exit.CONSENT_MISSING, status=409
        )
