"""Columns of another generation, written along with a field by every save.

Separate from `writing`, because treatments write values too. What the other type cannot hold is
blank there; nothing is refused for it, since nobody sees that column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.compiled import Snapshot
from engine.model.converting import Conversion, NotConvertible
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.store.columns import codec, storage_of
from engine.store.tables import mirror_key

Mirrored = tuple[str, str, Callable[[Value], object]]  # key of the column, field, how to encode


def mirrored_columns(
    snapshot: Snapshot, name: ObjectName, columns: Iterable[str], dialect: str
) -> list[Mirrored]:
    """Give the columns that mirror some fields of an object, and how values go there."""
    mirrors = snapshot.physical[name].mirrors
    if not mirrors:
        return []
    zone = zone_named(snapshot.model.project.time_zone)
    return [
        (mirror_key(field, mirror.column), str(field), encoder(mirror.conversion, zone, dialect))
        for field in map(FieldName, columns)
        for mirror in mirrors.get(field, ())
    ]


def encoder(conversion: Conversion, zone: tzinfo, dialect: str) -> Callable[[Value], object]:
    """Give what converts a value and hands it to the driver; None for what does not fit."""
    encode = codec(storage_of(conversion.new), dialect).encode

    def converted(value: Value) -> object:
        try:
            new = conversion.of(value, zone)
        except NotConvertible:
            return None
        return new if new is None or encode is None else encode(new)

    return converted


def zone_named(name: str) -> tzinfo:
    """Give a time zone by name; an unknown one is UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
