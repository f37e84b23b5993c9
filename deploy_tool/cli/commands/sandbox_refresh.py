"""`patron sandbox refresh`: a sandbox gets what its parent changed; the work done in it stays."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.apply import ensure_wanted, read_accepted
from deploy_tool.cli.commands.plan import read_wishes
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.plans.rendering import render_plan
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show what comes, ask when there is somebody to ask, and bring it in.

    Raises: Conflict C133 for what is no sandbox; DeploymentFailed as `apply_plan`, D106 (exit 4)
    for conflicts: then nothing was touched.
    """
    _ensure_records_stay(arguments.data)
    accepted = read_accepted(arguments.accept)
    name = site.looking.known(arguments.name)
    parent = site.sandboxes.parent_of(name)
    prepared = site.promoting.plan(parent, name, read_wishes(arguments))
    plan = prepared.plan
    terminal.say(render_plan(plan))
    prepared.ensure_ready(accepted)
    if plan.changes and not arguments.yes and terminal.is_interactive:
        ensure_wanted(terminal, plan.target)
    version = prepared.apply(accepted)
    terminal.say(f"{name}@{version} has everything of {plan.refresh}.")
    answer = {"environment": name, "parent": plan.refresh, "version": version}
    terminal.answer({**answer, "plan": plan.digest, "changes": len(plan.changes)})
    return Exit.DONE


def _ensure_records_stay(data: str) -> None:
    """Refuse to bring records anew. Raises: UsageWrong U101."""
    if data != "keep":
        raise UsageWrong(
            message=f"Records cannot be brought along yet (--data {data}).",
            code="U101",
            hint="--data keep leaves the records of the sandbox as they are",
        )
