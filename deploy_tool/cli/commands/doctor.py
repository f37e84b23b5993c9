"""`patron doctor`: looks for trouble and says what helps. Changes nothing yet."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.trees import Running, read_running
from engine.compile import compile_model
from engine.errors import PatronError
from engine.store.ddl import steps
from engine.store.platform.values import list_values
from engine.store.tx import Tx


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Look at one environment, or at all; exit 3 when something is wrong."""
    if arguments.repair:
        raise UsageWrong(
            message="Repairing comes with the promotion of changes.",
            code="U101",
            hint="patron doctor without --repair says what is wrong",
        )
    names = [installation.known(arguments.env)] if arguments.env else installation.names
    findings = {name: list(_examine(installation, name)) for name in names}
    for name, found in findings.items():
        for finding in found or ["no trouble found"]:
            terminal.say(f"{name}: {finding}")
    if not names:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    terminal.answer({"environments": findings})
    return Exit.INVALID if any(findings.values()) else Exit.DONE


def _examine(installation: Installation, name: str) -> Iterator[str]:
    """Open an environment and look; what cannot be reached is a finding too."""
    try:
        database = installation.environment(name).database
        with database.read() as tx:
            running = read_running(tx)
            yield from _missing_values(tx, running)
        yield from _unlike_its_model(running, database.dialect)
    except PatronError as error:
        yield f"{error.code} {error.message}" + (f" ({error.hint})" if error.hint else "")


def _unlike_its_model(running: Running, dialect: str) -> Iterator[str]:
    """Compare the stored configuration with this engine and with the tables."""
    if not running.head.version:
        yield "nothing was published yet (patron init goes on)"
        return
    if running.tree.digest != running.head.tree:
        yield "the stored components are not those of the head"
    model, problems = compile_model(running.tree)
    if model is None:
        yield from (f"the stored configuration: {problem}" for problem in problems)
        return
    for step in steps(model, running.state, dialect):
        yield f"tables differ from the configuration: {step.explain()}"


def _missing_values(tx: Tx, running: Running) -> Iterator[str]:
    known = list_values(tx)
    for key, doc in running.tree.docs.items():
        name = key.removeprefix("env_var:")
        if name != key and doc.data.get("required") is True and name not in known:
            yield f"the variable {name} has no value here (patron env values ENV {name}=…)"
