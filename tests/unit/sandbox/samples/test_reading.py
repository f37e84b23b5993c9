from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from sandbox.samples.reading import read_row
from sandbox.samples.values import Cells, Today
from tests.support.worlds import compile_texts, texts_of

TODAY = Today(day=date(2026, 11, 24), zone=ZoneInfo("Europe/Paris"))
OBJECTS = {
    "deal": """\
object: deal
fields:
  name: {type: text}
  on: {type: date}
  at: {type: datetime}
  amount: {type: currency}
  is_good: {type: checkbox}
  colours: {type: multi_picklist, values: {red: {}, blue: {}}}
  above: {type: lookup, to: deal}
  about: {type: lookup, to: [deal, user]}
"""
}


@pytest.fixture(scope="module")
def cells() -> Cells:
    """Give the cells of a small object, with two rows that are there."""
    _, model = compile_texts(texts_of(OBJECTS))
    ids = {("deal", "first"): 100, ("user", "kim"): 200}
    return Cells(compiled=model.objects["deal"], today=TODAY, ids=ids)  # type: ignore[index]  # a plain name


def test_a_row_is_read_by_its_columns() -> None:
    """Key, day and owner are the row's own; blank cells are left out; a past becomes steps."""
    row = read_row(
        "deal",
        {
            "key": "a",
            "made": "-30",
            "owner": "kim",
            "name": "A > B",
            "stage": "open > sent @-20 > won @+0",
            "amount": "",
        }
        | {"name": "A"},
    )

    assert (row.object, row.key, row.made, row.owner) == ("deal", "a", -30, "kim")
    assert row.cells == {"name": "A", "stage": "open"}
    assert row.later == ((-20, "stage", "sent"), (0, "stage", "won"))


def test_a_row_without_a_day_was_made_today() -> None:
    """A blank day means today."""
    assert read_row("deal", {"key": "a", "made": "", "owner": "kim"}).made == 0


@pytest.mark.parametrize("text", ["open > won", "open > won @soon", "open > @-3"])
def test_a_past_without_a_day_is_refused(text: str) -> None:
    """What a field became says on which day, or the file is wrong."""
    with pytest.raises(ValueError, match="says no day"):
        read_row("deal", {"key": "a", "made": "0", "owner": "kim", "stage": text})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "Castor", "Castor"),
        ("on", "-12", "2026-11-12"),
        ("on", "0", "2026-11-24"),
        ("on", "+30", "2026-12-24"),
        ("at", "-1 14:30", "2026-11-23T14:30:00+01:00"),
        ("at", "+200", "2027-06-12T09:00:00+02:00"),
        ("amount", "12.50", "12.50"),
        ("is_good", "yes", True),
        ("is_good", "no", False),
        ("colours", "red; blue", ["red", "blue"]),
        ("above", "first", 100),
        ("about", "user:kim", 200),
        ("about", "first", 100),
    ],
)
def test_a_cell_becomes_a_value(cells: Cells, name: str, text: str, value: object) -> None:
    """Days count from today in the project's time zone; rows are named by their keys."""
    assert cells.value(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("on", "2026-11-24", "deal.on: .* is no number of days"),
        ("above", "second", 'deal.above: there is no row "second"'),
        ("about", "account:x", "deal.about: there is no row"),
        ("nmae", "x", 'deal has no field "nmae"'),
        ("at", "0 late", "deal.at: "),
    ],
)
def test_a_wrong_cell_says_where(cells: Cells, name: str, text: str, said: str) -> None:
    """Whoever writes a file is told which cell cannot be read."""
    with pytest.raises(ValueError, match=said):
        cells.value(name, text)
