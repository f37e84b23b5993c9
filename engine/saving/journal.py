"""The history of records: who changed what, from what to what, through which door.

Collected while a save runs and written in one statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.saving.unit import Unit
from engine.saving.written import Written, follow
from engine.store.platform import history

Changes = dict[str, tuple[Value, Value]]


class Journal:
    """Entries of one save, of the records saved and of the parents their roll-ups touched.

    `touched` collects what else was written on the way, for those who follow.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self.touched: list[tuple[CompiledObject, list[Written]]] = []
        self._entries: list[history.Entry] = []

    def note(
        self,
        compiled: CompiledObject,
        old: Mapping[str, Value] | None,
        values: Mapping[str, Value],
        changed: int,
        *,
        event: str = "",
        set_by: Mapping[str, str] | None = None,
    ) -> None:
        """Note a change, if the object keeps a history of one of the fields.

        Args: `set_by`: field -> the workflow that set it before the save.
        """
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
                causes=_causes(self._unit, changes, set_by or {}),
            )
        )

    def write(self) -> None:
        """Write the entries: one statement, or none."""
        if self._entries:
            unit = self._unit
            history.append(unit.tx, self._entries, at=unit.now, actor=unit.me, source=unit.source)

    def close(self, compiled: CompiledObject, written: Sequence[Written]) -> None:
        """Write the entries, then let happen what follows: of the records, then of the parents."""
        self.write()
        follow(self._unit, compiled, written)
        for other, records in self.touched:
            follow(self._unit, other, records)


def _causes(
    unit: Unit, changes: Mapping[str, object], set_by: Mapping[str, str]
) -> Mapping[str, str]:
    whole = {"": unit.cause} if unit.cause else {}
    own = {name: f"workflow:{by}" for name, by in set_by.items() if name in changes}
    return {**whole, **own}
