"""Puts the frame into an application: texts, assets, signing in, compression, unknown addresses."""

from __future__ import annotations

import gzip

from flask import Blueprint, Flask, Response, abort, request
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as AnyResponse

from engine.snapshots import Environments
from web.account import make_account
from web.assets import install_assets
from web.choices import make_choices
from web.deciding import make_deciding
from web.errors import install_errors
from web.helping import make_helping
from web.icons import icon
from web.resetting import make_resetting
from web.safety import guard, install_safety
from web.second_factor import make_second_factor
from web.settling import settle
from web.signing import make_signing
from web.sso import make_sso
from web.texts import install_texts
from web.visit import Entrance

_SMALLEST = 1024  # bytes; below this, compressing costs more than it saves
_PAGES = "/e/<environment>"


class PageConverter(BaseConverter):
    """Matches every address that does not belong to the API, which answers in JSON."""

    regex = r"(?!api/|e/[^/]+/api/).*"
    part_isolating = False


def install_web(app: Flask, environments: Environments, faces: list[Blueprint]) -> None:
    """Install the frame and, inside it, the faces: each below /e/<environment>."""
    app.url_map.converters["page"] = PageConverter
    app.jinja_env.globals["icon"] = icon
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    install_safety(app, environments.settings.proxies)
    install_texts(app)
    install_assets(app)
    entrance = Entrance(environments)
    app.register_blueprint(make_signing(environments))
    for make in (make_resetting, make_deciding, make_second_factor, make_account, make_sso):
        app.register_blueprint(make(environments))
    app.register_blueprint(make_helping(environments, entrance))
    app.register_blueprint(make_choices(entrance), url_prefix=_PAGES)
    for face in faces:
        face.before_request(entrance.enter)
        face.after_request(guard)
        install_errors(face)
        app.register_blueprint(face, url_prefix=_PAGES)
    app.register_blueprint(_make_nowhere())
    app.after_request(_compress)
    app.after_request(settle)


def _make_nowhere() -> Blueprint:
    """Make the blueprint that answers unknown addresses with a page."""
    blueprint = Blueprint("nowhere", __name__)
    install_errors(blueprint)
    blueprint.after_request(guard)

    @blueprint.get("/<page:_address>")
    def nowhere(_address: str) -> AnyResponse:
        abort(404)

    return blueprint


def _compress(response: Response) -> Response:
    """Compress pages that are whole. The API's clients ask for speed rather than for size."""
    is_page = response.mimetype == "text/html" and not response.direct_passthrough
    if (
        not is_page
        or response.is_streamed
        or "gzip" not in request.headers.get("Accept-Encoding", "")
    ):
        return response
    response.headers.add("Vary", "Accept-Encoding")
    content = response.get_data()
    if len(content) >= _SMALLEST and "Content-Encoding" not in response.headers:
        response.set_data(gzip.compress(content, 5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
