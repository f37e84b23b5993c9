"""Static files: our own, and front-end packages that set-up installed; each under its digest.

An address holds the digest of the content, so browsers keep a file for ever and never show an old
one. A package that is not installed gives no address, and pages do without it.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = _ROOT / "node_modules"
_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
# Name in an address -> file. Faces add their own by `add_folder`.
_FILES: dict[str, Path] = {
    "htmx.js": _PACKAGES / "htmx.org" / "dist" / "htmx.min.js",
    "inter.woff2": _PACKAGES
    / "@fontsource-variable"
    / "inter"
    / "files"
    / "inter-latin-wght-normal.woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file in memory: some dozens of kilobytes each."""

    content: bytes
    zipped: bytes
    kind: str
    digest: str


def add_folder(folder: Path) -> None:
    """Serve the files of a folder by their names. Called by each face when the app is built."""
    for path in sorted(folder.iterdir()):
        if path.suffix in _TYPES:
            _FILES[path.name] = path


@lru_cache(maxsize=256)
def find_asset(name: str) -> Asset | None:
    """Give a static file by name; None for one that is unknown or not installed."""
    path = _FILES.get(name)
    if path is None or not path.is_file():
        return None
    content = path.read_bytes()
    return Asset(
        content=content,
        zipped=gzip.compress(content, 9, mtime=0),
        kind=_TYPES[path.suffix],
        digest=hashlib.sha256(content).hexdigest()[:12],
    )


def asset(name: str) -> str:
    """Give the address of a static file, "" when it is not installed."""
    found = find_asset(name)
    return f"/assets/{found.digest}/{name}" if found else ""


def make_assets() -> Blueprint:
    """Make the blueprint that serves static files to anybody."""
    blueprint = Blueprint("assets", __name__)

    @blueprint.get("/assets/<digest>/<name>")
    def serve(digest: str, name: str) -> Response:
        found = find_asset(name)
        if found is None:
            abort(404)
        zips = "gzip" in request.headers.get("Accept-Encoding", "") and found.kind != "font/woff2"
        response = Response(found.zipped if zips else found.content, content_type=found.kind)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = (
            _FOREVER if digest == found.digest or name.endswith(".woff2") else "no-cache"
        )
        if zips:
            response.headers["Content-Encoding"] = "gzip"
        return response

    return blueprint


def install_assets(app: Flask) -> None:
    """Serve the files and let templates say `{{ asset("patron.css") }}`."""
    add_folder(Path(__file__).parent / "static")
    app.jinja_env.globals["asset"] = asset
    app.register_blueprint(make_assets())
