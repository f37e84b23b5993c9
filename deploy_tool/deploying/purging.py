"""Retired components removed for good, with their values: never part of an apply.

Separate from deployments, because nothing brings these values back. `patron purge` names what is
retired and since when; `--due` takes only what has been kept as long as the policy asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy_tool.plans.policy import load_policy
from engine.clock import Clock
from engine.names import ComponentKey, component_key
from engine.store.database import Database
from engine.store.ddl.purging import purge, purgeable
from engine.store.platform import audit
from engine.store.platform.fence import switching
from engine.store.platform.journal import load_log
from engine.store.platform.physical import Place, load_places
from engine.store.tx import Tx

_ALL = 1_000_000  # versions; an environment never has as many


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """A component that is hidden with its values. `since`: when it was retired."""

    component: ComponentKey
    place: Place
    since: datetime
    is_due: bool


def find_retired(tx: Tx, now: datetime) -> list[Retired]:
    """Give what is retired, and whether it has been kept long enough."""
    made = {version.number: version.at for version in load_log(tx, limit=_ALL)}
    keep = timedelta(days=load_policy(tx).retention_retired)
    found = []
    for place in purgeable(load_places(tx)):
        since = made.get(place.retired or 0, now)
        found.append(
            Retired(
                component=_component(place),
                place=place,
                since=since,
                is_due=since + keep <= now,
            )
        )
    return found


def told(one: Retired) -> dict[str, object]:
    """Give what the command line and REST tell of it."""
    return {"component": one.component, "since": f"{one.since:%Y-%m-%d}", "due": one.is_due}


def purge_retired(database: Database, clock: Clock, *, actor: str, only_due: bool) -> list[Retired]:
    """Remove retired components for good, in one transaction; give what is gone.

    Raises: Busy S102 when somebody else holds the environment.
    """

    def remove(tx: Tx) -> list[Retired]:
        now = clock.now()
        gone = [one for one in find_retired(tx, now) if one.is_due or not only_due]
        purge(tx, [one.place for one in gone], load_places(tx))
        _note(tx, gone, actor, now)
        return gone

    return switching(database, remove)


def _note(tx: Tx, gone: Sequence[Retired], actor: str, now: datetime) -> None:
    for one in gone:
        detail = {"table": one.place.table, "column": one.place.column}
        audit.note(tx, at=now, actor=actor, action="purge", target=one.component, detail=detail)


def _component(place: Place) -> ComponentKey:
    if place.column:
        return component_key("field", place.object, place.field)
    return component_key("object", place.object)
