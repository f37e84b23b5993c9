"""`patron audit verify`: is the audit of an environment, and of signing in, as it was sealed?"""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.people.sealing import INSTALLATION, verify_audit
from engine.store.platform.sealing import Verified

SIGN_INS = "sign-ins of the installation"


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Check both chains and name everything that is wrong; lines not sealed yet are no fault."""
    environment = installation.environment(arguments.env)
    control, settings = installation.environments.control, installation.settings
    checked = {
        environment.name: verify_audit(control, settings, environment.name, environment.database),
        SIGN_INS: verify_audit(control, settings, INSTALLATION, control),
    }
    for name, found in checked.items():
        _tell(terminal, name, found)
    terminal.answer({"chains": [_shape(name, found) for name, found in checked.items()]})
    is_whole = not any(found.wrong for found in checked.values())
    return Exit.DONE if is_whole else Exit.INVALID


def _tell(terminal: Terminal, name: str, found: Verified) -> None:
    state = "broken" if found.wrong else "whole"
    terminal.say(f"{name}: {found.sealed} sealed lines, the chain is {state}.")
    for wrong in found.wrong:
        terminal.warn(f"{name}: {wrong.message}.")
    if found.unsealed:
        first, last = found.unsealed[0], found.unsealed[-1]
        lines = f"line {first}" if first == last else f"lines {first} to {last}"
        terminal.say(f"{name}: {len(found.unsealed)} not sealed yet ({lines}); the worker does it.")


def _shape(name: str, found: Verified) -> dict[str, object]:
    return {
        "chain": name,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "wrong": [{"line": wrong.line or None, "message": wrong.message} for wrong in found.wrong],
    }
