"""Add fields to the filled object while clients read and write; count what fails."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # Any: the objects of the shared, untyped modules.

from bench.peers import HOST, PatronApplication
from bench.shared import ROOT, loadgen

CLIENTS = 4
PAUSE = 0.5  # seconds between two changes, so that load runs on every version


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What happened: changes made, requests beside them, failures, the slowest request."""

    changes: int
    command_seconds: float  # the best whole command: start of Python, plan, apply
    requests: int
    failed: int
    first_failure: str
    slowest_ms: float


def _with_field(folder: Path, number: int) -> Path:
    """Write the metadata of the workload with one more field than before."""
    shutil.copytree(ROOT / "bench" / "metadata", folder, dirs_exist_ok=True)
    file = folder / "objects" / "opportunity.yaml"
    extra = "".join(f"  extra_{n}: {{type: text}}\n" for n in range(number))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("fields:\n", f"fields:\n{extra}", 1), encoding="utf-8")
    return folder


def add_fields_under_load(application: PatronApplication, changes: int = 5) -> Switches:
    """Publish `changes` versions, each with one more field, under reads and updates."""
    operations = application.peer.operations()
    reading, updating = operations["read"], operations["update"]
    stop = threading.Event()
    times: list[float] = []
    failures: list[str] = []

    def work(begin: int) -> None:
        client = loadgen.Client(HOST, application.port)
        number = begin
        while not stop.is_set():
            operation = updating if number % 2 else reading
            sent = time.perf_counter()
            try:
                answer: Any = client.request(operation.make(number))
                operation.check(answer, True)  # noqa: FBT003  # the load generator's own order
            except Exception as error:  # noqa: BLE001  # every failure is data here
                failures.append(repr(error)[:300])
            times.append(time.perf_counter() - sent)
            number += CLIENTS + 1

    threads = [threading.Thread(target=work, args=(begin,)) for begin in range(CLIENTS)]
    for thread in threads:
        thread.start()
    took = []
    try:
        for number in range(1, changes + 1):
            time.sleep(PAUSE)
            folder = _with_field(application.folder / "changed", number)
            begin = time.perf_counter()
            application.patron("apply", "--from", folder, "--to", "production", "--yes")
            took.append(time.perf_counter() - begin)
        time.sleep(PAUSE)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return Switches(
        changes=changes,
        command_seconds=min(took),
        requests=len(times),
        failed=len(failures),
        first_failure=failures[0] if failures else "",
        slowest_ms=max(times) * 1000,
    )
