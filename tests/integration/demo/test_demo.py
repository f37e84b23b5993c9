"""`patron demo` as a newcomer meets it: started, looked at, stopped, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy_tool.demo.home import read_demo, write_demo
from engine.people import check_password, open_control
from engine.settings import Settings
from tests.support.servers import (
    READY_SECONDS,
    Line,
    command,
    descendants,
    free_port,
    is_ready,
    wait_until,
)

LABELS = [
    "System administrator",
    "Sales manager",
    "Sales representative",
    "Service agent",
    "CRM consultant",
]
PROMISED = {"account": 40, "contact": 120, "opportunity": 150, "line_item": 300, "case": 40}
STOP_SECONDS = 120
MAKING_SECONDS = 300  # generous: the machine may be busy with other tests


@dataclass
class Demo:
    """A running `patron demo` over a folder."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    home: Path

    def said(self) -> str:
        """Give what it wrote."""
        return self.log.read_text()

    def logins(self) -> list[tuple[str, ...]]:
        """Give the lines of the logins: e-mail, password, label."""
        lines = [line for line in self.said().splitlines() if "@example.test  " in line]
        return [tuple(line.split("  ")) for line in lines]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; give the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(READY_SECONDS)


def _environ(home: Path) -> dict[str, str]:
    return {**os.environ, "PATRON_HOME": str(home), "PATRON_DATABASE_URL": ""}


def _patron(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy_tool.cli", *words],
        env=_environ(home),
        capture_output=True,
        text=True,
        timeout=MAKING_SECONDS,
        check=False,
    )


@contextmanager
def _running(home: Path, log: Path) -> Iterator[Demo]:
    port = free_port()
    words = ["demo", "--port", str(port), "--no-browser"]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy_tool.cli", *words],
            env=_environ(home),
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    demo = Demo(process, port, log, home)
    try:
        wait_until(lambda: process.poll() is not None or is_ready(port), MAKING_SECONDS)
        assert process.poll() is None, demo.said()
        yield demo
    finally:
        demo.stop()


