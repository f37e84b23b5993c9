"""The worker behind `patron worker`: background jobs and their schedule.

Separate from `serving`, so that a worker loads no web server. `patron serve` runs this very module
(`python -m deploy_tool.working PARENT`) and keeps it beside itself; it ends with its parent.
"""

from __future__ import annotations

import os
import sys

from deploy_tool.deploying import following_jobs
from deploy_tool.processes import die_with_parent
from deploy_tool.retaining import JOBS as OWN
from engine.errors import PatronError
from engine.jobs import JOBS, make_worker, run_worker
from engine.settings import Settings

ALL_JOBS = (*JOBS, *OWN, *following_jobs.JOBS)


def work(settings: Settings, processes: int) -> int:
    """Run jobs until told to stop; gives the exit code."""
    return run_worker(make_worker(settings, ALL_JOBS), processes)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    try:
        sys.exit(work(Settings.from_env(os.environ), processes=1))
    except PatronError as error:
        sys.exit(f"{error} ({error.hint})")
