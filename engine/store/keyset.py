"""Pages by key: the order of a list, and the predicate for what comes after a row.

Deep pages cost what page one costs. Blanks come last in both directions, ties by id.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

import sqlalchemy as sa

from engine.compiled import Model
from engine.errors import RequestInvalid
from engine.model.fields.base import StorageKind
from engine.names import FieldName
from engine.query import ReadPlan
from engine.query.columns import walk
from engine.store.selecting import Column, Selecting

_LARGEST = 2**63 - 1
_BACK = "<"  # before the name of the order: no field begins with it


@dataclass(frozen=True, slots=True)
class Key:
    """One column of the order as it is compared: folded text, or the raw value."""

    column: Column
    descending: bool
    nullable: bool

    def ordering(self, *, is_back: bool = False) -> Column:
        """Give the ORDER BY term, from the end to the beginning for a page before."""
        directed = self.column.desc() if self.descending is not is_back else self.column.asc()
        if not self.nullable:
            return directed
        return directed.nulls_first() if is_back else directed.nulls_last()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the order it belongs to, and the keys of its last row, id last.

    `is_back`: it stands before the first row of a page, and what it leads to is the page before.
    """

    order: str
    keys: tuple[object, ...]
    is_back: bool = False

    @property
    def shape(self) -> tuple[bool, ...]:
        """Which keys are blank, and the direction: part of the statement's shape."""
        return (self.is_back, *(key is None for key in self.keys))

    def params(self) -> dict[str, object]:
        """Give the keys as parameters of the statement."""
        return {f"after_{place}": key for place, key in enumerate(self.keys) if key is not None}

    @classmethod
    def of(cls, plan: ReadPlan, raw: tuple[object, ...], *, is_back: bool = False) -> Cursor:
        """Take the keys of a raw row."""
        return cls(order_name(plan), tuple(_plain(key) for key in raw), is_back)

    def text(self) -> str:
        """Write the cursor for the wire; opaque, holds nothing that the page did not show."""
        order = f"{_BACK}{self.order}" if self.is_back else self.order
        packed = json.dumps([order, *self.keys], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, plan: ReadPlan) -> Cursor:
        """Read a cursor back. Raises: RequestInvalid Q103, when damaged or of another list."""
        try:
            padded = text + "=" * (-len(text) % 4)
            order, *keys = json.loads(base64.urlsafe_b64decode(padded.encode()))
        except (ValueError, TypeError, binascii.Error) as damaged:
            raise _bad_cursor() from damaged
        plain = all(_can_be_key(key) for key in keys)
        is_back = isinstance(order, str) and order.startswith(_BACK)
        order = order.removeprefix(_BACK) if is_back else order
        if order != order_name(plan) or len(keys) != len(plan.order) + 1 or not plain:
            raise _bad_cursor()
        if not isinstance(keys[-1], int):
            raise _bad_cursor()
        return cls(order, tuple(keys), is_back)


def ensure_fits(cursor: Cursor, plan: ReadPlan, model: Model, dialect: str) -> None:
    """Refuse keys that no column of the order can hold. Raises: RequestInvalid Q103.

    A cursor comes back from outside: what the database could not read would be its failure.
    """
    for order, key in zip(plan.order, cursor.keys, strict=False):
        found = walk(model, plan.object, order.path, is_secured=True)
        kind = None if found is None else found[2].type.storage(found[2].decl).kind
        if key is not None and kind is not None and not _fits(kind, key, dialect):
            raise _bad_cursor()


def _fits(kind: StorageKind, key: object, dialect: str) -> bool:
    """Tell whether a key is written as a column of this kind gives it on a database."""
    if kind is StorageKind.BOOLEAN:
        return isinstance(key, bool) == (dialect == "postgresql") and key in {0, 1}
    if isinstance(key, bool):
        return False
    if isinstance(key, str) and kind in _READERS:
        try:
            _READERS[kind](key)
        except (ValueError, ArithmeticError):
            return False
        return kind is not StorageKind.DATETIME or dialect == "postgresql"
    if kind in {StorageKind.DECIMAL, StorageKind.INTEGER, StorageKind.DATETIME}:
        is_moment = kind is StorageKind.DATETIME and dialect == "postgresql"
        return isinstance(key, int | float) and not is_moment
    return isinstance(key, str)


_READERS: Mapping[StorageKind, Callable[[str], object]] = {
    StorageKind.DECIMAL: Decimal,
    StorageKind.DATE: date.fromisoformat,
    StorageKind.DATETIME: datetime.fromisoformat,
    StorageKind.TIME: time.fromisoformat,
}


def order_name(plan: ReadPlan) -> str:
    """Name the order of a plan, so that a cursor of another order is refused."""
    return ",".join(("-" if o.descending else "") + o.path for o in plan.order)


def order_columns(selecting: Selecting, plan: ReadPlan) -> list[Key]:
    """Give the keys of a plan's order; the id ends every order."""
    keys = []
    for order in plan.order:
        end, field = selecting.at(selecting.root, order.path, is_secured=True)
        value = selecting.value(selecting.root, order.path, is_secured=True)
        if field.type.storage(field.decl).kind is StorageKind.TEXT and not _is_name(
            field.decl.type
        ):
            value = sa.func.patron_fold(value)
        del end
        keys.append(Key(value, order.descending, nullable=True))
    keys.append(Key(selecting.root.raw(FieldName("id")), descending=False, nullable=False))
    return keys


def after_clause(keys: list[Key], after: Cursor) -> sa.ColumnElement[bool]:
    """Build the predicate for rows that come after the cursor's row, or before it.

    A bound on the first key stands in front, so that an index over the order is entered at the
    right place.
    """
    branches = []
    equal: list[sa.ColumnElement[bool]] = []
    for place, (key, value) in enumerate(zip(keys, after.keys, strict=True)):
        bound = sa.bindparam(f"after_{place}", type_=key.column.type)
        beyond = _beyond(key, bound if value is not None else None, is_back=after.is_back)
        if beyond is not None:
            branches.append(sa.and_(*equal, beyond))
        equal.append(key.column.is_(None) if value is None else key.column == bound)
    return sa.or_(*branches) if branches else sa.false()


def _beyond(
    key: Key, bound: sa.BindParameter[object] | None, *, is_back: bool
) -> sa.ColumnElement[bool] | None:
    """Say which values of a key lie beyond the cursor's; None when none can. Blanks are last."""
    if bound is None:
        return key.column.is_not(None) if is_back else None
    later = key.column < bound if key.descending is not is_back else key.column > bound
    return sa.or_(later, key.column.is_(None)) if key.nullable and not is_back else later


def _can_be_key(key: object) -> bool:
    """Tell whether a key could have come from a row: no integer has more than 64 bits."""
    if isinstance(key, int):
        return abs(key) <= _LARGEST
    return isinstance(key, str | float | type(None))


def _is_name(field_type: str) -> bool:
    """Picklists sort by their API name as it is; everything else people read is folded."""
    return field_type in {"picklist", "auto_number"}


def _plain(key: object) -> object:
    if isinstance(key, Decimal):
        return format(key, "f")
    if isinstance(key, datetime | date | time):
        return key.isoformat()
    return key


def _bad_cursor() -> RequestInvalid:
    return RequestInvalid(
        "The cursor in `after` does not belong to this list.",
        code="Q103",
        status=400,
        hint="start again without `after`; a cursor is only good for the same sort",
    )
