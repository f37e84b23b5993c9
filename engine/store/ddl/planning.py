"""Compares a model with what is there and gives the steps between: pure, in an order that works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import tzinfo

from engine.compiled import CompiledField, CompiledObject, Model
from engine.errors import DeploymentFailed
from engine.model.converting import Conversion, keeps_values
from engine.model.fields.base import Storage
from engine.model.platform import PLATFORM_OBJECTS
from engine.names import FieldName, ObjectName
from engine.store.ddl.asked import asked_by_rules
from engine.store.ddl.generations import (
    ConvertColumn,
    PublishPlace,
    SwapPlaces,
    is_way_back,
    mirror_text,
)
from engine.store.ddl.indexes import wanted_indexes
from engine.store.ddl.state import State
from engine.store.ddl.steps import (
    PLATFORM_COLUMNS,
    AddColumn,
    CreateTable,
    DdlStep,
    DropIndex,
    RenamePlace,
    RestorePlace,
    RetirePlace,
)
from engine.store.mirroring import zone_named
from engine.store.platform.physical import (
    BUILDING,
    LIVE,
    PLATFORM_TABLES,
    RETIRED,
    Place,
    storage_text,
)

# Names that a table cannot give to a column of its own: PostgreSQL has them in every table.
_SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_TAKEN = _SYSTEM_COLUMNS | {name for name, _ in PLATFORM_COLUMNS}


def steps(
    model: Model, state: State, dialect: str, *, previous: Model | None = None
) -> tuple[DdlStep, ...]:
    """Give what tables lack for a model; nothing when they have it all.

    Objects that `previous` shares are taken to be in order. Cost: O(fields of the others).
    Raises: DeploymentFailed D110 for a field whose values would have to be kept differently.
    """
    found: list[DdlStep] = []
    asked, before = asked_by_rules(model), asked_by_rules(previous) if previous else {}
    for name, compiled in model.objects.items():
        fields = asked.get(name, frozenset())
        is_shared = previous is not None and previous.objects.get(name) is compiled
        if not is_shared or before.get(name, frozenset()) != fields:
            old = previous.objects.get(name) if previous else None
            generations = Generations(old, zone_named(model.project.time_zone))
            found += _object_steps(compiled, state, dialect, fields, generations)
    gone = (p for name, p in state.tables.items() if name not in model.objects)
    return (*found, *(RetirePlace(place) for place in gone))


def _object_steps(
    compiled: CompiledObject,
    state: State,
    dialect: str,
    asked: frozenset[FieldName],
    generations: Generations,
) -> list[DdlStep]:
    if compiled.is_platform:
        return _Columns(compiled, state, PLATFORM_TABLES[compiled.name], generations).steps()
    table = state.tables.get(compiled.name)
    if table is not None:
        columns = _Columns(compiled, state, table.table, generations)
        return [*columns.steps(), *_index_steps(compiled, state, columns, dialect, asked)]
    retired = _retired_table(state, compiled.name)
    if retired is not None:
        columns = _Columns(compiled, state, retired.table, generations)
        indexes = _index_steps(compiled, state, columns, dialect, asked)
        return [RestorePlace(retired), *columns.steps(), *indexes]
    return _new_table(compiled, state, dialect, asked, generations)


def _new_table(
    compiled: CompiledObject,
    state: State,
    dialect: str,
    asked: frozenset[FieldName],
    generations: Generations,
) -> list[DdlStep]:
    name = _free(_base_table(compiled.name), state.table_names)
    columns = _Columns(compiled, state, name, generations)
    added = [step for step in columns.steps() if isinstance(step, AddColumn)]
    table = Place(
        table=name,
        column="",
        object=compiled.name,
        field=FieldName(""),
        storage="",
        status=LIVE,
        born=0,
    )
    create = CreateTable(table, tuple((step.place, step.storage) for step in added))
    indexes = wanted_indexes(compiled, name, columns.names, dialect, asked).values()
    return [create, *(replace(index, is_instant=True) for index in indexes)]


def _index_steps(
    compiled: CompiledObject,
    state: State,
    columns: _Columns,
    dialect: str,
    asked: frozenset[FieldName],
) -> list[DdlStep]:
    """Drop before creating: an index of the same name may be there and unusable."""
    wanted = wanted_indexes(compiled, columns.table, columns.names, dialect, asked)
    there = state.indexes_of.get(columns.table, frozenset())
    usable = {name for name in there if state.indexes[name][1]}
    drop = sorted(name for name in there if name not in wanted or name not in usable)
    return [
        *(DropIndex(name, columns.table) for name in drop),
        *(index for name, index in wanted.items() if name not in usable),
    ]


class _Columns:
    """The columns of one object: `names` gives each stored field's, once the steps are done."""

    def __init__(
        self, compiled: CompiledObject, state: State, table: str, generations: Generations
    ) -> None:
        self.table = table
        self._generations = generations
        self._built = state.built.get(table, ())
        self.names: dict[FieldName, str] = {}
        self._compiled, self._state = compiled, state
        self._live = dict(state.columns.get(table, {}))
        self._retired = state.retired_columns(table)
        self._mirrored = {
            (place.column, place.field)
            for place in state.columns_of(table)
            if place.status == RETIRED and place.mirror
        }
        self._taken = set(_TAKEN | state.names_taken(table))
        self._steps: list[DdlStep] = []
        for field in _own_stored(compiled):
            self._settle(field)
        self._steps += [RetirePlace(place) for place in self._live.values()]

    def steps(self) -> list[DdlStep]:
        """Give the steps that bring the columns about."""
        return list(self._steps)

    def _settle(self, field: CompiledField) -> None:
        """Find the column of a field: its own, its former name's, a retired one, else a new one."""
        storage = field.type.storage(field.decl)
        place = self._live.pop(field.name, None) or self._renamed(field, storage)
        if place is not None and self._generations.is_other(field, place, storage):
            place = self._regenerated(field, place, storage)
        if place is None:
            place = self._restored(field, storage)
        if place is None:
            place = self._published(field, storage) or self._added(field, storage)
        self.names[field.name] = place.column

    def _regenerated(self, field: CompiledField, old: Place, storage: Storage) -> Place | None:
        """Put another column in the place of one whose values lie differently; None: a new one.

        The column that is written all along is swapped back; else one is built and converted to.
        """
        conversion = self._generations.conversion(field, old)
        is_typed_again = self._generations.is_computed(old) and self._is_kept(field, storage)
        if conversion is None or is_typed_again:
            if self._generations.is_unknown(field):
                raise _kept_differently(self._compiled.name, field, old, storage)
            self._steps.append(RetirePlace(old))  # computed anew: nothing to convert
            return None
        back = mirror_text(conversion.back()) if conversion.back().is_possible else ""
        retired = [p for p in self._state.columns_of(self.table) if p.field == old.field]
        way_back = next((p for p in retired if is_way_back(p, conversion)), None)
        if way_back is not None:
            self._steps.append(SwapPlaces(old, way_back, back))
            return way_back
        built = [p for p in self._built if p.field == field.name and p.mirror]
        new = built[0] if built else self._place(field, storage, mirror_text(conversion))
        if not built:
            self._steps.append(AddColumn(new, storage))
        convert = ConvertColumn(old, new, conversion, self._generations.zone)
        self._steps += [convert, SwapPlaces(old, new, back)]
        return new

    def _is_kept(self, field: CompiledField, storage: Storage) -> bool:
        """Tell whether what people once typed into a field is still there."""
        place = self._retired.get(field.name)
        return place is not None and place.storage == storage_text(storage)

    def _published(self, field: CompiledField, storage: Storage) -> Place | None:
        """Find the column that a deployment in progress has built for a field."""
        wanted = (field.name, storage_text(storage), "")
        built = (p for p in self._built if (p.field, p.storage, p.mirror) == wanted)
        place = next(built, None)
        if place is not None:
            self._steps.append(PublishPlace(place))
        return place

    def _renamed(self, field: CompiledField, storage: Storage) -> Place | None:
        """Find the column under a former name, or the one born with this name: a rename undone."""
        for name, place in self._live.items():
            is_former = name in field.decl.aka or self._was_born(field, place)
            is_born = place.column == field.name and place.storage == storage_text(storage)
            if (is_former or is_born) and name not in self._compiled.fields:
                self._steps.append(RenamePlace(place, field.name))
                return self._live.pop(name)
        return None

    def _was_born(self, field: CompiledField, place: Place) -> bool:
        """Tell whether the generation before a column was born with the name of a field."""
        return (str(field.name), place.field) in self._mirrored

    def _restored(self, field: CompiledField, storage: Storage) -> Place | None:
        place = self._retired.get(field.name)
        if place is None or place.storage != storage_text(storage):
            return None
        self._steps.append(RestorePlace(place))
        return place

    def _added(self, field: CompiledField, storage: Storage) -> Place:
        place = self._place(field, storage)
        self._steps.append(AddColumn(place, storage))
        return place

    def _place(self, field: CompiledField, storage: Storage, mirror: str = "") -> Place:
        column = _free(str(field.name), self._taken)
        self._taken.add(column)
        return Place(
            table=self.table,
            column=column,
            object=self._compiled.name,
            field=field.name,
            storage=storage_text(storage),
            status=BUILDING if mirror else LIVE,
            born=0,
            mirror=mirror,
        )


