"""Deployments: one plan carried out, with what was done and how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx

RUNNING, SWITCHED = "running", "switched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One plan carried out. `version` is what it became.

    `state`: running, switched (a follow-up is left), done, failed, aborted.
    """

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
    project: str
    counted_before: (
        str  # JSON, as `deploy_tool.plans.tallies` writes it; "" where none was concerned
    )
    counted_after: str  # the same once all was done; "" until then
    timings: str  # JSON, as `timings` reads it


LAST = 2**53
_COLUMNS = (
    "id, digest, base_version, version, state, steps, actor, started_at, finished_at, error,"
    " project, counted_before, counted_after, timings"
)
_START = """
INSERT INTO patron_deployment
    (digest, base_version, state, steps, plan, actor, started_at, error, ordered, project)
VALUES (?, ?, 'running', '[]', ?, ?, ?, '', ?, ?) RETURNING id
"""
_STEPS = "UPDATE patron_deployment SET steps = ? WHERE id = ?"
_FINISH = """
UPDATE patron_deployment SET state = ?, version = ?, finished_at = ?, error = ? WHERE id = ?
"""


def start_deployment(
    tx: Tx,
    *,
    digest: str,
    base_version: int,
    plan: str,
    actor: str,
    at: datetime,
    ordered: str = "{}",
    project: str = "",
) -> int:
    """Note that a plan is being carried out; give the deployment's id.

    `ordered` is what going on needs beside the plan: who wants it, and what they consented to.
    `project` names whose files it delivers.
    """
    row = (digest, base_version, plan, actor, milliseconds(at), ordered, project)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A deployment that was begun and is not done. `state`: running, or switched.

    `progress`: how far it is before the switch, and afterwards what is left.
    """

    id: int
    state: str
    version: int | None
    plan: str
    ordered: Mapping[str, Any]
    progress: Mapping[str, Any]
    actor: str


def find_unfinished(tx: Tx, deployment: int | None = None) -> list[Unfinished]:
    """Give deployments that are not done, oldest first; or the one named, if it is not."""
    sql = (
        "SELECT id, state, version, plan, ordered, progress, actor FROM patron_deployment"
        " WHERE state IN ('running', 'switched') AND ordered <> '{}' AND (id = ? OR ? = 0)"
        " ORDER BY id"
    )
    wanted = deployment or 0
    return [
        Unfinished(
            id=number,
            state=state,
            version=version,
            plan=plan,
            ordered=json.loads(ordered),
            progress=json.loads(progress),
            actor=actor,
        )
        for number, state, version, plan, ordered, progress, actor in tx.rows(
            native(tx, sql), (wanted, wanted)
        )
    ]


def note_progress(tx: Tx, deployment: int, progress: Mapping[str, object]) -> None:
    """Note how far a deployment is, in the transaction that brought it there."""
    sql = "UPDATE patron_deployment SET progress = ? WHERE id = ?"
    tx.run(native(tx, sql), (json.dumps(progress), deployment))


def note_switched(tx: Tx, deployment: int, *, version: int) -> None:
    """Note that a deployment became a version, and that something is left to do."""
    sql = "UPDATE patron_deployment SET state = ?, version = ? WHERE id = ?"
    tx.run(native(tx, sql), (SWITCHED, version, deployment))


def give_up(tx: Tx, *, at: datetime, besides: int = 0) -> int:
    """End the deployments that have not switched, but for one; give how many there were."""
    sql = (
        "UPDATE patron_deployment SET state = 'aborted', finished_at = ?, error = ?"
        " WHERE state = 'running' AND id <> ?"
    )
    return tx.run(native(tx, sql), (milliseconds(at), "given up before its switch", besides))


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """A deployment that is done, with the counts from before it and none from afterwards."""

    id: int
    before: str


def note_counted_before(tx: Tx, deployment: int, counts: str) -> None:
    """Note the records concerned as the switch met them, in its transaction."""
    sql = "UPDATE patron_deployment SET counted_before = ? WHERE id = ?"
    tx.run(native(tx, sql), (counts, deployment))


def note_counted_after(tx: Tx, deployment: int, counts: str) -> None:
    """Note the same records as they are when all is done; the first count stands."""
    sql = "UPDATE patron_deployment SET counted_after = ? WHERE id = ? AND counted_after = ''"
    tx.run(native(tx, sql), (counts, deployment))


def find_uncounted(tx: Tx) -> Uncounted | None:
    """Give the deployment that made the head, if it is done and nobody has counted since."""
    sql = (
        "SELECT d.id, d.counted_before FROM patron_deployment d"
        " JOIN patron_head h ON h.version = d.version"
        " WHERE d.state = 'done' AND d.counted_before <> '' AND d.counted_after = ''"
    )
    row = tx.row(native(tx, sql))
    return None if row is None else Uncounted(id=int(row[0]), before=row[1])


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
