"""How logical storage becomes columns: SQL types, and codecs between memory and driver.

Separate from field types, which know no SQL. Exactness is the point: money never passes through a
double, and both databases give the same digits back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from engine.model.declarations import Field
from engine.model.fields.base import Storage, StorageKind
from engine.model.fields.registry import TYPES
from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json, to_json

# Any: each codec takes and gives the one Python type of its storage.
Convert = Callable[[Any], Any]

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Codec:
    """How one column's values go to the driver and come back; None: they go as they are.

    Neither is called with None, which is NULL on both sides.
    """

    encode: Convert | None = None
    decode: Convert | None = None


_TEXT_TYPES = {StorageKind.TEXT, StorageKind.LIST, StorageKind.JSON}
_SQLITE_TYPES: Mapping[StorageKind, TypeEngine[Any]] = {
    StorageKind.TEXT: sa.Text(),
    StorageKind.INTEGER: sa.Integer(),
    StorageKind.DECIMAL: sa.Integer(),
    StorageKind.BOOLEAN: sa.Integer(),
    StorageKind.DATE: sa.Text(),
    StorageKind.DATETIME: sa.Integer(),
    StorageKind.TIME: sa.Text(),
    StorageKind.LIST: sa.Text(),
    StorageKind.JSON: sa.Text(),
}
_POSTGRESQL_TYPES: Mapping[StorageKind, TypeEngine[Any]] = {
    # The C collation: one order on both databases, whatever the locale of the server.
    **{kind: sa.Text(collation="C") for kind in _TEXT_TYPES},
    StorageKind.INTEGER: sa.BigInteger(),
    StorageKind.DECIMAL: sa.Numeric(),  # no scale: more places later is no change of the table
    StorageKind.BOOLEAN: sa.Boolean(),
    StorageKind.DATE: sa.Date(),
    StorageKind.DATETIME: sa.DateTime(timezone=True),
    StorageKind.TIME: sa.Time(),
}


def sql_type(storage: Storage, dialect: str) -> TypeEngine[Any]:
    """Give the column type of a storage on "sqlite" or "postgresql"."""
    types = _SQLITE_TYPES if dialect == "sqlite" else _POSTGRESQL_TYPES
    return types[storage.kind]


def storage_of(field: Field) -> Storage:
    """Give how the values of a declared field are kept."""
    return TYPES[field.type].storage(field)


def codec(storage: Storage, dialect: str) -> Codec:
    """Give how values of a storage travel.

    DECIMAL is a scaled integer on SQLite (12.50 with 2 places is 1250) and is rounded half up to
    its places on both; DATETIME is milliseconds since 1970 UTC on SQLite.
    """
    kind = storage.kind
    if kind is StorageKind.DECIMAL:
        return _decimal(storage.decimals, dialect)
    if kind in _BOTH:
        return _BOTH[kind]
    return _SQLITE.get(kind, Codec()) if dialect == "sqlite" else Codec()


def _decimal(places: int, dialect: str) -> Codec:
    step = Decimal(1).scaleb(-places)

    def rounded(value: Decimal) -> Decimal:
        return value.quantize(step, context=_WIDE)

    if dialect != "sqlite":
        return Codec(rounded)
    if places == 0:
        return Codec(lambda value: int(rounded(value)), Decimal)
    return Codec(
        lambda value: int(value.scaleb(places, _WIDE).to_integral_value(ROUND_HALF_UP)),
        lambda value: Decimal(value).scaleb(-places),
    )


def _list_text(value: tuple[str, ...]) -> str | None:
    """Names between semicolons, one at each end too, so that "contains ;a;" finds whole names."""
    return f";{';'.join(value)};" if value else None


def _list_names(text: str) -> tuple[str, ...]:
    return tuple(text.strip(";").split(";"))


_BOTH: Mapping[StorageKind, Codec] = {
    StorageKind.LIST: Codec(_list_text, _list_names),
    StorageKind.JSON: Codec(to_json, from_json),
}
_SQLITE: Mapping[StorageKind, Codec] = {
    StorageKind.BOOLEAN: Codec(int, bool),
    StorageKind.DATE: Codec(date.isoformat, date.fromisoformat),
    StorageKind.DATETIME: Codec(milliseconds, instant_of),
    StorageKind.TIME: Codec(lambda value: value.isoformat("seconds"), time.fromisoformat),
}
