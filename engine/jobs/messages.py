"""Messages that wake a worker, as a web process sends them. A message lost costs a second.

Separate from the worker's application, which carries the jobs; here is only the way to them.
"""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from engine.jobs.delivering import DELIVER
from engine.jobs.worker import configuration
from engine.settings import Settings

LASTS = 5  # seconds; a worker that comes later has looked by itself
_PATIENCE = {"socket_timeout": 2, "socket_connect_timeout": 2}


def make_sender(settings: Settings) -> Callable[[], None]:
    """Give a function that sends one message; it raises what the broker's library raises."""
    app = Celery("patron-web", set_as_current=False)
    app.conf.update(configuration(settings))
    if settings.broker_url:
        app.conf.update(broker_transport_options=_PATIENCE, broker_connection_timeout=2)

    def send() -> None:
        app.send_task(DELIVER, expires=LASTS, retry=False, ignore_result=True)

    return send
