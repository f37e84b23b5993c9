"""Processes behind `patron serve`: web processes, and a worker beside them.

This process serves nothing itself. It loads the application once, so that the web processes, which
are forked from it, share its memory; it starts them again when they die, and they end with it.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import MPServer

from deploy_tool.exits import UsageWrong
from deploy_tool.processes import choose_port, die_with_parent
from deploy_tool.working import work
from engine.errors import NotFound
from engine.session import run
from engine.settings import Settings
from engine.snapshots import Environments
from engine.store.platform.enter import SystemCredential
from engine.store.turns import turn

__all__ = ["serve", "work"]

WebApplication = Callable[..., Any]  # Any: WSGI's own types
PRODUCTION = "production"
# Of one web process, for requests. On SQLite one of them works at a time; the others are there so
# that readers are answered while writers wait for another process.
THREADS = {"sqlite": 8, "postgresql": 4}
APPLICATION = "wsgi"  # the composition root, loaded by name as every web server does
STOP_SECONDS = 30
CRASH_SECONDS = 5  # a worker that dies sooner than this after its start will die again


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def serve(
    settings: Settings,
    host: str,
    port: int,
    processes: int,
    *,
    with_worker: bool,
    announce: Callable[[str], None] = _print,
) -> int:
    """Serve until told to stop (SIGTERM, Ctrl-C: requests under way are finished).

    `announce` gets the line with the URL before anything answers; it is printed unless told
    otherwise.
    Returns: 0 after a stop, 1 when a process would not live.
    Raises: UsageWrong U102 when nothing can listen there, U103 when there is no production yet;
        both before any process starts.
    """
    port = choose_port(host, port)
    app, dialect = _application(settings)
    server = _server(host, port, processes, threads=THREADS[dialect])
    beside = _Beside(settings) if with_worker else None
    announce(_greeting(host, port, processes, with_worker=with_worker))
    if beside is not None:
        beside.start()
    try:
        server.serve(target_loader=_loader(app), wrap_loader=False)
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        if beside is not None:
            beside.stop()
    return 1 if beside is not None and beside.has_failed else 0


def _greeting(host: str, port: int, processes: int, *, with_worker: bool) -> str:
    shown = f"[{host}]" if ":" in host else host
    many = "1 web process" if processes == 1 else f"{processes} web processes"
    worker = "and a worker" if with_worker else "no worker"
    return f"Patron: http://{shown}:{port}/ ({many}, {worker}; Ctrl-C stops)"


def _application(settings: Settings) -> tuple[WebApplication, str]:
    """Build the application, load production's model, and say which kind of database it has.

    The web processes inherit both; they inherit no connection, and open their own.
    """
    app = importlib.import_module(APPLICATION).create_app(settings)
    environments: Environments = app.extensions["patron"]
    try:
        production = environments.open(PRODUCTION)
    except NotFound as error:
        message = "There is nothing to serve yet: this installation has no production."
        raise UsageWrong(message, code="U103", hint="patron init makes it") from error
    run(production, SystemCredential(), lambda session: session.snapshot, write=False)
    environments.close()
    dialect = production.database.dialect
    return _in_turn(app) if dialect == "sqlite" else app, dialect


def _in_turn(app: WebApplication) -> WebApplication:
    """Let the requests of a process take turns."""

    def answer(environ: Mapping[str, Any], start: Callable[..., Any]) -> Any:  # Any: WSGI's types
        with turn():
            return app(environ, start)

    return answer


def _loader(app: WebApplication) -> Callable[[], WebApplication]:
    """Give what a web process calls first: it ties its life to ours, and takes the application."""
    parent = os.getpid()
    gc.collect()
    gc.freeze()  # what is loaded stays shared with the forks, whose collections leave it alone

    def load() -> WebApplication:
        die_with_parent(parent)
        return app

    return load


def _server(host: str, port: int, processes: int, *, threads: int) -> MPServer:
    """Set up granian; docs/decisions/web-server.md tells why, and why so many threads."""
    server = MPServer(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=processes,
        blocking_threads=threads,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    hangup = signal.getsignal(signal.SIGHUP)

    def stop_on_hangup() -> None:
        """Stop when the terminal is closed, unless `nohup` says otherwise; granian would reload."""
        is_ignored = hangup is signal.SIG_IGN
        signal.signal(
            signal.SIGHUP, signal.SIG_IGN if is_ignored else server.signal_handler_interrupt
        )

    server.on_startup(stop_on_hangup)
    # It warns of more threads than cores; ours are there to wait, and take turns.
    logging.getLogger("_granian").addFilter(lambda line: "Python threads" not in line.getMessage())
    return server


class _Beside:
    """The worker beside the web processes: started, watched, started again, stopped."""

    def __init__(self, settings: Settings) -> None:
        self._environ = {**os.environ, **_variables(settings)}
        self._lock = threading.Lock()  # between starting one more and stopping for good
        self._is_stopping = False
        self._process: subprocess.Popen[bytes] | None = None
        self.has_failed = False

    def start(self) -> None:
        """Start the worker, then the thread that watches it.

        The first start is over before the web processes are forked: a fork in the middle of it
        would inherit the pipe on which it waits.
        """
        self._spawn()
        threading.Thread(target=self._watch, name="worker-watch", daemon=True).start()

    def stop(self) -> None:
        """Let the worker finish what it does, and end it."""
        with self._lock:
            self._is_stopping = True
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _watch(self) -> None:
        """Start the worker again when it ends, until told to stop or one dies too soon.

        A worker is told to end when this thread does, so the thread lives as long as we do.
        """
        while self._process is not None:
            started = time.monotonic()
            code = self._process.wait()
            if self._is_stopping:
                return
            _complain(f"The worker ended by itself (exit {code}).")
            if time.monotonic() - started < CRASH_SECONDS:
                _complain("It would end again, so everything stops.")
                self.has_failed = True
                os.kill(os.getpid(), signal.SIGTERM)
                return
            self._spawn()

    def _spawn(self) -> None:
        with self._lock:
            if self._is_stopping:
                return
            self._process = subprocess.Popen(  # noqa: S603 -- our own module and our own number
                [sys.executable, "-m", "deploy_tool.working", str(os.getpid())],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; we stop the worker.
            )


def _complain(sentence: str) -> None:
    print(f"Patron: {sentence}", file=sys.stderr, flush=True)  # noqa: T201


def _variables(settings: Settings) -> Mapping[str, str]:
    """Give the settings as the variables that `Settings.from_env` reads."""
    return {
        "PATRON_HOME": str(settings.home),
        "PATRON_DATABASE_URL": settings.database_url,
        "PATRON_BROKER_URL": settings.broker_url,
        "PATRON_SMTP_URL": settings.smtp_url,
        "PATRON_SECRET_KEY": settings.secret_key,
    }
