"""Takes the counts of a deployment once more when all is done, for its history.

Separate from the switch: nobody waits for it, and it changes nothing that runs. Where the process
dies before, a worker does it, as long as no other version has come.
"""

from __future__ import annotations

import logging

from deploy_tool.plans.counting import Counts
from deploy_tool.plans.planning import Planned
from deploy_tool.plans.tallies import read_tally, taken_after
from deploy_tool.sources.trees import Running, past_tree, read_running
from engine.compile import compile_model
from engine.compiled import Model
from engine.diff import Operation, diff_trees
from engine.errors import PatronError
from engine.names import EnvironmentName
from engine.source import canonical
from engine.store.database import Database
from engine.store.ddl import load_state
from engine.store.platform import deployments
from engine.store.platform.head import read_head
from engine.store.steps import at_step
from engine.store.tx import Tx

_LOG = logging.getLogger("patron.deploy")


def count_after(
    database: Database, environment: EnvironmentName, planned: Planned | None = None
) -> None:
    """Count for the last deployment, where it has no counts of afterwards yet.

    `planned`: what was just carried out, so that nothing is compiled again. Never raises: what runs
    is as it should be, and only its history would lack the counts.
    """
    try:
        _count(database, environment, planned)
    except PatronError as error:
        _LOG.warning("%s: counts after the deployment: %s", environment, error.message)


def _count(database: Database, environment: EnvironmentName, planned: Planned | None) -> None:
    with database.read() as tx:
        due = deployments.find_uncounted(tx)
        if due is None:
            return
        at_step("count.after")
        counts, operations = _of(tx, environment, planned) or _read(tx, environment)
        found = taken_after(tx, counts, operations, read_tally(due.before))
    with database.write() as tx:
        deployments.note_counted_after(tx, due.id, canonical(found))


def _of(
    tx: Tx, environment: EnvironmentName, planned: Planned | None
) -> tuple[Counts, tuple[Operation, ...]] | None:
    """Give what was just carried out, if that is what runs."""
    head = read_head(tx)
    if planned is None or planned.previous is None or planned.result.digest != head.tree:
        return None
    running = Running(head=head, tree=planned.result, state=load_state(tx))
    return _counts(environment, running, planned.previous, planned.model), planned.operations


def _read(tx: Tx, environment: EnvironmentName) -> tuple[Counts, tuple[Operation, ...]]:
    """Read what runs, and what ran before it."""
    running = read_running(tx)
    before = past_tree(tx, running.head.version - 1)
    model, previous = compile_model(running.tree)[0], compile_model(before)[0]
    assert model is not None  # it runs
    assert previous is not None  # it ran
    return _counts(environment, running, previous, model), diff_trees(before, running.tree)


def _counts(
    environment: EnvironmentName, running: Running, previous: Model, model: Model
) -> Counts:
    return Counts(environment=environment, running=running, previous=previous, model=model)
