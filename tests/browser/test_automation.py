"""The pages of automation in a browser: for axe, on a phone, by keyboard, without a script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.clock import SystemClock
from engine.delivery.asking import tell_due
from engine.delivery.lanes import deliver_environment
from engine.people import create_token, set_password
from engine.settings import Settings
from sandbox.sandboxes import NewSandbox, make_sandbox
from tests.conftest import missing
from tests.support.approving import DISCOUNT, texts
from tests.support.houses import House, open_house, write_files
from tests.support.repository import ROOT
from tests.support.servers import serve
from tests.support.visitors import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FLOWS = """\
workflow: tell
label: Tell of a change
object: deal
when: saved
if: amount > 100
steps:
  - {name: mail, email: hot, to: [owner]}
  - {name: bell, notify: [owner], text: '"Changed: " & name'}
  - {name: later, wait: {for: 3 days}}
---
workflow: divide
label: Divide by the amount
object: deal
when: created
steps:
  - {name: mark, set: {note: TEXT(1 / amount)}}
"""
MAILS = """\
email: hot
object: deal
format: html
subject: 'Hot: {{ name }}'
body: '<p>{{ name }} is worth {{ amount }}</p>'
"""
LOOKS = [
    pytest.param("en-GB", "light", 1280, id="en-light-wide"),
    pytest.param("fr-FR", "dark", 390, id="fr-dark-phone"),
]


@dataclass
class Office:
    """An installation in which automation did something, and where it is served."""

    house: House
    address: str
    deal: int
    failed: int
    link: str

    def pages(self) -> list[str]:
        """Give the pages that speak of it."""
        home, record = "/e/production", f"object=deal&record={self.deal}"
        return [
            f"{home}/setup/runs",
            f"{home}/setup/runs?state=failed",
            f"{home}/setup/runs/{self.failed}",
            f"{home}/setup/outbox",
            f"{home}/setup/outbox?state=dead",
            f"{home}/setup/outbox/1",
            f"{home}/setup/why",
            f"{home}/setup/why?{record}&component=workflow:tell",
            f"{home}/setup/workflow/tell",
            f"{home}/notifications",
            f"{home}/approvals",
            f"{home}/o/deal/{self.deal}",
            "/e/trial/setup/inbox",
            "/e/trial/setup/inbox/1",
            self.link,
        ]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give a deal that told somebody, a run that failed, a mail that is dead, a sandbox."""
    home = tmp_path_factory.mktemp("office")
    approval = DISCOUNT.replace("owner.manager", "{user: admin@example.test}")
    files = texts(approval, workflows__deals=FLOWS, emails__all=MAILS)
    files["project.yaml"] += "languages: [en, fr]\n"
    settings = Settings(home=home, public_url="http://localhost")
    with open_house(settings, write_files(home / "files", files)) as house:
        now = SystemClock().now()
        house.admit("rep", "seller")
        for who in ("admin", "rep"):
            email = f"{who}@example.test"
            set_password(house.environments.control, email, PASSWORD, at=now, actor="test")
        new = NewSandbox(name="trial", actor="admin@example.test")
        make_sandbox(settings, house.environments, new, at=now)
        deal = _happen(house)
        trial = house.environments.open("trial").database
        token = create_token(trial, "admin@example.test", at=now, actor="test")
        tried = replace(house.caller(), token=token, base="/e/trial/api/v1")
        tried.create("deal", name="Tried", amount=500)
        _deliver(house, settings)
        failed = house.caller().get("/runs", state="failed").json["runs"][0]["id"]
        link = _link(house, "Licence")
        with serve(settings, home / "serve.log", "--no-worker") as server:
            yield Office(house, f"http://127.0.0.1:{server.port}", deal, failed, link)


def _happen(house: House) -> int:
    admin, rep = house.caller(), house.caller("rep")
    admin.create("deal", name="Nothing", amount=0)
    admin.create("deal", name="Mine " + "W" * 60, amount=500)
    rep.create("deal", name="Decided by a link", amount=50, discount=0.2)
    return int(rep.create("deal", name="Licence", amount=900, discount=0.2)["id"])


def _deliver(house: House, settings: Settings) -> None:
    """Deliver as a worker does: production has no mail server, the sandbox captures."""
    tell_due(house.environments.open("production"), settings, SystemClock())
    for name in ("production", "trial"):
        deliver_environment(house.environments.open(name), settings, SystemClock())
    with house.environments.open("production").database.write() as tx:
        tx.run("UPDATE patron_outbox SET state = 'dead', error = 'W143 given up' WHERE id = 2")


