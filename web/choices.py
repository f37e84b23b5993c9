"""What visitors choose for themselves: the app, the theme. Kept in cookies, not in records."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from web.answers import go, safe_address
from web.errors import install_errors
from web.frame import APP_COOKIE, THEME_COOKIE, THEMES
from web.safety import guard, is_https
from web.visit import Entrance, visit

_YEAR = 365 * 24 * 3600


def make_choices(entrance: Entrance) -> Blueprint:
    """Make the blueprint of /e/<environment>/choose."""
    blueprint = Blueprint("choices", __name__)
    install_errors(blueprint)
    blueprint.before_request(entrance.enter)
    blueprint.after_request(guard)

    @blueprint.post("/choose")
    def choose() -> Response:
        answer = go(safe_address(request.form.get("back", ""), f"{visit().root}/"))
        for cookie, field in ((APP_COOKIE, "app"), (THEME_COOKIE, "theme")):
            chosen = request.form.get(field)
            if chosen is not None and (field != "theme" or chosen in {*THEMES, ""}):
                answer.set_cookie(
                    cookie,
                    chosen[:60],
                    max_age=_YEAR,
                    httponly=True,
                    samesite="Lax",
                    secure=is_https(),
                )
        return answer

    return blueprint
