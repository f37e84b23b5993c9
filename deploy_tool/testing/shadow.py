"""Tries a plan on a shadow: a throw-away copy of what runs, filled with masked records.

Never the real environment: a database of its own in a temporary folder, gone afterwards. What is
proved is that the plan can be carried out over such records, treatments included, and that each of
them can then be looked at and saved; what its rules refuse is named by object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.plans.planning import Incoming, Planned, Wishes, plan_deployment
from deploy_tool.plans.treatments import read_treatment
from deploy_tool.sources.trees import read_running
from deploy_tool.testing.outcomes import Outcome, State
from engine.clock import Clock, zone_of
from engine.errors import PatronError, RecordInvalid
from engine.expr import EvalContext
from engine.names import ComponentKey, EnvironmentName, ObjectName
from engine.saving.save import Change, change
from engine.session import Session
from engine.snapshots import Environment
from engine.source import SourceTree
from engine.store.database import Database
from engine.store.platform.enter import SystemCredential
from engine.store.platform.upgrades import ENVIRONMENT, upgrade
from engine.store.tx import Tx
from engine.unit import open_unit
from sandbox.masked_copies import Copied, Copying
from sandbox.masking import Masker

NAME = EnvironmentName("shadow")
MOST = 1000  # records of each object
_BATCH = 200
_SHOWN = 5  # rules that are named for an object
_DOOR = "test"  # what the history of such saves would name
_CONSENT = frozenset({"retire", "narrowing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A copy of an environment in a folder of its own, before the plan is carried out."""

    environment: Environment
    folder: Path
    copied: Copied


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of it: outcomes for the report, and how many records each object brought."""

    outcomes: tuple[Outcome, ...]
    records: Mapping[ObjectName, int]
    refused: Mapping[ObjectName, int] = field(default_factory=dict)


def try_on_shadow(source: Environment, planned: Planned, clock: Clock) -> Tried:
    """Carry a plan out on a shadow of its environment, and save every record of it once.

    A first version has no records: nothing is tried then.
    """
    if planned.previous is None:
        return Tried(outcomes=(), records={})
    start = perf_counter()
    with open_shadow(source, planned, clock) as shadow:
        try:
            _carry_out(shadow, planned, clock)
        except PatronError as error:
            found = _outcome("the plan on a copy", start, State.FAILED, error.message)
            return Tried(outcomes=(found,), records=_counts(shadow.copied))
        outcomes = [_outcome("the plan on a copy", start)]
        refused: dict[ObjectName, int] = {}
        for name, ids in shadow.copied.records.items():
            outcomes += _saved(shadow, name, ids, clock, refused)
        return Tried(outcomes=tuple(outcomes), records=_counts(shadow.copied), refused=refused)


@contextmanager
def open_shadow(source: Environment, planned: Planned, clock: Clock) -> Iterator[Shadow]:
    """Give a copy that runs what the environment runs, with masked records; gone afterwards.

    Raises: MetadataInvalid M100 when what runs does not compile.
    """
    with TemporaryDirectory(prefix="patron-shadow-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'shadow.db'}")
        try:
            upgrade(database, ENVIRONMENT)
            _publish(database, planned.running.tree, clock)
            shadow = Environment(NAME, database)
            copied = _fill(source, shadow, clock)
            yield Shadow(environment=shadow, folder=Path(folder), copied=copied)
        finally:
            database.dispose()


def _fill(source: Environment, shadow: Environment, clock: Clock) -> Copied:
    """Copy masked records; the key of the masks lives as long as this call."""
    masker = Masker()
    with source.database.read() as reading, shadow.database.write() as writing:
        here = open_unit(source, reading, SystemCredential(), clock, _DOOR).snapshot
        there = open_unit(shadow, writing, SystemCredential(), clock, _DOOR).snapshot
        zone = zone_of(here.model.project.time_zone)
        copying = Copying(
            source=reading,
            snapshot=here,
            target=writing,
            into=there,
            masker=masker,
            context=EvalContext(now=clock.now(), zone=zone, env=here.env),
        )
        return copying.copy(MOST, at=clock.now())


def _publish(database: Database, tree: SourceTree, clock: Clock) -> None:
    with database.read() as tx:
        running = read_running(tx)
    planned = plan_deployment(
        NAME, database.dialect, running, Incoming(tree=tree, name="what runs")
    )
    apply_plan(database, planned, Order(actor="system", source="import"), clock)


def _carry_out(shadow: Shadow, planned: Planned, clock: Clock) -> None:
    """Do on the shadow what the plan will do, with its treatments."""
    database = shadow.environment.database
    treatments = {
        str(change.component): read_treatment(change.treatment)
        for change in planned.plan.changes
        if change.treatment
    }
    with database.read() as tx:
        again = plan_deployment(
            NAME,
            database.dialect,
            read_running(tx),
            Incoming(tree=planned.result, name="the plan", model=planned.model),
            tx=tx,
            wishes=Wishes(treatments=treatments),
        )
    if again.operations:
        order = Order(actor="system", source="import", accepted=_CONSENT)
        apply_plan(database, again, order, clock)


class _Undo(Exception):
    """Ends a transaction without keeping it; no error."""


def _saved(
    shadow: Shadow,
    name: ObjectName,
    ids: Iterable[int],
    clock: Clock,
    refused: dict[ObjectName, int],
) -> list[Outcome]:
    """Save the records of an object as they are, and undo it; name what refuses them."""
    numbers, start = list(ids), perf_counter()
    rules: dict[str, int] = {}
    try:
        for at in range(0, len(numbers), _BATCH):
            for code, count in _save(shadow, name, numbers[at : at + _BATCH], clock).items():
                rules[code] = rules.get(code, 0) + count
    except PatronError as error:
        return [_outcome(f"saving {name}", start, State.FAILED, f"{error.code} {error.message}")]
    if not numbers:
        return []
    if rules:
        refused[name] = sum(rules.values())
    worst = sorted(rules.items(), key=lambda rule: -rule[1])[:_SHOWN]
    told = ", ".join(f"{count:,} refused by {code}" for code, count in worst)
    label = f"{len(numbers):,} masked records of {name}" + (f": {told}" if told else "")
    return [_outcome(label, start)]


def _save(shadow: Shadow, name: ObjectName, ids: list[int], clock: Clock) -> dict[str, int]:
    """Save some records unchanged in a transaction that is undone; give what refused them."""
    found: dict[str, int] = {}
    with suppress(_Undo), shadow.environment.database.write() as tx:
        session = _session(shadow, tx, clock)
        compiled = session.unit.snapshot.model.objects.get(name)
        if compiled is None or compiled.is_platform:
            raise _Undo
        changes = [Change(id=number, given={}) for number in ids]
        for outcome in change(session.unit, compiled, changes):
            if isinstance(outcome, RecordInvalid):
                code = next((e.code for e in outcome.errors), outcome.code)
                found[code] = found.get(code, 0) + 1
            elif isinstance(outcome, PatronError):
                raise outcome
        raise _Undo
    return found


def _session(shadow: Shadow, tx: Tx, clock: Clock) -> Session:
    return Session(open_unit(shadow.environment, tx, SystemCredential(), clock, _DOOR))


def _counts(copied: Copied) -> dict[ObjectName, int]:
    return {name: len(ids) for name, ids in copied.records.items() if ids}


def _outcome(name: str, start: float, state: State = State.PASSED, found: str = "") -> Outcome:
    return Outcome(
        kind="copy",
        name=name,
        component=ComponentKey("project:project"),
        state=state,
        expected="it can be carried out and every record can be saved" if found else "",
        found=found,
        seconds=perf_counter() - start,
    )
