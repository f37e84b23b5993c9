"""The shipped application with a sandbox, seen by an administrator and a rep in their browsers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from werkzeug.test import TestResponse

from engine.clock import SystemClock
from engine.settings import Settings
from sandbox.sandboxes import NewSandbox, make_sandbox
from tests.support.forms import fields_of
from tests.support.houses import Caller, House, open_house, own_postgres
from tests.support.repository import ROOT
from tests.support.visitors import Visitor, visitor_of

SANDBOX = "trial"


@dataclass
class Designer:
    """Somebody in Setup: opens pages, and sends the forms that are on them."""

    visitor: Visitor
    root: str = f"/e/{SANDBOX}/setup"

    def get(self, path: str, status: int = 200) -> str:
        """Open a page of Setup and give its text."""
        answer = self.visitor.get(f"{self.root}/{path}")
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def fields(self, path: str, form: str = "form") -> dict[str, str]:
        """Give what the form of a page would send."""
        return fields_of(self.get(path), form)

    def send(self, path: str, to: str = "", **changes: str) -> TestResponse:
        """Send the form of a page as it is, but for some values; `~` in front leaves one out."""
        fields = {**self.fields(path), "do": "save", **changes}
        target = to or path.partition("?")[0]
        return self.post(target, {name: text for name, text in fields.items() if text != "~"})

    def post(self, path: str, fields: dict[str, str]) -> TestResponse:
        """Send fields to a page of Setup."""
        return self.visitor.post(f"{self.root}/{path}", **fields)

    def yaml(self, path: str) -> str:
        """Give the YAML of a component."""
        return self.fields(f"{path}?tab=yaml")["text"].replace("\r\n", "\n")

    def at(self, environment: str) -> Designer:
        """Go to the Setup of another environment."""
        return Designer(self.visitor, f"/e/{environment}/setup")


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Give an installation with the shipped application, a sandbox, an administrator and a rep."""
    home = tmp_path_factory.mktemp("shop")
    if request.param == "sqlite":
        with open_house(Settings(home=home), ROOT / "metadata") as made:
            yield _with_people(made)
        return
    server = request.getfixturevalue("postgres_url")
    settings_of = own_postgres(server)
    with (
        settings_of as url,
        open_house(Settings(home=home, database_url=url), ROOT / "metadata") as made,
    ):
        yield _with_people(made)


@pytest.fixture(scope="module")
def _browsers(shop: House) -> dict[str, Visitor]:
    return {who: visitor_of(shop, who) for who in ("admin", "rep", "colleague")}


@pytest.fixture
def designer(_browsers: dict[str, Visitor]) -> Designer:
    """Give the administrator in the sandbox's Setup."""
    return Designer(_browsers["admin"])


@pytest.fixture
def outsider(_browsers: dict[str, Visitor]) -> Designer:
    """Give somebody without the permission to customise, in production's Setup."""
    return Designer(_browsers["rep"], "/e/production/setup")


@pytest.fixture
def colleague(_browsers: dict[str, Visitor]) -> Designer:
    """Give a second administrator of production, who is in no sandbox, in its Setup."""
    return Designer(_browsers["colleague"], "/e/production/setup")


@pytest.fixture
def api(shop: House) -> Caller:
    """Give the administrator's client of production's API."""
    return shop.caller()


def _with_people(house: House) -> House:
    house.admit("rep", "sales_rep")
    house.admit("colleague", "system_administrator")
    new = NewSandbox(name=SANDBOX, actor="test", maker="admin@example.test")
    make_sandbox(house.settings, house.environments, new, at=SystemClock().now())
    return house
