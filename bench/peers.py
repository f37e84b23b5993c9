"""Start each application of the comparison on a database of its own, filled with the same rows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self  # Any: the objects of the shared, untyped modules.

from bench.patron_peer import PatronPeer
from bench.shared import FOLDER, ROOT, dataset, loadgen, procs
from bench.workload import HandWritten
from tests.support.postgres import run_sql

HOST = "127.0.0.1"
BIN = Path(sys.executable).parent
IMPORTED = 1_000_000  # where the numbers of imported rows start, beyond those loaded


class Application(ABC):
    """One application, prepared and running; use it as a context manager."""

    def __init__(
        self, *, database: str, postgres: str, rows: int, port: int, processes: int
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="patron-bench-"))
        self.database, self.rows, self.port, self.processes = database, rows, port, processes
        self.url = self._make_database(postgres)
        self.server: Any = None

    def _make_database(self, postgres: str) -> str:
        """Make an empty database and give its URL."""
        if self.database == "sqlite":
            return f"sqlite:///{self.folder / 'bench.db'}"
        name = f"bench_{self.port}_{time.time_ns()}"
        run_sql(postgres, f"CREATE DATABASE {name}")
        return f"{postgres.rpartition('/')[0]}/{name}"

    def __enter__(self) -> Self:
        self.prepare()
        self.server = procs.Server(
            [str(part) for part in self.command()],
            self.port,
            env=dict(self.environment()),
            cwd=str(self.folder),
            log=str(self.folder / "server.log"),
            ready=self.is_ready,
        )
        try:
            self.server.start()
            self.peer = self.make_peer()
        except BaseException:
            self.server.stop()  # The folder stays: its server.log tells why.
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *command: object, **more: str) -> str:
        """Run a command of this application and give what it prints.

        Raises: subprocess.CalledProcessError.
        """
        done = subprocess.run(
            [str(part) for part in command],
            env={**os.environ, **self.environment()},
            cwd=self.folder,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            **more,
        )
        return done.stdout.strip()

    def is_ready(self) -> bool:
        """Ask whether the server answers."""
        answer = loadgen.Client(HOST, self.port, 2).request(loadgen.Req("GET", self.ready_path))
        return bool(answer.status == 200)

    def memory(self) -> float:
        """Give the memory of all processes in MiB, shared pages counted once."""
        return float(self.server.mem()["pss_mb"])

    ready_path: str

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """Give the variables that commands and server need."""

    @abstractmethod
    def command(self) -> list[object]:
        """Give the command that serves."""

    @abstractmethod
    def prepare(self) -> None:
        """Make tables, and rows where that needs no server."""

    @abstractmethod
    def make_peer(self) -> HandWritten:
        """Give the operations, once the server runs."""

    @abstractmethod
    def import_rows(self, count: int) -> float:
        """Bring in new rows through the product's own interface; give rows per second."""


class HandWrittenApplication(Application):
    """Flask, SQLAlchemy ORM and marshmallow, as a developer writes it; gunicorn, one thread."""

    ready_path = "/api/opportunities/1"
    module = "flaskapp:app"
    index = ""  # "comp": with the composite index that fits the list

    def environment(self) -> Mapping[str, str]:
        """Name the database, and the index if it is to have one."""
        url = self.url.replace("postgresql://", "postgresql+psycopg://")
        return {"DB_URL": url, "IDX": self.index, "PYTHONPATH": str(FOLDER)}

    def prepare(self) -> None:
        """Let the application make its schema and rows."""
        self.run(sys.executable, FOLDER / "flaskapp.py", self.rows)

    def command(self) -> list[object]:
        """Serve with gunicorn."""
        threads = "1" if self.database == "sqlite" else "4"
        options = ["-k", "gthread", "--threads", threads, "-w", self.processes]
        return [BIN / "gunicorn", *options, "-b", f"{HOST}:{self.port}", self.module]

    def make_peer(self) -> HandWritten:
        """Give the operations."""
        return HandWritten(self.rows)

    def import_rows(self, count: int) -> float:
        """Post a CSV file."""
        path = self.folder / "import.csv"
        dataset.write_csv(path, count)
        body = path.read_bytes()
        client = loadgen.Client(HOST, self.port, timeout=600)
        begin = time.perf_counter()
        answer = client.request(loadgen.Req("POST", "/api/import", body))
        seconds = time.perf_counter() - begin
        if answer.status != 200 or f'"rows":{count}' not in answer.body.decode().replace(" ", ""):
            message = f"import: {answer.status} {answer.body[:300]!r}"
            raise RuntimeError(message)
        return count / seconds


