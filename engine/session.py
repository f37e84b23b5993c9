"""The front door: one transaction, one snapshot, one caller. All writes come through here.

The story of a save: `Session.create` and `Session.update` resolve the object, hand the values to
`engine.saving`, which loads, lets `engine.records` decide, writes, rolls up and remembers. The
story of a query: `Session.list` asks `engine.query` for a plan under the caller's rights and lets
`engine.store.reading` execute it. `run` opens and closes all of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from random import uniform
from time import sleep
from typing import TypeVar

from engine import describing
from engine.clock import Clock, SystemClock
from engine.compiled import CompiledField, CompiledObject, Snapshot
from engine.errors import Conflict, NotFound, PatronError, RequestInvalid
from engine.explaining import Explaining
from engine.locale import say, translate
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.people.preferences import choose_preferences
from engine.query import ListRequest, ReadPlan
from engine.query.planner import MAX_LIMIT
from engine.saving import bin as bins
from engine.saving.approvals.requests import Approvals, Shown, Told, Waiting
from engine.saving.bulk import BulkResult, carry_out
from engine.saving.converting import Converted, Converting, Made, Prospect
from engine.saving.deadlines.timing import Timing, clocks_of
from engine.saving.explaining.looking_back import Tracing
from engine.saving.explaining.tracing import DONE, ask_for_trace, keep_trace
from engine.saving.looking import Happening, Seen, load_named, look, read_history
from engine.saving.merging import Candidate, Merging, Wanted
from engine.saving.own_views import OWN, OwnViews
from engine.saving.runs.run_history import Runs
from engine.saving.save import Change, Outcome, change, create, unique_conflict
from engine.saving.sharing import Sharing
from engine.saving.sight import Sight
from engine.saving.unit import Record, Unit
from engine.snapshots import Credential, Environment
from engine.store.aggregating import aggregate
from engine.store.failures import Deadlock, UniqueViolated
from engine.store.keyset import Cursor
from engine.store.platform import idempotency
from engine.store.platform.absences import Absence
from engine.store.platform.approvals import Asked
from engine.store.platform.idempotency import KeptAnswer
from engine.store.platform.shares import Share
from engine.store.reading import count, fetch_by_ids, fetch_window, find_ids
from engine.store.titles import Named, fetch_titles
from engine.unit import in_name_of, open_unit

__all__ = [
    "TRIES",
    "Absence",
    "Asked",
    "BulkResult",
    "Candidate",
    "Converted",
    "Happening",
    "KeptAnswer",
    "ListRequest",
    "Made",
    "Page",
    "Prospect",
    "Record",
    "Seen",
    "Session",
    "Share",
    "Shown",
    "Told",
    "Waiting",
    "Wanted",
    "run",
]

T = TypeVar("T")
# How often a face begins a request: a save that met another one in a deadlock is done again.
TRIES = 4
LONGEST_PAUSE = 0.15  # seconds before the second turn, twice that before the third, and so on


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list; `next` is the cursor for what follows, None at the end.

    `previous`, given as `after`, leads to the page before; None on the first.
    """

    records: list[Record]
    next: str | None
    previous: str | None = None
    count: int | None = None
    count_is_at_least: bool = False


def run(
    environment: Environment,
    credential: Credential,
    work: Callable[[Session], T],
    *,
    write: bool,
    clock: Clock | None = None,
    source: str = "api",
    trace: str = "",
    tries: int = 1,
) -> T:
    """Do `work` in one transaction of an environment, as whoever the credential stands for.

    Commits when `work` returns, undoes everything when it raises. `trace`: under which name is kept
    why rules and workflows did what they did; "" keeps nothing unless a switch asks for it.
    `tries`: how often `work` is begun when it meets another transaction in a deadlock; more than
    once only for work that leaves nothing behind outside of its transaction.
    Raises: SignInRequired A200; AccessDenied A100 for a trace by who may not customize; Busy S102;
    whatever `work` raises.
    """
    chosen = clock or SystemClock()
    for turn in range(1, tries):
        with suppress(Deadlock):
            return _run(environment, credential, work, chosen, source, trace, write=write)
        sleep(uniform(0, turn * LONGEST_PAUSE))  # noqa: S311  # so that they do not meet again
    return _run(environment, credential, work, chosen, source, trace, write=write)


