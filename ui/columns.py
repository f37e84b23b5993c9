"""What stands at the end of a path: the label, type and texts with which a value is shown.

Made from the model once per model, language and path; rights are asked anew for every visitor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from engine import describing
from engine.compiled import CompiledField, CompiledObject, Model
from engine.names import ObjectName
from engine.session import Session
from engine.store.memo import Memo
from web.texts import language, say

NUMBERS = frozenset({"number", "currency", "percent", "rating", "version"})
LINKS = frozenset({"lookup", "master_detail"})
COLORS = frozenset({"blue", "green", "amber", "red", "violet"})
_COMPUTED = frozenset({"formula", "roll_up"})
# Colours that a configuration may name, and the nearest of ours.
_NEAREST = {
    "orange": "amber",
    "yellow": "amber",
    "brown": "amber",
    "pink": "red",
    "purple": "violet",
    "indigo": "violet",
    "teal": "green",
    "lime": "green",
    "cyan": "blue",
    "sky": "blue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value of a picklist as it is shown. `color`: blue green amber red violet; "" is grey."""

    name: str
    label: str
    color: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How the value at the end of a path is shown.

    `type`: the field's type; of a formula or roll-up the type of its result. `title_path`: read
    beside a lookup, it names the other record if that is one of the first target; "" where nothing
    does. `is_title`: the value is the name of the record itself.
    """

    path: str
    label: str
    help: str
    type: str
    decimals: int
    is_computed: bool
    is_title: bool
    title_path: str
    targets: tuple[ObjectName, ...]
    choices: Mapping[str, Choice]
    field: CompiledField
    owner: CompiledObject

    @property
    def is_number(self) -> bool:
        """Tell whether values stand right-aligned, in tabular digits."""
        return self.type in NUMBERS

    @property
    def is_link(self) -> bool:
        """Tell whether values are ids of other records."""
        return self.type in LINKS


_MADE: Memo[tuple[str, str, str, str], Column] = Memo(8192)


def find_column(session: Session, object_name: str, path: str) -> Column | None:
    """Give the column of a path of an object, None where the visitor may not read it."""
    found = session.unit.planner.follow(ObjectName(object_name), path)
    if found is None:
        return None
    model, spoken = session.snapshot.model, language()
    column = _MADE.get_or_make(
        (model.digest, spoken, object_name, path),
        lambda: _make(session, object_name, path, found),
    )
    title = column.title_path
    if title and session.unit.planner.follow(ObjectName(object_name), title) is None:
        return replace(column, title_path="")
    return column


def find_columns(session: Session, object_name: str, paths: Iterable[str]) -> tuple[Column, ...]:
    """Give the columns of paths in order; those that the visitor may not read are left out."""
    found = (find_column(session, object_name, path) for path in dict.fromkeys(paths))
    return tuple(column for column in found if column is not None)


def paths_of(columns: Iterable[Column]) -> tuple[str, ...]:
    """Give what `Session.list` or `get` must be asked for so that the columns can be shown."""
    wanted: dict[str, None] = {}
    for column in columns:
        wanted[column.path] = None
        if column.title_path:
            wanted[column.title_path] = None
    return tuple(wanted)


def _make(
    session: Session,
    object_name: str,
    path: str,
    found: tuple[tuple[CompiledField, ...], CompiledObject, CompiledField],
) -> Column:
    lookups, owner, field = found
    model, declared = session.snapshot.model, field.decl
    of_type = declared.type
    if of_type in _COMPUTED:
        of_type = str(declared.option("returns", "text"))
    return Column(
        path=path,
        label=_label(session, object_name, lookups, owner, field),
        help=owner.text(language(), "fields", field.name, "help") or declared.help,
        type=of_type,
        decimals=field.type.storage(declared).decimals,
        is_computed=declared.type in _COMPUTED,
        is_title=not lookups and owner.title == field.name,
        title_path=_title_path(model, path, field) if of_type in LINKS else "",
        targets=declared.targets,
        choices=_choices(model, owner, field),
        field=field,
        owner=owner,
    )


def _label(
    session: Session,
    object_name: str,
    lookups: tuple[CompiledField, ...],
    owner: CompiledObject,
    field: CompiledField,
) -> str:
    """Give the label of a path: its last field's, after those of the lookups that lead there."""
    own = _own_label(owner, field)
    if not lookups:
        return own
    model, here, steps = session.snapshot.model, ObjectName(object_name), []
    for lookup in lookups:
        steps.append(_own_label(model.objects[here], lookup))
        here = next((t for t in lookup.decl.targets if t in model.objects), owner.name)
    if owner.title == field.name:
        return " · ".join(steps)
    return " · ".join([*steps, own])


def _own_label(owner: CompiledObject, field: CompiledField) -> str:
    """Give a field's label; what the platform declares is said in the words of the pages."""
    label = describing.field_label(owner, field, language())
    return say(label) if field.is_platform or owner.is_platform else label


def _title_path(model: Model, path: str, field: CompiledField) -> str:
    """Give the path to the name of the record that a lookup points at: of its first target.

    Ids are unique in an environment, so records of the other targets leave it blank.
    """
    target = model.objects.get(field.decl.targets[0]) if field.decl.targets else None
    return f"{path}.{target.title}" if target is not None and target.title else ""


def _choices(model: Model, owner: CompiledObject, field: CompiledField) -> dict[str, Choice]:
    if not field.decl.values:
        return {}
    labels = describing.value_labels(model, owner, field, language())
    return {
        name: Choice(
            name=name,
            label=labels[name],
            color=_color(value.color),
            is_active=value.active,
        )
        for name, value in field.decl.values.items()
    }


def _color(name: str) -> str:
    known = _NEAREST.get(name, name)
    return known if known in COLORS else ""
