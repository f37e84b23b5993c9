"""The composition root of the web processes: every part, built once and put together.

`wsgi:app` is a plain WSGI application. It opens nothing until the first request; each process that
runs it has environments, connections and models of its own.
"""

from __future__ import annotations

import os

from flask import Flask

from admin.blueprint import make_admin
from api.answers import install_errors
from api.blueprint import make_blueprint
from api.health import make_health
from api.hooks import hook_mounts, make_hooks
from api.signing_in import make_signing_in
from engine.delivery.waking import Waker
from engine.settings import Settings
from engine.snapshots import Environments
from ui.blueprint import make_ui
from web.install import install_web

PRODUCTION = "production"


def create_app(settings: Settings) -> Flask:
    """Build the web application over an installation."""
    app = Flask("patron", static_folder=None, template_folder=None)
    app.url_map.merge_slashes = False  # an external id may hold two slashes in a row
    environments = app.extensions["patron"] = Environments(settings, wake=Waker(settings))
    app.register_blueprint(make_health(environments))
    api = make_blueprint(environments)
    app.register_blueprint(api, url_prefix="/api/v1", url_defaults={"environment": PRODUCTION})
    app.register_blueprint(api, name="of_environment", url_prefix="/e/<environment>/api/v1")
    hooks = make_hooks(environments)
    for name, prefix, defaults in hook_mounts():
        app.register_blueprint(hooks, name=name, url_prefix=prefix, url_defaults=defaults)
    app.register_blueprint(make_signing_in(environments))
    install_errors(app)
    install_web(app, environments, [make_ui(), make_admin(environments)])
    return app


app = create_app(Settings.from_env(os.environ))
