"""From a sandbox to its parent: the plan of everything that was changed there, and carrying it out.

The merge base is the tree that the sandbox was made from or last synchronised with, so what others
changed in the parent meanwhile stays. Shared by the browser and whoever deploys a sandbox.
"""

from __future__ import annotations

from dataclasses import replace

from deploy_tool.plans.deciding import load_decisions
from deploy_tool.plans.kept_treatments import load_treatments
from deploy_tool.plans.planning import Incoming, Planned, Wishes, plan_deployment
from deploy_tool.sources.trees import Running, head_tree
from engine.compiled import Model
from engine.snapshots import Environment
from engine.source import SourceTree, tree_from_stored
from engine.store.platform.baselines import find_baseline, tree_of_baseline
from engine.store.platform.head import read_head
from engine.store.platform.versions import load_revisions
from engine.store.tx import Tx


def sandbox_incoming(sandbox: Environment, tx: Tx) -> Incoming:
    """Read what a sandbox brings, with the tree its work began from; `tx` reads the sandbox."""
    return Incoming(
        tree=head_tree(tx),
        name=sandbox.name,
        base=work_began(sandbox, tx),
        decided=load_decisions(tx).kept,
        treated=load_treatments(tx),
    )


def parents_incoming(parent: Environment, sandbox: Environment) -> Incoming:
    """Read what the parent of a sandbox brings to it; the sandbox's own work stays."""
    with sandbox.database.read() as tx:
        base = work_began(sandbox, tx)
    with parent.database.read() as tx:
        told = f"{parent.name}@{read_head(tx).version}"
        return Incoming(tree=head_tree(tx), name=parent.name, base=base, refresh=told)


def work_began(sandbox: Environment, tx: Tx) -> SourceTree | None:
    """Give the tree of the parent that a sandbox's work lies on; None where nobody knows."""
    tree = sandbox.row.baseline
    baseline = find_baseline(tx, tree) if tree else None
    if baseline is None:
        return None
    rows = load_revisions(tx, tree_of_baseline(tx, baseline).items())
    return tree_from_stored((key, data, text or "") for key, data, text in rows)


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
