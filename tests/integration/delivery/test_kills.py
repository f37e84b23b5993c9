"""Worker, web and broker killed at random while records are saved: every effect arrives.

Each record makes a mail and a call. The receiver counts keys: one for each record, however often it
was sent; the mail server counts Message-IDs.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import orjson
import pytest

from engine.settings import Settings
from engine.store.platform.values import put_value
from tests.integration.conftest import opened
from tests.support.houses import PRODUCTION, House
from tests.support.mailbox import Mailbox, open_mailbox
from tests.support.proof import proof_length
from tests.support.rabbitmq import open_rabbitmq
from tests.support.receiver import Receiver, open_receiver
from tests.support.redis import open_redis
from tests.support.servers import Line, free_port, is_ready, variables, wait_until

FILES = {
    "project.yaml": "project: acme\nlabel: Acme\nformat: 1\n",
    "objects/lead.yaml": "object: lead\nfields:\n  name: {type: text, required: true}\n",
    "emails/hello.yaml": "email: hello\nobject: lead\nsubject: '{{ name }}'\nbody: Hello\n",
    "endpoints.yaml": "endpoints:\n  erp: {url: '${env.ERP_URL}/', timeout: 5 seconds}\n",
    "env_vars.yaml": "env_vars: {ERP_URL: {type: url}}\n",
    "workflows/tell.yaml": (
        "workflow: tell\nobject: lead\nwhen: created\nsteps:\n"
        "  - {name: mail, email: hello, to: ['\"ann@example.test\"']}\n"
        "  - {name: call, webhook: erp, body: {name: name}}\n"
    ),
}
PATIENCE = 240  # seconds; a loaded machine starts processes slowly


@dataclass
class Part:
    """One process of an installation: killed without a warning, and started again."""

    name: str
    begin: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    is_group: bool = False  # it has children of its own, which die with it
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start it unless it runs."""
        with self.lock:
            self._start()

    def kill(self) -> None:
        """Take its power away, and give it back."""
        with self.lock:
            assert self.process is not None
            self._send(signal.SIGKILL)
            self.process.wait(30)
            self.kills += 1
            self._start()

    def _start(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.process = self.begin()

    def stop(self) -> None:
        """End it for good."""
        if self.process is not None and self.process.poll() is None:
            self._send(signal.SIGKILL if self.is_group else signal.SIGTERM)
            self.process.wait(60)

    def _send(self, how: signal.Signals) -> None:
        assert self.process is not None  # it was started
        if self.is_group:
            os.killpg(self.process.pid, how)
        else:
            self.process.send_signal(how)


@dataclass
class Yard:
    """An installation of processes, with its servers to deliver to."""

    house: House
    port: int
    parts: dict[str, Part]
    mailbox: Mailbox
    receiver: Receiver
    saved: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def save(self, count: int) -> None:
        """Save records over HTTP; a request whose answer was lost is sent again under its key."""
        for number in range(count):
            until = time.monotonic() + PATIENCE
            while not self._post(number):
                assert time.monotonic() < until, f"record {number} cannot be saved"
                self.parts["web"].start()  # it may have found its port still taken
                time.sleep(0.05)
            self.saved += 1

    def _post(self, number: int) -> bool:
        line = Line(self.port, self.house.tokens["admin"])
        try:
            reply = line.send(
                "POST",
                "/api/v1/records/lead",
                {"name": f"lead {number}"},
                headers={"Idempotency-Key": f"save-{number}"},
            )
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()
        return reply.status == 201

    def kill_at_random(self, count: int, records: int, seed: int) -> None:
        """Kill parts at instants spread over the saves."""
        chance = random.Random(seed)  # noqa: S311  # no secret depends on it
        for number in range(count):
            due = (number + chance.random()) * records / count
            while self.saved < due and not self.is_over.is_set():
                time.sleep(0.01)
            time.sleep(chance.random() * 0.2)
            self.parts[chance.choice(sorted(self.parts))].kill()


def _begin(settings: Settings, log: Path, *words: str) -> Callable[[], subprocess.Popen[bytes]]:
    def begin() -> subprocess.Popen[bytes]:
        with log.open("ab") as written:
            return subprocess.Popen(
                [sys.executable, "-m", "deploy_tool.cli", *words],
                env=variables(settings),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
            )

    return begin


@pytest.fixture(
    params=["files", pytest.param("redis", marks=pytest.mark.postgresql), "rabbitmq"],
)
def yard(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Yard]:
    """Open web, worker and both servers: SQLite with files or RabbitMQ, PostgreSQL with Redis."""
    home, is_redis = tmp_path_factory.mktemp("yard"), request.param == "redis"
    kind = "postgresql" if is_redis else "sqlite"
    with ExitStack() as stack:
        parts = {}
        broker = ""
        if is_redis:
            redis = open_redis(home / "redis")
            broker, parts["broker"] = redis.url, Part("broker", redis.begin)
        if request.param == "rabbitmq":
            rabbit = open_rabbitmq(home / "rabbitmq")
            stack.callback(rabbit.forget)
            broker, parts["broker"] = rabbit.url, Part("broker", rabbit.begin, is_group=True)
        mailbox = stack.enter_context(open_mailbox())
        receiver = stack.enter_context(open_receiver())
        server = lambda: str(request.getfixturevalue("postgres_url"))  # noqa: E731  # asked late
        house = stack.enter_context(opened(kind, home, server, FILES))
        with house.environments.open(PRODUCTION).database.write() as tx:
            put_value(tx, "ERP_URL", receiver.url, is_secret=False)
        settings = Settings(
            home=house.settings.home,
            database_url=house.settings.database_url,
            broker_url=broker,
            smtp_url=mailbox.url,
            webhook_allow=(ip_network("127.0.0.1/32"),),
        )
        port = free_port()
        serve = ("serve", "--no-worker", "--port", str(port))
        parts["web"] = Part("web", _begin(settings, home / "web.log", *serve))
        parts["worker"] = Part("worker", _begin(settings, home / "worker.log", "worker"))
        for part in parts.values():
            part.start()
            stack.callback(part.stop)
        assert wait_until(lambda: is_ready(port), PATIENCE), (home / "web.log").read_text()
        yield Yard(house, port, parts, mailbox, receiver)


@pytest.mark.slow
def test_every_effect_arrives_whoever_is_killed(yard: Yard, figure: Callable[..., None]) -> None:
    """No record without its mail and its call, and one key for each, whatever dies when."""
    records, kills = proof_length(100, 2000), proof_length(8, 100)
    killer = threading.Thread(target=yard.kill_at_random, args=(kills, records, 7))
    killer.start()
    try:
        yard.save(records)
    finally:
        yard.is_over.set()
        killer.join(PATIENCE)
    for part in yard.parts.values():
        part.start()

    def arrived() -> bool:
        return len(yard.receiver.keys()) >= records and len(_mails(yard.mailbox)) >= records

    assert wait_until(arrived, PATIENCE), (len(yard.receiver.keys()), len(_mails(yard.mailbox)))
    keys = yard.receiver.keys()
    names = {
        orjson.loads(one.body)["name"]: one.headers["idempotency-key"]
        for one in yard.receiver.requests
    }
    assert len(keys) == len(names) == records
    assert set(names) == {f"lead {number}" for number in range(records)}
    assert sum(part.kills for part in yard.parts.values()) == kills
    again = sum(keys.values()) - records
    figure(
        f"{records} records saved while web, worker and broker are killed {kills} times",
        f"{records} calls and {records} mails, one key each; {again} sent a second time",
        "every effect delivered, each key once",
    )


def _mails(mailbox: Mailbox) -> Counter[str]:
    """Count Message-IDs."""
    return Counter(str(mail["Message-ID"]) for mail in list(mailbox.mails))
