"""The configuration switched again and again under clients that read and write: nobody notices."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.installation import Installation
from deploy_tool.plans.proposing import propose
from engine.settings import Settings
from tests.integration.deploy.conftest import DEAL
from tests.support.proof import proof_length
from tests.support.servers import Line, Server, serve

CLIENTS = 8
RULE = """\
validation_rules:
  limit:
    invalid_if: amount > {limit}
    message: Too much.
"""


@dataclass
class Client:
    """Creates, reads, changes and lists until told to stop; keeps every answer that is wrong."""

    line: Line
    chance: random.Random
    stop: threading.Event
    seen: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, int, bytes]] = field(default_factory=list)
    slowest: float = 0.0

    def work(self) -> None:
        """Send one request after the other over one connection."""
        mine = self.send("POST", "deal", {"name": "first", "amount": 1})["id"]
        while not self.stop.is_set():
            what = self.chance.randrange(4)
            values = {"name": f"deal {self.chance.random()}", "amount": self.chance.randrange(900)}
            if what == 0:
                mine = self.send("POST", "deal", values)["id"]
            elif what == 1:
                self.send("PATCH", f"deal/{mine}", values)
            elif what == 2:
                self.send("GET", f"deal/{mine}")
            else:
                self.send("GET", "deal?sort=-amount&limit=20&count=true")

    def send(self, method, path, values=None):
        """Send one request and note what came of it."""
        start = time.monotonic()
        reply = self.line.send(method, f"/api/v1/records/{path}", values)
        self.slowest = max(self.slowest, time.monotonic() - start)
        self.seen[method] += 1
        if reply.status in {200, 201}:
            return reply.json
        self.failed.append((f"{method} {path}", reply.status, reply.raw))
        return {"id": 0}


@pytest.fixture
def clients(production, tmp_path):
    """Serve production with two web processes, and connect eight clients as an administrator."""
    user = ("user", "create", "production", "a@example.test")
    assert production(*user, "--permission-set", "system_administrator").code == 0
    token = production("token", "create", "production", "a@example.test").out.strip()
    settings, stop = Settings.from_env(production.environ), threading.Event()
    with serve(settings, tmp_path / "log", "--processes", "2", "--no-worker") as server:
        yield [_client(server, token, seed, stop) for seed in range(CLIENTS)]


def _client(server: Server, token: str, seed: int, stop: threading.Event) -> Client:
    chance = random.Random(seed)  # noqa: S311 -- test data needs no cryptography
    return Client(line=server.line(token), chance=chance, stop=stop)


@pytest.mark.slow
def test_switches_under_load_fail_no_request(production, clients, figure, dialect):
    """Fields come and rules change while eight clients work; each request is answered well."""
    switches = proof_length(12, 50)
    threads = [threading.Thread(target=client.work) for client in clients]
    for thread in threads:
        thread.start()

    with Installation(Settings.from_env(production.environ)) as installation:
        database = installation.environment("production").database
        for number in range(switches):
            fields = "".join(f"  extra_{n}: {{type: text}}\n" for n in range(number))
            rule = RULE.format(limit=1000 + number)
            production.write(objects__deal=DEAL + fields + rule)
            planned = propose(installation, str(production.folder), "production")
            apply_plan(database, planned, Order(actor="test"), installation.clock)
            time.sleep(0.15)
    clients[0].stop.set()
    for thread in threads:
        thread.join(60)

    requests = sum(sum(client.seen.values()) for client in clients)
    assert [failure for client in clients for failure in client.failed] == []
    assert all(client.seen["POST"] and client.seen["PATCH"] for client in clients)
    assert production("status", "--json").json["environments"][0]["version"] == switches + 1
    assert production("doctor").code == 0
    send = clients[0].line.send  # the servers were not started anew
    taken = send("POST", "/api/v1/records/deal", {"name": "New", "extra_0": "there"})
    refused = send("POST", "/api/v1/records/deal", {"name": "Big", "amount": 1_000_000})
    assert (taken.status, taken.json["extra_0"]) == (201, "there")
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "limit")
    slowest = max(client.slowest for client in clients)
    figure(
        f"{switches} switches under {CLIENTS} clients, {dialect}",
        f"{requests:,} requests, 0 failed, slowest {slowest * 1000:.0f} ms",
        "0 failed",
    )