def _link(house: House, name: str) -> str:
    """Give the path of the link in the mail about a deal."""
    with house.environments.open("production").database.read() as tx:
        rows = tx.rows("SELECT payload FROM patron_outbox WHERE key LIKE 'approval:%'")
    (text,) = [mail["text"] for (row,) in rows if name in (mail := json.loads(row))["text"]]
    found = re.search(r"http://localhost(/decide/\S+)", text)
    assert found is not None
    return found[1]


def sit(browser: Browser, office: Office, complaints: list[str], **how: object) -> Page:
    """Open a browser of the administrator; `complaints` gets what its console says."""
    how = {"base_url": office.address, **how}
    page = browser.new_context(**how).new_page()  # type: ignore[arg-type]  # as Playwright names them
    page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/sign-in")
    page.fill("[name=email]", "admin@example.test")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/e/*/")
    return page


def findings(page: Page) -> list[str]:
    """Give what axe finds, and whether the page is wider than the window."""
    if not AXE.exists():
        missing("axe-core is not installed: make install-dev")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate("axe.run().then(r => r.violations.map(v => v.id))")
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return [*found, *(["overflows"] if page.evaluate(width) > 0 else [])]


def reach(page: Page, selector: str) -> None:
    """Press Tab until something has the focus, as somebody without a mouse does."""
    for _ in range(150):
        if page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by Tab")


def press(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("locale", "theme", "width"), LOOKS)
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Browser, office: Office, locale: str, theme: str, width: int
) -> None:
    """Runs, why, outbox, inbox, notifications, approvals, the page of a link: all have something.

    None of them answers with an error, and no console complains.
    """
    complaints: list[str] = []
    size = {"width": width, "height": 800}
    page = sit(browser, office, complaints, locale=locale, viewport=size, color_scheme=theme)
    problems = {}
    for path in office.pages():
        answer = page.goto(path)
        assert answer is not None
        page.wait_for_load_state("networkidle")
        problems[path] = findings(page) + ([] if answer.ok else [str(answer.status)])
    page.goto("/e/production/setup/workflow/tell")
    page.click("button[value=try]")
    page.wait_for_load_state("networkidle")
    problems["tried"] = findings(page)

    assert {path: found for path, found in problems.items() if found} == {}
    assert complaints == []


def test_a_failed_run_is_found_and_tried_again_by_keyboard(
    browser: Browser, office: Office
) -> None:
    """From the filter over the list to the run and its button."""
    page = sit(browser, office, [])
    page.goto("/e/production/setup/runs")

    reach(page, "select[name=state]")
    page.keyboard.type("failed")
    reach(page, "form.maker button[type=submit]")
    press(page, "Enter")
    reach(page, f"a[href$='/setup/runs/{office.failed}']")
    press(page, "Enter")
    reach(page, f"form[action$='/runs/{office.failed}/retry'] button")
    press(page, "Enter")

    expect(page.locator(".trouble")).to_contain_text("division by zero")


def test_why_is_asked_by_keyboard(browser: Browser, office: Office) -> None:
    """The answer names the criterion and the value that it read."""
    page = sit(browser, office, [])
    page.goto(f"/e/production/setup/why?object=deal&record={office.deal}")

    reach(page, "select[name=component]")
    page.keyboard.type("Tell")
    reach(page, "main button[type=submit]")
    press(page, "Enter")

    expect(page.locator("main")).to_contain_text("amount > 100")
    expect(page.locator("main")).to_contain_text("900")


def test_all_of_it_works_without_a_script(browser: Browser, office: Office) -> None:
    """Notifications are read, a dead mail is sent again, and the link of a mail decides."""
    page = sit(browser, office, [], java_script_enabled=False)
    page.goto("/e/production/notifications")
    page.click("button[name=all]")
    expect(page.locator(".unread")).to_have_count(0)

    page.goto("/e/production/setup/outbox?state=dead")
    page.check("input[name=pick]")
    page.click("button[value=replay]")
    expect(page.locator(".notice")).to_contain_text("1 was changed.")

    page.goto(_link(office.house, "Decided by a link"))
    page.fill("input[name=comment]", "Fine")
    page.click("button[value=approve]")
    expect(page.locator("input[name=comment]")).to_have_count(0)

    rep = office.house.caller("rep")
    (deal,) = rep.get("/records/deal", where='name = "Decided by a link"').json["records"]
    told = rep.get(f"/records/deal/{deal['id']}/approvals").json["approvals"]
    assert [one["status"] for one in told] == ["approved"]
