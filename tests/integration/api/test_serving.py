"""`patron serve` as users run it: ports, signals, deaths, many clients, restarts."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import threading
import uuid
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from flask import Flask

from deploy_tool.serving import _application
from engine.settings import Settings
from engine.store.turns import has_turn
from tests.support.houses import House
from tests.support.servers import HOST, command, is_ready, patron, serve, wait_until

pytestmark = pytest.mark.slow

CLIENTS, WRITES = 8, 25


def is_gone(pids: list[int]) -> bool:
    """Tell whether none of these processes runs any more."""
    return not any(command(pid) for pid in pids)


def test_a_connection_is_kept_and_everything_has_its_shape(house: House, tmp_path: Path) -> None:
    """Over real sockets: keep-alive, chunked bodies, bytes that are no text, too large a body."""
    with serve(house.settings, tmp_path / "log", "--no-worker") as server:
        line = server.line(house.tokens["admin"])
        made = line.send("POST", "/api/v1/records/deal", {"name": "Wire"})
        first = line.connection.sock
        chunked = line.send("POST", "/api/v1/records/deal", raw=iter([b'{"name": ', b'"Chunks"}']))
        read = line.send("GET", f"/api/v1/records/deal/{made.json['id']}")
        is_kept = line.connection.sock is first is not None
        chunks = (b'{"name": "', *(b"x" * 65536 for _ in range(40)), b'"}')
        answers = [
            server.line(house.tokens["admin"]).send(
                "POST", "/api/v1/records/deal", raw=iter(chunks)
            ),
            line.send("GET", "/api/v1/objects/%FF"),
            line.send("GET", "/api/v1/objects/a%00b"),
            server.line().send("GET", "/api/v1/objects"),
            line.send("PUT", "/api/v1/records/deal/by/code/a%2F%2Fb", {"name": "Slashes"}),
        ]

    assert (made.status, chunked.status, read.status) == (201, 201, 200)
    assert read.json == made.json
    assert chunked.json["name"] == "Chunks"
    assert is_kept
    assert [answer.status for answer in answers] == [413, 400, 400, 401, 201]
    assert answers[-1].json["code"] == "a//b"


def test_a_taken_port_is_told_before_anything_starts(house: House) -> None:
    """Exit 64 and a sentence with the port and what to do."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ended = patron(house.settings, "serve", "--port", port)

    assert ended.returncode == 64
    assert "U102" in ended.stderr
    assert port in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "http://" not in ended.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [(("--host", "nowhere.invalid"), "nowhere.invalid"), (("--port", "70000"), "65535")],
)
def test_an_address_that_is_none_is_told(house: House, options: tuple[str, ...], says: str) -> None:
    """A host that is not this machine and a port that is none: exit 64 and why."""
    ended = patron(house.settings, "serve", *options)

    assert ended.returncode == 64
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_nothing_to_serve_is_told(tmp_path: Path) -> None:
    """Before `patron init` there is no production: exit 64 and what to do, not a dead server."""
    ended = patron(Settings(home=tmp_path / "empty"), "serve", "--port", "0")

    assert ended.returncode == 64
    assert "U103" in ended.stderr
    assert "patron init" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_stopping_finishes_what_runs(house: House, tmp_path: Path) -> None:
    """SIGTERM in the middle of a bulk request: it is answered, all of it is there, exit 0."""
    name = uuid.uuid4().hex
    rows = [{"name": name, "amount": n} for n in range(5000)]
    replies = []
    with serve(house.settings, tmp_path / "log") as server:
        line = server.line(house.tokens["admin"])
        line.send("GET", "/api/v1/objects")
        address = "/api/v1/records/deal/bulk?operation=create&atomic=true"
        thread = threading.Thread(target=lambda: replies.append(line.send("POST", address, rows)))
        below = list(server.children())
        thread.start()
        threading.Event().wait(0.3)
        code = server.stop()
        thread.join()

    found = house.caller().get("/records/deal", where=f'name = "{name}"', count="true", limit=1)
    assert code == 0, server.said()
    assert [reply.status for reply in replies] == [200]
    assert found.json["count"] == 5000
    assert wait_until(lambda: is_gone(below))
    assert f"http://{HOST}:{server.port}/" in server.said()


def test_children_die_with_their_parent(house: House, tmp_path: Path) -> None:
    """`kill -9` of `patron serve` leaves neither a web process nor a worker behind."""
    with serve(house.settings, tmp_path / "log", "--processes", "2") as server:
        below = server.children()
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()

        assert sum("deploy_tool.working" in name for name in below.values()) == 1
        assert len(below) >= 3
        assert wait_until(lambda: is_gone(list(below))), server.said()
        assert not is_ready(server.port)


def test_a_web_process_that_dies_is_started_again(house: House, tmp_path: Path) -> None:
    """`kill -9` of the only web process: another one answers, under the same parent."""
    with serve(house.settings, tmp_path / "log", "--no-worker") as server:
        (before,) = server.children()
        os.kill(before, signal.SIGKILL)

        assert wait_until(lambda: before not in server.children() and is_ready(server.port))
        assert server.process.poll() is None


