"""`patron env policy`: what a change of an environment needs."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from deploy_tool.policy import load_policy, set_policy
from engine.store.platform import audit


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Show the policy, or set parts of it."""
    environment = installation.environment(arguments.env)
    if arguments.settings:
        with environment.database.write() as tx:
            policy = set_policy(tx, arguments.settings)
            audit.note(
                tx,
                at=installation.clock.now(),
                actor=installation.actor,
                action="policy.set",
                target=str(environment.name),
                detail={"settings": list(arguments.settings)},
            )
    else:
        with environment.database.read() as tx:
            policy = load_policy(tx)
    shown = policy.as_json()
    for name, value in shown.items():
        text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        terminal.say(f"{name:<18} {text}")
    terminal.answer({"environment": environment.name, "policy": shown})
    return Exit.DONE
