"""A real browser over a real server: the shipped application with a few records and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from engine.clock import SystemClock
from engine.people import set_password
from engine.session import Session, run
from engine.settings import Settings
from engine.store.platform.enter import MemberCredential
from engine.store.platform.members import find_member
from tests.conftest import missing
from tests.support.houses import House, open_house
from tests.support.repository import ROOT
from tests.support.servers import Server, serve
from tests.support.visitors import PASSWORD
from tools.browser import HOW, find_chromium

PEOPLE = {"rep": ("sales_rep", "en"), "marie": ("sales_rep", "fr")}
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
STAGES = ("prospecting", "qualification", "proposal", "negotiation")


@dataclass
class Site:
    """The installation behind a server, and where that is."""

    house: House
    server: Server

    @property
    def address(self) -> str:
        """The address of the server, without a slash."""
        return f"http://127.0.0.1:{self.server.port}"


@dataclass
class Seat:
    """Somebody in front of a browser. `complaints`: what its console said."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a path of production and wait until the page is quiet."""
        self.page.goto(f"{self.site.address}/e/production{path}")
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the system's Chromium; skip with a reason where there is none."""
    path = find_chromium()
    if not path:
        missing(f"No Chromium here. {HOW}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give the shipped application on SQLite, served by a process of its own."""
    home = tmp_path_factory.mktemp("site")
    settings = Settings(home=home)
    with open_house(settings, ROOT / "metadata") as house:
        _people(house)
        _records(house)
        with serve(settings, home / "serve.log", "--no-worker") as server:
            yield Site(house, server)


@pytest.fixture
def seat(browser: Browser, site: Site) -> Iterator[Callable[..., Seat]]:
    """Give `seat(who, **context)`: somebody signed in, in a browser window of their own.

    After the test its console must be empty: no error, no refused script or style.
    """
    opened: list[tuple[BrowserContext, Seat]] = []

    def sit(who: str = "rep", **context: object) -> Seat:
        made = browser.new_context(**{"viewport": {"width": 1360, "height": 800}, **context})
        taken = Seat(made.new_page(), site)
        opened.append((made, taken))
        taken.page.on("console", lambda m: m.type == "error" and taken.complaints.append(m.text))
        taken.page.on("pageerror", lambda error: taken.complaints.append(str(error)))
        taken.page.goto(f"{site.address}/sign-in")
        taken.page.fill("input[name=email]", f"{who}@example.test")
        taken.page.fill("input[name=password]", PASSWORD)
        taken.page.click("button[type=submit]")
        taken.page.wait_for_url("**/e/production/")
        return taken

    yield sit
    for made, taken in opened:
        made.close()
        assert taken.complaints == []


def _people(house: House) -> None:
    at = SystemClock().now()
    for who, (sets, language) in PEOPLE.items():
        house.admit(who, sets, language=language)
    for who in ("admin", *PEOPLE):
        email = f"{who}@example.test"
        set_password(house.environments.control, email, PASSWORD, at=at, actor="test")


def _records(house: House) -> None:
    environment = house.environments.open("production")
    with environment.database.read() as tx:
        members = {who: find_member(tx, email=f"{who}@example.test") for who in PEOPLE}

    def work(session: Session) -> None:
        today = date.today()  # noqa: DTZ011  # any day near the present one will do
        for member in members.values():
            assert member is not None
            account = session.create("account", {"name": "Castor Énergie", "owner": member.user})
            for place in range(30):
                session.create(
                    "opportunity",
                    {
                        "name": f"Deal {place:02}",
                        "account": account["id"],
                        "stage": STAGES[place % 4],
                        "amount": 1000 * (place + 1),
                        "close_date": (today + timedelta(days=place)).isoformat(),
                        "owner": member.user,
                    },
                )

    with environment.database.read() as tx:
        admin = find_member(tx, email="admin@example.test")
    assert admin is not None
    run(environment, MemberCredential(admin.user), work, write=True)
