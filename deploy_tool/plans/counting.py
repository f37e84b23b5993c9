"""Sets up the counting of a plan: the records as they are, and as the result would find them.

Separate from planning, because the same counts are taken again inside the switch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from deploy_tool.plans.generations import conversions
from deploy_tool.sources.trees import Running
from engine.clock import zone_of
from engine.compiled import Model, Snapshot
from engine.errors import DeploymentFailed
from engine.expr import EvalContext
from engine.impact import Counting, Visibility
from engine.names import EnvironmentName, FieldName, ObjectName
from engine.saving.refill import stale_fields
from engine.store.ddl import steps
from engine.store.ddl.foreseen import Foreseen, foresee
from engine.store.elsewhere import with_others
from engine.store.impact import Records, count_alone
from engine.store.platform.members import list_members
from engine.store.platform.physical import LIVE, RETIRED, Place, physical_map
from engine.store.platform.values import load_values
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What counting needs to know beside a transaction."""

    environment: EnvironmentName
    running: Running
    previous: Model
    model: Model

    def over(self, tx: Tx, *, since: datetime | None = None) -> Counting | None:
        """Count in a transaction; None where values would have to be kept differently (D110).

        `since`: only the records that were changed from then on.
        """
        try:
            needed = steps(self.model, self.running.state, tx.dialect, previous=self.previous)
        except DeploymentFailed:
            return None
        count_alone(tx)
        foreseen = foresee(self.running.state, needed)
        context = self._context(tx)
        here = Foreseen(physical=physical_map(self.running.state.places), missing=frozenset())
        after = Foreseen(physical=foreseen.physical, missing=foreseen.missing | self._stale())
        records = replace(self._records(tx, self.previous, here, context), since=since)
        found = replace(self._records(tx, self.model, after, context), since=since)
        visibility = Visibility(records, found, list_members(tx))
        return Counting(
            before=records, after=found, visibility=visibility, converting=conversions(needed)
        )

    def afterwards(self, tx: Tx) -> tuple[Counting, Counting]:
        """Count once the switch is through: what went out of sight, and what runs now.

        The first sees the configuration before it, over the columns that it had.
        """
        count_alone(tx)
        now, places = self._context(tx), self.running.state.places
        number = self.running.head.version
        hidden = Foreseen(physical=physical_map(_before(places, number)), missing=frozenset())
        here = Foreseen(physical=physical_map(places), missing=frozenset())
        members = list_members(tx)
        old, new = (
            self._records(tx, model, where, now)
            for model, where in ((self.previous, hidden), (self.model, here))
        )
        gone = Counting(before=old, after=new, visibility=Visibility(old, new, members))
        return gone, Counting(before=new, after=new, visibility=Visibility(new, new, members))

    def _context(self, tx: Tx) -> EvalContext:
        env = MappingProxyType(load_values(tx))
        zone = zone_of(self.model.project.time_zone)
        return EvalContext(now=datetime.now(UTC), zone=zone, env=env)  # type: ignore[arg-type]  # JSON values

    def _stale(self) -> frozenset[tuple[ObjectName, FieldName]]:
        """Give stored formulas that hold what the old text gave: they are computed in place."""
        found = stale_fields(self.model, self.running.tree.tree)
        return frozenset((one.object, one.field) for one in found if not one.is_roll_up)

    def _records(self, tx: Tx, model: Model, where: Foreseen, context: EvalContext) -> Records:
        snapshot = Snapshot(
            environment=self.environment,
            version=self.running.head.version,
            token=str(self.running.head.version),  # nobody pins it: it lives for this transaction
            model=model,
            physical=where.physical,
            env=context.env,
        )
        context = with_others(context, tx, snapshot)
        return Records(tx=tx, snapshot=snapshot, missing=where.missing, context=context)


def _before(places: Iterable[Place], version: int) -> Iterator[Place]:
    """Give the places as they were before a version: what it hid is there, what it made is not."""
    for place in places:
        if place.status == RETIRED and place.retired == version:
            yield place._replace(status=LIVE, retired=None, mirror="")
        elif place.born != version:
            yield place
