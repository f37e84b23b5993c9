"""`patron export`: records of one object to standard output, as this caller may read them."""

from __future__ import annotations

import csv
from argparse import Namespace
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from deploy_tool.cells import guard_text
from deploy_tool.cli.terminal import Terminal, to_json
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.site import Row, Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Write CSV with a heading, or a JSON array; `--json` wraps it into one object."""
    if arguments.format == "xlsx":
        raise UsageWrong(
            message="Exporting to xlsx comes with the exchange of files.",
            code="U101",
            hint="--format csv opens in every spreadsheet",
        )

    name = site.looking.known(arguments.env)
    names, records = site.records.read(name, arguments.object, arguments.where)
    if terminal.json:
        terminal.answer({"records": [_plain(record) for record in records]})
    elif arguments.format == "json":
        terminal.say(f"[{','.join(to_json(_plain(record)) for record in records)}]")
    else:
        _write_csv(terminal, names, records)
    return Exit.DONE


def _write_csv(terminal: Terminal, names: list[str], records: Iterable[Row]) -> None:
    writer = csv.writer(terminal.out, lineterminator="\n")
    writer.writerow(names)
    for record in records:
        writer.writerow([csv_text(record.get(name)) for name in names])


def csv_text(value: object) -> str:
    """Write a value as `patron import` reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return guard_text(";".join(map(str, value)))
    return guard_text(value) if isinstance(value, str) else str(_json_value(value))


def _plain(record: Mapping[str, object]) -> dict[str, object]:
    return {name: _json_value(value) for name, value in record.items()}


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return value
    return list(value) if isinstance(value, tuple) else value
