"""Fixtures of integration tests: small worlds and whole installations, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from engine.settings import Settings
from engine.store.database import Database
from tests.support.house_files import FILES
from tests.support.houses import Caller, House, open_house, own_postgres, write_files
from tests.support.worlds import World, build_world


@pytest.fixture
def make_world(database: Database) -> Callable[..., World]:
    """Give `make_world(texts, **people)`: an environment with a configuration and people."""

    def make(texts: Mapping[str, str], **people: Mapping[str, object]) -> World:
        return build_world(database, texts, people)

    return make


@contextmanager
def opened(
    kind: str, home: Path, server: Callable[[], str], texts: Mapping[str, str]
) -> Iterator[House]:
    """Open an installation with a configuration on a kind of database; `server` gives a URL."""
    files = write_files(home / "files", texts)
    if kind == "sqlite":
        with open_house(Settings(home=home), files) as made:
            yield made
        return
    with (
        own_postgres(server()) as url,
        open_house(Settings(home=home, database_url=url), files) as made,
    ):
        yield made


# A fixture of a module, once for each kind of database; it takes `request`.
on_both = pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)


@contextmanager
def installed(request: pytest.FixtureRequest, texts: Mapping[str, str]) -> Iterator[House]:
    """Open an installation with a configuration for a fixture that is `on_both`."""
    home = request.getfixturevalue("tmp_path_factory").mktemp("installation")
    server = partial(request.getfixturevalue, "postgres_url")
    with opened(request.param, home, server, texts) as made:
        yield made


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with the configuration above, an administrator and a rep."""
    with installed(request, FILES) as made:
        made.admit("rep", "rep")
        yield made


@pytest.fixture
def admin(house: House) -> Caller:
    """Give a client that may do everything."""
    return house.caller()


@pytest.fixture
def rep(house: House) -> Caller:
    """Give a client with few rights."""
    return house.caller("rep")
