"""Approvals in a browser: by keyboard, on a small phone, in both themes and languages, for axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.clock import SystemClock
from engine.people import set_password
from engine.settings import Settings
from tests.support.approving import DISCOUNT, PEOPLE, REVIEW, texts
from tests.support.houses import House, open_house, write_files
from tests.support.repository import ROOT
from tests.support.servers import serve
from tests.support.visitors import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give an installation with two approvals, a rep and their manager."""
    home: Path = tmp_path_factory.mktemp("asked")
    files = texts(DISCOUNT, REVIEW)
    files["project.yaml"] += "languages: [en, fr]\n"
    with open_house(Settings(home=home), write_files(home / "files", files)) as made:
        admin, ids = made.caller(), {}
        for who in ("rep", "boss"):
            made.admit(who, *PEOPLE[who]["permission_sets"])
            email = f"{who}@example.test"
            found = admin.get("/records/user", where=f'email = "{email}"').json
            ids[who] = found["records"][0]["id"]
            admin.patch(f"/records/user/{ids[who]}", {"role": PEOPLE[who]["role"]})
            now = SystemClock().now()
            set_password(made.environments.control, email, PASSWORD, at=now, actor="test")
        admin.patch(f"/records/user/{ids['rep']}", {"manager": ids["boss"]})
        yield made


@pytest.fixture(scope="module")
def address(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the installation and give its address."""
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with serve(house.settings, log, "--no-worker") as server:
        yield f"http://127.0.0.1:{server.port}"


def make(house: House) -> int:
    """Create a deal as the rep and raise its discount: it waits for the manager."""
    rep = house.caller("rep")
    made = rep.create("deal", name="Licence " + "W" * 40, amount=1000, discount=0.1)
    rep.patch(f"/records/deal/{made['id']}", {"discount": 0.2})
    return int(made["id"])


def sign_in(browser: Browser, address: str, **how: object) -> Page:
    """Open a browser of the manager."""
    page = browser.new_context(base_url=address, **how).new_page()  # type: ignore[arg-type]  # as Playwright names them
    page.goto("/sign-in")
    page.fill("[name=email]", "boss@example.test")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/e/production/")
    return page


def findings(page: Page) -> list[str]:
    """Give what axe finds, and whether the page is wider than the window."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate("axe.run().then(r => r.violations.map(v => v.id))")
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return [*found, *(["overflows"] if page.evaluate(width) > 0 else [])]


@pytest.mark.parametrize(
    ("theme", "locale", "width"), [("light", "en-GB", 1360), ("dark", "fr-FR", 320)]
)
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Browser, address: str, house: House, theme: str, locale: str, width: int
) -> None:
    """The card of a record, what waits, and the settings of somebody who goes away."""
    record = make(house)
    size = {"width": width, "height": 700}
    page = sign_in(browser, address, locale=locale, viewport=size, color_scheme=theme)

    problems = {}
    for path in (f"/o/deal/{record}", "/approvals", "/me"):
        page.goto(f"/e/production{path}")
        page.wait_for_load_state("networkidle")
        problems[path] = findings(page)

    assert {path: found for path, found in problems.items() if found} == {}


def test_deciding_by_keyboard(browser: Browser, address: str, house: House) -> None:
    """From the comment to the button, Enter; the card then is gone."""
    record = make(house)
    page = sign_in(browser, address)
    page.goto(f"/e/production/o/deal/{record}")

    page.focus(".approval input[name=comment]")
    page.keyboard.type("Fine")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator(".approval-body")).to_have_count(0)
    told = house.caller("rep").get(f"/records/deal/{record}/approvals").json["approvals"][0]
    assert (told["status"], told["ended_comment"]) == ("approved", "Fine")


def test_deciding_without_a_script(browser: Browser, address: str, house: House) -> None:
    """Several at once, with a comment."""
    records = [make(house), make(house)]
    page = sign_in(browser, address, java_script_enabled=False)
    page.goto("/e/production/approvals")

    for record in records:
        page.check(f"input[name=pick][value^='deal-{record}-']")
    page.fill("input[name=comment]", "Not now")
    page.click("button[value=reject]")

    expect(page.locator(".notice")).to_contain_text("2 decided.")
    for record in records:
        told = house.caller("rep").get(f"/records/deal/{record}/approvals").json["approvals"][0]
        assert told["status"] == "rejected"
