"""Fixtures every test may ask for: a database of either kind, fresh and empty.

`database` (or `dialect`) runs a test twice, once per kind of database. The PostgreSQL server is one
per test run; each test gets a schema of its own, so tests may run side by side.
"""

from __future__ import annotations

import os
import platform
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.store.database import Database
from tests.support.memory import leave_memory, use_memory
from tests.support.postgres import (
    URL_VARIABLE,
    PostgresMissingError,
    PostgresServer,
    drop_schema,
    run_sql,
    start_postgres,
)
from tests.support.proof import IS_PROOF, PAGE, Figure, read_page, render, renewed

SERVER = pytest.StashKey[PostgresServer]()
FIGURES = pytest.StashKey[list[Figure]]()
FOLDER = pytest.StashKey[Path]()


def _start(config: pytest.Config) -> None:
    """Start the run's server and tell every process of the run where it is."""
    server = start_postgres()
    config.stash[SERVER] = server
    os.environ[URL_VARIABLE] = server.url


def pytest_configure(config: pytest.Config) -> None:
    """Choose where temporary files lie; start the server, so that all workers share it."""
    # A shell without job control starts what runs in its background with Ctrl-C ignored, and every
    # process of the tests would inherit it: those that interrupt a command would wait for ever.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = use_memory()
    if folder is not None:
        config.stash[FOLDER] = folder
    workers = getattr(config.option, "numprocesses", None)
    unwanted = "not postgresql" in str(config.option.markexpr)
    if not workers or unwanted or URL_VARIABLE in os.environ:
        return
    try:
        _start(config)
    except PostgresMissingError:
        return  # The first test that needs it says so.


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page of figures after `make proof`; a run of some tests renews theirs."""
    figures = session.config.stash.get(FIGURES, [])
    if IS_PROOF and figures:
        if session.config.args != ["tests"] or session.config.option.keyword:
            figures = renewed(read_page(PAGE.read_text(encoding="utf-8")), figures)
        machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
        PAGE.write_text(render(figures, machine), encoding="utf-8")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, if this process started it."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        del os.environ[URL_VARIABLE]
        server.stop()
    folder = config.stash.get(FOLDER, None)
    if folder is not None:
        leave_memory(folder)


def missing(what: str) -> None:
    """Skip a test whose surroundings cannot be had here; in continuous integration, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str, str], None]:
    """Give `figure(what, found, wanted)`: a line of docs/explanation/proof.md for the test.

    The section is the first line of the docstring of the test's module.
    """
    section = (request.module.__doc__ or request.module.__name__).splitlines()[0].rstrip(".")

    def keep(what: str, found: str, wanted: str) -> None:
        figures = request.config.stash.setdefault(FIGURES, [])
        figures.append(Figure(section=section, what=what, found=found, wanted=wanted))

    return keep


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of the run's PostgreSQL server; start it when it is first asked for."""
    if URL_VARIABLE not in os.environ:
        try:
            _start(request.config)
        except PostgresMissingError as error:
            missing(str(error))
    return os.environ[URL_VARIABLE]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def dialect(request: pytest.FixtureRequest) -> str:
    """Give the kind of database; asking for it runs the test once per kind."""
    return str(request.param)


@pytest.fixture
def make_schema(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Give a function that makes a new, empty schema; they are dropped after the test."""
    made: list[str] = []

    def make() -> str:
        made.append(f"t_{uuid.uuid4().hex[:20]}")
        run_sql(postgres_url, f"CREATE SCHEMA {made[-1]}")
        return made[-1]

    yield make
    for name in made:
        drop_schema(postgres_url, name)


@pytest.fixture
def postgres_schema(make_schema: Callable[[], str]) -> str:
    """Give the name of a new, empty schema; it is dropped after the test."""
    return make_schema()


@pytest.fixture
def make_database(
    request: pytest.FixtureRequest, dialect: str, tmp_path: Path
) -> Iterator[Callable[[], Database]]:
    """Give a function that makes an empty database of the dialect; closed after the test."""
    made: list[Database] = []

    def make() -> Database:
        if dialect == "sqlite":
            made.append(Database(f"sqlite:///{tmp_path / f'test{len(made)}.db'}"))
        else:
            schema = request.getfixturevalue("make_schema")()
            made.append(Database(request.getfixturevalue("postgres_url"), schema=schema))
        return made[-1]

    if dialect == "postgresql":
        request.getfixturevalue("make_schema")  # Before us, so that its schemas outlive our use.
    yield make
    for database in made:
        database.dispose()


@pytest.fixture
def database(make_database: Callable[[], Database]) -> Database:
    """Give an empty database of the dialect; closed after the test."""
    return make_database()
