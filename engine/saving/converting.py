"""Converting: one record becomes several, as the configuration says, in one transaction.

Reached as `Session.converting`. Whoever converts may change the record and create what is made of
it; the values are then computed and written with the rights of the configuration, as those of a
workflow are. What people give instead is read under their own rights. See
docs/decisions/merge-and-convert.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.automation import compute
from engine.compiled import CompiledObject
from engine.describing import object_label
from engine.errors import (
    AccessDenied,
    Conflict,
    FieldError,
    NotFound,
    PatronError,
    RecordInvalid,
    RequestInvalid,
)
from engine.expr.tree import ContextRead, walk
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName, did_you_mean
from engine.programs import ConversionPart, RecordConversion, Setting
from engine.query.plan import Order
from engine.records import coerce
from engine.saving.acting import acting
from engine.saving.fetching import to_change
from engine.saving.locking import locked, locked_among
from engine.saving.looking import load_named
from engine.saving.noting import note
from engine.saving.refusing import without_hidden
from engine.saving.save import Change, change, create, unique_conflict
from engine.saving.shown import shown
from engine.saving.uncomputed import uncomputed
from engine.saving.unit import Record, Unit
from engine.store.failures import UniqueViolated
from engine.store.lower import given_params
from engine.store.reading import fetch_by_ids, fetch_rows

MOST_MATCHES = 5  # that a page offers; the first of them is the one that is joined unasked
MOST_ID = 2**53
_BY_ID = (Order("id"),)

# What somebody wants of a part: values for a new record, the id of one that is there, or neither.
Wish = Mapping[str, object] | int | None
Wishes = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of one part: the record, as the caller may see it; `is_new`: it was made."""

    object: ObjectName
    record: Record
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The converted record, as the caller may see it, and what it became, in order."""

    record: Record
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What a part would become: values of a new record, and records that could be joined.

    `values`: of the fields that the caller may set. `matches`: id -> title, the oldest first.
    `may_create`: the caller has the right.
    """

    object: CompiledObject
    is_optional: bool
    values: Mapping[FieldName, Value]
    matches: Mapping[int, str]
    may_create: bool


@dataclass(slots=True)
class _Done:
    """What a conversion has made so far, and what was refused."""

    made: dict[ObjectName, int] = field(default_factory=dict)
    new: set[ObjectName] = field(default_factory=set)
    missing: set[ObjectName] = field(default_factory=set)  # refused: those that need them go on
    errors: list[FieldError] = field(default_factory=list)

    def given(self, parts: Iterable[ConversionPart]) -> dict[str, Value]:
        """Give what expressions call these records."""
        return {f"${part.object}": self.made.get(part.object) for part in parts}


