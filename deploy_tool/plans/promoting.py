"""From a sandbox to its parent: the plan of everything that was changed there, and carrying it out.

The merge base is the tree that the sandbox was made from or last synchronised with, so what others
changed in the parent meanwhile stays. Shared by the browser and whoever deploys a sandbox.
"""

from __future__ import annotations

from dataclasses import replace

from deploy_tool.plans.deciding import load_decisions
from deploy_tool.plans.kept_treatments import load_treatments
from deploy_tool.plans.planning import Incoming, Planned, Wishes, plan_deployment
from deploy_tool.sources.trees import Running, head_tree, past_tree
from engine.compiled import Model
from engine.snapshots import Environment
from engine.store.database import Database
from engine.store.platform.control import set_baseline
from engine.store.platform.journal import find_by_tree
from engine.store.tx import Tx


def sandbox_incoming(sandbox: Environment, tx: Tx) -> Incoming:
    """Read what a sandbox brings, with the tree its work began from; `tx` reads the sandbox."""
    baseline = sandbox.row.baseline
    version = find_by_tree(tx, baseline) if baseline else None
    base = None if version is None else past_tree(tx, version)
    return Incoming(
        tree=head_tree(tx),
        name=sandbox.name,
        base=base,
        decided=load_decisions(tx).kept,
        treated=load_treatments(tx),
    )


def plan_promotion(
    parent: Environment,
    tx: Tx,
    running: Running,
    incoming: Incoming,
    previous: Model,
    wishes: Wishes,
) -> Planned:
    """Plan the promotion of a sandbox; `tx` reads the parent, whose records are counted.

    `wishes` say who plans, and what of it. Decisions that are kept in the sandbox count too.

    Raises: MetadataInvalid M100 with every problem of the result; UsageWrong U105.
    """
    return plan_deployment(
        parent.name,
        parent.database.dialect,
        running,
        incoming,
        previous=previous,
        tx=tx,
        wishes=replace(wishes, decisions=replace(wishes.decisions, kept=incoming.decided)),
    )


def note_synchronised(control: Database, sandbox: Environment, planned: Planned) -> None:
    """Move the baseline on, once the parent runs just what the sandbox says."""
    if planned.is_synchronous and sandbox.row.baseline is not None:
        with control.write() as tx:
            set_baseline(tx, sandbox.name, planned.result.digest)
