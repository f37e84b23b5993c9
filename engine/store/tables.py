"""SQLAlchemy tables from compiled objects, made when first needed and kept by digest.

No foreign keys between tables, so that a table can be shared by every version and environment that
has the same object.
"""

from __future__ import annotations

import sqlalchemy as sa

from engine.compiled import CompiledObject, PhysicalObject
from engine.names import FieldName
from engine.store.columns import sql_type, storage_of
from engine.store.memo import Memo

# Columns that every business table has beside the fields: the bin. When (milliseconds since 1970
# UTC), by whom, and with which record: a delete takes others along, restore brings those back.
DELETED_AT, DELETED_BY, DELETED_WITH = "deleted_at", "deleted_by", "deleted_with"

_TABLES: Memo[tuple[str, str, str], sa.Table] = Memo(2048)


def table_of(compiled: CompiledObject, physical: PhysicalObject, dialect: str) -> sa.Table:
    """Give the table of an object; field F is `table.c[F]`, whatever its column is called."""
    key = (compiled.digest, physical.digest, dialect)
    return _TABLES.get_or_make(key, lambda: _make(compiled, physical, dialect))


def _make(compiled: CompiledObject, physical: PhysicalObject, dialect: str) -> sa.Table:
    columns: list[sa.Column[object]] = [
        sa.Column(
            physical.columns.get(name, name),
            sql_type(field.type.storage(field.decl), dialect),
            key=name,
            primary_key=name == "id",
        )
        for name, field in compiled.fields.items()
        if field.is_stored
    ]
    columns += [
        sa.Column(
            mirror.column,
            sql_type(storage_of(mirror.conversion.new), dialect),
            key=mirror_key(name, mirror.column),
        )
        for name, mirrors in physical.mirrors.items()
        for mirror in mirrors
    ]
    columns += [sa.Column(name, sa.BigInteger) for name in (DELETED_AT, DELETED_BY, DELETED_WITH)]
    return sa.Table(physical.table, sa.MetaData(), *columns)


def mirror_key(field: FieldName, column: str) -> str:
    """Give the key of a column that mirrors a field: no field can be called so."""
    return f"{field}__mirror_{column}"


def column_name(physical: PhysicalObject, field: FieldName) -> str:
    """Give the physical column of a field; platform fields are named as they are."""
    return physical.columns.get(field, field)