class IndexedApplication(HandWrittenApplication):
    """The hand-written application with its composite index."""

    index = "comp"


class FloorApplication(HandWrittenApplication):
    """A bare WSGI callable over the same tables: no framework, no validation, no rights."""

    module = "rawapp:app"

    def environment(self) -> Mapping[str, str]:
        """Name the database in the floor's own way too."""
        raw = self.url.replace("sqlite:///", "sqlite:")
        raw = raw if self.database == "sqlite" else f"pg:{self.url}"
        return {**super().environment(), "RAW_DB": raw}


class FloorOnGranian(FloorApplication):
    """The floor on the web server that Patron uses, so that the server's share can be seen."""

    def command(self) -> list[object]:
        """Serve with granian."""
        options = ["--interface", "wsgi", "--workers", self.processes, "--no-access-log"]
        threads = "1" if self.database == "sqlite" else "4"
        options += ["--blocking-threads", threads, "--host", HOST, "--port", self.port]
        return [BIN / "granian", *options, self.module]


class PatronApplication(Application):
    """Patron with the workload as metadata: rights, validation, a formula, history, outbox on."""

    ready_path = "/healthz"

    def environment(self) -> Mapping[str, str]:
        """Name the state's folder, and the database where it is not the default."""
        home = {"PATRON_HOME": str(self.folder / "home")}
        return home if self.database == "sqlite" else {**home, "PATRON_DATABASE_URL": self.url}

    def patron(self, *words: object) -> str:
        """Run the command line."""
        return self.run(BIN / "patron", *words)

    def prepare(self) -> None:
        """Make production from the metadata, its users and a token."""
        self.patron("init", "--from", ROOT / "bench" / "metadata")
        admin = "bench@example.com"
        self.patron(
            *("user", "create", "production", admin, "--permission-set", "system_administrator")
        )
        for user in dataset.users():
            self.patron("user", "create", "production", user["email"], "--name", user["name"])
        self.token = self.patron("token", "create", "production", admin)

    def command(self) -> list[object]:
        """Serve without a worker, as the others have none."""
        options = ["--host", HOST, "--port", self.port, "--processes", self.processes]
        return [BIN / "patron", "serve", *options, "--no-worker"]

    def make_peer(self) -> PatronPeer:
        """Load accounts and opportunities over REST; give the operations."""
        peer = PatronPeer(self.rows, HOST, self.port, self.token)
        peer.find_owners()
        peer.load_accounts()
        begin = time.perf_counter()
        peer.load_opportunities()
        self.loading = self.rows / (time.perf_counter() - begin)
        if self.database == "postgresql":
            run_sql(self.url, "ANALYZE")  # As the hand-written application does after loading.
        return peer

    def import_rows(self, count: int) -> float:
        """Post new records in batches of 10,000."""
        assert isinstance(self.peer, PatronPeer)
        batches = list(self.peer.batches(count, seed=99, start=IMPORTED))
        begin = time.perf_counter()
        for batch in batches:
            self.peer.bulk("opportunity", batch)
        return count / (time.perf_counter() - begin)


APPLICATIONS: dict[str, type[Application]] = {
    "floor": FloorApplication,
    "floor on granian": FloorOnGranian,
    "hand-written": HandWrittenApplication,
    "hand-written, composite index": IndexedApplication,
    "Patron": PatronApplication,
}
