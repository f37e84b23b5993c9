"""`patron sandbox refresh`: a sandbox gets what its parent changed, and its records anew if wanted.

The work done in its configuration stays.
"""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.apply import ensure_wanted, read_accepted
from deploy_tool.cli.commands.plan import read_wishes
from deploy_tool.cli.telling import telling
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.plans.rendering import render_plan
from deploy_tool.site import Site
from engine.errors import DeploymentFailed


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show what comes, ask when there is somebody to ask, and bring it in.

    Raises: Conflict C133 for what is no sandbox; DeploymentFailed as `apply_plan`, D106 (exit 4)
    for conflicts: then nothing was touched; RequestInvalid Q121 for records anew in a sandbox that
    was made without any.
    """
    accepted = read_accepted(arguments.accept)
    name = site.looking.known(arguments.name)
    parent = site.sandboxes.parent_of(name)
    is_anew = arguments.data == "reseed"
    if is_anew:
        site.sandboxes.ensure_reseedable(name)
        if not arguments.yes:
            _ensure_wanted(terminal, name)
    prepared = site.promoting.plan(parent, name, read_wishes(arguments))
    plan = prepared.plan
    terminal.say(render_plan(plan))
    prepared.ensure_ready(accepted)
    if plan.changes and not arguments.yes and terminal.is_interactive:
        ensure_wanted(terminal, plan.target)
    version = prepared.apply(accepted)
    terminal.say(f"{name}@{version} has everything of {plan.refresh}.")
    if is_anew:
        site.sandboxes.reseed(name, telling(terminal))
        terminal.say(f"{name} has the records of {parent} anew, masked.")
    answer = {"environment": name, "parent": plan.refresh, "version": version}
    terminal.answer({**answer, "plan": plan.digest, "changes": len(plan.changes)})
    return Exit.DONE


def _ensure_wanted(terminal: Terminal, name: str) -> None:
    """Ask. Raises: UsageWrong U100 when nobody can be; DeploymentFailed D101 for a no."""
    if not terminal.is_interactive:
        message = (
            f"Bringing the records of {name} anew takes away those it has; nobody can be asked."
        )
        raise UsageWrong(message=message, hint="add --yes")
    if not terminal.asks(f"Take all records of {name} away and bring those of its parent anew?"):
        raise DeploymentFailed(
            message="Nothing was changed.", code="D101", exit_code=Exit.CONSENT_MISSING, status=409
        )
