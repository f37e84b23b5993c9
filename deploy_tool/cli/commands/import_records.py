"""`patron import`: records from a file, through validation, rules, history and everything else."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import StringIO
from itertools import zip_longest
from pathlib import Path

from deploy_tool.cells import unguard_text
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.looking import Answer, entries
from deploy_tool.site import Site

CHUNK = 10_000  # records that are saved together, or not at all
UNDONE = "Q109"  # a row that was undone because of another
Row = dict[str, object]


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Create records, or update those that `--match` finds; stop at the first chunk refused."""
    path = Path(arguments.file)
    rows = read_rows(path)
    name = site.looking.known(arguments.env)
    saved = 0
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        refused = site.records.save(
            name, arguments.object, chunk, match=arguments.match, is_trial=arguments.dry_run
        )
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
    except UnicodeDecodeError as error:
        message = f"The file {path} is not UTF-8: byte {error.start + 1} is not."
        raise UsageWrong(message=message, hint="save it as UTF-8") from error
    except OSError as error:
        raise UsageWrong(message=f"The file {path} cannot be read: {error.strerror}.") from error
    return _json_rows(path, text) if path.suffix == ".json" else _csv_rows(path, text)


def _json_rows(path: Path, text: str) -> list[Row]:
    try:
        rows = json.loads(
            text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
    except ValueError as error:
        raise UsageWrong(message=f"{path} is no JSON: {error}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageWrong(message=f"{path} holds no array of records.")
    return rows


def _once(pairs: list[tuple[str, object]]) -> Row:
    """Make an object of pairs; a key that comes twice would lose a value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        again = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the key "{again}" comes twice in one object')
    return found


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _csv_rows(path: Path, text: str) -> list[Row]:
    """Read rows below a heading; every cell must stand under a name, and under one alone."""
    try:
        heading, *lines = list(csv.reader(StringIO(text, newline=""), strict=True)) or [[]]
    except csv.Error as error:
        raise UsageWrong(message=f"{path} is no CSV: {error}.") from error
    again = next((name for name in heading if heading.count(name) > 1), None)
    if again is not None:
        message = f'Two columns of {path} are called "{again}".'
        raise UsageWrong(message=message, hint="give every column a name of its own")
    rows: list[Row] = []
    for place, cells in enumerate((line for line in lines if line), start=1):
        if len(cells) > len(heading):
            message = f"Row {place} of {path} has {len(cells)} cells under {len(heading)} names."
            raise UsageWrong(message=message, hint="put a text that holds a comma into quotes")
        rows.append(_plain(dict(zip_longest(heading, cells))))  # what is left out is blank
    return rows


def _plain(row: Mapping[str, object]) -> Row:
    """Take away what `patron export` put in front of texts that look like formulas."""
    return {
        name: unguard_text(value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _refuse(
    terminal: Terminal, path: Path, start: int, refused: Sequence[Answer], saved: int
) -> Exit:
    """Say which rows were refused and why; rows are counted from 1, without the heading."""
    listed = []
    for error in refused:
        if error["code"] == UNDONE:
            continue  # undone with the others; it was not at fault
        row = start + int(str(error["row"])) + 1
        reasons = entries(error, "errors")
        for reason in reasons:
            terminal.warn(
                f"{path} row {row} {reason['field']}: {reason['code']} {reason['message']}"
            )
        if not reasons:
            terminal.warn(f"{path} row {row}: {error['code']} {error['message']}")
        listed.append({**error, "row": row})
    kept = f"{saved} records before them were saved" if saved else "nothing was saved"
    message = f"{len(listed)} {'row was' if len(listed) == 1 else 'rows were'} refused; {kept}."
    terminal.warn(message)
    terminal.answer(
        {"code": "R100", "message": message, "errors": [], "rows": listed, "status": 422}
    )
    return Exit.INVALID
