"""The Celery application of a worker: made from a table of jobs, with its clock inside.

Separate from the jobs, which know nothing of Celery. Messages are only wake-up calls: without a
broker of its own an installation keeps them as files below its home, and loses none of its work
when they are lost, because what is to do stands in the database.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.beat import EmbeddedService, Scheduler
from celery.platforms import SecurityWarning

from engine.clock import Clock, SystemClock
from engine.errors import PatronError
from engine.jobs.filesystem import SCHEME, install_filesystem
from engine.jobs.table import Job, Work
from engine.settings import Settings
from engine.snapshots import Environments

QUEUE = "patron"
POLL_SECONDS = 0.5
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# Kinds of brokers, and the Python package that speaks to each.
BROKERS = {"redis": "redis", "rediss": "redis", "amqp": "amqp", "amqps": "amqp"}
FOLDERS = ("waiting", "done", "control")


class Schedule(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
    """The clock that sends due jobs, as a thread of the worker; it keeps no file.

    Every job is due when a worker starts. Several workers may send the same job.
    """

    def create(self, worker: Any) -> Any:
        """Make the thread. Any: Celery ships no types."""
        return EmbeddedService(worker.app, thread=True, scheduler_cls=Scheduler)


def make_worker(settings: Settings, jobs: Iterable[Job], *, clock: Clock | None = None) -> Celery:
    """Make the application: every job a task of its name, the repeated ones on the schedule."""
    home = settings.home / "jobs"
    app = Celery("patron", set_as_current=False)
    app.conf.update(configuration(settings))
    work = Work(environments=Environments(settings), clock=clock or SystemClock(), home=home)
    schedule = {}
    for job in jobs:
        app.task(_task(job, work), name=job.name)
        if job.every is not None:
            schedule[job.name] = {
                "task": job.name,
                "schedule": job.every,
                "last_run_at": LONG_AGO,
                "options": {"expires": job.every.total_seconds()},
            }
    app.conf.beat_schedule = schedule
    app.steps["worker"].add(Schedule)
    return app


def run_worker(app: Celery, processes: int) -> int:
    """Work until told to stop (SIGTERM: what runs is finished first). Gives the exit code.

    One process does the work itself; more of them are its children.
    """
    # Celery warns root for the sake of pickles; we read JSON only.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    worker = app.Worker(
        hostname=f"patron-{os.getpid()}",
        pool="solo" if processes == 1 else "prefork",
        concurrency=processes,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _task(job: Job, work: Work) -> Any:
    """Give the function that Celery runs. Any: Celery ships no types."""

    def task() -> None:
        job.run(work)

    return task


def configuration(settings: Settings) -> dict[str, object]:
    """Give Celery's configuration, of workers and of those who send them messages.

    Raises: PatronError P102 for a broker that is not known.
    """
    common: dict[str, object] = {
        "accept_content": ["json"],
        "broker_connection_retry_on_startup": True,
        "enable_utc": True,
        "task_acks_late": True,
        "task_default_queue": QUEUE,
        "task_ignore_result": True,
        "task_serializer": "json",
        "timezone": "UTC",
        "worker_enable_remote_control": False,
        "worker_prefetch_multiplier": 1,
        "worker_redirect_stdouts": False,
    }
    if settings.broker_url:
        return {**common, "broker_url": _known(settings.broker_url)}
    install_filesystem()
    return {**common, "broker_url": f"{SCHEME}://localhost", **_folders(settings.home / "jobs")}


def _known(url: str) -> str:
    """Make sure that a broker's URL is of a kind we work with; the URL itself may hold a password.

    Raises: PatronError P102.
    """
    scheme = url.partition("://")[0]
    package = BROKERS.get(scheme, "")
    if package and importlib.util.find_spec(package) is None:
        message = f"PATRON_BROKER_URL names {scheme}://, which needs the Python package {package}."
        raise PatronError(message, code="P102", hint=f"install it beside Patron: {package}")
    if package:
        return url
    message = f'PATRON_BROKER_URL names a kind of broker that is not known: "{scheme[:20]}".'
    hint = f"it begins with one of {', '.join(f'{known}://' for known in BROKERS)}"
    raise PatronError(message, code="P102", hint=hint)


def _folders(home: Path) -> dict[str, object]:
    """Keep messages as files; a message taken is moved to `done` first, so only one gets it."""
    waiting, done, control = (home / name for name in FOLDERS)
    for folder in (waiting, done, control):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "broker_transport_options": {
            "data_folder_in": str(waiting),
            "data_folder_out": str(waiting),
            "control_folder": str(control),
            "processed_folder": str(done),
            "store_processed": True,
            "polling_interval": POLL_SECONDS,
        }
    }
