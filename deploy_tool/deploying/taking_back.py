"""Going back: a deployment taken back, an earlier version, a retired component.

Each is a plan like any other: counted, consented to, carried out as a new version. Taking back is
the inverse of a deployment merged onto what runs now, so that later work stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy_tool.deploying.irreversible import purged_values, sent_messages, treated_values
from deploy_tool.exits import UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.plans.deciding import NO_DECISIONS, Decisions
from deploy_tool.plans.generations import swapped_back
from deploy_tool.plans.planning import Incoming, Planned, Wishes, plan_deployment
from deploy_tool.sources.trees import Running, past_tree, read_running
from engine.errors import NotFound
from engine.names import ComponentKey, did_you_mean, split_key
from engine.source import SourceTree, make_tree
from engine.store.ddl import steps
from engine.store.platform.journal import load_changes, load_log
from engine.store.platform.versions import Version
from engine.store.tx import Tx

_ALL = 10_000  # versions that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """A plan that goes back, and what cannot be undone, in sentences."""

    planned: Planned
    stays: tuple[str, ...] = ()


def propose_rollback(
    installation: Installation,
    name: str,
    *,
    version: int | None = None,
    deployment: int | None = None,
    decisions: Decisions = NO_DECISIONS,
) -> TakenBack:
    """Plan to take back a deployment (the last one unless named), or to return to a version.

    `decisions`: which side stands where something was changed again since.
    Raises: UsageWrong U100 when there is nothing to take back, U106 for what decides nothing.
    """
    environment = installation.environment(name)
    with environment.database.read() as tx:
        running = read_running(tx)
        if version is not None:
            source = f"{name}@{version}"
            incoming = Incoming(tree=_earlier(tx, version, name), name=source)
            undone = tuple(v for v in load_log(tx, limit=_ALL) if v.number > version)
        else:
            taken = _deployed(tx, deployment, name)
            undone = (taken,)
            source = f"{name}@{taken.number - 1}"
            incoming = Incoming(
                tree=_earlier(tx, taken.number - 1, name),
                name=source,
                base=past_tree(tx, taken.number),
                base_version=taken.number,
            )
        planned = plan_deployment(
            environment.name,
            environment.database.dialect,
            running,
            incoming,
            tx=tx,
            wishes=Wishes(author=installation.actor, decisions=decisions),
        )
        dialect = environment.database.dialect
        back = swapped_back(steps(planned.model, running.state, dialect, previous=planned.previous))
        return TakenBack(planned=planned, stays=tuple(_stays(tx, planned, undone, back)))


def propose_restore(installation: Installation, name: str, component: str) -> Planned:
    """Plan to bring a retired component back, an object with all that went with it.

    Raises: UsageWrong U100 for one that is there, or never was.
    """
    environment = installation.environment(name)
    with environment.database.read() as tx:
        running = read_running(tx)
        back = _gone(tx, running, ComponentKey(component), name)
        tree = make_tree({**running.tree.docs, **back.docs}.values())
        incoming = Incoming(tree=tree, name=f"{name} with {component}")
        return plan_deployment(
            environment.name,
            environment.database.dialect,
            running,
            incoming,
            tx=tx,
            wishes=Wishes(author=installation.actor),
        )


def _stays(
    tx: Tx, planned: Planned, undone: Sequence[Version], back: frozenset[ComponentKey]
) -> Iterator[str]:
    """Say what cannot be undone; `back`: fields that get the column with their old values again."""
    if not undone:
        return
    for version in undone:
        yield from (said for key, said in treated_values(tx, version) if key not in back)
    oldest = min(undone, key=lambda version: version.number)
    yield from purged_values(tx, planned.operations, oldest)
    sending = (sent_messages(tx, version) for version in reversed(undone))
    yield from next(filter(None, map(tuple, sending)), ())


def _deployed(tx: Tx, deployment: int | None, name: str) -> Version:
    """Find the version that a deployment became. Raises: UsageWrong U100."""
    made = [v for v in load_log(tx, limit=_ALL) if v.deployment is not None and v.number > 1]
    if deployment is None:
        if made:
            return made[0]
        message = f"Nothing was deployed to {name} that could be taken back."
        raise UsageWrong(message=message, hint=f"patron log {name}")
    found = next((v for v in made if v.deployment == deployment), None)
    if found is None:
        message = f"{name} has no deployment {deployment} that became a version."
        raise UsageWrong(message=message, hint=f"patron log {name} --json names them")
    return found


def _earlier(tx: Tx, version: int, name: str) -> SourceTree:
    try:
        tree = past_tree(tx, version)
    except NotFound as absent:
        hint = f"patron log {name} lists the versions"
        raise UsageWrong(message=absent.message, hint=hint) from absent
    if not tree.docs:
        raise UsageWrong(message=f"Before {name}@{version + 1} there was nothing to return to.")
    return tree


def _gone(tx: Tx, running: Running, component: ComponentKey, name: str) -> SourceTree:
    """Give the documents that left with a component, as they were last."""
    if component in running.tree.docs:
        message = f"{component} is there; nothing has to be restored."
        raise UsageWrong(message=message)
    changes = load_changes(tx, newest_first=True)
    left = next((c for c in changes if c.component == component and c.after is None), None)
    if left is None:
        known = sorted({str(c.component) for c in changes if c.after is None})
        message = f'{name} never retired a component "{component}".'
        raise UsageWrong(message=message, hint=did_you_mean(component, known))
    before = past_tree(tx, left.version - 1)
    removed = {c.component for c in changes if c.version == left.version and c.after is None}
    kind, path = split_key(component)
    kept = [
        doc
        for key, doc in before.docs.items()
        if key == component or (kind == "object" and key in removed and _is_of(key, path[0]))
    ]
    return make_tree(kept)


def _is_of(key: ComponentKey, name: str) -> bool:
    return split_key(key)[1][0] == name
