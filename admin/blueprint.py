"""The table of the designer's pages, below /e/<environment>/setup/."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint

from admin import start
from engine.snapshots import Environments
from web.assets import add_folder


def make_admin(_environments: Environments) -> Blueprint:
    """Make the blueprint of the designer."""
    blueprint = Blueprint("admin", __name__, template_folder="templates")
    add_folder(Path(__file__).parent / "static")
    blueprint.add_url_rule("/setup/", "start", start.show_start)
    return blueprint
