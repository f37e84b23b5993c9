"""A change of type: a second column beside the first, filled by converting, then put in its place.

No column ever changes its type. The new generation is built beside the old one, and after the swap
the old one goes on being written as well as it can hold the values, so that going back is a swap
again, with what was written meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from engine.model.converting import Conversion, NotConvertible, write_conversion
from engine.model.fields.base import Value
from engine.store.columns import codec, storage_of
from engine.store.ddl.steps import DdlStep, quoted
from engine.store.failures import StoreFailed
from engine.store.platform.physical import LIVE, RETIRED, Place, set_place
from engine.store.text import native
from engine.store.tx import Tx

BATCH = 1000
SHOWN = 100  # ids of records that do not fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfits:
    """Records whose value the other type cannot hold: how many, and the ids of the first."""

    count: int = 0
    ids: tuple[int, ...] = ()

    def and_more(self, ids: Sequence[int]) -> Misfits:
        """Add some."""
        return Misfits(count=self.count + len(ids), ids=(*self.ids, *ids)[:SHOWN])


@dataclass(eq=False)
class TooManyMisfits(StoreFailed):
    """More values do not fit than somebody consented to lose sight of."""

    code: str = "D130"
    status: int = 409
    misfits: Misfits = Misfits()


@dataclass(frozen=True, slots=True)
class ConvertColumn(DdlStep):
    """Every value of a column converted into its next generation. `allowed`: misfits consented."""

    old: Place
    new: Place
    conversion: Conversion
    zone: tzinfo
    allowed: int = 0
    is_instant = False

    def run(self, tx: Tx, *, version: int) -> None:
        """Convert them all. Raises: TooManyMisfits D130."""
        last: int | None = 0
        found = Misfits()
        while last is not None:
            last, wrong = self.batch(tx, last)
            found = found.and_more(wrong)
        self.ensure(found)

    def ensure(self, found: Misfits) -> None:
        """Refuse more misfits than were consented to. Raises: TooManyMisfits D130."""
        if found.count > self.allowed:
            ids = ", ".join(map(str, found.ids[:10]))
            what = f"{self.old.object}.{self.new.field}"
            raise TooManyMisfits(
                f"{found.count:,} values of {what} cannot become {self.conversion.new.type} "
                f"(records {ids}{', …' if found.count > 10 else ''}).",  # noqa: PLR2004 -- as shown
                hint=f"treat them: --treat field:{what}=convert, map:old=new,… or fill:VALUE",
                misfits=found,
            )

    def batch(self, tx: Tx, after: int, limit: int = BATCH) -> tuple[int | None, list[int]]:
        """Convert the next records by id; give the last id, None at the end, and the misfits."""
        old, table = quoted(self.old.column), quoted(self.old.table)
        lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
        sql = (
            f"SELECT id, {old} FROM {table} WHERE id > ? AND {old} IS NOT NULL"
            f" ORDER BY id LIMIT ?{lock}"
        )
        rows = tx.rows(native(tx, sql), (after, limit))
        written, wrong = [], []
        for record, raw in rows:
            try:
                written.append((self._converted(tx.dialect, raw), record))
            except NotConvertible:
                wrong.append(int(record))
        if written:
            sql = f"UPDATE {table} SET {quoted(self.new.column)} = ? WHERE id = ?"
            tx.many(native(tx, sql), written)
        return (int(rows[-1][0]) if len(rows) == limit else None), wrong

    def misfits(self, tx: Tx) -> Misfits:
        """Find the values that do not fit, without writing anything."""
        old = quoted(self.old.column)
        sql = (
            f"SELECT id, {old} FROM {quoted(self.old.table)} WHERE id > ? AND {old} IS NOT NULL"
            " AND deleted_at IS NULL ORDER BY id LIMIT ?"
        )
        last, found = 0, Misfits()
        while rows := tx.rows(native(tx, sql), (last, BATCH)):
            found = found.and_more([int(r) for r, raw in rows if not self._fits(tx.dialect, raw)])
            last = int(rows[-1][0])
        return found

    def explain(self) -> str:
        """Say it."""
        new = self.conversion.new.type
        return f"convert {self.old.table}.{self.old.column} to {new} in {self.new.column}"

    def _fits(self, dialect: str, raw: object) -> bool:
        try:
            self._converted(dialect, raw)
        except NotConvertible:
            return False
        return True

    def _converted(self, dialect: str, raw: Any) -> object:  # Any: as the driver gives it
        decode = codec(storage_of(self.conversion.old), dialect).decode
        encode = codec(storage_of(self.conversion.new), dialect).encode
        value: Value = raw if decode is None else decode(raw)
        new = self.conversion.of(value, self.zone)
        return new if new is None or encode is None else encode(new)


@dataclass(frozen=True, slots=True)
class SwapPlaces(DdlStep):
    """Another generation of a column put into use; the one before is still written."""

    old: Place
    new: Place
    back: str  # the conversion by which the old one is written from now on; "" for none

    def run(self, tx: Tx, *, version: int) -> None:
        """Swap them."""
        set_place(tx, self.old, status=RETIRED, retired=version, mirror=self.back)
        set_place(tx, self.new, status=LIVE, retired=None, mirror="")

    def explain(self) -> str:
        """Say it."""
        return f"use {self.new.table}.{self.new.column} for {self.new.field}: old values kept"


@dataclass(frozen=True, slots=True)
class PublishPlace(DdlStep):
    """A column that was built before the switch, put into use."""

    place: Place

    def run(self, tx: Tx, *, version: int) -> None:
        """Put it into use."""
        set_place(tx, self.place, status=LIVE, retired=None)

    def explain(self) -> str:
        """Say it."""
        return f"use column {self.place.table}.{self.place.column}"


def mirror_text(conversion: Conversion) -> str:
    """Write a conversion down as a place keeps it."""
    return json.dumps(write_conversion(conversion), sort_keys=True)


def is_way_back(place: Place, conversion: Conversion) -> bool:
    """Tell whether a retired column holds just what a conversion would make, and is written."""
    if place.status != RETIRED or not place.mirror:
        return False
    kept = json.loads(place.mirror)
    return bool(kept["new"] == write_conversion(conversion)["new"])
