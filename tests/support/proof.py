"""Figures that the product promises: short in `make test`, at full length in `make proof`.

`make proof` sets PATRON_PROOF=1; then `proof_length` gives the long series, and the figures that
tests hand to the fixture `figure` become docs/explanation/proof.md.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/explanation/proof.md"
IS_PROOF = os.environ.get("PATRON_PROOF") == "1"
HEAD = """# Proof

Figures that `make proof` measured, each in its last run, beside what was promised. Each line is a
test; the run fails when one does. Machine: {machine}.
"""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Figure:
    """One promised figure: where it belongs, what it is, what was found and what was wanted."""

    section: str
    what: str
    found: str
    wanted: str


def proof_length(short: int, long: int) -> int:
    """Choose how often to repeat: `long` in `make proof`, else `short`."""
    return long if IS_PROOF else short


def read_page(text: str) -> list[Figure]:
    """Read the figures of a page; what is no row of a table is passed over."""
    found, section = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "what":
            found.append(Figure(section=section, what=cells[0], found=cells[1], wanted=cells[2]))
    return found


def renewed(former: list[Figure], figures: list[Figure]) -> list[Figure]:
    """Give the figures of a run of some tests only, and of the others what they gave before."""
    measured = {(figure.section, figure.what) for figure in figures}
    return [f for f in former if (f.section, f.what) not in measured] + figures


def render(figures: list[Figure], machine: str) -> str:
    """Give the page: a table for each section."""
    parts = [HEAD.format(machine=machine)]
    for section, members in groupby(sorted(set(figures)), key=lambda figure: figure.section):
        rows = (f"| {figure.what} | {figure.found} | {figure.wanted} |" for figure in members)
        table = "\n".join(["| what | found | wanted |", "|---|---|---|", *rows])
        parts.append(f"## {section}\n\n{table}\n")
    return "\n".join(parts)
