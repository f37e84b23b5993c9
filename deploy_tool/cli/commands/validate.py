"""`patron validate`: plays the examples and tests of a plan's result, somewhere aside."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.plans.plan_files import read_plan
from deploy_tool.site import Site
from deploy_tool.testing.rendering import as_json, render


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Say what passed; where nothing failed, it is noted for the plan. Exit 3 otherwise."""
    plan = read_plan(Path(arguments.plan))
    report = site.promoting.validate(plan)
    for line in render(report):
        terminal.say(line)
    terminal.answer({"plan": plan.digest, **as_json(report)})
    return Exit.INVALID if report.has_failed else Exit.DONE
