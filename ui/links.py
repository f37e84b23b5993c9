"""Lookups in forms: suggestions while somebody types, and records found by the name typed.

A lookup is typed as text beside a hidden id. Where a script has chosen, the id fits the text that
was `shown`; where none runs, the text alone says what is meant, and it is found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.compiled import CompiledObject
from engine.errors import RequestInvalid
from engine.expr import rename_paths
from engine.model.fields.base import Value
from engine.names import PLATFORM_FIELDS, FieldName, ObjectName
from engine.saving.looking import find_object
from engine.session import ListRequest, Record, Session
from ui.cells import Cells
from ui.columns import Column
from ui.inputs import Parts, first
from ui.listing.filters import quoted
from ui.typed import short
from web.frame import object_label
from web.texts import say

MOST = 8
_RECORD = re.compile(r"\$record\.([a-z][a-z0-9_.]*)")
_LONGEST = 200
_LINKS = frozenset({"lookup", "master_detail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A record that may be chosen. `beside`: what tells it from others of its name."""

    id: int
    title: str
    beside: str
    object: ObjectName


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a typed name leads to: an id in `parts`, or a sentence and the records it may mean."""

    parts: Parts
    problem: str = ""
    options: tuple[Option, ...] = ()


class Links:
    """Finds records for the lookups of one form."""

    def __init__(self, session: Session, cells: Cells, values: Mapping[str, Value]) -> None:
        self._session, self._cells, self._values = session, cells, values

    def suggest(self, column: Column, typed: str, wanted: str = "") -> list[Option]:
        """Give records whose title contains what was typed, the nearest few in order."""
        options: list[Option] = []
        for target in self.targets(column, wanted):
            if len(options) < MOST:
                options += self._search(column, target, typed, "CONTAINS")
        return options[:MOST]

    def targets(self, column: Column, wanted: str = "") -> list[ObjectName]:
        """Give the objects that a lookup may point at and that the visitor may read."""
        model, access = self._session.snapshot.model, self._session.unit.access
        known = [t for t in column.targets if t in model.objects and access.of(t).may("read")]
        return [target for target in known if target == wanted] or known

    def resolve(self, column: Column, parts: Parts) -> Found:
        """Find the record that was chosen or typed."""
        text, shown, chosen = first(parts, "text"), first(parts, "shown"), first(parts)
        if "text" not in parts or (text == shown and (chosen or not text.strip())):
            return Found(parts=parts)
        if not text.strip():
            return Found(parts={**parts, "": ("",), "text": ("",), "shown": ("",)})
        options = self._meant(column, text.strip(), first(parts, "object"))
        if len(options) == 1:
            (one,) = options
            return Found(parts={**parts, **parts_of(one)})
        kept = {**parts, "": ("",), "shown": (text,)}
        if options:
            sentence = say("Several records are called like “{typed}”.", typed=short(text))
            hint = say("Choose the one that you mean.")
            return Found(parts=kept, problem=f"{sentence} {hint}", options=tuple(options))
        return Found(parts=kept, problem=say("Nothing is called “{typed}”.", typed=short(text)))

    def name(self, columns: Mapping[str, Column], ids: Mapping[str, int]) -> dict[str, Option]:
        """Name records by id: field -> record, hidden ones left out. A statement per object."""
        by_target: dict[ObjectName, set[int]] = {}
        targets: dict[str, ObjectName] = {}
        for name, record_id in ids.items():
            found = self._target(columns[name], record_id)
            if found is not None:
                targets[name] = found
                by_target.setdefault(found, set()).add(record_id)
        rows = {t: self._session.named(t, wanted) for t, wanted in by_target.items()}
        named = {}
        for name, target in targets.items():
            row = rows[target].get(ids[name])
            if row is not None:
                named[name] = self._option(target, row, "")
        return named

    def _target(self, column: Column, record_id: int) -> ObjectName | None:
        targets = self.targets(column)
        if len(column.targets) == 1:
            return targets[0] if targets else None
        found = find_object(self._session.unit, record_id)
        return found if found in targets else None

    def _meant(self, column: Column, text: str, wanted: str) -> list[Option]:
        for how in ("EQUALS", "CONTAINS"):
            options: list[Option] = []
            for target in self.targets(column, wanted):
                options += self._search(column, target, text, how)
            if options:
                return options[:MOST]
        return []

    def _search(self, column: Column, target: ObjectName, typed: str, how: str) -> list[Option]:
        compiled = self._session.compiled(target)
        title = self._title(compiled)
        typed = "".join(sign for sign in typed[:_LONGEST] if sign.isprintable())
        if not title:
            return []
        constant = f"UPPER({quoted(typed)})"
        test = {"EQUALS": f"UPPER({title}) = {constant}"}.get(
            how, f"CONTAINS(UPPER({title}), {constant})"
        )
        conditions = [test] if typed.strip() else []
        offered = self._offered(column, compiled)
        beside = self._beside(compiled)
        paths = (title, beside) if beside else (title,)
        try:
            rows = self._rows(compiled, [*conditions, *offered], paths, title)
        except RequestInvalid:  # the filter reads what the visitor may not see
            rows = self._rows(compiled, conditions, paths, title)
        return [self._option(target, row, beside) for row in rows]

    def _rows(
        self, compiled: CompiledObject, conditions: list[str], paths: tuple[str, ...], title: str
    ) -> list[Record]:
        where = " AND ".join(f"({one})" for one in conditions) or None
        request = ListRequest(
            object=compiled.name, where=where, fields=paths, sort=(title,), limit=MOST
        )
        return self._session.list(request).records

    def _title(self, compiled: CompiledObject) -> str:
        title = "" if compiled.title is None else str(compiled.title)
        column = self._cells.column(compiled.name, title) if title else None
        is_text = column is not None and column.type in {"text", "auto_number", "email"}
        return title if is_text else ""

    def _beside(self, compiled: CompiledObject) -> str:
        """Give the path that tells records of the same name apart: e-mail, or the first lookup."""
        for name, field in compiled.fields.items():
            if field.decl.type not in {"email", *_LINKS} or field.is_platform:
                continue
            column = self._cells.column(compiled.name, str(name))
            if column is not None and (column.title_path or column.type == "email"):
                return column.title_path or column.path
        return ""

    def _offered(self, column: Column, target: CompiledObject) -> list[str]:
        """Give the declared filter of a lookup, with the values of the form filled in."""
        text = column.field.decl.option("where", "")
        if not isinstance(text, str) or not text:
            return []
        filled = fill_in(text, target, self._values)
        # What the form does not hold yet narrows nothing.
        return [] if "NULL" in filled and "NULL" not in text else [filled]

    def _option(self, target: ObjectName, row: Record, beside: str) -> Option:
        compiled = self._session.snapshot.model.objects[target]
        said = row.get(beside) if beside else None
        return Option(
            id=int(str(row["id"])),
            title=self._cells.title(compiled, row),
            beside="" if said is None else str(said),
            object=target,
        )


def parts_of(option: Option) -> dict[str, tuple[str, ...]]:
    """Give what an editor holds for a chosen record."""
    title = (option.title,)
    return {"": (str(option.id),), "text": title, "shown": title, "object": (str(option.object),)}


def fill_in(text: str, first_object: CompiledObject, second: Mapping[str, Value]) -> str:
    """Put values of the record on whose behalf others are looked at into a condition over those.

    A name is a declared field of the first if it has one; `$record.name` is always the second's.
    """

    def present(path: str) -> str:
        if path in PLATFORM_FIELDS:
            return literal(second.get(path))
        is_first = FieldName(path.partition(".")[0]) in first_object.fields
        return path if is_first else literal(second.get(path))

    return _RECORD.sub(lambda found: literal(second.get(found[1])), rename_paths(text, present))


def literal(value: Value) -> str:
    """Write a value as a constant of the language; NULL for one that has no such form."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    return quoted(value) if isinstance(value, str) else "NULL"


def labels_of(session: Session, targets: Iterable[ObjectName]) -> list[tuple[str, str]]:
    """Name the objects that a lookup to several may point at."""
    return [(str(t), object_label(session.snapshot, t)) for t in targets]
