"""What a big configuration costs: to check, to start with, to change; 200 objects of 50 fields.

Prints one line for each figure, and gives them to the page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.shared import ROOT
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.installation import Installation
from deploy_tool.plans.proposing import propose
from deploy_tool.sources.checking import check_folder
from engine.session import ListRequest, run
from engine.settings import Settings
from engine.snapshots import Environment, Environments
from engine.store.platform.enter import SystemCredential
from tests.support.postgres import run_sql
from tests.support.synthetic import configuration, object_name

OBJECTS, FIELDS, REPEAT = 200, 50, 5
PATRON = Path(sys.executable).with_name("patron")
CHANGED = "objects/thing_0100.yaml"
WANTED = ListRequest(object=object_name(3), limit=1)
# What a serving process does first, timed from after its imports.
COLD = """
import json, os, time
from bench.configuration import open_production, first_request, resident_mb
begin, before = time.perf_counter(), resident_mb()
first_request(open_production(os.environ))
print(json.dumps({"cold": time.perf_counter() - begin, "memory": resident_mb() - before}))
"""


def resident_mb() -> float:
    """Give the memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def open_production(variables: Mapping[str, str]) -> Environment:
    """Open production as a serving process does."""
    return Environments(Settings.from_env(variables)).open("production")


def first_request(environment: Environment) -> None:
    """Answer one list, for which a process loads what it does not know yet."""
    run(environment, SystemCredential(), lambda s: s.list(WANTED), write=False)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _publish(folder: Path, variables: Mapping[str, str]) -> dict[str, float]:
    """Add one field, five times; give the best plan, switch and pick-up in a process."""
    serving = open_production(variables)
    first_request(serving)
    text = (folder / CHANGED).read_text(encoding="utf-8")
    found: dict[str, list[float]] = {"plan": [], "publish": [], "pick-up": []}
    for number in range(REPEAT):
        text = text.replace("fields:\n", f"fields:\n  extra_{number}: {{type: text}}\n", 1)
        (folder / CHANGED).write_text(text, encoding="utf-8")
        with Installation(Settings.from_env(variables)) as installation:
            begin = time.perf_counter()
            planned = propose(installation, f"{folder}/", "production")
            found["plan"].append(time.perf_counter() - begin)
            database = installation.environment("production").database
            order = Order(actor="bench")
            begin = time.perf_counter()
            apply_plan(database, planned, order, installation.clock)
            found["publish"].append(time.perf_counter() - begin)
        found["pick-up"].append(_seconds(lambda: first_request(serving)))
    return {name: min(times) for name, times in found.items()}


def measure_configuration(database: str, postgres: str) -> dict[str, float]:
    """Measure on one kind of database; seconds, and MiB for memory."""
    with tempfile.TemporaryDirectory(prefix="patron-bench-") as name:
        folder = Path(name)
        _write(folder / "metadata", configuration(OBJECTS, FIELDS))
        variables = {**os.environ, "PATRON_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
        if database == "postgresql":
            made = f"bench_configuration_{time.time_ns()}"
            run_sql(postgres, f"CREATE DATABASE {made}")
            variables["PATRON_DATABASE_URL"] = f"{postgres.rpartition('/')[0]}/{made}"
        init = [str(PATRON), "init", "--from", str(folder / "metadata")]
        found = {
            "check": min(_seconds(lambda: check_folder(folder / "metadata")) for _ in range(3)),
            "init": _seconds(lambda: subprocess.run(init, check=True, env=variables)),
        }
        colds = []
        for _ in range(REPEAT):
            command = [sys.executable, "-c", COLD]
            done = subprocess.run(
                command, check=True, env=variables, stdout=subprocess.PIPE, text=True
            )
            colds.append(json.loads(done.stdout))
        found["cold"] = min(cold["cold"] for cold in colds)
        found["memory"] = min(cold["memory"] for cold in colds)
        return {**found, **_publish(folder / "metadata", variables)}
