"""What leaves the system, under Setup: dead letters, and the inbox of a sandbox.

A mail in HTML was written by the configuration and holds what people typed: it is shown by an
address of its own, in a frame that runs nothing and reaches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from engine.delivery.outgoing import CAPTURED, Outgoing, body_of
from engine.delivery.sending import shown_url
from engine.errors import NotFound
from engine.session import Session
from engine.store.platform.outbox_shelf import STATES, Kept
from web.answers import go
from web.frame import show
from web.texts import later, say
from web.visit import visit

SIZE = 50
DEAD, WAITING = "dead", "waiting"
_WORDS: Mapping[str, str] = {
    "waiting": later("waiting"),
    "running": later("on its way"),
    "done": later("delivered"),
    "dead": later("given up"),
    "captured": later("captured"),
    "discarded": later("discarded"),
}
_KINDS: Mapping[str, str] = {"mail": later("E-mail"), "webhook": later("Webhook")}
_COLORS = {"done": "green", "dead": "red", "waiting": "amber", "captured": "blue"}
# A mail may bring its looks; it runs nothing, loads nothing and sends nothing.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An effect as the pages show it."""

    kept: Kept
    kind: str
    to: str
    what: str
    state: str
    color: str


def show_outbox() -> Response:
    """List effects in a state: unless one is asked for, those given up, else those that wait."""
    state = request.args.get("state", "")
    return _shown(state if state in STATES else None, "outbox")


def show_inbox() -> Response:
    """List what a sandbox has captured."""
    return _shown(CAPTURED, "inbox")


def change_outbox() -> Response:
    """Send dead effects again, or discard them: those that were chosen, or all."""
    chosen = [int(one) for one in request.form.getlist("pick") if one.isdecimal()]
    deed = request.form.get("deed", "")

    def work(session: Session) -> int:
        outgoing = Outgoing(session)
        if deed == "discard":
            return outgoing.discard(chosen)
        return outgoing.replay(None if deed == "all" else chosen)

    changed = visit().write(work)
    return go(f"{visit().root}/setup/outbox?changed={changed}")


def show_effect(effect: int) -> Response:
    """Show one effect with what it carries."""

    def work(session: Session) -> Mapping[str, object]:
        kept = Outgoing(session).get(effect)
        declared = session.snapshot.model.declared.get("endpoint", {})
        endpoint = declared.get(str(kept.payload.get("endpoint")), {})
        return {
            "entry": _entry(kept),
            "place": "inbox" if kept.state == CAPTURED else "outbox",
            "address": shown_url(session, str(endpoint.get("url", ""))),
            "body": body_of(kept),
        }

    return show("admin/effect.html", work)


def show_mail(effect: int) -> Response:
    """Answer with the HTML of a mail, for the frame of its page. Raises: NotFound N100."""

    def work(session: Session) -> str:
        found = Outgoing(session).get(effect).payload.get("html")
        if not found:
            raise NotFound
        return str(found)

    response = Response(visit().read(work), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _shown(asked: str | None, place: str) -> Response:
    before = request.args.get("before", "")
    changed = request.args.get("changed", "")

    def work(session: Session) -> Mapping[str, object]:
        outgoing = Outgoing(session)
        counts = outgoing.counts()
        state = asked or (DEAD if counts.get(DEAD) else WAITING)
        found = outgoing.list(
            state, limit=SIZE + 1, before=int(before) if before.isdecimal() else None
        )
        return {
            "entries": [_entry(one) for one in found[:SIZE]],
            "state": state,
            "place": place,
            "tabs": [(name, say(_WORDS[name]), counts.get(name, 0)) for name in STATES],
            "older": found[SIZE - 1].id if len(found) > SIZE else None,
            "changed": int(changed) if changed.isdecimal() else None,
        }

    return show("admin/outbox.html", work)


def _entry(kept: Kept) -> Entry:
    payload = kept.payload
    return Entry(
        kept=kept,
        kind=say(_KINDS.get(kept.kind, kept.kind)),
        to=str(payload.get("to") or payload.get("endpoint") or ""),
        what=str(payload.get("subject") or payload.get("endpoint") or kept.key),
        state=say(_WORDS.get(kept.state, kept.state)),
        color=_COLORS.get(kept.state, ""),
    )
