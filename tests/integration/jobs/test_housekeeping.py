"""The engine's own jobs, on both databases, by hand and in a real worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from engine.clock import FixedClock, SystemClock
from engine.jobs import JOBS, Work
from engine.store.platform import idempotency
from engine.store.platform.idempotency import KeptAnswer
from tests.support.houses import PRODUCTION, House
from tests.support.servers import variables, wait_until

KEPT = KeptAnswer(request="digest", status=201, answer="{}")


def keep(house: House, key: str, *, hours: float) -> None:
    """Keep an answer that was given some hours ago."""
    at = SystemClock().now() - timedelta(hours=hours)
    with house.environments.open(PRODUCTION).database.write() as tx:
        idempotency.keep(tx, user=1, key=key, answer=KEPT, at=at)


def kept(house: House, key: str) -> bool:
    """Tell whether an answer is still there."""
    with house.environments.open(PRODUCTION).database.read() as tx:
        return idempotency.find(tx, user=1, key=key) is not None


def run(house: House, name: str, clock: FixedClock | SystemClock) -> None:
    """Run one job as a worker would."""
    (job,) = (job for job in JOBS if job.name == name)
    job.run(Work(environments=house.environments, clock=clock, home=house.settings.home / "jobs"))


def test_answers_are_forgotten_after_a_day(house: House) -> None:
    """23 hours old stays, 25 hours old goes; running it again changes nothing."""
    keep(house, "young", hours=23)
    keep(house, "old", hours=25)

    run(house, "engine.forget_requests", SystemClock())
    run(house, "engine.forget_requests", SystemClock())

    assert (kept(house, "young"), kept(house, "old")) == (True, False)


def test_messages_that_were_taken_are_swept(house: House) -> None:
    """Files of the last hour stay; other files are none of its business."""
    done = house.settings.home / "jobs" / "done"
    done.mkdir(parents=True, exist_ok=True)
    for name, age in (("1_a.patron.msg", 7200), ("2_b.patron.msg", 60), ("note.txt", 7200)):
        path = done / name
        path.touch()
        when = SystemClock().now().timestamp() - age
        os.utime(path, (when, when))

    run(house, "engine.sweep_messages", SystemClock())

    left = {path.name for path in done.iterdir()}
    assert left >= {"2_b.patron.msg", "note.txt"}
    assert "1_a.patron.msg" not in left


@contextmanager
def worker(house: House, log: Path, processes: int) -> Iterator[Popen[bytes]]:
    """Run `patron worker` and stop it afterwards."""
    command = ["worker", "--processes", str(processes)]
    with log.open("wb") as written:
        process = Popen(
            [sys.executable, "-m", "deploy_tool.cli", *command],
            env=variables(house.settings),
            stdin=DEVNULL,
            stdout=written,
            stderr=written,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_worker_does_what_is_due_and_stops_when_told(
    house: House, tmp_path: Path, processes: int
) -> None:
    """A real `patron worker`: due jobs run once it is up; SIGTERM ends it with 0."""
    keep(house, f"due-{processes}", hours=30)

    with worker(house, tmp_path / "log", processes) as process:
        done = wait_until(lambda: not kept(house, f"due-{processes}"))

    said = (tmp_path / "log").read_text()
    assert done, said
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert not list(Path.cwd().glob("celerybeat*"))
