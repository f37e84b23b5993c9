"""What the address of a list asks for, and addresses that ask for something a little different.

Everything here is somebody's text and unchecked; what makes no sense is left out or explained by
whoever uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

SIZES = (25, 50, 100, 200)
USUAL_SIZE = 50
SHAPES = ("table", "board", "calendar")
MOST_FILTERS = 20
MOST_COLUMNS = 200
_LONGEST_CURSOR = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A list as the address asks for it.

    `name`: the object. `shape`: table, board or calendar; "" leaves it to the view. `filter`: the
    field whose filter is being written, "expression" for a typed one. `month`: YYYY-MM of a
    calendar. `own`: the view of the visitor's own that the list was opened by, 0 for none; what
    it asks for stands in the address as well. `start`: how many records came before this page, 0
    when nobody says.
    """

    root: str
    name: str
    view: str = ""
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    after: str = ""
    start: int = 0
    size: int = USUAL_SIZE
    is_bin: bool = False
    shape: str = ""
    filter: str = ""
    month: str = ""
    own: int = 0

    @property
    def base(self) -> str:
        """The address of the object's list, without anything asked for."""
        return f"{self.root}/o/{self.name}"

    def pairs(self) -> list[tuple[str, str]]:
        """Give the parameters of the address, those that differ from the usual."""
        pairs = [("view", self.view), ("columns", ",".join(self.columns))]
        pairs += [("sort", ",".join(self.sort)), *(("where", text) for text in self.where)]
        pairs += [("size", str(self.size) if self.size != USUAL_SIZE else "")]
        pairs += [("bin", "true" if self.is_bin else ""), ("shape", self.shape)]
        pairs += [("month", self.month), ("own", str(self.own) if self.own else "")]
        pairs += [("after", self.after)]
        pairs += [("start", str(self.start) if self.start else ""), ("filter", self.filter)]
        return [(name, value) for name, value in pairs if value]

    def address(self, path: str = "") -> str:
        """Give the address that asks for this; `path` is put behind the list's own."""
        query = urlencode(self.pairs())
        return f"{self.base}{path}" + (f"?{query}" if query else "")

    def but(self, **changes: Any) -> Asked:
        """Ask for something else; it begins on the first page and with no half-written filter.

        `changes` are fields of this class, by name; Any, because each has a type of its own.
        """
        start: dict[str, Any] = {"after": "", "start": 0, "filter": ""}
        return replace(self, **{**start, **changes})

    def without_filter(self, place: int) -> Asked:
        """Drop one of the typed filters, by its 0-based place."""
        return self.but(where=tuple(t for at, t in enumerate(self.where) if at != place))

    def with_filter(self, text: str) -> Asked:
        """Add a typed filter."""
        return self if text in self.where else self.but(where=(*self.where, text))


def read_asked(root: str, object_name: str, given: MultiDict[str, str]) -> Asked:
    """Read the parameters of an address; nobody is refused here."""
    size = _whole(given.get("size"))
    shape = given.get("shape", "")
    return Asked(
        root=root,
        name=object_name,
        view=given.get("view", ""),
        columns=_names(given.get("columns", ""))[:MOST_COLUMNS],
        sort=_names(given.get("sort", ""))[:5],
        where=tuple(text for text in given.getlist("where") if text.strip())[:MOST_FILTERS],
        after=given.get("after", "")[:_LONGEST_CURSOR],
        start=_whole(given.get("start")),
        size=size if size in SIZES else USUAL_SIZE,
        is_bin=given.get("bin") == "true",
        shape=shape if shape in SHAPES else "",
        filter=given.get("filter", ""),
        month=given.get("month", ""),
        own=_whole(given.get("own")),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _whole(text: str | None) -> int:
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) < len("1" * 13)
    return int(text) if is_number and text is not None else 0
