"""Columns keep what field types mean: the same values come back from both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType

import pytest
from sqlalchemy.schema import Column, CreateTable, MetaData, Table

from engine.model.fields.base import Storage, StorageKind
from engine.store.columns import codec, sql_type
from engine.store.database import Database
from engine.store.statements import dialect_of

TEXT = Storage(StorageKind.TEXT)
CASES = [
    (TEXT, "Crème 100% 'brûlée'"),
    (Storage(StorageKind.INTEGER), 2**53 - 1),
    (Storage(StorageKind.DECIMAL, 2), Decimal("9999999999999999.99")),
    (Storage(StorageKind.DECIMAL, 2), Decimal("-0.10")),
    (Storage(StorageKind.DECIMAL, 0), Decimal(42)),
    (Storage(StorageKind.DECIMAL, 4), Decimal("0.2500")),
    (Storage(StorageKind.BOOLEAN), True),
    (Storage(StorageKind.BOOLEAN), False),
    (Storage(StorageKind.DATE), date(1, 1, 1)),
    (Storage(StorageKind.DATE), date(9999, 12, 31)),
    (Storage(StorageKind.DATETIME), datetime(2026, 11, 12, 9, 14, 3, 123000, tzinfo=UTC)),
    (Storage(StorageKind.DATETIME), datetime(1901, 2, 3, 4, 5, 6, 7000, tzinfo=UTC)),
    (Storage(StorageKind.TIME), time(23, 59, 1)),
    (Storage(StorageKind.LIST), ("red", "green")),
    (Storage(StorageKind.LIST), ("red",)),
    (Storage(StorageKind.JSON), {"a": {"é": "x"}, "b": [Decimal("1.10"), None, True]}),
]


def through(
    database: Database, storage: Storage, value: object, name: str = "thing"
) -> tuple[object, object]:
    """Write a value into a real column of its type and read it back; give it raw and decoded."""
    dialect = dialect_of(database.dialect)
    table = Table(name, MetaData(), Column("v", sql_type(storage, database.dialect)))
    codes = codec(storage, database.dialect)
    mark = "?" if database.dialect == "sqlite" else "%s"
    with database.write() as tx:
        tx.run(f"DROP TABLE IF EXISTS {name}")
        tx.run(str(CreateTable(table).compile(dialect=dialect)))
        tx.run(
            f"INSERT INTO {name} VALUES ({mark})", (codes.encode(value) if codes.encode else value,)
        )
        raw = tx.rows(f"SELECT v FROM {name}")[0][0]
    return raw, codes.decode(raw) if codes.decode else raw


def test_every_value_comes_back_as_it_was(database: Database):
    """Value, type and digits survive, on both databases alike."""
    for place, (storage, value) in enumerate(CASES):
        _, back = through(database, storage, value, f"thing_{place}")

        assert back == value, storage
        assert type(back) is type(value), storage
        assert str(back) == str(value), storage


def test_datetimes_come_back_aware_and_in_utc(database: Database):
    """Nobody has to guess a zone."""
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    _, back = through(database, Storage(StorageKind.DATETIME), moment)

    assert isinstance(back, datetime)
    assert back.tzinfo is UTC


def test_decimals_are_rounded_half_up_to_their_places(database: Database):
    """What SQL or Python gives with more digits is kept as it is shown."""
    storage = Storage(StorageKind.DECIMAL, 2)

    found = [str(through(database, storage, Decimal(text))[1]) for text in ("0.125", "-0.125", "3")]

    assert found == ["0.13", "-0.13", "3.00"]


def test_sums_of_money_are_exact(database: Database):
    """Ten cents added ten thousand times are a thousand, never 999.9999."""
    storage = Storage(StorageKind.DECIMAL, 2)
    codes = codec(storage, database.dialect)
    assert codes.encode is not None
    through(database, storage, Decimal("0.10"))
    mark = "?" if database.dialect == "sqlite" else "%s"
    rows = [(codes.encode(Decimal("0.10")),)] * 9999

    with database.write() as tx:
        tx.many(f"INSERT INTO thing VALUES ({mark})", rows)
        total = tx.rows("SELECT sum(v) FROM thing")[0][0]

    assert (codes.decode(total) if codes.decode else total) == Decimal("1000.00")


def test_an_empty_list_is_blank(dialect: str):
    """No names means NULL, so that a blank multi-picklist is found as blank."""
    codes = codec(Storage(StorageKind.LIST), dialect)

    assert codes.encode is not None
    assert codes.encode(()) is None


def test_read_only_mappings_are_written_as_json(dialect: str):
    """Frozen values of the model can be stored as they are."""
    codes = codec(Storage(StorageKind.JSON), dialect)

    assert codes.encode is not None
    assert codes.encode(MappingProxyType({"a": 1})) == '{"a":1}'
    with pytest.raises(TypeError):
        codes.encode({"a": object()})


def test_text_sorts_by_code_point_on_both(database: Database):
    """One order everywhere: Z before É, whatever the locale of the server."""
    through(database, TEXT, "É")
    mark = "?" if database.dialect == "sqlite" else "%s"

    with database.write() as tx:
        tx.many(f"INSERT INTO thing VALUES ({mark})", [("z",), ("Z",), ("a",)])
        found = [row[0] for row in tx.rows("SELECT v FROM thing ORDER BY v")]

    assert found == ["Z", "a", "z", "É"]
