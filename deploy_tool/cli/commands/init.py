"""`patron init`: production from a directory. Creates no user."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.plans.planning import Incoming, plan_deployment
from deploy_tool.sources.checking import check_folder
from deploy_tool.sources.places import read_folder
from deploy_tool.sources.trees import read_running
from sandbox.environments import PRODUCTION, make_production


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Check the directory, make the database, publish the first version.

    A run that was killed is gone on with; a production that runs a version already is left alone.
    """
    folder = read_folder(arguments.source)
    checked = check_folder(folder)
    tree = checked.ensure()
    make_production(
        installation.settings,
        installation.environments.control,
        url=arguments.database or "",
        at=installation.clock.now(),
    )
    incoming = Incoming(tree=tree, name=str(folder), model=checked.model)
    number = publish_first(installation, incoming)
    terminal.say(f"{PRODUCTION}@{number}: {len(tree.docs)} components from {folder}.")
    terminal.say(f"Next: patron user create {PRODUCTION} EMAIL, then patron serve")
    terminal.answer({"environment": PRODUCTION, "version": number, "tree": tree.digest})
    return Exit.DONE


def publish_first(installation: Installation, incoming: Incoming) -> int:
    """Make version 1, or find that production runs this very tree already.

    Raises: UsageWrong U100 when it runs another one.
    """
    database = installation.environment(PRODUCTION).database
    with database.read() as tx:
        running = read_running(tx)
    if running.head.version and running.tree.digest == incoming.tree.digest:
        return running.head.version
    if running.head.version:
        raise UsageWrong(
            message=f"There is a {PRODUCTION} already, at version {running.head.version}.",
            hint=f"patron plan --from {Path(incoming.name)} --to {PRODUCTION} shows what differs",
        )
    planned = plan_deployment(PRODUCTION, database.dialect, running, incoming)
    order = Order(actor=installation.actor, reason="init", source="import")
    return apply_plan(database, planned, order, installation.clock).number
