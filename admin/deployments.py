"""One deployment on its page in Setup: evidence, records before and after, how long it took.

Separate from the tables, which list: here the history of a deployment is put into the words of the
visitor's language. What there is to tell is the same for REST and the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from admin.change_rows import SIGNS
from admin.treating import in_words
from admin.words import title_of
from deploy_tool.looking import entries
from deploy_tool.telling_deployments import count_rows, deployment_of
from engine.names import ComponentKey
from engine.session import Session
from web.texts import later, say
from web.visit import visit

_COUNTED: Mapping[str, str] = {
    "values": later("records with a value"),
    "would_fail": later("records that would not pass"),
    "less_visible": later("records that go out of sight"),
    "rows": later("rows of the table"),
}
SORTS: Mapping[str, str] = {
    "index": later("build indexes"),
    "convert": later("convert values"),
    "compute": later("compute formulas"),
    "roll_up": later("compute roll-ups"),
    "treat": later("treat records"),
}


SHOWN_CHANGES = 50  # REST has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """What was counted of a component before and after; None: nobody has counted."""

    title: str
    what: str
    before: int
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneRow:
    """A change that was carried out, with what happened to the records concerned."""

    sign: str
    title: str
    why: str
    treatment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """Who approved or validated the plan, and what came of it."""

    kind: str
    by: str
    at: datetime
    detail: Mapping[str, object]


def deployment_values(session: Session, number: int) -> Mapping[str, object]:
    """Give what the page of a deployment shows beside its row."""
    told = deployment_of(session.unit.tx, visit().environment.name, number)
    planned = told["planned"]
    changes = entries(planned, "changes") if isinstance(planned, dict) else []
    return {
        "told": told,
        "changes": [_done(each) for each in changes[:SHOWN_CHANGES]],
        "more": max(len(changes) - SHOWN_CHANGES, 0),
        "counts": [
            CountRow(
                title=title_of(ComponentKey(key), say),
                what=say(_COUNTED[name]),
                before=before,
                after=after,
            )
            for key, name, before, after in count_rows(told)
        ],
        "evidence": [
            EvidenceRow(
                kind=str(one["kind"]),
                by=str(one["by"]),
                at=datetime.fromisoformat(str(one["at"])),
                detail=detail if isinstance(detail := one["detail"], dict) else {},
            )
            for one in entries(told, "evidence")
        ],
        "sorts": SORTS,
    }


def _done(change: Mapping[str, object]) -> DoneRow:
    treatment = str(change.get("treatment", ""))
    return DoneRow(
        sign=SIGNS.get(str(change["op"]), "~"),
        title=title_of(ComponentKey(str(change["component"])), say),
        why=str(change["why"]),
        treatment=in_words(treatment) if treatment else "",
    )
