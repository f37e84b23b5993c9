"""`patron plan`: what a deployment would do; changes nothing."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.plans.deciding import read_decisions
from deploy_tool.plans.plan_files import write_plan
from deploy_tool.plans.planning import Wishes
from deploy_tool.plans.rendering import render_plan
from deploy_tool.plans.treatments import read_treatments
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show the plan; write it to a file with --out."""
    source, target = source_and_target(arguments)
    plan = site.promoting.plan(source, target, read_wishes(arguments)).plan
    if arguments.out:
        write_plan(plan, Path(arguments.out))
    terminal.say(render_plan(plan))
    terminal.answer(plan.as_json())
    if plan.conflicts:
        return Exit.CONFLICT
    return Exit.DIFFERENCES if arguments.detailed_exitcode and plan.changes else Exit.DONE


def read_wishes(arguments: Namespace) -> Wishes:
    """Read how somebody wants it. Raises: UsageWrong U105, U106 for what makes no sense."""
    return Wishes(
        treatments=read_treatments(arguments.treat),
        patterns=getattr(arguments, "pattern", ()),
        without=getattr(arguments, "without", ()),
        decisions=read_decisions(arguments.resolve),
    )


def source_and_target(arguments: Namespace) -> tuple[str, str]:
    """Give --from and --to. Raises: UsageWrong U100 when one is missing."""
    source: str | None = arguments.source
    target: str | None = arguments.to
    if source is None or target is None:
        raise UsageWrong(
            message="Say what to deploy and where to: --from A --to ENV.",
            hint=f"patron {arguments.command.name} --from metadata --to production",
        )
    return source, target
