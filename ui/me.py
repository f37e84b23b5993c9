"""The visitor's own settings: language, time zone, theme, and who decides while they are away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from flask import Blueprint, request
from werkzeug.wrappers import Response

from engine.errors import FieldError, RecordInvalid, RequestInvalid
from engine.session import ListRequest, Session
from web.answers import go
from web.formats import Formats
from web.frame import make_frame, page
from web.texts import say
from web.visit import visit

MOST_PEOPLE = 500  # that are offered as delegates; others are named by their e-mail


def add_me(blueprint: Blueprint) -> None:
    """Name the addresses of the settings and of the phone's menu."""
    blueprint.add_url_rule("/me", "me", show_me)
    blueprint.add_url_rule("/me", "save_me", save_me, methods=["POST"])
    blueprint.add_url_rule("/me/absence", "save_absence", save_absence, methods=["POST"])
    blueprint.add_url_rule("/menu", "menu", show_menu)


def show_me() -> Response:
    """Show what the visitor chose."""
    return _form({}, {})


def save_me() -> Response:
    """Keep what the visitor chose, or say at the field what is wrong with it."""
    given = {name: request.form.get(name, "").strip() for name in ("language", "time_zone")}
    try:
        visit().write(
            lambda session: session.prefer(language=given["language"], time_zone=given["time_zone"])
        )
    except RecordInvalid as refused:
        wrong = {error.field: f"{say(error.message)} {error.hint}" for error in refused.errors}
        return _form(given, wrong)
    return go(f"{visit().root}/me?saved=true")


def save_absence() -> Response:
    """Keep that the visitor is away, or there again; or say what is wrong at the field."""
    given = {name: request.form.get(name, "").strip() for name in ("delegate", "until")}
    is_back = bool(request.form.get("back"))

    def work(session: Session) -> None:
        if is_back:
            session.approvals.come_back()
            return
        zone = session.unit.caller.context.zone
        session.approvals.go_away(given["delegate"], None, _end_of(given["until"], zone))

    try:
        visit().write(work)
    except RequestInvalid as refused:
        return _form(given, {error.field: say(error.message) for error in refused.errors})
    return go(f"{visit().root}/me?saved=true")


def _end_of(day: str, zone: tzinfo) -> datetime | None:
    """Give the end of the last day of an absence; None for no day. Raises: RequestInvalid W172."""
    if not day:
        return None
    try:
        last = date.fromisoformat(day)
        return datetime.combine(last + timedelta(days=1), time(), zone)
    except (ValueError, OverflowError) as wrong:
        message = say("This is no day: write it like 2026-12-31.")
        error = FieldError(field="until", code="W172", message=message)
        raise RequestInvalid(message, code="W172", errors=(error,)) from wrong


def show_menu() -> Response:
    """Show all of the navigation as a page, for phones."""
    visited = visit()

    def work(session: Session) -> dict[str, object]:
        return {"frame": make_frame(session, visited)}

    return page("ui/menu.html", visited.read(work))


def _form(given: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    visited = visit()

    def work(session: Session) -> dict[str, object]:
        frame = make_frame(session, visited)
        user = session.unit.caller.context.user
        project = session.snapshot.model.project
        return {
            "frame": frame,
            "languages": [(name, _called(name)) for name in frame.languages],
            "zones": _zones(),
            "language_now": given.get("language", str(user.get("language") or "")),
            "zone_now": given.get("time_zone", str(user.get("time_zone") or "")),
            "zone_usual": project.time_zone,
            "wrong": wrong,
            **_absence(session, given, frame.formats),
            "notice": say("Saved.") if request.args.get("saved") and not wrong else "",
        }

    values = visited.read(work)
    return page("ui/me.html", values, status=422 if wrong else 200)


def _absence(session: Session, given: Mapping[str, str], fmt: Formats) -> Mapping[str, object]:
    """Give what the page shows of an absence: who decides meanwhile, since and until when."""
    absence, now = session.approvals.absence(), session.unit.now
    people = session.list(ListRequest(object="user", fields=("name", "email"), limit=MOST_PEOPLE))
    is_away = absence.since is not None and (absence.until is None or absence.until > now)
    last = None if absence.until is None else absence.until - timedelta(seconds=1)
    return {
        "is_away": is_away,
        "away_until": "" if last is None else fmt.moment(last),
        "delegate_name": absence.delegate_name,
        "delegate_now": given.get("delegate", ""),
        "until_now": given.get("until", ""),
        "colleagues": [record for record in people.records if record["id"] != session.unit.me],
    }


def _called(name: str) -> str:
    """Name a language in itself."""
    return (Locale.parse(name).get_display_name(name) or name).capitalize()


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    """Give the time zones that people live in, by name."""
    return tuple(
        sorted(name for name in available_timezones() if "/" in name and "Etc/" not in name)
    )
