"""Plans that were asked for over REST: kept sealed in the environment they are made for.

Separate from `deployments`, which are plans carried out. A plan is known by its digest; what is
carried out is the text that lies here, never what a client sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx

KEPT_PER_PERSON = 50  # plans of one person; the oldest go first


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan as text. `source`: deploy rollback; `git_revision`: of the files it was made from.

    `person` is the number of its author in the control database, which stays when an address
    changes.
    """

    digest: str
    document: str
    source: str
    git_revision: str
    person: int
    author: str
    at: datetime


_COLUMNS = "digest, document, source, git_revision, person, author, at"
_KEEP = f"""
INSERT INTO patron_plan ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (digest) DO UPDATE SET at = excluded.at
"""
_FORGET = """
DELETE FROM patron_plan WHERE person = ? AND digest NOT IN
    (SELECT digest FROM patron_plan WHERE person = ? ORDER BY at DESC, digest LIMIT ?)
"""


def keep_plan(tx: Tx, plan: KeptPlan) -> None:
    """Keep a plan, and forget the oldest of its author when there are too many."""
    row = (plan.digest, plan.document, plan.source, plan.git_revision, plan.person, plan.author)
    tx.run(native(tx, _KEEP), (*row, milliseconds(plan.at)))
    tx.run(native(tx, _FORGET), (plan.person, plan.person, KEPT_PER_PERSON))


def find_plan(tx: Tx, digest: str) -> KeptPlan | None:
    """Give a plan by its digest; None when none is kept."""
    sql = native(tx, f"SELECT {_COLUMNS} FROM patron_plan WHERE digest = ?")
    row = tx.row(sql, (digest,))
    if row is None:
        return None
    return KeptPlan(
        digest=row[0],
        document=row[1],
        source=row[2],
        git_revision=row[3],
        person=int(row[4]),
        author=row[5],
        at=instant_of(row[6]),
    )


def forget_plans(tx: Tx, *, before: datetime) -> int:
    """Drop plans made before an instant; give how many."""
    return tx.run(native(tx, "DELETE FROM patron_plan WHERE at < ?"), (milliseconds(before),))