class Generations:
    """Tells which fields of an object keep their values otherwise than the model before."""

    def __init__(self, before: CompiledObject | None, zone: tzinfo) -> None:
        self._before, self.zone = before, zone

    def is_other(self, field: CompiledField, place: Place, storage: Storage) -> bool:
        """Tell whether a field's values lie differently from those in its column."""
        if place.storage != storage_text(storage):
            return True
        old = self._old(place)
        if old is None:
            return False
        became_computed = _is_computed(field) and not _is_computed(old)
        return became_computed or not keeps_values(old.decl, field.decl)

    def conversion(self, field: CompiledField, place: Place) -> Conversion | None:
        """Give how values are converted; None where they are computed or nobody knows how."""
        old = self._old(place)
        if old is None or _is_computed(field):
            return None
        return Conversion(old=old.decl, new=field.decl)

    def is_computed(self, place: Place) -> bool:
        """Tell whether what a column holds was computed."""
        old = self._old(place)
        return old is not None and _is_computed(old)

    def is_unknown(self, field: CompiledField) -> bool:
        """Tell whether nobody can say how the values came to lie as they do."""
        return self._before is None and not _is_computed(field)

    def _old(self, place: Place) -> CompiledField | None:
        return self._before.fields.get(place.field) if self._before else None


