"""Render docs/reference/functions.md from the table of functions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from engine.expr.functions import FUNCTIONS
from engine.expr.functions.base import Function

HEAD = """# Functions

What may be called in an expression: formulas, filters, conditions, defaults, computed texts. Names
are written in any case. The [expression language](expressions.md) says how they are put together.
This page is made from `engine/expr/functions` by `make docs`; every example is a test.

*SQL* says on which databases a function can stand in a filter or an order: both, SQLite only, or
none. A function without SQL may be used everywhere else, and a formula that reads only its own
record is stored and can then be filtered.
"""
_NO_EXAMPLE = "–"


def render() -> str:
    """Give the whole page: a table for each group, in alphabetical order."""
    parts = [HEAD]
    entries = sorted(FUNCTIONS.values(), key=lambda entry: (entry.group, entry.name))
    for group, members in groupby(entries, key=lambda entry: entry.group):
        rows = "\n".join(_row(entry) for entry in members)
        head = "| function | what it gives | example | SQL |\n|---|---|---|---|"
        parts.append(f"## {group}\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def _row(entry: Function) -> str:
    cells = (f"`{entry.shown()}`", entry.doc, _examples(entry), _databases(entry))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _examples(entry: Function) -> str:
    shown = [f"`{text}` → {_value(value)}" for text, value in entry.examples]
    return "<br>".join(shown) or _NO_EXAMPLE


def _value(value: str) -> str:
    if not value:
        return "blank"
    return f"`{value}`" if value.strip() == value and "\n" not in value else f"`{value!r}`"


def _databases(entry: Function) -> str:
    if entry.sql is None:
        return "none"
    if entry.sql.is_written or _has(entry.sql.postgresql):
        return "both"
    return "SQLite"


def _has(template: str | Mapping[object, str] | None) -> bool:
    return template is not None
