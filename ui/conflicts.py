"""Two people changed one record: both values of every field, and a choice for each.

The page is a form like any other: what is chosen is saved upon the version that it shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.model.fields.base import Value
from engine.saving.drafting import read_value
from engine.session import Seen
from ui import inputs
from ui.cells import Cell, Cells
from ui.columns import Column
from ui.forms import input_name
from ui.submitting import Submission
from ui.typed import Mistyped
from web.formats import Formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """One field with what its editor was left with, and what it holds now.

    `sent`: the hidden inputs that carry mine. `is_theirs_new`: the other has changed it as well.
    """

    name: str
    label: str
    mine: Cell
    theirs: Cell
    sent: Sequence[tuple[str, str]]
    is_theirs_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Everything that the page shows. `others`: what only the other one changed."""

    fields: Sequence[Both]
    others: Sequence[tuple[str, Cell]]
    was: str


def gather_conflict(cells: Cells, fmt: Formats, seen: Seen, sent: Submission) -> Meeting:
    """Compare what was typed with the record as it is now. No statement of its own."""
    now = {
        name: inputs.write(column, seen.record.get(name), fmt)
        for name in seen.object.fields
        if (column := cells.column(seen.object.name, str(name))) is not None
    }
    marks = {str(name): inputs.mark_of(parts) for name, parts in now.items()}
    fields = []
    for name, column in sent.touched.items():
        if inputs.mark_of(sent.typed[name]) == marks.get(name):
            continue  # both say the same
        fields.append(_both(cells, fmt, seen, sent, column, marks))
    others = [
        (column.label, cells.cell(column, seen.record))
        for name, mark in sent.marks.items()
        if name not in sent.touched and marks.get(name, mark) != mark
        if (column := cells.column(seen.object.name, name)) is not None
    ]
    kept = " ".join(f"{name}:{mark}" for name, mark in marks.items() if name in sent.touched)
    return Meeting(fields=fields, others=others, was=kept)


def _both(
    cells: Cells,
    fmt: Formats,
    seen: Seen,
    sent: Submission,
    column: Column,
    marks: Mapping[str, str],
) -> Both:
    name, parts = column.path, sent.typed[column.path]
    texts = [
        (input_name(name, part), text) for part, found in parts.items() for text in found or ("",)
    ]
    return Both(
        name=name,
        label=column.label,
        mine=_mine(cells, fmt, seen, column, parts),
        theirs=cells.cell(column, seen.record),
        sent=texts,
        is_theirs_new=sent.marks.get(name, marks.get(name)) != marks.get(name),
    )


def _mine(cells: Cells, fmt: Formats, seen: Seen, column: Column, parts: inputs.Parts) -> Cell:
    """Show what was typed as its value would be shown; what cannot be read as it was typed."""
    typed = inputs.first(parts, "text" if "text" in parts else "")
    try:
        value = read_value(seen.object, column.path, inputs.read(column, parts, fmt))
    except Mistyped:
        return Cell(kind="text", text=typed)
    if column.is_link:
        return Cell(kind="text", text=typed) if typed else Cell(kind="blank")
    if value is None and typed.strip() and column.type != "checkbox":
        return Cell(kind="text", text=typed)
    record: dict[str, Value] = {column.path: value}
    return cells.cell(column, record)
