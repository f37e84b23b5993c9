"""Deployments: one plan carried out, with what was done and how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One plan carried out. `state`: running done failed aborted; `version` is what it became."""

    id: int
    digest: str
    base_version: int
    version: int | None
    state: str
    steps: tuple[str, ...]
    actor: str
    started_at: datetime
    finished_at: datetime | None
    error: str


LAST = 2**53
_COLUMNS = "id, digest, base_version, version, state, steps, actor, started_at, finished_at, error"
_START = """
INSERT INTO patron_deployment
    (digest, base_version, state, steps, plan, actor, started_at, error)
VALUES (?, ?, 'running', '[]', ?, ?, ?, '') RETURNING id
"""
_STEPS = "UPDATE patron_deployment SET steps = ? WHERE id = ?"
_FINISH = """
UPDATE patron_deployment SET state = ?, version = ?, finished_at = ?, error = ? WHERE id = ?
"""


def start_deployment(
    tx: Tx, *, digest: str, base_version: int, plan: str, actor: str, at: datetime
) -> int:
    """Note that a plan is being carried out; give the deployment's id."""
    row = (digest, base_version, plan, actor, milliseconds(at))
    ((number,),) = tx.rows(native(tx, _START), row)
    return int(number)


def note_steps(tx: Tx, deployment: int, steps: Iterable[str]) -> None:
    """Note the steps done so far, in the transaction of the last of them."""
    tx.run(native(tx, _STEPS), (json.dumps(list(steps)), deployment))


def finish_deployment(
    tx: Tx,
    deployment: int,
    *,
    state: str,
    at: datetime,
    version: int | None = None,
    error: str = "",
) -> None:
    """Note how a deployment ended: done, failed or aborted."""
    row = (state, version, milliseconds(at), error, deployment)
    tx.run(native(tx, _FINISH), row)


def list_deployments(
    tx: Tx, *, limit: int = 50, before: int = LAST, digest: str = ""
) -> list[Deployment]:
    """Give deployments, newest first; `before` goes on with older ones, `digest` is of a plan."""
    only = "AND digest = ?" if digest else ""
    sql = f"SELECT {_COLUMNS} FROM patron_deployment WHERE id < ? {only} ORDER BY id DESC LIMIT ?"
    given = (before, digest, limit) if digest else (before, limit)
    return [_read(row) for row in tx.rows(native(tx, sql), given)]


def find_deployment(tx: Tx, deployment: int) -> tuple[Deployment, str] | None:
    """Give a deployment and the text of its plan; None when there is none."""
    sql = f"SELECT {_COLUMNS}, plan FROM patron_deployment WHERE id = ?"
    row = tx.row(native(tx, sql), (deployment,))
    return None if row is None else (_read(row[:-1]), row[-1])


def _read(row: tuple[object, ...]) -> Deployment:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["steps"] = tuple(json.loads(str(values["steps"])))
    for name in ("started_at", "finished_at"):
        values[name] = None if values[name] is None else instant_of(int(str(values[name])))
    return Deployment(**values)  # type: ignore[arg-type]  # the columns are the fields, in their types
