"""What there is to tell of an environment: its status, its log, who changed what, its drift.

Separate from the commands, because people ask from afar too: each answer is the object of `--json`,
whoever asks for it, and the lines for people are made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile

from deploy_tool.blaming import Blame, blame
from deploy_tool.doctor.examining import missing_values, unlike_its_model
from deploy_tool.installation import Installation
from deploy_tool.plans.plan import PlannedChange
from deploy_tool.sources.trees import Running, past_tree, read_running
from engine.diff import Operation, diff_trees
from engine.names import ComponentKey
from engine.store.platform.deployments import Deployment, list_deployments
from engine.store.platform.head import read_head
from engine.store.platform.journal import load_changes, load_log
from engine.store.platform.members import list_members
from engine.store.platform.values import list_values, load_settings
from engine.store.platform.versions import Version, load_tree
from engine.store.tx import Tx
from sandbox.bringing.wanted import SETTING as RECORDS
from sandbox.bringing.wanted import stored_wanted
from sandbox.changes import changes_since_baseline

SHOWN_VERSIONS = 200  # of a log; older ones are asked for over REST
LOOKED_AT = 1000  # versions, for drift
BY_DEPLOYMENT = frozenset({"deploy", "import", "refresh", "rollback"})
Answer = dict[str, object]


def status_of(installation: Installation, name: str) -> Answer:
    """Tell what an environment runs; `changes`: components that a sandbox has to promote."""
    environment = installation.environment(name)
    with environment.database.read() as tx:
        head, components = read_head(tx), len(load_tree(tx))
        changes = len(changes_since_baseline(environment, tx))
    row = environment.row
    return {
        "environment": row.name,
        "kind": row.kind,
        "version": head.version,
        "tree": head.tree,
        "components": components,
        "parent": row.parent,
        "changes": None if row.parent is None else changes,
    }


def details_of(installation: Installation, name: str) -> Answer:
    """Tell what lies in an environment; no address and no secret."""
    environment = installation.environment(name)
    with environment.database.read() as tx:
        return {
            "environment": environment.name,
            "kind": environment.row.kind,
            "database": environment.database.dialect,
            "version": read_head(tx).version,
            "components": len(load_tree(tx)),
            "members": sum(member.is_active for member in list_members(tx)),
            "values": sorted(list_values(tx)),
            "data": stored_wanted(load_settings(tx).get(RECORDS)).data,
        }


def log_of(
    installation: Installation,
    name: str,
    *,
    limit: int = SHOWN_VERSIONS,
    before: int | None = None,
) -> Answer:
    """List versions, newest first: who made each, when, and how many components it changed.

    Beside them the deployments that became none: failed, aborted or not finished yet.
    """
    with installation.environment(name).database.read() as tx:
        versions = load_log(tx, limit=limit, before=before)
        changed = _changed(tx, versions)
        undone = [d for d in list_deployments(tx, limit=limit) if d.state != "done"]
    return {
        "versions": [_version(one, changed.get(one.number, 0)) for one in versions],
        "deployments": [_undone(each) for each in undone],
    }


def blame_of(installation: Installation, name: str, component: str) -> Answer:
    """Tell which version made each property of a component what it is.

    Raises: NotFound N120 for one that never was.
    """
    with installation.environment(name).database.read() as tx:
        found = blame(tx, ComponentKey(component))
    return {"component": component, "properties": [_blamed(one) for one in found]}


def drift_of(installation: Installation, name: str) -> Answer:
    """Tell of versions that people made directly, tables that differ, values that are missing."""
    environment = installation.environment(name)
    database = environment.database
    with database.read() as tx:
        running = read_running(tx)
        # Newest first: everything since the last version that a deployment made.
        log = load_log(tx, limit=LOOKED_AT)
        authored = list(takewhile(lambda version: version.source not in BY_DEPLOYMENT, log))
        operations = _since_deployed(tx, running, authored)
        values = list(missing_values(tx, running))
    return {
        "environment": environment.name,
        "authored": [_authored(version) for version in authored],
        "changes": [PlannedChange.of(operation).as_json() for operation in operations],
        "physical": list(unlike_its_model(running, database.dialect)),
        "values": values,
    }


def _since_deployed(tx: Tx, running: Running, authored: Sequence[Version]) -> tuple[Operation, ...]:
    """Give what people changed by hand, in the words of a plan."""
    if not authored:
        return ()
    return diff_trees(past_tree(tx, authored[-1].number - 1), running.tree)


def _undone(deployment: Deployment) -> Answer:
    """Tell of a deployment that did not become a version."""
    ended = deployment.finished_at
    return {
        "deployment": deployment.id,
        "plan": deployment.digest,
        "base_version": deployment.base_version,
        "state": deployment.state,
        "actor": deployment.actor,
        "at": instant(deployment.started_at),
        "finished_at": None if ended is None else instant(ended),
        "error": deployment.error,
    }


def _changed(tx: Tx, versions: Iterable[Version]) -> dict[int, int]:
    numbers = [version.number for version in versions]
    found: dict[int, int] = {}
    for change in load_changes(tx, after=min(numbers) - 1) if numbers else ():
        found[change.version] = found.get(change.version, 0) + 1
    return found


def _version(version: Version, changed: int) -> Answer:
    return {
        "version": version.number,
        "parent": version.parent,
        "tree": version.tree,
        "source": version.source,
        "actor": version.actor,
        "reason": version.reason,
        "at": instant(version.at),
        "deployment": version.deployment,
        "git_revision": version.git_revision,
        "changes": changed,
    }


def _blamed(one: Blame) -> Answer:
    version = one.version
    return {
        "property": one.property,
        "value": one.value,
        "version": version.number,
        "at": instant(version.at),
        "actor": version.actor,
        "reason": version.reason,
    }


def _authored(version: Version) -> Answer:
    return {
        "version": version.number,
        "source": version.source,
        "actor": version.actor,
        "reason": version.reason,
        "at": instant(version.at),
    }


def instant(at: datetime) -> str:
    """Write an instant as answers have it."""
    return at.isoformat().replace("+00:00", "Z")


def entries(answer: Answer, name: str) -> list[Answer]:
    """Give a list of objects that an answer holds."""
    found = answer[name]
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def minute(moment: object) -> str:
    """Say an instant of an answer for people: 2026-11-12 09:14 UTC."""
    return f"{datetime.fromisoformat(str(moment)):%Y-%m-%d %H:%M} UTC"
