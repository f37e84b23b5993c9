"""Work under way by definition: requests that wait, runs that wait, clocks that run.

For plans: what is under way goes on by the revision it began with, whatever is deployed meanwhile.
Separate from the tables of each, because a plan asks all of them alike.
"""

from __future__ import annotations

from engine.names import ComponentKey, split_key
from engine.store.platform.approvals import count_in_flight as count_requests
from engine.store.text import native
from engine.store.tx import Tx

_RUNS = "SELECT count(*) FROM patron_run WHERE component = ? AND state = 'waiting'"
_CLOCKS = "SELECT count(*) FROM patron_clock WHERE sla = ? AND ended_at IS NULL"
KINDS = frozenset({"workflow", "approval", "sla"})


def count_in_flight(tx: Tx, component: ComponentKey) -> int:
    """Count what is under way by a definition; 0 for other kinds. One statement."""
    kind, path = split_key(component)
    if kind == "approval":
        return count_requests(tx, component)
    if kind not in KINDS:
        return 0
    sql, asked = (_RUNS, component) if kind == "workflow" else (_CLOCKS, path[-1])
    row = tx.row(native(tx, sql), (asked,))
    return 0 if row is None else int(row[0])
