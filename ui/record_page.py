"""What a record page shows: bar, path, highlights, sections, tabs. Worked out in one transaction.

At most six statements with the first tab: entering, the record, what conditions read, names of
lookups to several objects, and the two of the tab.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.expr import Expression
from engine.names import FieldName
from engine.saving.drafting import context_of, why_editable
from engine.session import Seen, Session
from ui import inputs
from ui.actions import Button, gather_actions
from ui.approvals import gather_cards
from ui.cells import Cell, Cells
from ui.changes import gather_changes
from ui.clocks import Shown, gather_clocks
from ui.columns import Choice, Column
from ui.forms import RECORD_TYPE, is_editable, offered_values, type_label
from ui.layouts import Layout, Slot, layout_for
from ui.related import gather_related, is_open
from web.frame import Frame, object_label
from web.texts import say

HISTORY = "history"
_SYSTEM = ("created_by", "created_at", "updated_by", "updated_at", "record_type", "id", "version")
# What no click on a stage may do: these are shown as steps only.
_ENDINGS = ("closed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A field on the page. `edit`: the address of its editor, "" where it is not edited."""

    name: str
    label: str
    help: str
    cell: Cell
    is_formula: bool
    is_wide: bool
    edit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A section of the page."""

    name: str
    label: str
    columns: int
    facts: Sequence[Fact]
    is_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the path. `state`: done now next lost."""

    value: str
    label: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A tab of the page."""

    name: str
    label: str
    href: str
    is_open: bool


class RecordPage:
    """Gathers one page."""

    def __init__(self, session: Session, frame: Frame, seen: Seen) -> None:
        self.session, self.frame, self.seen = session, frame, seen
        self.object = seen.object
        self.cells = Cells(session, frame.formats, frame.root)
        self.layout: Layout = layout_for(session, seen.object, seen.record.get(RECORD_TYPE))
        self.base = f"{frame.root}/o/{seen.object.name}"
        self.href = f"{self.base}/{seen.record['id']}"
        self._context = context_of(session.unit, prior=seen.facts)

    def gather(self, tab: str, before: int | None = None) -> dict[str, object]:
        """Give what `ui/record.html` shows."""
        self.cells.load(self._columns(), [self.seen.record])
        tabs = list(self._tabs(tab))
        return {
            **self.head(),
            "object_name": str(self.object.name),
            "layout": self.layout,
            "highlights": list(self._highlights()),
            "steps": self._steps(),
            "path_field": self.layout.path,
            "guidance": self._guidance(),
            "may_move": path_editable(self),
            "sections": list(self._sections()),
            **gather_cards(self.session, self.cells, self.frame.formats, self.seen),
            "system": self._system(),
            "clocks": self._clocks(),
            "tabs": tabs,
            **self.tab(next((t.name for t in tabs if t.is_open), ""), before),
        }

    def head(self) -> dict[str, object]:
        """Give what every page of a record shows: its name, where it is, what may be done."""
        rights = self.session.unit.access.of(self.object.name)
        may_edit = rights.may("edit") and self.seen.may_edit and not self.seen.is_bin
        return {
            "compiled": self.object,
            "label": object_label(self.session.snapshot, self.object.name),
            "plural": object_label(self.session.snapshot, self.object.name, "plural"),
            "record": self.seen.record,
            "title": self.cells.title(self.object, self.seen.record),
            "version": self.seen.record["version"],
            "base": self.base,
            "href": self.href,
            "is_bin": self.seen.is_bin,
            "may_edit": may_edit,
            "may_convert": may_edit and self._may_convert(),
            "may_delete": rights.may("delete") and self.seen.may_edit,
            "may_create": rights.may("create"),
            "asks_why": "customize" in self.session.unit.access.permissions,
            "why_not": "" if may_edit or self.seen.is_bin else self.why_not(),
            "record_type": self._record_type(),
            "actions": self._actions(),
        }

    def _may_convert(self) -> bool:
        return self.session.converting.is_open(self.object, self.seen.facts)

    def why_not(self) -> str:
        """Say why the visitor cannot change this record."""
        if self.seen.lock is not None:
            return say(
                "An approval waits for a decision, and nobody changes the record meanwhile."
                " Whoever submitted it may recall the request."
            )
        if not self.session.unit.access.of(self.object.name).may("edit"):
            plural = object_label(self.session.snapshot, self.object.name, "plural").lower()
            return say("No permission set of yours lets you change {objects}.", objects=plural)
        reasons = "; ".join(say(why) for why in why_editable(self.session.unit, self.object))
        return say("You may change a record like this when: {reasons}.", reasons=reasons)

    def tab(self, name: str, before: int | None = None) -> dict[str, object]:
        """Give what the open tab shows."""
        if name == HISTORY:
            changes, following = gather_changes(
                self.session, self.cells, self.frame.formats, self.seen, before=before
            )
            return {"tab": name, "changes": changes, "following": following}
        for related in self.layout.related:
            if related.tab == name:
                found = gather_related(
                    self.session, self.cells, self.frame.root, related, self.seen.record
                )
                return {"tab": name, "related": found}
        return {"tab": ""}

    def fact(self, name: str) -> Fact | None:
        """Give one field of the sections as it stands on the page."""
        slot = next((slot for slot in self.layout.slots if slot.path == name), None)
        column = None if slot is None else self.cells.column(self.object.name, name)
        if slot is None or column is None:
            return None
        self.cells.load([column], [self.seen.record])
        return self._fact(column, slot, may_edit=not slot.is_read_only)

    # --- parts --------------------------------------------------------------------------------

    def _holds(self, condition: Expression | None) -> bool:
        return condition is None or condition.holds(self.seen.facts, self._context)

    def _columns(self) -> tuple[Column, ...]:
        paths = [*self.layout.highlights, *(slot.path for slot in self.layout.slots), *_SYSTEM]
        return self.cells.columns(self.object.name, paths)

    def _highlights(self) -> Iterator[Fact]:
        for column in self.cells.columns(self.object.name, self.layout.highlights):
            if not column.is_title:
                yield self._fact(column, Slot(path=column.path), may_edit=False)

    def _sections(self) -> Iterator[Facts]:
        for section in self.layout.sections:
            if not self._holds(section.visible_if):
                continue
            facts = []
            for slot in section.slots:
                column = self.cells.column(self.object.name, slot.path)
                if column is not None and self._holds(slot.visible_if):
                    facts.append(self._fact(column, slot, may_edit=not slot.is_read_only))
            if facts:
                yield Facts(
                    name=section.name,
                    label=section.label,
                    columns=section.columns,
                    facts=facts,
                )

    def _system(self) -> Facts:
        columns = self.cells.columns(self.object.name, _SYSTEM)
        facts = [
            self._fact(column, Slot(path=column.path), may_edit=False)
            for column in columns
            if column.path != RECORD_TYPE or self.object.record_types
        ]
        return Facts(name="system", label=say("System"), columns=2, facts=facts, is_closed=True)

    def _fact(self, column: Column, slot: Slot, *, may_edit: bool) -> Fact:
        is_typed = inputs.editor_of(column) is not None and "." not in column.path
        is_open = (
            may_edit
            and is_typed
            and self.seen.may_edit
            and not self.seen.is_bin
            and self.session.unit.access.of(self.object.name).may("edit")
            and is_editable(self.session, self.object, column.field, is_new=False)
        )
        return Fact(
            name=column.path,
            label=slot.label or column.label,
            help=column.help,
            cell=self.cells.cell(column, self.seen.record, full=True),
            is_formula=column.is_computed,
            is_wide=column.type in {"long_text", "rich_text", "json"},
            edit=f"{self.href}/field/{column.path}" if is_open else "",
        )

    def _clocks(self) -> Sequence[Shown]:
        name, record = str(self.object.name), int(str(self.seen.record["id"]))
        return gather_clocks(self.session, self.frame.formats, name, record)

    def _record_type(self) -> str:
        name = str(self.seen.record.get(RECORD_TYPE) or "")
        return type_label(self.object, name) if name in self.object.record_types else ""

    def _actions(self) -> list[Button]:
        if self.seen.is_bin:
            return []
        return gather_actions(self.session, self.seen, self.layout, self.frame.root)

    def _tabs(self, wanted: str) -> Iterator[Tab]:
        names = [
            (related.tab, related.label)
            for related in self.layout.related
            if is_open(self.session, related) and self._holds(related.visible_if)
        ]
        if self.object.history or "history" in self.object.features:
            names.append((HISTORY, say("History")))
        known = {name for name, _ in names}
        chosen = wanted if wanted in known else next((name for name, _ in names), "")
        for name, label in names:
            href = f"{self.href}?tab={name}"
            yield Tab(name=name, label=label, href=href, is_open=name == chosen)

    # --- path ---------------------------------------------------------------------------------

    def _path_column(self) -> Column | None:
        if self.layout.path is None:
            return None
        return self.cells.column(self.object.name, str(self.layout.path))

    def _steps(self) -> list[Step]:
        """Give the stages of the record's type, and the one it stands in whatever it is."""
        column = self._path_column()
        if column is None:
            return []
        here = self.seen.record.get(column.path)
        offered = offered_values(self.object, column, self.seen.record)
        shown = [
            choice
            for name, choice in column.choices.items()
            if name == here or (choice.is_active and (offered is None or name in offered))
        ]
        place = next((i for i, choice in enumerate(shown) if choice.name == here), -1)
        return [
            Step(value=one.name, label=one.label, state=_state(i, place, one, column))
            for i, one in enumerate(shown)
        ]

    def _guidance(self) -> str:
        column = self._path_column()
        here = None if column is None else self.seen.record.get(column.path)
        return self.layout.guidance.get(str(here), "")


def _state(place: int, now: int, choice: Choice, column: Column) -> str:
    if place == now:
        return "lost" if choice.color == "red" else "now"
    is_closed = _is_ending(column, choice.name)
    return "done" if place < now and not is_closed else "next"


def _is_ending(column: Column, name: str) -> bool:
    attributes: Mapping[str, object] = column.field.decl.values[name].attributes
    return any(attributes.get(key) is True for key in _ENDINGS)


def path_editable(page: RecordPage) -> bool:
    """Tell whether the visitor may move the record along its path."""
    if page.layout.path is None or not page.seen.may_edit or page.seen.is_bin:
        return False
    known = page.object.fields[FieldName(page.layout.path)]
    may = page.session.unit.access.of(page.object.name).may("edit")
    return may and is_editable(page.session, page.object, known, is_new=False)
