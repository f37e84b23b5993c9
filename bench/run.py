"""Measure Patron beside a hand-written application and the floor, in one run; `make bench`.

    python -m bench.run [--rows N] [--seconds S] [--repeat K] [--database sqlite|postgresql]
                        [--peer NAME …] [--processes N] [--no-page]

Takes about ten minutes. The figures go to docs/explanation/speed.md and to var/bench.json. Other
people's work on the machine only makes figures worse, so the best of several runs is kept.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict
from typing import Any  # Any: the results of the shared load generator.

from bench.configuration import measure_configuration
from bench.peers import APPLICATIONS, HOST, Application, PatronApplication
from bench.report import write_page
from bench.shared import ROOT, loadgen
from bench.switch import add_fields_under_load
from bench.workload import OPERATIONS
from tests.support.postgres import start_postgres

PORT = 18_700
CLIENTS = (1, 8)
EVERYTHING = [*OPERATIONS, "bulk", "switch", "configuration"]


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--peer", action="append", choices=list(APPLICATIONS))
    parser.add_argument("--operation", action="append", choices=EVERYTHING)
    parser.add_argument("--no-page", action="store_true", help="leave speed.md as it is")
    return parser.parse_args()


def measure(application: Application, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure every operation of a running application."""
    results: dict[str, Any] = {}
    wanted = arguments.operation or EVERYTHING
    operations = application.peer.operations()
    for name in (name for name in operations if name in wanted):
        for clients in CLIENTS:
            found = loadgen.repeat(
                arguments.repeat,
                HOST,
                application.port,
                operations[name].make,
                operations[name].check,
                clients=clients,
                seconds=arguments.seconds,
            )
            results[f"{name} · {clients}"] = found
            shown = {key: found.get(key) for key in ("best_p50", "p50", "best_rps", "errors")}
            print(f"    {name:26} {clients} clients  {shown} {found['first_error'] or ''}")
    results["memory"] = application.memory()
    results["cold"] = round(application.server.cold, 2)
    if "bulk" in wanted:
        results["bulk 10,000"] = application.import_rows(10_000)
        results["bulk 100,000"] = application.import_rows(100_000)
        print(f"    bulk: {results['bulk 10,000']:,.0f} {results['bulk 100,000']:,.0f} rows/s")
    if isinstance(application, PatronApplication) and "switch" in wanted:
        results["switch"] = asdict(add_fields_under_load(application))
        print(f"    {results['switch']}")
    return results


def main() -> None:
    """Run the comparison and write what was found."""
    arguments = read_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # So that servers stop as well.
    databases = arguments.database or ["sqlite", "postgresql"]
    server = start_postgres(durable=True) if "postgresql" in databases else None
    found: dict[str, dict[str, Any]] = {}
    try:
        for database in databases:
            for title in arguments.peer or APPLICATIONS:
                print(f"{title} on {database}", flush=True)
                with APPLICATIONS[title](
                    database=database,
                    postgres=server.url if server else "",
                    rows=arguments.rows,
                    port=PORT,
                    processes=arguments.processes,
                ) as application:
                    found[f"{title} · {database}"] = measure(application, arguments)
            if "configuration" in (arguments.operation or EVERYTHING):
                measured = measure_configuration(database, server.url if server else "")
                print(f"configuration on {database}: {measured}")
                found[f"configuration · {database}"] = measured
    finally:
        if server:
            server.stop()
    (ROOT / "var").mkdir(exist_ok=True)
    (ROOT / "var" / "bench.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    if not arguments.no_page:
        write_page(found, rows=arguments.rows, processes=arguments.processes)
    wrong = [key for key, results in found.items() if any_errors(results)]
    sys.exit(f"wrong answers: {', '.join(wrong)}" if wrong else 0)


def any_errors(results: dict[str, Any]) -> bool:
    """Tell whether any answer was wrong or missing."""
    found = (value for value in results.values() if isinstance(value, dict))
    return any(value.get("errors") or value.get("failed") for value in found)


if __name__ == "__main__":
    main()