@dataclass(frozen=True, slots=True)
class Converting:
    """Conversions of records, as one caller may have them."""

    unit: Unit

    def conversion(self, compiled: CompiledObject) -> RecordConversion | None:
        """Give the conversion of an object, if the configuration has one."""
        return self.unit.snapshot.model.conversions.get(compiled.name)

    def marks(self, compiled: CompiledObject) -> frozenset[str]:
        """Name the fields that tell whether a record was converted; none without a conversion."""
        found = self.conversion(compiled)
        return frozenset() if found is None else frozenset(map(str, _marks(found)))

    def is_open(self, compiled: CompiledObject, row: Mapping[str, Value]) -> bool:
        """Tell whether a record with these marks can be converted yet."""
        found = self.conversion(compiled)
        return found is not None and not is_converted(found, row)

    def prospects(self, compiled: CompiledObject, record_id: int) -> Sequence[Prospect]:
        """Tell what a record would become; nothing is written.

        Raises: as `convert`, for what the record itself refuses.
        """
        conversion = self._declared(compiled)
        row = self._loaded(conversion, compiled, record_id, None, for_update=False)
        return [self._prospect(part, row) for part in self._parts(conversion)]

    def convert(
        self,
        compiled: CompiledObject,
        record_id: int,
        wishes: Wishes,
        expected_version: int | None = None,
    ) -> Converted:
        """Convert a record. `wishes`: object -> values, an id, or false to leave it out.

        Raises: NotFound N100; AccessDenied A100; RequestInvalid Q113; RecordInvalid R100 with every
        refused value as "contact.email"; Conflict C100 (stale), C101, C105 (converted already);
        RecordLocked W160.
        """
        conversion = self._declared(compiled)
        row = self._loaded(conversion, compiled, record_id, expected_version, for_update=True)
        chosen = self._chosen(conversion, row, wishes)
        done = _Done()
        with self.unit.tx.savepoint():
            for part, wish in chosen:
                self._carry_out(compiled, part, wish, row, done)
            if not done.errors:
                self._finish(conversion, compiled, row, done)
            if done.errors:
                raise RecordInvalid(errors=tuple(done.errors))
        made = {str(name): number for name, number in done.made.items()}
        note(self.unit, "record.convert", f"{compiled.name} {record_id}", made)
        return self._answer(compiled, record_id, done)

    # --- before anything is written ---------------------------------------------------------------

    def _declared(self, compiled: CompiledObject) -> RecordConversion:
        found = self.conversion(compiled)
        if found is None:
            plural = compiled.text(self.unit.language, "plural") or compiled.plural
            message = say("{objects} are not converted into anything.", objects=plural)
            hint = say("an administrator can declare a conversion")
            raise RequestInvalid(message, code="Q113", hint=hint)
        return found

    def _parts(self, conversion: RecordConversion) -> list[ConversionPart]:
        objects = self.unit.snapshot.model.objects
        return [part for part in conversion.parts if part.object in objects]

    def _loaded(
        self,
        conversion: RecordConversion,
        compiled: CompiledObject,
        record_id: int,
        expected_version: int | None,
        *,
        for_update: bool,
    ) -> Record:
        """Read the record, and refuse what cannot be converted now; held until the end."""
        unit = self.unit
        access = unit.access.of(compiled.name)
        plan = unit.planner.load(compiled, conversion.reads)
        found = to_change(unit, compiled, plan, [record_id], for_update=for_update)
        reached = found.get(record_id)
        if reached is None or not access.may("read"):
            raise NotFound
        if not access.may("edit") or not reached.may_edit:
            raise AccessDenied(say("You may see this record, but not change it."))
        for request in locked_among(unit, compiled, found).values():
            raise locked(unit, request)
        row = reached.row
        if expected_version is not None and expected_version != row["version"]:
            message = say("Somebody else has changed this record since you read it.")
            raise Conflict(message, current=shown(unit, compiled, row, {}))
        if is_converted(conversion, row):
            message = say("This record is converted already.")
            raise Conflict(message, code="C105", hint=say("go on with what it became"))
        return row

    def _chosen(
        self, conversion: RecordConversion, row: Record, wishes: Wishes
    ) -> list[tuple[ConversionPart, Wish]]:
        """Decide for each part: a new record with these values, or one that is there.

        Raises: RequestInvalid Q113 with every wish that cannot be; AccessDenied A100.
        """
        parts = self._parts(conversion)
        errors = list(_unreadable(parts, wishes))
        chosen: list[tuple[ConversionPart, Wish]] = []
        for part in parts:
            wish = wishes.get(part.object)
            if wish is False:
                continue
            if isinstance(wish, int) and wish is not True:
                errors += self._unseen(part, wish)
            known = wish if isinstance(wish, Mapping | int) else self._first_match(part, row)
            chosen.append((part, {} if known is None else known))
        if errors:
            message = say("The record cannot be converted like this.")
            raise RequestInvalid(message, code="Q113", errors=tuple(errors))
        for part, wish in chosen:
            if isinstance(wish, Mapping):
                self.unit.rights(self._object(part), "create")
        return chosen

    def _unseen(self, part: ConversionPart, record_id: int) -> list[FieldError]:
        is_id = 0 < record_id < MOST_ID
        if is_id and record_id in load_named(self.unit, self._object(part), [record_id]):
            return []
        label = object_label(self._object(part), self.unit.language)
        message = say("{label}: there is no such record, or you may not see it.", label=label)
        return [FieldError(field=f"to.{part.object}", code="R106", message=message)]

    def _first_match(self, part: ConversionPart, row: Record) -> int | None:
        found = self._matches(part, row, 1)
        return found[0] if found else None

    def _matches(self, part: ConversionPart, row: Record, most: int) -> list[int]:
        """Find the records that a part may join, among those the caller sees, the oldest first."""
        unit, match = self.unit, part.match
        if match is None or not unit.access.of(part.object).may("read"):
            return []
        compiled = self._object(part)
        policy = unit.access.of(part.object).read_policy
        plan = unit.planner.read(
            compiled, fields=(), where=(match.condition,), order=_BY_ID, policy=policy
        )
        given = [(one, one.read(row, unit.caller.context)) for one in match.given]
        if any(value is None for _, value in given):
            return []  # what is blank is like nothing
        caller = replace(unit.caller, given=given_params(given, unit.tx.dialect))
        rows, _ = fetch_rows(unit.tx, unit.snapshot, plan, caller, limit=most)
        return [_id(one) for one in rows]

    def _prospect(self, part: ConversionPart, row: Record) -> Prospect:
        unit, compiled = self.unit, self._object(part)
        values, _ = compute(part.settings, compiled, row, unit.caller.context)
        editable = unit.access.of(compiled.name).editable
        matches = self._matches(part, row, MOST_MATCHES)
        named = load_named(unit, compiled, matches)
        title = str(compiled.title)
        titles = {i: str(named[i].get(title) or f"#{i}") for i in matches if i in named}
        open_to = {n: v for n, v in values.items() if editable & compiled.fields[n].bit}
        return Prospect(
            object=compiled,
            is_optional=part.is_optional,
            values=open_to,
            matches=titles,
            may_create=unit.access.of(compiled.name).may("create"),
        )

    # --- what is written --------------------------------------------------------------------------

    def _carry_out(
        self, source: CompiledObject, part: ConversionPart, wish: Wish, row: Record, done: _Done
    ) -> None:
        """Make the record of a part, or take the one that is there; refusals are collected."""
        if isinstance(wish, int):
            done.made[part.object] = wish
            return
        assert isinstance(wish, Mapping)  # decided before
        unit, compiled = self.unit, self._object(part)
        access = unit.access.of(compiled.name)
        own, errors = coerce(compiled, access, wish, is_new=True, used_names=unit.deprecations)
        settings = [one for one in part.settings if one.field not in own]
        values = {**row, **{f"${name}": number for name, number in done.made.items()}}
        given, refused = compute(settings, compiled, values, unit.caller.context)
        errors += without_hidden(unit, compiled, uncomputed(unit, compiled, refused))
        lacking = {one.field for one in settings if _names(one) & done.missing}
        outcome = self._create(source, compiled, dict(given.items()) | own)
        if isinstance(outcome, RecordInvalid):
            known = {one.field for one in errors} | lacking
            found = without_hidden(unit, compiled, outcome.errors)
            errors += [one for one in found if one.field not in known]
        elif isinstance(outcome, PatronError):
            raise outcome
        if errors or isinstance(outcome, PatronError):
            done.missing.add(part.object)
            done.errors += [_of_part(part, one) for one in errors]
            return
        done.made[part.object] = _id(outcome)
        done.new.add(part.object)

    def _create(
        self, source: CompiledObject, compiled: CompiledObject, values: Mapping[str, Value]
    ) -> Record | PatronError:
        try:
            return create(self._acting(source), compiled, [dict(values.items())])[0]
        except UniqueViolated as violated:
            raise unique_conflict(self.unit, compiled, violated) from violated

    def _finish(
        self, conversion: RecordConversion, compiled: CompiledObject, row: Record, done: _Done
    ) -> None:
        """Set on the record what the conversion says; its rules are looked at as in any save."""
        unit = self.unit
        values = {**row, **done.given(conversion.parts)}
        given, refused = compute(conversion.settings, compiled, values, unit.caller.context)
        errors = [*uncomputed(unit, compiled, refused)]
        wanted = Change(id=_id(row), given=dict(given.items()))
        try:
            outcome = change(self._acting(compiled), compiled, [wanted])[0]
        except UniqueViolated as violated:
            raise unique_conflict(unit, compiled, violated) from violated
        if isinstance(outcome, RecordInvalid):
            errors += outcome.errors
        elif isinstance(outcome, PatronError):
            raise outcome
        done.errors += without_hidden(unit, compiled, errors)

    def _acting(self, source: CompiledObject) -> Unit:
        """Give the rights of the configuration; the history names the conversion as the cause."""
        unit = self.unit
        return replace(acting(unit), source=unit.source, cause=f"conversion:{source.name}")

    # --- what is told -----------------------------------------------------------------------------

    def _answer(self, compiled: CompiledObject, record_id: int, done: _Done) -> Converted:
        made = tuple(
            Made(
                object=name,
                record=self._shown(self.unit.snapshot.model.objects[name], number),
                is_new=name in done.new,
            )
            for name, number in done.made.items()
        )
        return Converted(record=self._shown(compiled, record_id), made=made)

    def _shown(self, compiled: CompiledObject, record_id: int) -> Record:
        """Read a record as the caller sees it; of one that they do not see, the id alone."""
        unit = self.unit
        if not unit.access.of(compiled.name).may("read"):
            return {"id": record_id}
        plan = unit.plans(("read", compiled.name, None), lambda: unit.planner.read(compiled))
        found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record_id])
        return found[record_id][0] if record_id in found else {"id": record_id}

    def _object(self, part: ConversionPart) -> CompiledObject:
        return self.unit.snapshot.model.objects[part.object]


