"""Any value as people see it, by its field's type: decided here, drawn by `ui/cells.html`.

How a page uses it::

    cells = Cells(session, fmt, root)  # inside the page's transaction
    columns = cells.columns("opportunity", paths)  # unreadable ones are left out
    page = session.list(ListRequest(object=..., fields=paths_of(columns)))
    cells.load(columns, page.records)  # at most one statement, for lookups to several
    shown = cells.cell(column, record)  # a `Cell`

and its template: `{% from "ui/cells.html" import cell %}{{ cell(shown) }}`. Texts are plain and
escaped by the template; only `Cell.html` is markup, and it is clean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.session import Record, Session
from ui.columns import Column, find_column, find_columns, paths_of
from ui.showing import Cell, How, Tag, initials, show_value
from web.formats import Formats
from web.frame import object_label
from web.texts import say

__all__ = ["Cell", "Cells", "Tag", "initials", "paths_of"]

_CURRENCY = "currency"


class Cells:
    """Shows the values of records to one visitor; made for one page."""

    def __init__(self, session: Session, fmt: Formats, root: str) -> None:
        self._session, self._fmt, self._root = session, fmt, root
        # Names of records that lookups to several objects point at, by id; `load` fills it.
        self._names: dict[int, tuple[ObjectName, str]] = {}

    @property
    def root(self) -> str:
        """The address below which the pages of the environment lie."""
        return self._root

    def column(self, object_name: str, path: str) -> Column | None:
        """Give the column of a path, None where the visitor may not read it."""
        return find_column(self._session, object_name, path)

    def columns(self, object_name: str, paths: Iterable[str]) -> tuple[Column, ...]:
        """Give the columns of paths in order; those that the visitor may not read are left out."""
        return find_columns(self._session, object_name, paths)

    def load(self, columns: Sequence[Column], records: Sequence[Record]) -> None:
        """Read the names that no column brought, behind lookups to several objects.

        One statement; none where all names are there already.
        """
        several = [column for column in columns if len(column.targets) > 1 and column.is_link]
        ids = {
            record.get(column.path)
            for column in several
            for record in records
            if not column.title_path or record.get(column.title_path) is None
        }
        known = [number for number in ids if isinstance(number, int)]
        if known:
            names = dict.fromkeys(name for column in several for name in column.targets)
            self._names.update(self._session.titles(names, known))

    def cell(self, column: Column, record: Mapping[str, Value], *, full: bool = False) -> Cell:
        """Show the value of a column in a record; `full` shows long texts whole."""
        errors = record.get("_errors")
        if isinstance(errors, Mapping) and column.path in errors:
            reason = str(errors[column.path])
            return Cell(kind="error", text="#ERROR", title=reason, is_computed=True)
        value = record.get(column.path)
        if value is None or value in ("", ()):
            return Cell(kind="blank", is_computed=column.is_computed)
        if column.is_link:
            return self._link(column, value, record)
        if column.type == "currency":
            return self._money(column, value, record)
        return show_value(column, value, How(self._fmt, is_full=full))

    def record_link(self, object_name: str, record_id: object) -> str:
        """Give the address of a record's page."""
        return f"{self._root}/o/{object_name}/{record_id}"

    def title(self, compiled: CompiledObject, record: Mapping[str, Value]) -> str:
        """Give the name of a record: its title field, else its label and id."""
        value = None if compiled.title is None else record.get(compiled.title)
        if value is None or value == "":
            return self._numbered(compiled.name, record.get("id"))
        column = self.column(compiled.name, str(compiled.title))
        return str(value) if column is None else self.cell(column, record).text or str(value)

    def _numbered(self, object_name: ObjectName, record_id: object) -> str:
        return f"{object_label(self._session.snapshot, object_name)} {record_id}"

    def _money(self, column: Column, value: Value, record: Mapping[str, Value]) -> Cell:
        prefix = column.path.rpartition(".")[0]
        code = record.get(f"{prefix}.{_CURRENCY}" if prefix else _CURRENCY)
        is_code = isinstance(code, str) and len(code) == len("EUR") and code.isupper()
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        text = self._fmt.currency(amount, str(code) if is_code else "", column.decimals)
        return Cell(kind="number", text=text, is_computed=column.is_computed)

    def _link(self, column: Column, value: Value, record: Mapping[str, Value]) -> Cell:
        """Show a lookup as a chip; the name of a record that is hidden or gone is not known."""
        number = value if isinstance(value, int) else 0
        target, name = self._named(column, number, record)
        if target is None or name is None:
            return Cell(kind="blank", text=say("not visible to you"))
        is_person = target == "user"
        text = str(name)
        return Cell(
            kind="chip",
            text=text,
            href=self.record_link(target, number),
            initials=initials(text, 2 if is_person else 1),
            is_round=is_person,
        )

    def _named(
        self, column: Column, number: int, record: Mapping[str, Value]
    ) -> tuple[ObjectName | None, str | None]:
        """Give the object of the record that a lookup points at, and its name if it is known."""
        name = record.get(column.title_path) if column.title_path else None
        if name is not None:
            return column.targets[0], str(name)
        if number in self._names:
            target, found = self._names[number]
            return target, found or self._numbered(target, number)
        is_one = len(column.targets) == 1 and not column.title_path
        if is_one and self._session.unit.access.of(column.targets[0]).may("read"):
            return column.targets[0], self._numbered(column.targets[0], number)
        return None, None
