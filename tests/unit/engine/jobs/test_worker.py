"""The worker's application: jobs become tasks, messages stay below the installation's home."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.errors import PatronError
from engine.jobs import JOBS, Job, make_worker
from engine.settings import Settings


def nothing(_work: object) -> None:
    """Do nothing."""


def test_every_job_is_a_task_of_its_name(tmp_path: Path) -> None:
    """Jobs of any room are found by name; only the repeated ones are on the schedule."""
    jobs = (*JOBS, Job(name="other.once", run=nothing))

    app = make_worker(Settings(home=tmp_path), jobs)

    assert {job.name for job in jobs} <= set(app.tasks)
    assert set(app.conf.beat_schedule) == {job.name for job in JOBS}
    assert len({job.name for job in jobs}) == len(jobs)


def test_a_task_runs_its_job_with_what_it_needs(tmp_path: Path) -> None:
    """The job gets the environments, the clock and the folder of messages."""
    seen = []
    job = Job(name="other.look", run=seen.append, every=timedelta(minutes=1))
    clock = SystemClock()

    make_worker(Settings(home=tmp_path), [job], clock=clock).tasks["other.look"]()

    assert seen[0].clock is clock
    assert seen[0].home == tmp_path / "jobs"


def test_without_a_broker_messages_are_files_below_the_home(tmp_path: Path) -> None:
    """The folders are there, and only JSON is read."""
    app = make_worker(Settings(home=tmp_path), ())

    options = app.conf.broker_transport_options
    folders = {options[key] for key in ("data_folder_in", "processed_folder", "control_folder")}
    assert all(Path(folder).is_dir() for folder in folders)
    assert all(Path(folder).is_relative_to(tmp_path) for folder in folders)
    assert app.conf.accept_content == ["json"]


def test_a_broker_of_ones_own_is_used(tmp_path: Path) -> None:
    """Then no folder is made."""
    app = make_worker(Settings(home=tmp_path, broker_url="amqp://user:secret@host//"), ())

    assert app.conf.broker_url == "amqp://user:secret@host//"
    assert not (tmp_path / "jobs").exists()


@pytest.mark.skipif(find_spec("redis") is not None, reason="the package redis is installed")
def test_a_broker_without_its_package_is_told(tmp_path: Path) -> None:
    """Redis needs a package of its own; its absence is a sentence, not a traceback."""
    with pytest.raises(PatronError, match="needs the Python package redis") as caught:
        make_worker(Settings(home=tmp_path, broker_url="redis://localhost"), ())

    assert caught.value.code == "P102"


@pytest.mark.parametrize("url", ["pigeon://loft", "localhost:6379", "filesystem://"])
def test_a_broker_nobody_knows_is_refused(tmp_path: Path, url: str) -> None:
    """The sentence names the variable and the kinds there are, and no password."""
    with pytest.raises(PatronError, match="PATRON_BROKER_URL") as caught:
        make_worker(Settings(home=tmp_path, broker_url=f"{url}?password=secret"), ())

    assert caught.value.code == "P102"
    assert "redis://" in caught.value.hint
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"
