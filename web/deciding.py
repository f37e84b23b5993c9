"""Deciding by a link that came by mail: a page that asks, and only its button decides.

Programs that look at mails open their links: so a GET decides nothing and uses nothing up. The
secret is the credential, for one person, one question, once; what it lets them do is what they may
do anyway, and whoever needs a second factor signs in instead.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from engine.errors import NotFound, PatronError
from engine.session import TRIES, Session, Told, run
from engine.snapshots import Environment, Environments
from engine.store.platform.approval_links import Link, find_link, use_link
from engine.store.platform.approvals import find
from engine.store.platform.enter import MemberCredential, hash_token
from web.errors import install_errors
from web.resetting import keep_secret
from web.safety import ensure_same_site
from web.signing import HTML
from web.texts import choose_language, language, say

T = TypeVar("T")
DECIDE = "/decide/<environment>/<secret>"
ANSWERS = {"approve": "approved", "reject": "rejected"}


class Deciding:
    """The views of /decide/<environment>/<secret>."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def ask(self, environment: str, secret: str) -> Response:
        """Show what is asked, and two buttons."""
        opened, link = self._found(environment, secret)
        if opened is None or link is None:
            return _show("web/decide_over.html", 404)
        try:
            told, name = _as(opened, link, lambda session: _asked(session, link), write=False)
        except PatronError as refused:
            return _show("web/decide_over.html", refused.status, problem=say(refused.message))
        question = (link.request, link.round, link.person)
        if not any((one.request, one.round, one.user) == question for one in told.mine):
            return _show("web/decide_over.html", 404)
        return _show(
            "web/decide.html",
            told=told,
            name=name,
            step=told.steps(language()).get(told.request.step, told.request.step),
            answer=request.args.get("answer", ""),
        )

    def decide(self, environment: str, secret: str) -> Response:
        """Decide; the link is used up with it."""
        answer = ANSWERS.get(request.form.get("answer", ""))
        comment = request.form.get("comment", "").strip()
        opened, link = self._found(environment, secret)
        if opened is None or link is None or answer is None:
            return _show("web/decide_over.html", 404)

        def work(session: Session) -> Told:
            asked, _ = _asked(session, link)
            if not use_link(session.unit.tx, hash_token(secret), at=session.unit.now):
                raise NotFound
            return session.approvals.decide(
                session.compiled(asked.request.object),
                asked.request.record,
                answer,
                asked.request.approval,
                comment,
                question=(link.request, link.round, link.person),
            )

        try:
            told = _as(opened, link, work, write=True)
        except PatronError as refused:
            return _show("web/decide_over.html", refused.status, problem=say(refused.message))
        return _show("web/decided.html", told=told, answer=answer)

    def _found(self, name: str, secret: str) -> tuple[Environment | None, Link | None]:
        """Find what a link stands for; an environment that is not there has none."""
        try:
            environment = self._environments.open(name)
        except NotFound:
            return None, None
        with environment.database.read() as tx:
            return environment, find_link(tx, hash_token(secret), at=datetime.now(UTC))


def make_deciding(environments: Environments) -> Blueprint:
    """Make the blueprint of /decide."""
    blueprint = Blueprint("deciding", __name__, template_folder="templates")
    install_errors(blueprint)
    blueprint.before_request(ensure_same_site)
    blueprint.after_request(keep_secret)
    views = Deciding(environments)
    blueprint.add_url_rule(DECIDE, endpoint="ask", view_func=views.ask, methods=["GET"])
    blueprint.add_url_rule(DECIDE, endpoint="decide", view_func=views.decide, methods=["POST"])
    return blueprint


def _as(environment: Environment, link: Link, work: Callable[[Session], T], *, write: bool) -> T:
    """Do some work as the person of a link, who has shown no second factor."""

    def within(session: Session) -> T:
        choose_language(session.unit.language)
        return work(session)

    credential = MemberCredential(link.user, has_second_factor=False)
    return run(environment, credential, within, write=write, source="ui", tries=TRIES)


def _asked(session: Session, link: Link) -> tuple[Told, str]:
    """Give the request of a link, as its person sees it, and the name of its record."""
    found = find(session.unit.tx, link.request)
    if found is None or found.object not in session.snapshot.model.objects:
        raise NotFound
    compiled = session.compiled(found.object)
    told = {one.request.id: one for one in session.approvals.of_record(compiled, found.record)}
    seen = session.named(found.object, [found.record]).get(found.record, {})
    title = "" if compiled.title is None else str(seen.get(compiled.title) or "")
    return told[found.id], title


def _show(template: str, status: int = 200, **values: object) -> Response:
    return Response(render_template(template, **values), status, content_type=HTML)
