"""`patron sandbox delete`: a sandbox with everything in it."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.site import Site
from engine.errors import DeploymentFailed


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Ask, unless told not to, and delete it."""
    name = site.looking.known(arguments.name)
    site.sandboxes.ensure_deletable(name)
    if not arguments.yes:
        ensure_wanted(terminal, name)
    site.sandboxes.delete(name)
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
