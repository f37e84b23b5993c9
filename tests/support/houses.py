"""Whole installations for tests: a home, a production from files, people with tokens, clients.

For tests of the faces and of processes; tests of the engine alone use `tests.support.worlds`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
from flask.testing import FlaskClient

from deploy_tool.cli import main
from engine.clock import SystemClock
from engine.people import NewMember, create_token, create_user
from engine.settings import Settings
from engine.snapshots import Environments
from tests.support.postgres import run_sql
from wsgi import create_app

PRODUCTION = "production"
ADMIN = "system_administrator"


@dataclass(frozen=True)
class Reply:
    """An answer as a test looks at it."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return orjson.loads(self.raw)


@dataclass(frozen=True)
class Caller:
    """Somebody who calls the API in this process."""

    client: FlaskClient
    token: str
    base: str = "/api/v1"

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Reply:
        """Send a request; `body` is sent as JSON, `raw` as it is."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        data = raw
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            data = orjson.dumps(body, default=str)
        answer = self.client.open(
            f"{self.base}{path}", method=method, data=data, headers=sent, query_string=query
        )
        return Reply(answer.status_code, dict(answer.headers), answer.data)

    def get(self, path: str, **query: object) -> Reply:
        """Send a GET."""
        return self.send("GET", path, query=query)

    def post(self, path: str, body: object, **headers: str) -> Reply:
        """Send a POST; keywords are headers, `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", path, body, headers=named)

    def patch(self, path: str, body: object, **headers: str) -> Reply:
        """Send a PATCH; keywords are headers, `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("PATCH", path, body, headers=named)

    def create(self, object: str, **values: object) -> dict[str, Any]:
        """Create a record and give it as it was answered."""
        reply = self.post(f"/records/{object}", values)
        assert reply.status == 201, reply.raw
        made: dict[str, Any] = reply.json
        return made


@dataclass
class House:
    """An installation with its application and the tokens of its people, by name."""

    settings: Settings
    environments: Environments
    client: FlaskClient
    tokens: dict[str, str] = field(default_factory=dict)

    def caller(self, who: str = "admin", base: str = "/api/v1") -> Caller:
        """Give somebody a client."""
        return Caller(self.client, self.tokens[who], base)

    def admit(self, who: str, *sets: str, language: str | None = None) -> str:
        """Make somebody a member with permission sets, and give their token."""
        at = SystemClock().now()
        database = self.environments.open(PRODUCTION).database
        email = f"{who}@example.test"
        new = NewMember(
            email=email, name=who.title(), permission_sets=frozenset(sets), language=language
        )
        create_user(self.environments.control, database, new, at=at, actor="test")
        self.tokens[who] = create_token(database, email, at=at, actor="test")
        return self.tokens[who]


def write_files(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write the files of a configuration below a folder, and give it."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def make_production(settings: Settings, files: Path) -> None:
    """Run `patron init` as somebody at the command line would."""
    variables = {
        "PATRON_HOME": str(settings.home),
        "PATRON_DATABASE_URL": settings.database_url,
    }
    said = StringIO()
    with (
        patch.dict(os.environ, variables),
        redirect_stdout(said),
        redirect_stderr(said),
    ):
        ended = main(["init", "--from", str(files)])
    assert ended == 0, said.getvalue()


@contextmanager
def open_house(settings: Settings, files: Path) -> Iterator[House]:
    """Make production from files, with an administrator, and an application over it."""
    make_production(settings, files)
    environments = Environments(settings)
    app = create_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    house = House(settings, environments, app.test_client())
    house.admit("admin", ADMIN)
    try:
        yield house
    finally:
        environments.close()
        app.extensions["patron"].close()


@contextmanager
def own_postgres(url: str) -> Iterator[str]:
    """Give the URL of a new, empty database of a server; it is dropped afterwards."""
    name = f"h_{uuid.uuid4().hex[:20]}"
    run_sql(url, f"CREATE DATABASE {name}")
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        run_sql(url, f"DROP DATABASE {name} WITH (FORCE)")
