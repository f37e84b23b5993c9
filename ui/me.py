"""The visitor's own settings: language, time zone, theme."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from flask import Blueprint, request
from werkzeug.wrappers import Response

from engine.errors import RecordInvalid
from engine.session import Session
from web.answers import go
from web.frame import make_frame, page
from web.texts import say
from web.visit import visit


def add_me(blueprint: Blueprint) -> None:
    """Name the addresses of the settings and of the phone's menu."""
    blueprint.add_url_rule("/me", "me", show_me)
    blueprint.add_url_rule("/me", "save_me", save_me, methods=["POST"])
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
            "notice": say("Saved.") if request.args.get("saved") and not wrong else "",
        }

    values = visited.read(work)
    return page("ui/me.html", values, status=422 if wrong else 200)


def _called(name: str) -> str:
    """Name a language in itself."""
    return (Locale.parse(name).get_display_name(name) or name).capitalize()


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    """Give the time zones that people live in, by name."""
    return tuple(
        sorted(name for name in available_timezones() if "/" in name and "Etc/" not in name)
    )
