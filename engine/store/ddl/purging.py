"""Retired columns and tables removed for good: the only place where values are lost on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.store.ddl.steps import quoted
from engine.store.platform.head import touch_head
from engine.store.platform.physical import ABANDONED, RETIRED, Place, forget_place
from engine.store.tx import Tx


def purgeable(places: Iterable[Place]) -> list[Place]:
    """Give what can be purged: retired tables whole, and retired columns of tables that live."""
    retired = [place for place in places if place.status in {RETIRED, ABANDONED}]
    tables = {place.table for place in retired if not place.column}
    return [place for place in retired if not place.column or place.table not in tables]


def purge(tx: Tx, places: Sequence[Place], known: Iterable[Place]) -> None:
    """Drop tables and columns, and forget where they lay. Call inside the fence.

    `known`: all places, so that a table takes its columns along. Their values are gone afterwards.
    """
    of_table: dict[str, list[Place]] = {}
    for place in known:
        of_table.setdefault(place.table, []).append(place)
    for place in places:
        if place.column:
            tx.run(f"ALTER TABLE {quoted(place.table)} DROP COLUMN {quoted(place.column)}")
            gone = [place]
        else:
            tx.run(f"DROP TABLE {quoted(place.table)}")
            gone = of_table[place.table]
        for one in gone:
            forget_place(tx, one)
    if any(place.mirror for place in places):
        touch_head(tx)  # workers must not go on writing what is gone
