"""`patron doctor`: looks for trouble, says what helps, and repairs what can be repaired."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from deploy_tool.cli.terminal import Terminal
from deploy_tool.examining import missing_values, unlike_its_model
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from deploy_tool.mending import mend, troubles
from deploy_tool.trees import read_running
from engine.compile import compile_model
from engine.errors import PatronError
from engine.store.ddl import DdlStep, steps
from engine.store.ddl.steps import AddColumn, CreateIndex, CreateTable, DropIndex, RestorePlace
from engine.store.platform.fence import switching
from engine.store.tx import Tx


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Look at one environment, or at all; exit 3 when something is wrong."""
    names = [installation.known(arguments.env)] if arguments.env else installation.names
    if arguments.repair:
        for name in names:
            for done in _repair(installation, name):
                terminal.say(f"{name}: repaired: {done}")
    findings = {name: list(_examine(installation, name)) for name in names}
    for name, found in findings.items():
        for finding in found or ["no trouble found"]:
            terminal.say(f"{name}: {finding}")
    if not names:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    terminal.answer({"environments": findings})
    return Exit.INVALID if any(findings.values()) else Exit.DONE


def _repair(installation: Installation, name: str) -> list[str]:
    """Give tables what the configuration asks for: missing columns, missing or unusable indexes.

    Nothing is retired or removed. What cannot be repaired stays a finding.
    """

    def build(tx: Tx) -> list[str]:
        running = read_running(tx)
        model, _ = compile_model(running.tree)
        if model is None or not running.head.version:
            return []
        missing = [s for s in steps(model, running.state, tx.dialect) if _is_safe(s)]
        for step in missing:
            step.run(tx, version=running.head.version)
        return [step.explain() for step in missing]

    environment = installation.environment(name)
    try:
        mended = list(mend(environment, installation.clock))
        return [*mended, *switching(environment.database, build, patience=30)]
    except PatronError:
        return []  # the examination says why


def _is_safe(step: DdlStep) -> bool:
    return isinstance(step, (AddColumn, CreateIndex, CreateTable, DropIndex, RestorePlace))


def _examine(installation: Installation, name: str) -> Iterator[str]:
    """Open an environment and look; what cannot be reached is a finding too."""
    try:
        database = installation.environment(name).database
        with database.read() as tx:
            running = read_running(tx)
            yield from missing_values(tx, running)
        yield from unlike_its_model(running, database.dialect)
        yield from troubles(installation.environment(name), installation.clock)
    except PatronError as error:
        yield f"{error.code} {error.message}" + (f" ({error.hint})" if error.hint else "")