@dataclass(frozen=True)
class Seen:
    """What somebody saw who started a demo for the first time and looked around."""

    home: Path
    said: str  # when the health check answered
    port: int
    logins: list[tuple[str, ...]]
    counts: dict[str, dict[str, int]]
    token: str
    second: subprocess.CompletedProcess[str]  # another demo in the same folder, meanwhile
    elsewhere: subprocess.CompletedProcess[str]  # another demo on the same port


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Make a demo, look around in it, leave a task behind, and stop it."""
    folder = tmp_path_factory.mktemp("demo")
    home = folder / "home"
    with _running(home, folder / "first.log") as demo:
        said, logins = demo.said(), demo.logins()
        token = _patron(home, "token", "create", "production", "admin@example.test").stdout
        counts = {"production": _counts(demo.port, "production", token)}
        other = _patron(home, "token", "create", "discounts", "admin@example.test").stdout
        counts["discounts"] = _counts(demo.port, "discounts", other)
        line = Line(demo.port, token.strip())
        made = line.send("POST", "/api/v1/records/task", {"subject": "Kept"})
        line.close()
        assert made.status == 201, made.raw
        return Seen(
            home=home,
            said=said,
            port=demo.port,
            logins=logins,
            counts=counts,
            token=token.strip(),
            second=_patron(home, "demo", "--port", str(free_port()), "--no-browser"),
            elsewhere=_patron(folder / "other", "demo", "--port", str(demo.port)),
        )


def _counts(port: int, environment: str, token: str) -> dict[str, int]:
    line = Line(port, token.strip())
    base = f"/e/{environment}/api/v1/records"
    found = {
        name: line.send("GET", f"{base}/{name}?limit=1&count=true").json["count"]
        for name in PROMISED
    }
    line.close()
    return found


def test_logins_are_printed_before_it_answers(seen: Seen) -> None:
    """When the health check answers, the address and one line per login can be read."""
    assert f"http://127.0.0.1:{seen.port}/" in seen.said
    assert f"http://127.0.0.1:{seen.port}/e/discounts/" in seen.said
    assert [login[2] for login in seen.logins] == LABELS
    assert seen.logins[0][0] == "admin@example.test"


def test_every_login_opens_the_door(seen: Seen) -> None:
    """The printed passwords are those by which people sign in."""
    control = open_control(Settings(home=seen.home))
    people = [check_password(control, email, password) for email, password, _ in seen.logins]
    control.dispose()

    assert [person is not None and person.is_active for person in people] == [True] * 5


@pytest.mark.parametrize("environment", ["production", "discounts"])
def test_both_environments_are_full(seen: Seen, environment: str) -> None:
    """REST counts what the demo promises, in production and in its sandbox."""
    counts = seen.counts[environment]

    assert {name for name, least in PROMISED.items() if counts[name] < least} == set(), counts


def test_only_one_demo_runs_in_a_folder(seen: Seen) -> None:
    """Who starts a second one is told that the first is running."""
    assert (seen.second.returncode, "U112 A demo is running" in seen.second.stderr) == (64, True)


def test_a_taken_port_gets_a_sentence(seen: Seen) -> None:
    """Nothing is made or started where nothing could listen."""
    assert seen.elsewhere.returncode == 64
    assert "U102" in seen.elsewhere.stderr
    assert "--port" in seen.elsewhere.stderr
    assert not (seen.home.parent / "other").exists()


def test_a_second_start_is_the_same_demo(seen: Seen, tmp_path: Path) -> None:
    """Data, passwords and the sandbox are kept, nothing is made anew; Ctrl-C ends all of it."""
    with _running(seen.home, tmp_path / "log") as demo:
        line = Line(demo.port, seen.token)
        kept = line.send("GET", "/api/v1/records/task?where=subject='Kept'&count=true")
        line.close()
        logins, children = demo.logins(), descendants(demo.process.pid)

        code = demo.stop(signal.SIGINT)

    assert (kept.json["count"], logins) == (1, seen.logins)
    assert "Making" not in demo.said()
    assert (code, len(children) >= 2, "Traceback" in demo.said()) == (0, True, False)
    assert wait_until(lambda: not any(command(pid) for pid in children), 15)


def test_changed_files_are_said_and_not_applied(seen: Seen, tmp_path: Path) -> None:
    """After an upgrade the demo goes on with what it has and names the command that compares."""
    kept = read_demo(seen.home)
    assert kept is not None
    write_demo(seen.home, replace(kept, metadata="older"))

    with _running(seen.home, tmp_path / "log") as demo:
        said, children = demo.said(), descendants(demo.process.pid)
        code = demo.stop(signal.SIGTERM)
    versions = json.loads(_patron(seen.home, "status", "--json").stdout)["environments"]
    write_demo(seen.home, kept)

    assert "patron plan --from metadata --to production" in said
    assert [(v["environment"], v["version"]) for v in versions] == [
        ("production", 1),
        ("discounts", 1),
    ]
    assert code == 0, demo.said()
    assert wait_until(lambda: not any(command(pid) for pid in children), 15)


def test_a_killed_demo_takes_its_children_along(seen: Seen, tmp_path: Path) -> None:
    """Even `kill -9` leaves nothing behind that would hold the port or the folder."""
    with _running(seen.home, tmp_path / "log") as demo:
        children = descendants(demo.process.pid)

        demo.stop(signal.SIGKILL)

        assert wait_until(lambda: not any(command(pid) for pid in children), 15)


def test_interrupted_while_it_is_made_it_begins_anew(tmp_path: Path) -> None:
    """A first start that was stopped is made again, with the same passwords and no traceback."""
    home, log = tmp_path / "home", tmp_path / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy_tool.cli", "demo", "--port", str(free_port())],
            env=_environ(home),
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    assert wait_until((home / "control.db").exists, MAKING_SECONDS)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    try:
        code = process.wait(STOP_SECONDS)
    finally:
        process.kill()
        process.wait()
    unfinished = read_demo(home)

    with _running(home, tmp_path / "again") as demo:
        logins = {email: password for email, password, _ in demo.logins()}

    assert (code, "Traceback" in log.read_text()) == (130, False)
    assert unfinished is not None
    assert (unfinished.is_ready, unfinished.passwords) == (False, logins)


def test_a_demo_that_lost_a_database_says_so(seen: Seen, tmp_path: Path) -> None:
    """A folder that was moved, or lost a file, gets a sentence and no empty database."""
    production = seen.home / "environments" / "production.db"
    away = production.rename(tmp_path / "away.db")

    done = _patron(seen.home, "demo", "--port", str(free_port()))

    assert (done.returncode, "U110" in done.stderr) == (64, True)
    assert not production.exists()
    away.rename(production)


def test_a_damaged_database_is_no_traceback(seen: Seen) -> None:
    """Rubbish where the directory of environments was: a sentence, and what to do."""
    control = seen.home / "control.db"
    kept = control.read_bytes()
    control.write_bytes(b"rubbish " * 1000)

    done = _patron(seen.home, "demo", "--port", str(free_port()))

    control.write_bytes(kept)
    assert done.returncode == 1
    assert "S103" in done.stderr
    assert f"remove {seen.home}" in done.stderr
    assert "Traceback" not in done.stderr
