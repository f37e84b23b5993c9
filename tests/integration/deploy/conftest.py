"""An installation of its own per test, driven by the command line as people drive it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy_tool.cli import main
from engine.settings import Settings
from tests.support.far import Far, from_afar, serving
from tests.support.postgres import run_sql

PROJECT = "project: acme\nlabel: Acme\nformat: 1\ntime_zone: Europe/Paris\n"
DEAL = """\
object: deal
label: Deal
fields:
  name: {type: text, required: true}
  amount: {type: currency}
  stage: {type: picklist, values: {open: {label: Open}, won: {label: Won, closed: true}}}
"""


ADMIN = "system_administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        """The one object on stdout."""
        return json.loads(self.out)


Run = Callable[..., Done]


@dataclass
class Patron:
    """The command line over one installation; `folder` holds a small configuration."""

    home: Path
    folder: Path
    environ: dict[str, str]
    capture: pytest.CaptureFixture[str]
    texts: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: object) -> Done:
        """Run a command in this process."""
        self.capture.readouterr()
        code = main([str(word) for word in words])
        seen = self.capture.readouterr()
        return Done(code=code, out=seen.out, err=seen.err)

    def start(self, *words: object, **environ: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "deploy_tool.cli", *map(str, words)],
            env={**os.environ, **self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, **files: str) -> None:
        """Write files of the configuration: `objects__deal="…"` is objects/deal.yaml."""
        for name, text in files.items():
            path = self.folder / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, dialect: str) -> Iterator[str]:
    """Give the URL of an empty database of the dialect; "" is SQLite under the home folder."""
    if dialect == "sqlite":
        yield ""
        return
    server, name = request.getfixturevalue("postgres_url"), f"t_{uuid.uuid4().hex[:20]}"
    run_sql(server, f"CREATE DATABASE {name}")
    yield f"{server.rpartition('/')[0]}/{name}"
    run_sql(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def patron(
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Patron:
    """Give the command line over an installation without any environment yet."""
    environ = {"PATRON_HOME": str(tmp_path / "home"), "PATRON_DATABASE_URL": database_url}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    made = Patron(home=tmp_path / "home", folder=tmp_path / "crm", environ=environ, capture=capsys)
    made.write(project=PROJECT, objects__deal=DEAL)
    return made


@pytest.fixture
def production(patron: Patron) -> Patron:
    """Give the same with a production that runs the small configuration, at version 1."""
    done = patron("init", "--from", patron.folder)
    assert done.code == 0, done.err
    return patron


@pytest.fixture
def far(production: Patron) -> Iterator[Far]:
    """Serve the installation to another machine, with an administrator and a colleague."""
    with serving(Settings.from_env(production.environ)) as served:
        served.admit("lea", ADMIN)
        served.admit("max", ADMIN)
        served.admit("nobody")
        yield served


@pytest.fixture
def away(production: Patron, far: Far, tmp_path) -> Run:
    """Give the command line of a machine that has no installation: `away(*words, who="lea")`."""

    def run(*words: object, who: str = "lea", **variables: str) -> Done:
        with from_afar({**far.variables(who, str(tmp_path)), **variables}):
            return production(*words)

    return run


@pytest.fixture(params=["here", "far"])
def either(request: pytest.FixtureRequest, production: Patron, far: Far) -> Run:
    """Give the command line at home, then from afar."""
    assert far
    return production if request.param == "here" else request.getfixturevalue("away")
