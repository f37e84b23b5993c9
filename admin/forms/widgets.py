"""What a form consists of, ready for the templates: words and values, no schema."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from admin.forms.shapes import COMPOSITE, Draw


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice of a select."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """One value of a form, with everything below it.

    `name` is its input's name: a JSON pointer whose steps into lists and maps are places.
    `key` is what it is called where it is an entry of a map of names. `options` are choices of a
    select, or suggestions where `is_free`. `blank`: an empty one at the end, to add another.
    """

    draw: Draw
    name: str
    label: str
    help: str = ""
    value: str = ""
    is_on: bool = False
    is_required: bool = False
    is_rare: bool = False
    is_free: bool = False
    is_blank: bool = False
    key: str | None = None
    options: tuple[Option, ...] = ()
    parts: tuple[Widget, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """An id for labels and messages, unique in the page."""
        return "f" + self.name.replace("/", "-").replace("~", "_")

    @property
    def list(self) -> str:
        """The id of its suggestions; equal ones have the same."""
        return f"l{zlib.crc32(repr(self.options).encode()):08x}"

    @property
    def lists(self) -> dict[str, tuple[Option, ...]]:
        """The suggestions of all inputs here and below, by id."""
        found: dict[str, tuple[Option, ...]] = {}
        if self.options and (self.is_free or self.draw is Draw.ROWS):
            found[self.list] = self.options
        for part in self.parts:
            found.update(part.lists)
        return found

    @property
    def is_filled(self) -> bool:
        """Tell whether anything is said here or below."""
        return bool(self.value or self.is_on or any(part.is_filled for part in self.parts))

    @property
    def is_troubled(self) -> bool:
        """Tell whether something is wrong here or below."""
        return bool(self.problems) or any(part.is_troubled for part in self.parts)

    @property
    def is_simple(self) -> bool:
        """Tell whether it is one input, without parts."""
        return self.draw not in COMPOSITE
