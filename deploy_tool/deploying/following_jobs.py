"""The worker's job that finishes what a switch left when the deployment's process died.

Separate from `working`, which only composes jobs.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from deploy_tool.deploying.unfinished import follow
from engine.errors import PatronError
from engine.jobs import Job, Work

_LOG = logging.getLogger("patron.deploy")


def follow_deployments(work: Work) -> None:
    """Go on with follow-ups in every environment. What cannot be done yet is tried again later."""
    for name in work.environments.names():
        try:
            follow(work.environments.open(name), work.clock)
        except PatronError as error:
            _LOG.warning("%s: %s %s", name, error.code, error.message)


JOBS: tuple[Job, ...] = (
    Job(name="deploy.follow", run=follow_deployments, every=timedelta(minutes=1)),
)
