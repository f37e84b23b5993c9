"""Change sets in the browser: what of a sandbox goes together, with a reason, and the plan of it.

Separate from the plan's page, which shows whatever is planned: here is chosen. Treatments chosen on
a set's plan are kept in the set; sides of conflicts that are taken there are kept in the sandbox
and count for every plan from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from admin.rights import SEES, ensure, may
from admin.treating import in_words
from admin.words import title_of
from deploy_tool.plans.change_sets import SetWish, no_such_set, put_set, remove_set
from engine.clock import SystemClock
from engine.errors import NotFound, RecordInvalid
from engine.names import ComponentKey
from engine.session import Session
from engine.store.platform.change_sets import ChangeSet, find_change_set, list_change_sets
from sandbox.changes import changes_since_baseline
from web.answers import go
from web.frame import make_frame, page
from web.texts import say
from web.visit import visit

INVALID = 422
MOST_COMPONENTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A component that can be in a set. `is_left`: it still differs from the parent."""

    key: str
    title: str
    is_in: bool
    is_left: bool


def show_sets() -> Response:
    """List the change sets, and the form of a new one, or of the one that `set` names."""
    return _shown()


def keep_set_here() -> Response:
    """Keep the set that was sent, with what one of its name was told before."""
    form = request.form
    chosen = tuple(dict.fromkeys(form.getlist("component")))[:MOST_COMPONENTS]
    reason = form.get("reason", "").strip()[:500]
    return _kept(SetWish(name=form.get("name", "").strip(), reason=reason, components=chosen))


def add_to_set() -> Response:
    """Put the component of a page into a set, or begin one with it."""
    form = request.form
    name = form.get("name", "").strip() or form.get("set", "")
    return _kept(SetWish(name=name, components=(form.get("component", ""),), joins=True))


def drop_set_here(name: str) -> Response:
    """Drop a set; the changes stay."""

    def work(session: Session) -> None:
        ensure(session, "customize", "deploy")
        at = SystemClock().now()
        remove_set(session.unit.tx, visit().environment.name, name, actor=visit().email, at=at)

    visit().write(work)
    return go(f"{visit().root}/setup/change-sets")


def chosen_set(session: Session) -> ChangeSet | None:
    """Give the change set that the address or the form names; None for everything.

    Raises: NotFound D163.
    """
    name = request.values.get("set", "")
    found = find_change_set(session.unit.tx, name) if name else None
    if name and found is None:
        raise no_such_set(visit().environment.name, name)
    return found


def _kept(wish: SetWish) -> Response:
    """Keep a set and lead to it."""

    def work(session: Session) -> None:
        ensure(session, "customize", "deploy")
        _ensure_sandbox()
        put_set(session.unit.tx, wish, actor=visit().email, at=SystemClock().now())

    try:
        visit().write(work)
    except RecordInvalid as refused:
        return _shown(refused.message, wish.name, wish.reason or "", wish.components)
    return go(f"{visit().root}/setup/change-sets?set={wish.name}")


def _ensure_sandbox() -> None:
    if not visit().environment.row.parent:
        raise NotFound(say("Only a sandbox has changes to promote."))


def _shown(
    refused: str = "", name: str = "", reason: str = "", components: tuple[str, ...] = ()
) -> Response:
    def work(session: Session) -> Mapping[str, object]:
        ensure(session, *SEES)
        _ensure_sandbox()
        opened = None if refused else chosen_set(session)
        inside = opened.components if opened else components
        return {
            "frame": make_frame(session, visit()),
            "sets": list_change_sets(session.unit.tx),
            "opened": opened,
            "choices": _choices(session, inside),
            "treatments": _treatments(opened),
            "patterns": [text for text in inside if "*" in text or ":" not in text],
            "may_keep": may(session, "customize", "deploy"),
        }

    values = visit().read(work)
    told = {"refused": refused, "typed": name, "reason": reason}
    return page("admin/change_sets.html", {**values, **told}, status=INVALID if refused else 200)


def _choices(session: Session, inside: tuple[str, ...]) -> list[Choice]:
    """Give what differs from the parent, and what is in the set and does not differ any more."""
    here = visit()
    operations = changes_since_baseline(here.environment, session.unit.tx, session.snapshot.token)
    left = dict.fromkeys(str(operation.component) for operation in operations)
    exact = [key for key in inside if ":" in key and "*" not in key]
    return [
        Choice(
            key=key,
            title=title_of(ComponentKey(key), say),
            is_in=key in inside,
            is_left=key in left,
        )
        for key in dict.fromkeys((*left, *exact))
    ]


def _treatments(opened: ChangeSet | None) -> list[tuple[str, str]]:
    """Give the treatments that a set keeps, in words: chosen on its plan, or sent over REST."""
    kept = opened.treatments.items() if opened else ()
    return [
        (title_of(ComponentKey(key), say) if ":" in key else key, in_words(text))
        for key, text in kept
    ]
