"""The history of a record as people read it: who changed which field, from what to what, when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from engine.describing import part_label
from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.session import Happening, Seen, Session
from ui.cells import Cell, Cells
from ui.columns import Column
from web.formats import Formats
from web.texts import later, say

MOST = 30
_EVENTS = {
    "created": later("created this record"),
    "updated": later("changed"),
    "deleted": later("moved this record to the bin"),
    "restored": later("took this record out of the bin"),
    "noted": later("noted:"),
    "merged": later("merged with"),
    "rolled_up": later("changed what is summed up here"),
}
_SOURCES = {"import": later("by import"), "workflow": later("by automation"), "api": "API"}
_ICONS = {
    "created": "plus",
    "deleted": "trash",
    "restored": "undo",
    "noted": "zap",
    "merged": "columns",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of a change, before and after."""

    label: str
    before: Cell
    after: Cell
    by: str = ""  # the workflow that set it, when a person saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry: who did what, when. `first`: the one field that changed, said in the sentence."""

    who: str
    said: str
    icon: str
    source: str
    ago: str
    at: str
    fields: Sequence[FieldChange]
    version: int
    is_new: bool
    why: str = ""  # where somebody who may customize reads why


def gather_changes(
    session: Session, cells: Cells, fmt: Formats, seen: Seen, *, before: int | None = None
) -> tuple[list[Change], int | None]:
    """Give a page of a record's history, newest first, and what the next page begins before.

    One statement, and one for each object whose records are named in it.
    """
    kept = session.history(seen, limit=MOST + 1, before=before)
    following = kept[MOST - 1].version if len(kept) > MOST else None
    shown = kept[:MOST]
    names = _Names(session, cells, shown)
    changes = [_change(session, cells, fmt, seen, names, one) for one in shown]
    return changes, following


class _Names:
    """Names of the people and records that a history speaks of, read once per object."""

    def __init__(self, session: Session, cells: Cells, shown: Sequence[Happening]) -> None:
        self._cells, self._session = cells, session
        ids: dict[ObjectName, set[int]] = {ObjectName("user"): {one.actor for one in shown}}
        for one in shown:
            for known, old, new in one.changes:
                if len(known.decl.targets) == 1:
                    found = {value for value in (old, new) if isinstance(value, int)}
                    ids.setdefault(known.decl.targets[0], set()).update(found)
        model = session.snapshot.model
        self._rows = {
            t: session.named(t, wanted) for t, wanted in ids.items() if t in model.objects
        }

    def title(self, target: ObjectName, record_id: int) -> str:
        """Give the name of a record, "" where the visitor may not know it."""
        row = self._rows.get(target, {}).get(record_id)
        compiled = self._session.snapshot.model.objects[target]
        return "" if row is None else self._cells.title(compiled, row)

    def beside(self, column: Column, value: Value) -> Mapping[str, Value]:
        """Give a value with the name that its cell wants beside it."""
        record: dict[str, Value] = {column.path: value}
        if column.title_path and isinstance(value, int):
            record[column.title_path] = self.title(column.targets[0], value) or None
        return record


def _change(
    session: Session, cells: Cells, fmt: Formats, seen: Seen, names: _Names, one: Happening
) -> Change:
    fields = []
    for known, old, new in sorted(one.changes, key=lambda change: not change[0].type.is_editable):
        column = cells.column(seen.object.name, str(known.name))
        is_said = one.event != "created" or not (new is None or new is False)
        if column is None or not is_said or (one.event == "created" and column.is_computed):
            continue
        before, after = (cells.cell(column, names.beside(column, v)) for v in (old, new))
        by = workflow_label(session, one.causes.get(str(known.name), ""))
        fields.append(FieldChange(label=column.label, before=before, after=after, by=by))
    said = _EVENTS.get(one.event)
    return Change(
        who=names.title(ObjectName("user"), one.actor) or say("Patron"),
        said=f"{one.event if said is None else say(said)} {one.note}".strip(),
        icon=_ICONS.get(one.event, "edit"),
        source=_source(session, one),
        why=_why(session, cells, seen, one),
        ago=fmt.ago(one.at, session.unit.now),
        at=fmt.moment(one.at),
        fields=tuple(fields),
        is_new=one.event == "created",
        version=one.version,
    )


def workflow_label(session: Session, component: str) -> str:
    """Name the workflow, approval or deadline that caused a change; "" for none."""
    kind, _, name = component.partition(":")
    model = session.snapshot.model
    if kind == "workflow" and name in model.workflows:
        own = part_label(model, session.unit.language, "workflows", name)
        return own or model.workflows[name].label
    return say("Conversion") if kind == "conversion" else name


def _source(session: Session, one: Happening) -> str:
    cause = workflow_label(session, one.causes.get("", ""))
    if cause:
        return say("by automation: {name}", name=cause)
    return say(_SOURCES[one.source]) if one.source in _SOURCES else ""


def _why(session: Session, cells: Cells, seen: Seen, one: Happening) -> str:
    """Give the address that says why, to who may customize and where automation was at work."""
    causes = [each for each in one.causes.values() if each.startswith("workflow:")]
    if not causes or "customize" not in session.unit.access.permissions:
        return ""
    asked = {"object": str(seen.object.name), "record": str(seen.record["id"])}
    return f"{cells.root}/setup/why?{urlencode({**asked, 'component': causes[0]})}"
