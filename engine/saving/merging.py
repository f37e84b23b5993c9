"""Merging: several records of one object become one, with all that pointed at them.

Reached as `Session.merging`. What pointed at the others points at the one that is kept, they go to
the bin, and the one that is kept is saved with the values that were chosen: one transaction, and
the same number of statements for ten as for ten thousand that pointed. See
docs/decisions/merge-and-convert.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.access import Everything
from engine.compiled import CompiledField, CompiledObject
from engine.errors import AccessDenied, Conflict, FieldError, NotFound, PatronError, RequestInvalid
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.query import ReadPlan
from engine.saving import bin as bins
from engine.saving.fetching import to_change
from engine.saving.journal import Journal
from engine.saving.locking import locked, locked_among
from engine.saving.noting import note
from engine.saving.repointing import Repointing, repoint
from engine.saving.save import Change, change, unique_conflict
from engine.saving.shown import shown
from engine.saving.sight import Sight
from engine.saving.unit import Record, Unit
from engine.store.failures import UniqueViolated
from engine.store.platform import history
from engine.store.reading import Reached, fetch_by_ids
from engine.store.writing import inbound_records

MOST = 3  # records that become one
MOST_ID = 2**53
_ALL = Everything("it was just merged")
MERGED = "merged"  # an event of the history; its note names the other records


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How records are to be merged.

    `others`: id -> the version that was seen, None for any. `values`: what the kept record gets.
    `taken`: field -> the record whose value it gets. `expected_version`: of the kept record.
    """

    others: Mapping[int, int | None]
    values: Mapping[str, object]
    taken: Mapping[str, int]
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A record that may be merged, as the caller sees it, and what they may do with it."""

    record: Record
    may_keep: bool
    may_go: bool


@dataclass(frozen=True, slots=True)
class Merging:
    """Merging of records, as one caller may do it."""

    unit: Unit

    def candidates(
        self, compiled: CompiledObject, ids: Sequence[int], paths: Sequence[str] = ()
    ) -> Sequence[Candidate]:
        """Read the records that somebody thinks of merging, in the order given.

        Hidden and absent ones are left out. `paths`: what is read of them; without any, every field
        that the caller may read. One statement.
        """
        unit = self.unit
        access = unit.access.of(compiled.name)
        wanted = tuple(dict.fromkeys((*paths, "version"))) if paths else None
        plan = unit.plans(
            ("read", compiled.name, wanted), lambda: unit.planner.read(compiled, fields=wanted)
        )
        found = self._fetch(compiled, plan, ids, for_update=False)
        locks = locked_among(unit, compiled, found)
        return [
            Candidate(
                record=found[one].row,
                may_keep=access.may("edit") and found[one].may_edit and one not in locks,
                may_go=access.may("delete") and found[one].may_edit and one not in locks,
            )
            for one in dict.fromkeys(ids)
            if one in found
        ]

    def pointing(self, compiled: CompiledObject, ids: Iterable[int]) -> dict[ObjectName, int]:
        """Count the records that point at some records, by object, as far as the caller sees."""
        unit = self.unit
        inbound = unit.snapshot.model.links.inbound.get(compiled.name, ())
        wanted = sorted(set(ids))
        if not inbound or not wanted:
            return {}
        found: dict[ObjectName, set[int]] = {}
        for link, record, _ in inbound_records(unit.tx, unit.snapshot, inbound, wanted):
            found.setdefault(link.object, set()).add(record)
        sight = Sight(unit)
        seen = {name: len(sight.records(name, records)) for name, records in found.items()}
        return {name: number for name, number in seen.items() if number}

    def merge(self, compiled: CompiledObject, record_id: int, wanted: Wanted) -> Record:
        """Merge others into a record, and give it as it is then.

        Raises: NotFound N100; AccessDenied A100; RequestInvalid Q114; RecordInvalid R100; Conflict
        C100 (stale), C101, C102 (too many point there); RecordLocked W160.
        """
        self._ensure_sensible(compiled, record_id, wanted)
        unit, others = self.unit, sorted(wanted.others)
        plan = unit.planner.load(compiled)
        found = self._fetch(compiled, plan, [record_id, *others], for_update=True)
        self._ensure_allowed(compiled, record_id, wanted, found)
        given = self._given(compiled, record_id, wanted, found)
        with unit.tx.savepoint():
            self._repoint(compiled, record_id, others)
            for other in others:
                bins.delete(unit, compiled, other)
            kept = self._save(compiled, record_id, given)
            self._remember(compiled, kept, others)
        note(unit, "record.merge", f"{compiled.name} {record_id}", {"with": others})
        return kept

    # --- before anything is written ---------------------------------------------------------------

    def _fetch(
        self, compiled: CompiledObject, plan: ReadPlan, ids: Sequence[int], *, for_update: bool
    ) -> dict[int, Reached]:
        """Read records with the answer to "may the caller change them?", held in order of id."""
        unit = self.unit
        access = unit.access.of(compiled.name)
        if not access.may("read"):
            return {}
        wanted = sorted({one for one in ids if 0 < one < MOST_ID})
        return to_change(unit, compiled, plan, wanted, for_update=for_update)

    def _ensure_sensible(self, compiled: CompiledObject, record_id: int, wanted: Wanted) -> None:
        """Refuse what cannot be meant. Raises: RequestInvalid Q114."""
        errors = []
        if compiled.is_platform:
            message = say("{objects} are not merged.", objects=compiled.plural)
            errors.append(FieldError(field="", code="Q114", message=message))
        if not 1 <= len(wanted.others) < MOST or record_id in wanted.others:
            message = say(
                "`with` names one or two other records: at most {most} become one.", most=MOST
            )
            errors.append(FieldError(field="with", code="Q114", message=message))
        for name, source in wanted.taken.items():
            if source not in (record_id, *wanted.others):
                message = say("{id} is none of the records that are merged.", id=source)
                errors.append(FieldError(field=f"from.{name}", code="Q114", message=message))
            elif name in wanted.values:
                message = say("It stands in `values` as well: name it once.")
                errors.append(FieldError(field=f"from.{name}", code="Q114", message=message))
        if errors:
            message = say("The records cannot be merged like this.")
            raise RequestInvalid(message, code="Q114", errors=tuple(errors))

    def _ensure_allowed(
        self,
        compiled: CompiledObject,
        record_id: int,
        wanted: Wanted,
        found: Mapping[int, Reached],
    ) -> None:
        """Refuse what the caller does not see, may not do, or has seen as it no longer is."""
        unit, access = self.unit, self.unit.access.of(compiled.name)
        if record_id not in found:
            raise NotFound
        if any(other not in found for other in wanted.others):
            message = say("One of the records is not there, or you may not see it.")
            error = FieldError(field="with", code="R106", message=message)
            raise RequestInvalid(message, code="Q114", errors=(error,))
        if not access.may("edit") or not found[record_id].may_edit:
            raise AccessDenied(say("You may see this record, but not change it."))
        if not access.may("delete") or not all(found[one].may_edit for one in wanted.others):
            raise AccessDenied(
                say("You may see these records, but not delete those that are merged.")
            )
        for request in locked_among(unit, compiled, found).values():
            raise locked(unit, request)
        seen = {record_id: wanted.expected_version, **wanted.others}
        for one, version in seen.items():
            row = found[one].row
            if version is not None and version != row["version"]:
                message = say("Somebody else has changed this record since you read it.")
                raise Conflict(message, current=shown(unit, compiled, row, {}))

    def _given(
        self,
        compiled: CompiledObject,
        record_id: int,
        wanted: Wanted,
        found: Mapping[int, Reached],
    ) -> dict[str, object]:
        """Give what the kept record gets; a value of a field that the caller may not read is none.

        Whether the fields may be changed at all is told by the save that follows.
        """
        given, readable = dict(wanted.values), self.unit.access.of(compiled.name).readable
        for name, source in wanted.taken.items():
            field = compiled.fields.get(compiled.aka.get(name, FieldName(name)))
            if field is None or not readable & field.bit:
                given[name] = None  # refused below as a field that is not there
            elif source != record_id:
                value = found[source].row.get(field.name)
                given[name] = None if _is_self(compiled, field, value, found) else value
        return given

    # --- what is written --------------------------------------------------------------------------

    def _repoint(self, compiled: CompiledObject, record_id: int, others: Sequence[int]) -> None:
        journal = Journal(self.unit)
        wanted = Repointing(object=compiled.name, others=tuple(others), kept=record_id)
        repoint(self.unit, wanted, journal)
        journal.close(compiled, ())

    def _save(
        self, compiled: CompiledObject, record_id: int, given: Mapping[str, object]
    ) -> Record:
        """Save the kept record with what was chosen, under the caller's rights."""
        unit = self.unit
        try:
            outcome = change(unit, compiled, [Change(id=record_id, given=given)])[0]
        except UniqueViolated as violated:
            raise unique_conflict(unit, compiled, violated) from violated
        if isinstance(outcome, PatronError):
            raise outcome
        return outcome

    def _remember(self, compiled: CompiledObject, kept: Record, others: Sequence[int]) -> None:
        """Tell in the history of each what it was merged with: two statements, or none."""
        if not compiled.history:
            return
        unit, record_id = self.unit, _number(kept["id"])
        plan = unit.planner.load_paths(compiled, ("version",), is_bin=True, policy=_ALL)
        gone = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, others)
        told = {record_id: (_number(kept["version"]), ", ".join(map(str, others)))}
        told |= {one: (_number(row["version"]), str(record_id)) for one, (row, _) in gone.items()}
        entries = [
            history.Entry(
                record=record,
                object=compiled.name,
                version=version,
                event=MERGED,
                changes={"": (None, text)},
            )
            for record, (version, text) in told.items()
        ]
        history.append(unit.tx, entries, at=unit.now, actor=unit.me, source=unit.source)


def _is_self(
    compiled: CompiledObject, field: CompiledField, value: Value, found: Mapping[int, Reached]
) -> bool:
    """Tell whether a lookup would make a record its own parent, or lead into the bin."""
    return compiled.name in field.decl.targets and value in found


def _number(value: Value) -> int:
    return int(value)  # type: ignore[arg-type]  # ids and versions are integers
