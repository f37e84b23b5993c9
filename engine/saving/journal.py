"""The history of records: who changed what, from what to what, through which door.

Collected while a save runs and written in one statement.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.saving.unit import Unit
from engine.store.platform import history

Changes = dict[str, tuple[Value, Value]]


class Journal:
    """Entries of one save, of the records saved and of the parents their roll-ups touched."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._entries: list[history.Entry] = []

    def note(
        self,
        compiled: CompiledObject,
        old: Mapping[str, Value] | None,
        values: Mapping[str, Value],
        changed: int,
        *,
        event: str = "",
    ) -> None:
        """Note a change, if the object keeps a history of one of the fields."""
        kept = changed & compiled.history
        if not compiled.history or (not kept and old is not None and not event):
            return
        changes = {
            str(field.name): (None if old is None else old.get(field.name), values.get(field.name))
            for field in compiled.stored
            if kept & field.bit
        }
        self._entries.append(
            history.Entry(
                record=int(values["id"]),  # type: ignore[arg-type]  # an integer
                object=compiled.name,
                version=int(values["version"]),  # type: ignore[arg-type]  # an integer
                event=event or ("created" if old is None else "updated"),
                changes=changes,
            )
        )

    def write(self) -> None:
        """Write the entries: one statement, or none."""
        if self._entries:
            unit = self._unit
            history.append(unit.tx, self._entries, at=unit.now, actor=unit.me, source=unit.source)
