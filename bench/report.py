"""Write the figures of a run into docs/explanation/speed.md, between its two marks."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any  # Any: the results of the shared load generator.

from bench.shared import ROOT
from bench.workload import OPERATIONS

PAGE = ROOT / "docs/explanation/speed.md"
BEGIN, END = "<!-- figures of make bench -->", "<!-- end of figures -->"
COLUMNS = ("floor", "floor on granian", "hand-written", "hand-written, composite index", "Patron")
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
Results = Mapping[str, Mapping[str, Any]]


def write_page(found: Results, *, rows: int, processes: int) -> None:
    """Replace the figures of the page."""
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    tail = rest.partition(END)[2]
    parts = [_conditions(rows, processes)]
    for database, name in DATABASES.items():
        if f"Patron · {database}" in found:
            parts += [_table(found, database, name, clients) for clients in (1, 8)]
            parts.append(_others(found, database, name))
            parts.append(_switch(found, database))
    parts.append(_configurations(found))
    figures = "\n".join(parts)
    PAGE.write_text(f"{head}{BEGIN}\n{figures}{END}{tail}", encoding="utf-8")


def _conditions(rows: int, processes: int) -> str:
    servers = "one server process" if processes == 1 else f"{processes} server processes"
    return (
        f"{rows:,} opportunities, {servers}, Python {platform.python_version()}. p50 in ms, best "
        "of several runs; in brackets Patron's time divided by the other's, so that below 1 Patron "
        "is faster.\n"
    )


def _best(found: Results, column: str, database: str, key: str) -> float | None:
    value = found.get(f"{column} · {database}", {}).get(key)
    if isinstance(value, Mapping):
        return value.get("best_p50")
    return value


def _cell(value: float | None, patron: float | None, digits: int = 2) -> str:
    if value is None:
        return "–"
    ratio = f" ({patron / value:.2f})" if patron is not None and value else ""
    return f"{value:,.{digits}f}{ratio}"


def _table(found: Results, database: str, name: str, clients: int) -> str:
    plural = "client" if clients == 1 else "clients"
    lines = [
        f"### {name}, {clients} {plural}\n",
        "| operation | " + " | ".join(COLUMNS) + " |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    for operation in OPERATIONS:
        key = f"{operation} · {clients}"
        values = {column: _best(found, column, database, key) for column in COLUMNS}
        patron = values["Patron"]
        cells = [_cell(values[c], None if c == "Patron" else patron) for c in COLUMNS]
        lines.append(f"| {operation} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _switch(found: Results, database: str) -> str:
    """Say what clients noticed of fields added to the filled object."""
    switch = found[f"Patron · {database}"].get("switch")
    if switch is None:
        return ""
    return (
        f"Patron, {switch['changes']} fields added to the filled object, one version each, while "
        f"four clients read and wrote: {switch['failed']} of {switch['requests']:,} requests "
        f"failed, the slowest took {switch['slowest_ms']:.0f} ms; the whole command `patron apply` "
        f"took {switch['command_seconds']:.2f} s, most of it the start of Python.\n"
    )


def _others(found: Results, database: str, name: str) -> str:
    """Give what is not a time per request."""
    rows = {
        "bulk of 10,000, rows/s": ("bulk 10,000", 0),
        "bulk of 100,000, rows/s": ("bulk 100,000", 0),
        "memory after the run, MB": ("memory", 0),
        "cold start, s": ("cold", 2),
    }
    lines = [
        f"### {name}, the rest\n",
        "| | " + " | ".join(COLUMNS) + " |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    for title, (key, digits) in rows.items():
        cells = [_cell(_best(found, c, database, key), None, digits) for c in COLUMNS]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


CONFIGURATION = {
    "check": ("check the files", "3 s", 2, "s"),
    "cold": ("start from stored metadata, beyond imports", "0.5 s", 2, "s"),
    "plan": ("plan one new field: read the files, compare, validate everything", "–", 2, "s"),
    "publish": (
        "publish one new field: table, version and head in one transaction",
        "0.2 s",
        2,
        "s",
    ),
    "pick-up": ("the first request after it, in a process that runs", "–", 2, "s"),
    "memory": ("memory of the model in a process", "20 MB", 0, "MB"),
    "init": ("make production: 200 tables, their indexes, 11,001 components", "–", 1, "s"),
}


def _configurations(found: Results) -> str:
    """Give what a configuration of 200 objects with 50 fields each costs."""
    measured = {
        db: found[f"configuration · {db}"] for db in DATABASES if f"configuration · {db}" in found
    }
    if not measured:
        return ""
    lines = [
        "### A configuration of 200 objects with 50 fields each\n",
        "| | wanted at most | " + " | ".join(DATABASES[database] for database in measured) + " |",
        "|---" * (len(measured) + 2) + "|",
    ]
    for key, (title, wanted, digits, unit) in CONFIGURATION.items():
        cells = [f"{values[key]:,.{digits}f} {unit}" for values in measured.values()]
        lines.append(f"| {title} | {wanted} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
