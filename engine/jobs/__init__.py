"""Background work: jobs by name, run by Celery, each inside sessions of its own.

A job is data (`Job`); composition roots hand their jobs to `make_worker`, `deploy_tool` its own
beside `JOBS`, the engine's. The only room that knows Celery.
"""

from engine.jobs import approving, auditing, deadlines, delivering, housekeeping, running
from engine.jobs.table import Job, Work
from engine.jobs.worker import make_worker, run_worker

JOBS: tuple[Job, ...] = (
    *housekeeping.JOBS,
    *auditing.JOBS,
    *deadlines.JOBS,
    *delivering.JOBS,
    *running.JOBS,
    *approving.JOBS,
)

__all__ = ["JOBS", "Job", "Work", "make_worker", "run_worker"]