def test_a_worker_that_dies_is_started_again(house: House, tmp_path: Path) -> None:
    """`kill -9` of a worker that had lived: another one takes its place."""

    def workers() -> list[int]:
        return [pid for pid, name in server.children().items() if "deploy_tool.working" in name]

    with serve(house.settings, tmp_path / "log") as server:
        (before,) = workers()
        threading.Event().wait(5.5)  # sooner it would be a crash at the start
        os.kill(before, signal.SIGKILL)

        assert wait_until(lambda: workers() not in ([], [before])), server.said()
        assert is_ready(server.port)
        assert "worker ended by itself" in server.said()


def test_a_worker_that_cannot_start_ends_everything(house: House) -> None:
    """A broker nobody knows: the reason, and exit 1 instead of a Patron without its worker."""
    settings = replace(house.settings, broker_url="pigeon://loft")

    ended = patron(settings, "serve", "--port", "0")

    assert ended.returncode == 1
    assert "PATRON_BROKER_URL" in ended.stderr
    assert "redis://" in ended.stderr


def test_an_answer_under_a_key_survives_a_restart(house: House, tmp_path: Path) -> None:
    """The same request before and after a restart: the same answer, one record."""
    key, name = {"Idempotency-Key": uuid.uuid4().hex}, uuid.uuid4().hex
    answers = []
    for _ in range(2):
        with serve(house.settings, tmp_path / "log", "--no-worker") as server:
            line = server.line(house.tokens["admin"])
            answers.append(line.send("POST", "/api/v1/records/deal", {"name": name}, headers=key))

    found = house.caller().get("/records/deal", where=f'name = "{name}"').json["records"]
    assert answers[0].raw == answers[1].raw
    assert len(found) == 1


def test_eight_clients_write_at_once_and_nothing_is_lost(house: House, tmp_path: Path) -> None:
    """Creates and changes below one account, in two processes: all succeed, sums are true."""
    account = house.caller().create("account", name="Busy")["id"]
    statuses: list[int] = []

    def write(number: int) -> None:
        line = server.line(house.tokens["admin"])
        for turn in range(WRITES):
            values = {"name": f"{number}-{turn}", "account": account, "amount": 1}
            made = line.send("POST", "/api/v1/records/deal", values)
            changed = line.send(
                "PATCH", f"/api/v1/records/deal/{made.json.get('id')}", {"amount": 2}
            )
            statuses.extend((made.status, changed.status))

    with serve(house.settings, tmp_path / "log", "--processes", "2") as server:
        threads = [threading.Thread(target=write, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said = server.said()

    stored = house.caller().get(f"/records/account/{account}").json
    assert sorted(set(statuses)) == [200, 201], said
    assert len(statuses) == 2 * CLIENTS * WRITES
    assert stored["deals"] == CLIENTS * WRITES
    assert stored["total"] == 2 * CLIENTS * WRITES
    assert "locked" not in said


def test_numbers_and_ids_of_two_processes_never_meet(house: House, tmp_path: Path) -> None:
    """Auto numbers and ids given out by two processes at once are all different."""
    made: list[tuple[int, str]] = []

    def write() -> None:
        line = server.line(house.tokens["admin"])
        for _ in range(WRITES):
            reply = line.send("POST", "/api/v1/records/deal", {"name": "n"})
            shown = orjson.loads(reply.raw)
            made.append((shown["id"], shown["number"]))

    with serve(house.settings, tmp_path / "log", "--processes", "2", "--no-worker") as server:
        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len({record for record, _ in made}) == len({number for _, number in made}) == 4 * WRITES


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_readers_go_on_while_saves_wait_for_another_process(house: House, tmp_path: Path) -> None:
    """Three saves of one web process find the file taken: it answers lists, and saves later."""
    path, token = house.environments.open("production").database.path, house.tokens["admin"]
    with serve(house.settings, tmp_path / "log", "--processes", "1", "--no-worker") as server:
        line = server.line(token)
        made = [line.send("POST", "/api/v1/records/deal", {"name": f"D{n}"}) for n in range(3)]
        taken = sqlite3.connect(str(path), isolation_level=None)
        taken.execute("BEGIN IMMEDIATE")
        changed: list[int] = []

        def change(number: object) -> None:
            address = f"/api/v1/records/deal/{number}"
            changed.append(server.line(token).send("PATCH", address, {"amount": 7}).status)

        threads = [threading.Thread(target=change, args=(one.json["id"],)) for one in made]
        for thread in threads:
            thread.start()
        threading.Event().wait(0.3)
        lists = [line.send("GET", "/api/v1/records/deal?sort=name").status for _ in range(5)]
        waiting = list(changed)
        taken.execute("COMMIT")
        taken.close()
        for thread in threads:
            thread.join(60)

    assert (lists, waiting) == ([200] * 5, [])
    assert "WARNING" not in (tmp_path / "log").read_text()  # of many threads, for example
    assert changed == [200] * 3


def test_on_sqlite_one_request_is_worked_on_at_a_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web process over a file takes turns; over PostgreSQL its requests go side by side."""
    seen: list[bool] = []
    monkeypatch.setattr(Flask, "__call__", lambda *_: seen.append(has_turn()))

    app, kind = _application(house.settings)
    app({}, None)

    assert kind == house.environments.open("production").database.dialect
    assert seen == [kind == "sqlite"]
