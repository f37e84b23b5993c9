"""The table of the generated screens: home, lists, records, forms.

Generic: no route is made per object. `wsgi.py` mounts it inside the frame of `web`, below
/e/<environment>.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint

from ui import home
from ui.approvals import add_approvals
from ui.converting import add_converting
from ui.listing.own import add_own_views
from ui.listing.routes import ListRoutes
from ui.me import add_me
from ui.merging import add_merging
from ui.notifications import add_notifications
from ui.pressing import add_pressing
from ui.records import add_records
from ui.search import add_search
from web.assets import add_folder


def make_ui() -> Blueprint:
    """Make the blueprint of the screens."""
    blueprint = Blueprint("ui", __name__, template_folder="templates")
    add_folder(Path(__file__).parent / "static")
    blueprint.add_url_rule("/", "home", home.show_home)
    add_me(blueprint)
    add_search(blueprint)
    ListRoutes().add_to(blueprint)
    add_own_views(blueprint)
    add_records(blueprint)
    add_merging(blueprint)
    add_converting(blueprint)
    add_approvals(blueprint)
    add_pressing(blueprint)
    add_notifications(blueprint)
    return blueprint
