"""What `patron doctor` says of one environment, and what it repairs there.

Separate from the command, because the command line and REST examine and repair in the same words.
The single findings are made in `examining` and `mending`.
"""

from __future__ import annotations

from collections.abc import Iterator

from deploy_tool.doctor.examining import missing_values, unlike_its_model
from deploy_tool.doctor.mending import mend, troubles
from deploy_tool.installation import Installation
from deploy_tool.sources.trees import read_running
from engine.compile import compile_model
from engine.errors import PatronError
from engine.store.ddl import DdlStep, steps
from engine.store.ddl.steps import AddColumn, CreateIndex, CreateTable, DropIndex, RestorePlace
from engine.store.platform import audit
from engine.store.platform.fence import switching
from engine.store.tx import Tx


def examine(installation: Installation, name: str) -> list[str]:
    """Open an environment and look; what cannot be reached is a finding too."""
    return list(_findings(installation, name))


def repair(installation: Installation, name: str) -> list[str]:
    """Mend what can be mended, give tables what the configuration asks for, and say what was done.

    Nothing is retired or removed that anybody has ever seen. What cannot be repaired stays a
    finding; what was is noted in the audit.
    """
    environment = installation.environment(name)
    done: list[str] = []
    try:
        done += mend(environment, installation.clock)
        done += switching(environment.database, _build, patience=30)
    except PatronError:
        pass  # the examination says why
    if done:
        with environment.database.write() as tx:
            audit.note(
                tx,
                at=installation.clock.now(),
                actor=installation.actor,
                action="doctor.repaired",
                target=name,
                detail={"repaired": done},
            )
    return done


def _build(tx: Tx) -> list[str]:
    """Make missing columns, and missing or unusable indexes."""
    running = read_running(tx)
    model, _ = compile_model(running.tree)
    if model is None or not running.head.version:
        return []
    missing = [s for s in steps(model, running.state, tx.dialect) if _is_safe(s)]
    for step in missing:
        step.run(tx, version=running.head.version)
    return [step.explain() for step in missing]


def _is_safe(step: DdlStep) -> bool:
    return isinstance(step, (AddColumn, CreateIndex, CreateTable, DropIndex, RestorePlace))


def _findings(installation: Installation, name: str) -> Iterator[str]:
    try:
        database = installation.environment(name).database
        with database.read() as tx:
            running = read_running(tx)
            yield from missing_values(tx, running)
        yield from unlike_its_model(running, database.dialect)
        yield from troubles(installation.environment(name), installation.clock)
    except PatronError as error:
        yield f"{error.code} {error.message}" + (f" ({error.hint})" if error.hint else "")
