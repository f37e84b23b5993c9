"""How long the steps of deployments took here: rows and milliseconds by sort of step.

Separate from `deployments`, which tells how each went: these are summed up, so that the next plan
of this environment estimates from what was measured instead of what is assumed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from engine.store.text import native
from engine.store.tx import Tx

INDEX, CONVERT, COMPUTE, ROLL_UP, TREAT = "index", "convert", "compute", "roll_up", "treat"
LOOKED_AT = 20  # of the newest deployments that took time: what was once may not be so now
ENOUGH = 1_000  # rows: below that the way there takes longer than the rows
Timings = Mapping[str, tuple[int, int]]  # sort -> rows, milliseconds


def note_timings(tx: Tx, deployment: int, timings: Timings) -> None:
    """Note the rows of each sort of step and the milliseconds spent so far."""
    _put(tx, deployment, timings)


def add_timing(tx: Tx, deployment: int, sort: str, milliseconds: int) -> None:
    """Add time to a sort of step that was noted, in the transaction that spent it."""
    known = dict(load_timings(tx, deployment))
    if sort in known:
        rows, spent = known[sort]
        _put(tx, deployment, {**known, sort: (rows, spent + milliseconds)})


def drop_timing(tx: Tx, deployment: int, sort: str) -> None:
    """Forget a sort of step that could not be done whole: its time would tell nothing."""
    known = dict(load_timings(tx, deployment))
    if known.pop(sort, None) is not None:
        _put(tx, deployment, known)


def load_timings(tx: Tx, deployment: int) -> Timings:
    """Give what is noted of a deployment."""
    sql = "SELECT timings FROM patron_deployment WHERE id = ?"
    row = tx.row(native(tx, sql), (deployment,))
    return {} if row is None else read_timings(row[0])


def read_timings(text: str) -> Timings:
    """Read what a deployment keeps."""
    kept = json.loads(text) if text else {}
    return {sort: (int(rows), int(spent)) for sort, (rows, spent) in kept.items()}


def load_rates(tx: Tx) -> Mapping[str, float]:
    """Give the rows in a millisecond of each sort of step, as seen here. One statement."""
    sql = (
        "SELECT timings FROM patron_deployment WHERE state = 'done' AND timings <> ''"
        " ORDER BY id DESC LIMIT ?"
    )
    rows: dict[str, int] = {}
    spent: dict[str, int] = {}
    for (text,) in tx.rows(native(tx, sql), (LOOKED_AT,)):
        for sort, (count, took) in read_timings(text).items():
            if count >= ENOUGH and took:
                rows[sort] = rows.get(sort, 0) + count
                spent[sort] = spent.get(sort, 0) + took
    return {sort: count / spent[sort] for sort, count in rows.items()}


def _put(tx: Tx, deployment: int, timings: Timings) -> None:
    sql = "UPDATE patron_deployment SET timings = ? WHERE id = ?"
    tx.run(native(tx, sql), (json.dumps(timings) if timings else "", deployment))
