"""What going back cannot undo, in sentences: treated values, purged values, messages that are out.

Separate from the plan that goes back, which says what it does: these are the things it leaves as
they are, and whoever consents should know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import orjson

from deploy_tool.plans.treatments import Way
from engine.diff import Add, Operation
from engine.names import ComponentKey, split_key
from engine.store.platform import audit
from engine.store.platform.deployments import find_deployment
from engine.store.platform.outbox_shelf import count_sent
from engine.store.platform.versions import Version
from engine.store.tx import Tx

_CHANGING = (Way.FILL, Way.MAP, Way.CONVERT)
_KEPT = frozenset({"field", "object"})  # kinds that hold values of records
# Kinds that send something, or decide when something is sent.
_SENDING = frozenset({"action", "approval", "email", "endpoint", "sla", "workflow"})
_SENT: Mapping[str, tuple[str, str]] = {"mail": ("mail", "mails"), "webhook": ("call", "calls")}


def treated_values(tx: Tx, taken: Version) -> Iterator[tuple[ComponentKey, str]]:
    """Say which values of records a deployment changed, by component: those stay as they are."""
    for change in _changes(tx, taken):
        treatment = str(change.get("treatment", ""))
        if treatment.partition(":")[0] in set(_CHANGING):
            component = ComponentKey(str(change["component"]))
            yield component, f"{component}: values changed by {treatment} stay as they are"


def purged_values(tx: Tx, operations: Iterable[Operation], taken: Version) -> Iterator[str]:
    """Say which components come back without their values, because these were removed for good."""
    for operation in operations:
        if not (isinstance(operation, Add) and split_key(operation.component)[0] in _KEPT):
            continue
        wanted = audit.Search(action="purge", target=operation.component, since=taken.at, limit=1)
        for line in audit.search(tx, wanted):
            day = f"{line.at.day} {line.at:%b %Y}"
            yield f"{operation.component} comes back empty: its values were purged on {day}"


def sent_messages(tx: Tx, taken: Version) -> Iterator[str]:
    """Say what went out since, where the deployment changed something that sends."""
    kinds = {split_key(ComponentKey(str(c["component"])))[0] for c in _changes(tx, taken)}
    if not kinds & _SENDING:
        return
    sent = count_sent(tx, since=taken.at)
    said = [
        f"{count:,} {one if count == 1 else many}"
        for kind, (one, many) in _SENT.items()
        if (count := sent.get(kind, 0))
    ]
    if said:
        yield f"{' and '.join(said)} went out since version {taken.number}, and stay sent"


def _changes(tx: Tx, taken: Version) -> list[Mapping[str, object]]:
    found = None if taken.deployment is None else find_deployment(tx, taken.deployment)
    plan: Mapping[str, object] = orjson.loads(found[1]) if found else {}
    changes = plan.get("changes")
    return changes if isinstance(changes, list) else []
