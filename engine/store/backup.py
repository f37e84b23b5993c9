"""A consistent copy of an environment while people work: one file, made online.

On SQLite the database's own online backup; on PostgreSQL its own `pg_dump` of the environment's
schema, in the format that `pg_restore` reads.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from engine.store.database import Database
from engine.store.failures import StoreFailed


def back_up(database: Database, target: Path) -> int:
    """Write the copy; give its size in bytes. A file that is there is not overwritten.

    Raises: StoreFailed S120 when it cannot be written, or PostgreSQL's tools are missing.
    """
    if target.exists():
        message = f"{target} is there already, and a backup overwrites nothing."
        raise StoreFailed(message, code="S120", hint="choose another name")
    unfinished = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(database, unfinished)
        unfinished.replace(target)  # whole, or not there
    except OSError as error:
        message = f"The backup cannot be written to {target}: {error.strerror}."
        raise StoreFailed(message, code="S120") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(database: Database, target: Path) -> None:
    path = database.path
    if path is None:
        _dump(database, target)
        return
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy, pages=2000, sleep=0.001)


def _dump(database: Database, target: Path) -> None:
    tool = shutil.which("pg_dump")
    if tool is None:
        message = "PostgreSQL is backed up by its own pg_dump, which is not installed here."
        raise StoreFailed(message, code="S120", hint="Debian: apt-get install postgresql-client")
    url = database.url.set(drivername="postgresql", password=None)
    words = [tool, "--format=custom", f"--file={target}", "--no-password"]
    if database.schema:
        words.append(f"--schema={database.schema}")
    words.append(url.render_as_string())
    # The password goes by the environment, never on a command line; nothing else is needed.
    environ = {"PATH": os.defpath, "PGPASSWORD": database.url.password or ""}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  # PostgreSQL's own tool
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise StoreFailed(f"pg_dump failed: {reason[0]}", code="S120")