def is_converted(conversion: RecordConversion, row: Mapping[str, Value]) -> bool:
    """Tell whether a record bears what its conversion sets.

    A lookup at what was made is filled, or all the constants stand there. A conversion that sets
    neither leaves no mark, and nothing keeps it from being done again.
    """
    lookups = [one.field for one in conversion.settings if _names(one)]
    if any(row.get(name) is not None for name in lookups):
        return True
    constants = [one for one in conversion.settings if one.expression is None]
    return bool(constants) and all(row.get(one.field) == one.constant for one in constants)


def _marks(conversion: RecordConversion) -> list[FieldName]:
    """Give the fields that `is_converted` looks at."""
    settings = conversion.settings
    return [one.field for one in settings if _names(one) or one.expression is None]


def _names(setting: Setting) -> set[ObjectName]:
    """Give the parts that the value of a setting names."""
    if setting.expression is None:
        return set()
    nodes = (node for node in walk(setting.expression.tree) if isinstance(node, ContextRead))
    return {ObjectName(node.name.removeprefix("$")) for node in nodes if node.source == "given"}


def _unreadable(parts: Sequence[ConversionPart], wishes: Wishes) -> Iterable[FieldError]:
    """Say which wishes mean nothing here."""
    known = {str(part.object): part for part in parts}
    for name, wish in wishes.items():
        at, part = f"to.{name}", known.get(name)
        if part is None:
            message = say('It does not become a "{name}".', name=name)
            yield FieldError(field=at, code="Q113", message=message, hint=did_you_mean(name, known))
        elif wish is False and not part.is_optional:
            message = say('"{name}" cannot be left out.', name=name)
            yield FieldError(field=at, code="Q113", message=message)
        elif wish is True or not isinstance(wish, Mapping | int | None):
            message = say("This is neither values, nor the id of a record, nor false.")
            yield FieldError(field=at, code="Q113", message=message)


def _of_part(part: ConversionPart, error: FieldError) -> FieldError:
    """Say of which of the records an error is."""
    name = f"{part.object}.{error.field}" if error.field else str(part.object)
    return replace(error, field=name)


def _id(row: Mapping[str, Value]) -> int:
    return int(row["id"])  # type: ignore[arg-type]  # ids are integers
