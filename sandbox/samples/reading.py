"""Reads the files of the sample data: what a column is called, what a cell may hold.

A file is named after its object. Its first line names the columns: `key` names the row for others,
`made` is the day it was made, `owner` is a key of people.csv, all others are fields. A blank cell
is left out. Cells hold what people write:

    days            -12, 0 or +30 for a date; "-12 14:30" for a date with a time, in the time zone
                    of the project
    rows            the key of a row for a lookup; "account:castor" where it may lead to several
    several values  "price; features"
    yes             for a checkbox
    a past          "prospecting > proposal @-20 > won @-3": what the field was first, and what it
                    became on which day

Pure but for reading the files.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).with_name("records")
KEY, MADE, OWNER = "key", "made", "owner"
_LATER = re.compile(r"(?P<value>.*\S)\s+@(?P<day>[-+]?\d+)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row. `later`: what changes afterwards, as (day, field, cell); days count from today."""

    object: str
    key: str
    made: int
    owner: str
    cells: Mapping[str, str]
    later: Sequence[tuple[int, str, str]] = field(default=())


def read_samples(folder: Path = FOLDER) -> dict[str, list[Sample]]:
    """Give the rows of every file by object, in the order of the files. Raises: ValueError."""
    return {path.stem: list(_rows(path)) for path in sorted(folder.glob("*.csv"))}


def _rows(path: Path) -> Iterator[Sample]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, strict=True):
            yield read_row(path.stem, row)


def read_row(object: str, row: Mapping[str, str]) -> Sample:
    """Read one row. Raises: ValueError for a day that is none."""
    cells: dict[str, str] = {}
    later: list[tuple[int, str, str]] = []
    for name, text in row.items():
        if name in {KEY, MADE, OWNER} or not text.strip():
            continue
        first, *changes = [part.strip() for part in text.split(" > ")]
        cells[name] = first if changes else text
        later += [(day, name, value) for day, value in map(_read_later, changes)]
    return Sample(
        object=object,
        key=row[KEY],
        made=int(row[MADE] or 0),
        owner=row[OWNER],
        cells=cells,
        later=tuple(sorted(later)),
    )


def _read_later(text: str) -> tuple[int, str]:
    found = _LATER.match(text)
    if found is None:
        raise ValueError(f'"{text}" says no day: it ends with one, as in "won @-3"')
    return int(found["day"]), found["value"]
