"""`patron validate`: plays the examples and tests of a plan's result, somewhere aside."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from deploy_tool.plan_files import read_plan
from deploy_tool.proposing import propose_again
from deploy_tool.testing import run_tests
from deploy_tool.testing.rendering import as_json, render
from engine.store.platform.evidence import VALIDATED, add_evidence


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Say what passed; where nothing failed, note it for the plan. Exit 3 when something failed."""
    plan = read_plan(Path(arguments.plan))
    planned = propose_again(installation, plan)
    report = run_tests(planned.result, planned.model, installation.clock, None)
    for line in render(report):
        terminal.say(line)
    terminal.answer({"plan": plan.digest, **as_json(report)})
    if report.has_failed:
        return Exit.INVALID
    with installation.environment(plan.environment).database.write() as tx:
        at = installation.clock.now()
        add_evidence(tx, plan.digest, VALIDATED, actor=installation.actor, at=at)
    return Exit.DONE