def _is_computed(field: CompiledField) -> bool:
    return field.formula is not None or field.roll_up is not None


def _own_stored(compiled: CompiledObject) -> list[CompiledField]:
    """Give the fields that need a column of their own; a platform object brings some of its own."""
    brought: Mapping[str, object] = {}
    if compiled.is_platform:
        brought = PLATFORM_OBJECTS[compiled.name]["fields"]  # type: ignore[assignment]  # a mapping
    return [
        field
        for field in compiled.fields.values()
        if field.is_stored and not field.is_platform and field.name not in brought
    ]


def _retired_table(state: State, name: ObjectName) -> Place | None:
    """Give the table that an object had last, if it was retired."""
    found = [p for p in state.places if not p.column and p.object == name and p.status == RETIRED]
    return max(found, key=lambda p: p.retired or 0, default=None)


def _base_table(name: ObjectName) -> str:
    """Name a table after its object; SQLite keeps names that begin with its own."""
    return f"object_{name}" if name.startswith("sqlite_") else str(name)


def _free(name: str, taken: Iterable[str]) -> str:
    """Give the name, with a number if a retired table or column holds it."""
    known = set(taken)
    if name not in known:
        return name
    number = 2
    while f"{name}_{number}" in known:
        number += 1
    return f"{name}_{number}"


def _kept_differently(
    name: ObjectName, field: CompiledField, place: Place, storage: Storage
) -> DeploymentFailed:
    return DeploymentFailed(
        f"{name}.{field.name} keeps its values as {place.storage}, and this change would keep them "
        f"as {storage_text(storage)}.",
        step="plan",
        code="D110",
        status=409,
        exit_code=5,
        hint="add a field of the new type beside it and move the values over",
    )
