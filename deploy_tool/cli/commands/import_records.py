"""`patron import`: records from a file, through validation, rules, history and everything else."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from deploy_tool.cells import unguard_text
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from engine.errors import RecordInvalid
from engine.session import BulkResult, Session
from engine.session import run as in_session
from engine.snapshots import Environment
from engine.store.platform.enter import SystemCredential

CHUNK = 10_000  # records that are saved together, or not at all
Row = dict[str, object]


class _DryRun(Exception):  # undoes the transaction of a trial; no error
    def __init__(self, results: Sequence[BulkResult]) -> None:
        super().__init__("only tried")
        self.results = results


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Create records, or update those that `--match` finds; stop at the first chunk refused."""
    path = Path(arguments.file)
    rows = read_rows(path)
    environment = installation.environment(arguments.env)
    saved = 0
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        results = _save(environment, installation.as_email, arguments, chunk)
        refused = [result for result in results if result.error is not None]
        if refused:
            return _refuse(terminal, path, start, refused, saved)
        saved += len(chunk)
    word = "would be saved" if arguments.dry_run else "saved"
    terminal.say(f"{saved} {'record' if saved == 1 else 'records'} {word}.")
    terminal.answer({"saved": 0 if arguments.dry_run else saved, "rows": len(rows)})
    return Exit.DONE


def read_rows(path: Path) -> list[Row]:
    """Read CSV with a heading, or a JSON array of objects. Raises: UsageWrong U100."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageWrong(message=f"The file {path} cannot be read: {error}.") from error
    if path.suffix != ".json":
        return [_plain(row) for row in csv.DictReader(text.splitlines(keepends=True))]
    try:
        rows = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise UsageWrong(message=f"{path} is no JSON: {error}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageWrong(message=f"{path} holds no array of records.")
    return rows


def _plain(row: Mapping[str, object]) -> Row:
    """Take away what `patron export` put in front of texts that look like formulas."""
    return {
        name: unguard_text(value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _save(
    environment: Environment, as_email: str, arguments: Namespace, rows: Sequence[Row]
) -> Sequence[BulkResult]:
    match: str | None = arguments.match
    operation = "upsert" if match else "create"

    def work(session: Session) -> Sequence[BulkResult]:
        results = session.bulk(arguments.object, operation, rows, atomic=True, match=match)
        if arguments.dry_run:
            raise _DryRun(results)
        return results

    credential = SystemCredential(as_email)
    try:
        return in_session(environment, credential, work, write=True, source="import")
    except _DryRun as tried:
        return tried.results


def _refuse(
    terminal: Terminal, path: Path, start: int, refused: Sequence[BulkResult], saved: int
) -> Exit:
    """Say which rows were refused and why; rows are counted from 1, without the heading."""
    listed = []
    for result in refused:
        error = result.error
        assert error is not None  # the caller gives refused rows only
        if error.code == "Q109":
            continue  # undone with the others; it was not at fault
        row = start + result.index + 1
        reasons = error.errors if isinstance(error, RecordInvalid) else ()
        for reason in reasons:
            terminal.warn(f"{path} row {row} {reason.field}: {reason.code} {reason.message}")
        if not reasons:
            terminal.warn(f"{path} row {row}: {error.code} {error.message}")
        listed.append({"row": row, **error.as_json()})
    kept = f"{saved} records before them were saved" if saved else "nothing was saved"
    message = f"{len(listed)} {'row was' if len(listed) == 1 else 'rows were'} refused; {kept}."
    terminal.warn(message)
    terminal.answer(
        {"code": "R100", "message": message, "errors": [], "rows": listed, "status": 422}
    )
    return Exit.INVALID
