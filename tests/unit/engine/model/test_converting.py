"""Values read as another type: what people saw is what they see, and misfits are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.model.converting import (
    Conversion,
    NotConvertible,
    convert,
    keeps_values,
    nearest,
    read_conversion,
    write_conversion,
)
from engine.model.fields.registry import declare_field
from engine.names import FieldName

PARIS = ZoneInfo("Europe/Paris")
STAGES = {"open": {"label": "Open"}, "won": {"label": "Won at last", "active": False}}


def field(type_: str, **data: object):
    """Declare a field."""
    return declare_field(FieldName("size"), {"type": type_, **data}, {})


TEXT, LONG, RICH, NUMBER = field("text"), field("long_text"), field("rich_text"), field("number")
MONEY, DAY, INSTANT = field("currency"), field("date"), field("datetime")
STAGE, STAGES_ = field("picklist", values=STAGES), field("multi_picklist", values=STAGES)
BOX, EMAIL, CLOCK = field("checkbox"), field("email"), field("time")
NOON = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # half past midnight of the next day in Paris


@pytest.mark.parametrize(
    ("old", "new", "value", "expected"),
    [
        (TEXT, NUMBER, " 12 ", Decimal(12)),
        (TEXT, MONEY, "12.5", Decimal("12.50")),
        (TEXT, DAY, "2026-03-31", date(2026, 3, 31)),
        (TEXT, INSTANT, "2026-07-01 12:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        (TEXT, STAGE, "open", "open"),
        (TEXT, STAGE, "won AT last", "won"),
        (TEXT, STAGES_, "Open; won", ("open", "won")),
        (TEXT, BOX, "true", True),
        (TEXT, EMAIL, "ada@example.test", "ada@example.test"),
        (TEXT, RICH, "a < b", "<p>a &lt; b</p>"),
        (RICH, TEXT, "<p>a &lt; <b>b</b></p>", "a < b"),
        (LONG, EMAIL, "ada@example.test\n", "ada@example.test"),
        (NUMBER, TEXT, Decimal(12), "12"),
        (NUMBER, MONEY, Decimal(12), Decimal("12.00")),
        (MONEY, NUMBER, Decimal("12.00"), Decimal(12)),
        (NUMBER, BOX, Decimal(1), True),
        (BOX, NUMBER, True, Decimal(1)),
        (BOX, TEXT, False, "false"),
        (DAY, INSTANT, date(2026, 7, 1), datetime(2026, 6, 30, 22, tzinfo=UTC)),
        (INSTANT, DAY, NOON, date(2026, 4, 1)),
        (INSTANT, CLOCK, NOON, time(0, 30)),
        (INSTANT, TEXT, NOON, "2026-04-01 00:30"),
        (DAY, TEXT, date(2026, 7, 1), "2026-07-01"),
        (STAGE, TEXT, "won", "Won at last"),
        (STAGE, STAGES_, "open", ("open",)),
        (STAGES_, STAGE, ("open",), "open"),
        (STAGES_, TEXT, ("open", "won"), "Open; Won at last"),
        (TEXT, NUMBER, None, None),
        (TEXT, NUMBER, " ", None),
    ],
)
def test_what_a_value_becomes(old, new, value, expected):
    """Labels for people, names for lists, days in the project's time zone, numbers exactly."""
    found = convert(old, new, value, PARIS)
    assert found == expected
    assert str(found) == str(expected)


@pytest.mark.parametrize(
    ("old", "new", "value", "near"),
    [
        (TEXT, NUMBER, "many", None),
        (MONEY, NUMBER, Decimal("12.50"), Decimal(13)),
        (TEXT, STAGE, "lost", None),
        (STAGES_, STAGE, ("open", "won"), None),
        (TEXT, EMAIL, "nobody", None),
        (LONG, field("text", length=3), "abcdef", "abc"),
        (TEXT, field("lookup", to="account"), "Castor", None),
        (NUMBER, DAY, Decimal(3), None),
        (TEXT, INSTANT, "soon", None),
        (field("address"), TEXT, {"city": "Lyon"}, None),
        (NUMBER, field("auto_number", format="A-{0000}"), Decimal(3), None),
        (NUMBER, BOX, Decimal(7), None),
    ],
)
def test_what_does_not_fit(old, new, value, near):
    """It is refused, and `convert` gives what comes nearest, blank where nothing does."""
    with pytest.raises(NotConvertible):
        convert(old, new, value, PARIS)
    assert nearest(old, new, value, PARIS) == near


def test_treatments_of_misfits():
    """Exchanged by its text, filled in, brought near: in that order, and only where it misfits."""
    exchanged = Conversion(old=TEXT, new=NUMBER, exchange={"many": "99"})
    filled = Conversion(old=TEXT, new=NUMBER, fill="7")
    near = Conversion(old=TEXT, new=NUMBER, is_nearest=True)
    renamed = Conversion(old=STAGE, new=TEXT, exchange={"won": "Closed"})

    assert [exchanged.of(text, PARIS) for text in ("many", "3")] == [99, 3]
    assert [filled.of(text, PARIS) for text in ("many", "3")] == [7, 3]
    assert [near.of(text, PARIS) for text in ("many", "3")] == [None, 3]
    assert renamed.of("won", PARIS) == "Closed"
    with pytest.raises(NotConvertible):
        exchanged.of("few", PARIS)


def test_a_conversion_is_kept_as_json():
    """What a column remembers converts as before, labels of values included."""
    kept = write_conversion(Conversion(old=STAGE, new=TEXT, exchange={"open": "New"}))
    again = read_conversion(FieldName("size"), kept)

    assert [again.of(value, PARIS) for value in ("open", "won")] == ["New", "Won at last"]
    assert again.back().of("Won at last", PARIS) == "won"


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (TEXT, LONG, True),
        (EMAIL, TEXT, True),
        (NUMBER, field("percent", decimals=0), True),
        (TEXT, EMAIL, False),
        (LONG, RICH, False),
        (NUMBER, MONEY, False),
        (TEXT, STAGE, False),
        (STAGE, TEXT, False),
    ],
)
def test_only_widenings_keep_their_column(old, new, kept):
    """Every value is as good under the new type, or there is another generation."""
    assert keeps_values(old, new) is kept
