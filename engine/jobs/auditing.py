"""The job that seals the audit: of the installation and of every environment, each second."""

from __future__ import annotations

from datetime import timedelta

from engine.jobs.table import Job, Work
from engine.people.sealing import INSTALLATION, seal_audit


def seal_audits(work: Work) -> None:
    """Seal what is new. A run too many finds nothing to do.

    An environment that cannot be reached is left for the next run, after all others were sealed.
    Raises: the error of the last one that could not.
    """
    environments = work.environments
    control, settings = environments.control, environments.settings
    seal_audit(control, settings, INSTALLATION, control)
    work.in_every_environment(lambda one: seal_audit(control, settings, one.name, one.database))


JOBS: tuple[Job, ...] = (
    Job(name="engine.seal_audits", run=seal_audits, every=timedelta(seconds=1)),
)
