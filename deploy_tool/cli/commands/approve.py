"""`patron approve`: somebody else than its author approves a plan."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.plans.plan_files import read_plan
from deploy_tool.plans.rendering import render_plan
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show what is approved, and approve it."""
    plan = read_plan(Path(arguments.plan))
    site.looking.known(plan.environment)
    terminal.say(render_plan(plan))
    who, count = site.promoting.approve(plan)
    what = "1 approval" if count == 1 else f"{count} approvals"
    terminal.say(f"Approved by {who}: {what} of {plan.approvals} needed.")
    terminal.answer({"plan": plan.digest, "approvals": count, "needed": plan.approvals})
    return Exit.DONE