def _run(
    environment: Environment,
    credential: Credential,
    work: Callable[[Session], T],
    clock: Clock,
    source: str,
    trace: str,
    *,
    write: bool,
) -> T:
    database = environment.database
    unit: Unit | None = None
    try:
        with database.write() if write else database.read() as tx:
            unit = open_unit(environment, tx, credential, clock, source)
            if trace:
                ask_for_trace(unit, trace)
            try:
                done = work(Session(unit))
            except PatronError as error:
                translate(error, unit.language)
                raise
    except PatronError as error:
        if unit is not None and unit.trace is not None:
            keep_trace(database, unit, error.code)
        raise
    if unit.trace is not None:
        keep_trace(database, unit, DONE)
    return done


class Session:
    """What one caller can do with records while a transaction is open."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    @property
    def snapshot(self) -> Snapshot:
        """The version that this transaction works with."""
        return self._unit.snapshot

    @property
    def unit(self) -> Unit:
        """The unit of work: for rooms of the engine and for counting statements."""
        return self._unit

    @property
    def sharing(self) -> Sharing:
        """Shares by hand and new owners."""
        return Sharing(self._unit)

    @property
    def converting(self) -> Converting:
        """What a record becomes by the conversion of its object."""
        return Converting(self._unit)

    @property
    def merging(self) -> Merging:
        """Several records that become one."""
        return Merging(self._unit)

    @property
    def own_views(self) -> OwnViews:
        """Views of lists that the caller keeps for themselves."""
        return OwnViews(self._unit)

    @property
    def runs(self) -> Runs:
        """Runs of workflows: what they did, what they wait for, buttons that start one."""
        return Runs(self._unit, partial(in_name_of, self._unit), Sight(self._unit))

    @property
    def approvals(self) -> Approvals:
        """Requests for approval: submitting, deciding, what waits for whom."""
        return Approvals(self._unit)

    @property
    def tracing(self) -> Tracing:
        """Why rules and workflows did what they did."""
        return Tracing(self._unit)

    @property
    def explaining(self) -> Explaining:
        """Who can see and do what, and why."""
        return Explaining(self._unit)

    @property
    def deprecations(self) -> list[str]:
        """Former names of fields and objects that the caller used."""
        return self._unit.deprecations

    def get(self, name: str, record_id: int, fields: Sequence[str] | None = None) -> Record:
        """Read one record. Raises: NotFound N100; RequestInvalid Q102 for unknown fields."""
        compiled = self._object(name)
        plan = self._read_plan(compiled, fields)
        found = fetch_by_ids(self._unit.tx, self.snapshot, plan, self._unit.caller, [record_id])
        if record_id not in found:
            raise NotFound
        return found[record_id][0]

    def look(
        self,
        name: str,
        record_id: int,
        paths: Sequence[str],
        facts: Iterable[str] = (),
        *,
        is_bin: bool = False,
    ) -> Seen | None:
        """Read a record and whether the caller may change it; None when hidden or absent.

        `facts` are paths that conditions of the configuration read; they are for evaluating alone.
        """
        compiled = self._object(name)
        return look(self._unit, compiled, record_id, tuple(paths), facts, is_bin=is_bin)

    def named(self, name: str, ids: Iterable[int]) -> dict[int, Record]:
        """Read the titles of the records among `ids` that the caller sees: one statement."""
        return load_named(self._unit, self.snapshot.model.objects[ObjectName(name)], ids)

    def history(
        self, seen: Seen, *, limit: int = 50, before: int | None = None
    ) -> Sequence[Happening]:
        """Give what happened to a record, newest first; `before` is the last version shown."""
        return read_history(self._unit, seen, limit=limit, before=before)

    def list(self, request: ListRequest) -> Page:
        """Read one page of a list, with its count when asked for: one statement, or two.

        `view`: the name of one that is declared, or `own:7`; one's own costs a statement more.
        """
        if not 1 <= request.limit <= MAX_LIMIT:
            message = say("`limit` must be between 1 and {most:group}.", most=MAX_LIMIT)
            raise RequestInvalid(message, code="Q106")
        unit = self._unit
        if request.view is not None and request.view.startswith(OWN):
            request = self.own_views.opened(self._object(request.object), request)
        plan = unit.plans(("list", _shape(request)), lambda: unit.planner.list(request))
        unit.deprecations.extend(plan.former)
        after = Cursor.read(request.after, plan) if request.after else None
        found = fetch_window(
            unit.tx, self.snapshot, plan, unit.caller, limit=request.limit, after=after
        )
        page = Page(
            records=found.rows,
            next=None if found.next is None else found.next.text(),
            previous=None if found.previous is None else found.previous.text(),
        )
        if not request.count:
            return page
        total, at_least = count(unit.tx, self.snapshot, plan, unit.caller)
        return replace(page, count=total, count_is_at_least=at_least)

    def clocks(self, name: str, record_id: int) -> Sequence[Timing]:
        """Give the clocks of a record's deadlines, the newest first. Raises: NotFound N100."""
        return clocks_of(self._unit, self._object(name), record_id)

    def aggregate(
        self,
        name: str,
        *,
        where: str | None = None,
        group: Iterable[str] = (),
        measures: Mapping[str, str],
    ) -> Sequence[Record]:
        """Group and measure the records that the caller sees."""
        unit = self._unit
        plan = unit.planner.aggregate(name, where=where, group=group, measures=measures)
        unit.deprecations.extend(plan.former)
        return aggregate(unit.tx, self.snapshot, plan, unit.caller)

    def create(self, name: str, values: Mapping[str, object]) -> Record:
        """Create a record. Raises: RecordInvalid R100; Conflict C101; AccessDenied A100."""
        compiled = self._object(name)
        return self._one(compiled, lambda: create(self._unit, compiled, [values]))

    def update(
        self,
        name: str,
        record_id: int,
        values: Mapping[str, object],
        expected_version: int | None = None,
    ) -> Record:
        """Change a record. Raises as `create`, and NotFound N100; Conflict C100 when stale."""
        compiled = self._object(name)
        wanted = Change(id=record_id, given=values, expected_version=expected_version)
        return self._one(compiled, lambda: change(self._unit, compiled, [wanted]))

    def upsert(
        self, name: str, field: str, value: object, values: Mapping[str, object]
    ) -> tuple[Record, bool]:
        """Create or change the record with this external id. Returns: it, and whether it is new.

        Raises: as `create` and `update`; RequestInvalid Q107 for no external id, or another one in
        `values` than in `value`.
        """
        compiled = self._object(name)
        key = self._external_id(compiled, field)
        read = describing.parse_key(key, value)
        describing.ensure_same_key(compiled, key, read, values)
        found = self._find(compiled, key, read)
        if found is not None:
            return self.update(name, found, values), False
        return self.create(name, {**values, key.name: value}), True

    def find(self, name: str, field: str, value: object) -> int | None:
        """Give the id of the record with this external id, among those the caller sees."""
        compiled = self._object(name)
        key = self._external_id(compiled, field)
        return self._find(compiled, key, describing.parse_key(key, value))

    def titles(
        self, names: Iterable[str], ids: Sequence[int]
    ) -> Mapping[int, tuple[ObjectName, str]]:
        """Name records of several objects in one statement: id -> (object, name).

        Records that are absent, deleted or hidden are left out, and so are objects that the caller
        may not read; a name that is blank or hidden is "".
        """
        unit, wanted = self._unit, []
        for name in dict.fromkeys(names):
            compiled = self.snapshot.model.objects.get(ObjectName(name))
            if compiled is None or not unit.access.of(compiled.name).may("read"):
                continue
            access = unit.access.of(compiled.name)
            title = compiled.title
            is_shown = title is not None and access.readable & compiled.fields[title].bit
            shown = str(title) if is_shown else ""
            wanted.append(Named(compiled.name, shown, access.read_policy))
        return fetch_titles(unit.tx, self.snapshot, wanted, unit.caller, ids)

    def delete(self, name: str, record_id: int, expected_version: int | None = None) -> None:
        """Put a record into the bin. Raises: NotFound; AccessDenied; Conflict C100, C102."""
        bins.delete(self._unit, self._object(name), record_id, expected_version)

    def restore(self, name: str, record_id: int) -> Record:
        """Take a record out of the bin. Raises: NotFound; AccessDenied; Conflict C101, C104."""
        compiled = self._object(name)
        try:
            bins.restore(self._unit, compiled, record_id)
        except UniqueViolated as violated:
            raise unique_conflict(self._unit, compiled, violated) from violated
        return self.get(name, record_id)

    def bulk(
        self,
        name: str,
        operation: str,
        rows: Sequence[Mapping[str, object]],
        *,
        atomic: bool,
        match: str | None = None,
    ) -> Sequence[BulkResult]:
        """Create, update, upsert or delete many records through the same pipeline."""
        compiled = self._object(name)
        results = carry_out(
            self._unit,
            compiled,
            operation,
            rows,
            atomic=atomic,
            match=match,
            upsert=partial(self.upsert, name),
        )
        for result in results:
            if result.error is not None:
                translate(result.error, self._unit.language)
        return results

    def describe(self, name: str) -> dict[str, object]:
        """Describe an object as this caller may see it, in their language."""
        unit = self._unit
        compiled = self._object(name)
        return describing.describe(unit.snapshot.model, unit.access, compiled, unit.language)

    def objects(self) -> Sequence[dict[str, object]]:
        """List the objects that this caller may read, in their language."""
        unit = self._unit
        return describing.objects(unit.snapshot.model, unit.access, unit.language)

    def compiled(self, name: str) -> CompiledObject:
        """Give an object that the caller may read. Raises: NotFound N100."""
        return self._object(name)

    def recall(self, key: str, request: str) -> KeptAnswer | None:
        """Give what the caller was answered for a key, if this very request was carried out.

        `request` is a digest of what is asked now. Raises: Conflict C103 for another request.
        """
        kept = idempotency.find(self._unit.tx, user=self._unit.me, key=key)
        if kept is not None and kept.request != request:
            message = say("This Idempotency-Key was used for another request.")
            raise Conflict(message, code="C103", hint=say("take a new key for every new request"))
        return kept

    def remember(self, key: str, answer: KeptAnswer) -> None:
        """Keep an answer under a key, in the transaction of what it tells of.

        Raises: UniqueViolated S101 when the same request ran at the same time: undo and recall.
        """
        unit = self._unit
        idempotency.keep(unit.tx, user=unit.me, key=key, answer=answer, at=unit.now)

    def prefer(self, *, language: str, time_zone: str) -> None:
        """Keep the caller's own language and time zone. Raises: RecordInvalid R100 with R150."""
        unit = self._unit
        choose_preferences(
            unit.tx,
            unit.me,
            language=language,
            time_zone=time_zone,
            languages=self.snapshot.model.project.languages,
            at=unit.now,
        )

    def _object(self, name: str) -> CompiledObject:
        """Resolve an object that the caller may read; a former name is noted."""
        compiled = self._unit.planner.object(name)
        if compiled.name != name:
            self._unit.deprecations.append(name)
        return compiled

    def _external_id(self, compiled: CompiledObject, field: str) -> CompiledField:
        """Give a field that tells records apart. Raises: RequestInvalid Q107."""
        declared = compiled.fields.get(compiled.aka.get(field, FieldName(field)))
        readable = self._unit.access.of(compiled.name).readable
        is_key = declared is not None and (declared.decl.external_id or declared.decl.unique)
        if declared is None or not is_key or not readable & declared.bit:
            message = say(
                '"{name}" is no external id of "{object}".', name=field, object=compiled.name
            )
            raise RequestInvalid(message, code="Q107")
        return declared

    def _find(self, compiled: CompiledObject, key: CompiledField, value: Value) -> int | None:
        unit = self._unit
        ids = find_ids(
            unit.tx,
            self.snapshot,
            compiled.name,
            key.name,
            value,
            access=unit.access.of(compiled.name),
            caller=unit.caller,
        )
        return ids[0] if ids else None

    def _one(self, compiled: CompiledObject, save: Callable[[], Sequence[Outcome]]) -> Record:
        try:
            outcome = save()[0]
        except UniqueViolated as violated:
            raise unique_conflict(self._unit, compiled, violated) from violated
        if isinstance(outcome, PatronError):
            raise outcome
        return outcome

    def _read_plan(self, compiled: CompiledObject, fields: Sequence[str] | None) -> ReadPlan:
        wanted = None if fields is None else tuple(fields)
        planner = self._unit.planner
        plan = self._unit.plans(
            ("read", compiled.name, wanted), lambda: planner.read(compiled, fields=wanted)
        )
        self._unit.deprecations.extend(plan.former)
        return plan


def _shape(request: ListRequest) -> tuple[object, ...]:
    return (
        ObjectName(request.object),
        request.where,
        request.fields,
        request.sort,
        request.view,
        request.bin,
    )
