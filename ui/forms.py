"""The form of a record: one editor per field, in the sections of the layout, as somebody sees it.

A form is made from a record or from the defaults of a new one, with what was typed laid over it;
conditions look at that mixture, so they react while somebody types. Called for a first form, for
one that came back with errors, and for every change that a condition depends on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.compiled import CompiledField, CompiledObject
from engine.expr import Expression
from engine.model.fields.base import Value
from engine.names import FieldName
from engine.saving.drafting import context_of, draft_values, read_value
from engine.saving.looking import load_facts
from engine.session import Seen, Session
from ui import inputs
from ui.cells import Cell, Cells
from ui.columns import Choice, Column
from ui.inputs import Parts
from ui.layouts import Layout, Section, Slot, layout_for
from ui.links import Links, Option, labels_of, parts_of
from ui.typed import Mistyped
from web.formats import Formats
from web.texts import language, say

RECORD_TYPE = FieldName("record_type")
# Inputs that are no fields: those that begin with "_" and the token that every form holds.
CSRF = "csrf"
_STARS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One field in a form: its editor with what it holds, or a cell where it is not edited.

    `editor`: text email tel url lines number date moment clock checkbox choice choices lookup
    address location, "" for a cell. `reacts`: a condition of the form depends on it.
    """

    name: str
    input: str
    label: str
    help: str = ""
    editor: str = ""
    parts: Parts = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    is_required: bool = False
    reacts: bool = False
    is_wide: bool = False
    cell: Cell | None = None
    unit: str = ""
    length: int = 0
    choices: tuple[Choice, ...] = ()
    targets: tuple[tuple[str, str], ...] = ()
    options: tuple[Option, ...] = ()

    def text(self, part: str = "") -> str:
        """Give what a part of the editor holds."""
        return inputs.first(self.parts, part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A section of a form."""

    name: str
    label: str
    columns: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """What is wrong with what was typed: by field, of the whole form, and names that may be meant.

    `options`: field -> the records among which somebody must choose.
    """

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    form: Sequence[str] = ()
    options: Mapping[str, Sequence[Option]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fields or self.form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form ready to be drawn. `was`: marks of what its editors held before anybody typed."""

    groups: tuple[Group, ...]
    problems: tuple[str, ...]
    was: str
    record_type: str
    types: tuple[tuple[str, str], ...]
    reacts: bool

    @property
    def drawn(self) -> frozenset[str]:
        """Name the fields that the form shows."""
        return frozenset(box.name for group in self.groups for box in group.boxes)

    @property
    def has_errors(self) -> bool:
        """Tell whether a field of the form is marked."""
        return any(box.errors for group in self.groups for box in group.boxes)


def input_name(name: str, part: str = "") -> str:
    """Give the name of an input: the field's own, except where the form's token has it."""
    own = f"field.{name}" if name == CSRF else name
    return f"{own}.{part}" if part else own


def is_editable(
    session: Session, compiled: CompiledObject, known: CompiledField, *, is_new: bool
) -> bool:
    """Tell whether the visitor may type a field of a form."""
    may = session.unit.access.of(compiled.name)
    is_open = bool(may.editable & may.readable & known.bit) and known.decl.active
    return is_open and (is_new or not known.decl.read_only_after_create)


class FormMaker:
    """Makes one form.

    `seen`: the record, None for a new one. `given`: first values of a new one. `typed`: what was
    typed, laid over both.
    """

    def __init__(
        self,
        session: Session,
        cells: Cells,
        fmt: Formats,
        compiled: CompiledObject,
        *,
        seen: Seen | None = None,
        given: Mapping[str, Value] | None = None,
        typed: Mapping[str, Parts] | None = None,
    ) -> None:
        self.session, self.cells, self._fmt = session, cells, fmt
        self.object, self.seen = compiled, seen
        self.typed = dict(typed or {})
        self._columns = {str(n): c for n in compiled.fields if (c := self._column(str(n)))}
        base: Mapping[str, Value] = {}
        if seen is None:
            base = draft_values(session.unit, compiled, dict(given or {}))
        else:
            base = {**seen.record, **seen.facts}
        self.base = base
        self.values = {**base, **self._read_typed()}
        self._settle_record_type()
        self._settle_defaults()
        self.layout = layout_for(session, compiled, self.values.get(RECORD_TYPE))
        self._load_changed(self.layout)

    def make(self, problems: Problems | None = None, was: str = "") -> Form:
        """Give the form. `was`: the marks that came back with it, "" for a first form."""
        wrong = problems or Problems()
        self._names = self._load_names()
        known = self._layout_slots()
        sections = [(section, self._boxes(section, wrong)) for section in known]
        groups = tuple(
            Group(name=s.name, label=s.label, columns=s.columns, boxes=boxes)
            for s, boxes in sections
            if boxes
        )
        drawn = {box.name for group in groups for box in group.boxes}
        apart = tuple(
            f"{self._label(name)}: {sentence}"
            for name, sentences in wrong.fields.items()
            if name not in drawn
            for sentence in sentences
        )
        return Form(
            groups=groups,
            problems=(*wrong.form, *apart),
            was=self._marks(groups, was),
            record_type=str(self.values.get(RECORD_TYPE) or ""),
            types=self._types(),
            reacts=any(box.reacts for group in groups for box in group.boxes),
        )

    def one(self, name: str, problems: Problems | None = None) -> Box | None:
        """Give the editor of one field alone; None where the visitor may not type it."""
        self._names = self._load_names([name])
        slot = next((s for s in self.layout.slots if s.path == name), Slot(path=name))
        box = self._box(slot, problems or Problems(), frozenset())
        return box if box is not None and box.editor else None

    def holds(self, condition: Expression | None) -> bool:
        """Tell whether a condition of the layout holds over what is typed; none always does."""
        if condition is None:
            return True
        prior = None if self.seen is None else self.base
        context = context_of(self.session.unit, is_new=self.seen is None, prior=prior)
        return condition.holds(self.values, context)

    # --- values -----------------------------------------------------------------------------

    def _column(self, name: str) -> Column | None:
        return self.cells.column(self.object.name, name)

    def _read_typed(self) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name, parts in self.typed.items():
            column = self._columns.get(name)
            if column is None:
                continue
            try:
                values[name] = read_value(self.object, name, inputs.read(column, parts, self._fmt))
            except Mistyped:
                values[name] = None
        return values

    def _settle_record_type(self) -> None:
        """Take the first record type where a new record names none."""
        types = list(self.object.record_types)
        if self.seen is None and types and self.values.get(RECORD_TYPE) not in types:
            self.values[RECORD_TYPE] = types[0]

    def _settle_defaults(self) -> None:
        """Replace a default that the record type does not offer by the first value that it does."""
        if self.seen is not None or not self.object.record_types:
            return
        for name, column in self._columns.items():
            is_default = name not in self.typed and self.values.get(name) is not None
            if not is_default or column.field.decl.type != "picklist" or name == RECORD_TYPE:
                continue
            offered = self.offered(column)
            if offered is not None and self.values[name] not in offered:
                self.values[name] = next((v for v in column.choices if v in offered), None)

    def _load_changed(self, layout: Layout) -> None:
        """Read what conditions need over lookups that the form has changed."""
        for name in {p.partition(".")[0] for p in layout.facts if "." in p}:
            chosen = self.values.get(name)
            if self.seen is not None and chosen == self.base.get(name):
                continue
            paths = [p for p in layout.facts if p.startswith(f"{name}.")]
            self.values.update(dict.fromkeys(paths))
            targets = self.object.fields[FieldName(name)].decl.targets
            if isinstance(chosen, int) and len(targets) == 1:
                target = self.session.snapshot.model.objects[targets[0]]
                rest = tuple(p.partition(".")[2] for p in paths)
                found = load_facts(self.session.unit, target, chosen, rest)
                self.values.update({f"{name}.{path}": v for path, v in found.items()})

    def _load_names(self, only: Iterable[str] | None = None) -> dict[str, Option]:
        """Name the records that lookups of the form hold and nobody has named yet."""
        ids: dict[str, int] = {}
        for name, column in self._columns.items():
            value = self.values.get(name)
            is_asked = only is None or name in only
            if not column.is_link or not isinstance(value, int) or not is_asked:
                continue
            if name not in self.typed and not self._named_already(column):
                ids[name] = value
        me = self.session.unit.me
        if self.seen is None and ids.get("owner") == me:
            del ids["owner"]
        found = Links(self.session, self.cells, self.values).name(self._columns, ids)
        if self.seen is None:  # an address may name what is not there
            self.values.update((name, None) for name in ids if name not in found)
        return found

    def _named_already(self, column: Column) -> bool:
        return bool(column.title_path) and self.base.get(column.title_path) is not None

    # --- sections ---------------------------------------------------------------------------

    def _layout_slots(self) -> list[Section]:
        """Give the sections that show, with what must be filled in and stands in none of them."""
        layout = self.layout
        shown = [section for section in layout.sections if self.holds(section.visible_if)]
        there = {slot.path for slot in layout.slots}
        extra = [
            Slot(path=str(name))
            for name, known in self.object.fields.items()
            if self.seen is None
            and known.decl.required
            and name not in there
            and name not in self.object.defaults
            and not known.is_platform
        ]
        if extra:
            label = say("Needed as well")
            shown.append(Section(name="needed", label=label, columns=2, slots=tuple(extra)))
        return shown

    def _boxes(self, section: Section, problems: Problems) -> tuple[Box, ...]:
        causes = self._causes()
        slots = [slot for slot in section.slots if self.holds(slot.visible_if)]
        boxes = (self._box(slot, problems, causes) for slot in slots)
        return tuple(box for box in boxes if box is not None)

    def _causes(self) -> frozenset[str]:
        """Name the fields on which something in the form depends."""
        causes = {path.partition(".")[0] for path in self.layout.facts}
        for column in self._columns.values():
            rule = column.field.decl.option("depends_on")
            if isinstance(rule, Mapping):
                causes.add(str(rule.get("field")))
        return frozenset(causes)

    def _box(self, slot: Slot, problems: Problems, causes: frozenset[str]) -> Box | None:
        column = self._columns.get(slot.path)
        is_new = self.seen is None
        if column is None:
            return None if is_new else self._shown_path(slot)
        known = column.field
        kind = inputs.editor_of(column)
        may = is_editable(self.session, self.object, known, is_new=is_new)
        if kind is None or not may or slot.is_read_only:
            return None if is_new else self._shown(slot, column)
        name = slot.path
        parts = self.typed.get(name) or self._parts(column)
        return self._finished(
            Box(
                name=name,
                input=input_name(name),
                label=slot.label or column.label,
                help=column.help,
                editor=kind.editor,
                parts=parts,
                errors=tuple(problems.fields.get(name, ())),
                is_required=self._is_required(slot, known),
                reacts=name in causes,
                is_wide=kind.editor in {"lines", "address"},
                options=tuple(problems.options.get(name, ())),
            ),
            column,
        )

    def _finished(self, box: Box, column: Column) -> Box:
        """Fill in what only some editors have."""
        declared = column.field.decl
        if box.editor == "number":
            unit = {"percent": "%", "currency": self._fmt.currency_code}.get(declared.type, "")
            return replace(box, unit=unit)
        if box.editor in {"choice", "choices"}:
            return replace(box, choices=self._choices(column, box.parts))
        if box.editor == "lookup":
            links = Links(self.session, self.cells, self.values)
            targets = labels_of(self.session, links.targets(column))
            return replace(box, targets=tuple(targets) if len(column.targets) > 1 else ())
        length = declared.option("length")
        return replace(box, length=length if isinstance(length, int) else 0)

    def _shown(self, slot: Slot, column: Column) -> Box:
        cell = self.cells.cell(column, {**self.base}, full=True)
        label = slot.label or column.label
        return Box(name=slot.path, input="", label=label, help=column.help, cell=cell)

    def _shown_path(self, slot: Slot) -> Box | None:
        column = self.cells.column(self.object.name, slot.path) if "." in slot.path else None
        return None if column is None else self._shown(slot, column)

    def _parts(self, column: Column) -> Parts:
        value = self.values.get(column.path)
        parts = inputs.write(column, value, self._fmt)
        if not column.is_link or not isinstance(value, int):
            return parts
        named = self._names.get(column.path)
        if named is not None:
            return parts_of(named)
        if self._named_already(column):
            title = (str(self.base[column.title_path]),)
            return {**parts, "text": title, "shown": title}
        user = self.session.unit.caller.context.user
        if value == self.session.unit.me and "user" in column.targets:
            title = (str(user.get("name") or user.get("email")),)
            return {**parts, "text": title, "shown": title}
        hidden = (say("not visible to you"),)
        return {**parts, "text": hidden, "shown": hidden}

    def _is_required(self, slot: Slot, known: CompiledField) -> bool:
        if known.decl.required:
            return True
        if known.required_if is not None and self.holds(known.required_if):
            return True
        return slot.required_if is not None and self.holds(slot.required_if)

    # --- choices ----------------------------------------------------------------------------

    def _choices(self, column: Column, parts: Parts) -> tuple[Choice, ...]:
        """Give the values that a list offers now, and the one it holds whatever it is."""
        if column.field.decl.type == "rating":
            most = column.field.decl.option("max", _STARS)
            stars = range(1, (most if isinstance(most, int) else _STARS) + 1)
            return tuple(
                Choice(name=str(n), label="★" * n, color="", is_active=True) for n in stars
            )
        offered = self.offered(column)
        held = parts.get("", ())
        return tuple(
            choice
            for name, choice in column.choices.items()
            if name in held or (choice.is_active and (offered is None or name in offered))
        )

    def offered(self, column: Column) -> frozenset[str] | None:
        """Give the values that the record type and a controlling list leave; None for all."""
        return offered_values(self.object, column, self.values)

    def _types(self) -> tuple[tuple[str, str], ...]:
        if len(self.object.record_types) < len(("one", "another")):
            return ()
        return tuple((name, type_label(self.object, name)) for name in self.object.record_types)

    # --- marks ------------------------------------------------------------------------------

    def _marks(self, groups: Iterable[Group], was: str) -> str:
        """Note what every editor held, so that only what was touched is saved later."""
        known = read_marks(was)
        for box in (box for group in groups for box in group.boxes if box.editor):
            if box.name not in known and (not was or box.name not in self.typed):
                known[box.name] = inputs.mark_of(box.parts)
        return " ".join(f"{name}:{mark}" for name, mark in known.items())

    def _label(self, name: str) -> str:
        column = self._columns.get(name)
        return name if column is None else column.label


def read_marks(text: str) -> dict[str, str]:
    """Read the marks that a form brought back: field -> what its editor held before."""
    pairs = (one.partition(":") for one in text.split())
    return {name: mark for name, _, mark in pairs}


def offered_values(
    compiled: CompiledObject, column: Column, values: Mapping[str, Value]
) -> frozenset[str] | None:
    """Give the values of a list that fit the rest of a record; None where nothing narrows them."""
    kept: frozenset[str] | None = None
    of_type = compiled.record_types.get(str(values.get(RECORD_TYPE) or ""), {}).get("values")
    if isinstance(of_type, Mapping) and isinstance(of_type.get(column.path), list | tuple):
        kept = frozenset(map(str, of_type[column.path]))
    rule = column.field.decl.option("depends_on")
    if isinstance(rule, Mapping) and isinstance(rule.get("values"), Mapping):
        control = values.get(str(rule.get("field")))
        allowed = rule["values"].get(str(control)) if control is not None else ()
        names = frozenset(map(str, allowed if isinstance(allowed, list | tuple) else ()))
        kept = names if kept is None else kept & names
    return kept


def type_label(compiled: CompiledObject, name: str) -> str:
    """Give the label of a record type."""
    own = compiled.text(language(), "record_types", name, "label")
    declared = compiled.record_types.get(name, {}).get("label")
    return own or str(declared or name.replace("_", " ").capitalize())


def number_or_none(text: str) -> Decimal | None:
    """Read a plain whole number of an address; None for anything else."""
    is_number = text.isascii() and text.isdigit() and len(text) < len("9007199254740993")
    return Decimal(text) if is_number else None
