"""`patron export`: records of one object to standard output, as this caller may read them."""

from __future__ import annotations

import csv
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from deploy_tool.cells import guard_text
from deploy_tool.cli.terminal import Terminal, to_json
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from engine.session import ListRequest, Record, Session
from engine.session import run as in_session
from engine.snapshots import Environment
from engine.store.platform import audit
from engine.store.platform.enter import SystemCredential

PAGE = 1000  # records per statement


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Write CSV with a heading, or a JSON array; `--json` wraps it into one object."""
    if arguments.format == "xlsx":
        raise UsageWrong(
            message="Exporting to xlsx comes with the exchange of files.",
            code="U101",
            hint="--format csv opens in every spreadsheet",
        )

    def work(session: Session) -> tuple[list[str], list[Record]]:
        described = session.describe(arguments.object)["fields"]
        names = [str(name) for name in described] if isinstance(described, Mapping) else []
        return names, list(_records(session, arguments.object, arguments.where))

    credential = SystemCredential(installation.as_email)
    environment = installation.environment(arguments.env)
    names, records = in_session(environment, credential, work, write=False)
    _note(installation, environment, arguments, len(records))
    if terminal.json:
        terminal.answer({"records": [_plain(record) for record in records]})
    elif arguments.format == "json":
        terminal.say(f"[{','.join(to_json(_plain(record)) for record in records)}]")
    else:
        _write_csv(terminal, names, records)
    return Exit.DONE


def _note(
    installation: Installation, environment: Environment, arguments: Namespace, count: int
) -> None:
    """Note in the audit who took how much of what along; conditions may hold personal values."""
    with environment.database.write() as tx:
        audit.note(
            tx,
            at=installation.clock.now(),
            actor=installation.actor,
            action="export",
            target=arguments.object,
            detail={"records": count, "format": arguments.format},
        )


def _records(session: Session, name: str, where: str | None) -> Iterator[Record]:
    """Read every page at one instant, in order of the id."""
    after = None
    while True:
        request = ListRequest(object=name, where=where, sort=("id",), limit=PAGE, after=after)
        page = session.list(request)
        yield from page.records
        after = page.next
        if after is None:
            return


def _write_csv(terminal: Terminal, names: list[str], records: Iterable[Record]) -> None:
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
