"""Records by keyboard: creating, editing, meeting somebody else, deleting and taking back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.clock import SystemClock
from engine.people import set_password
from engine.settings import Settings
from tests.conftest import missing
from tests.integration.ui.records.conftest import FILES, Desk
from tests.support.houses import open_house, write_files
from tests.support.repository import ROOT
from tests.support.servers import serve
from tests.support.visitors import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give an installation with an administrator and a rep who have passwords."""
    home = tmp_path_factory.mktemp("desk")
    with open_house(Settings(home=home), write_files(home / "files", FILES)) as house:
        house.admit("rep", "rep")
        for who in ("admin", "rep"):
            email, now = f"{who}@example.test", SystemClock().now()
            set_password(house.environments.control, email, PASSWORD, at=now, actor="test")
        yield Desk(house)


@pytest.fixture(scope="module")
def address(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the installation and give its address."""
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with serve(desk.house.settings, log, "--no-worker") as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
def sign_in(browser: Browser, address: str) -> Iterator[Open]:
    """Give a function that opens a browser for somebody; scripts must not fail in it."""
    failed: list[str] = []
    with ExitStack() as closing:

        def opened(who: str, locale: str = "en-GB") -> Page:
            context = browser.new_context(base_url=address, locale=locale)
            closing.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: failed.append(str(error)))
            page.goto("/sign-in")
            page.fill("[name=email]", f"{who}@example.test")
            page.fill("[name=password]", PASSWORD)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return page

        yield opened
    assert failed == []


def press(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)
    page.wait_for_load_state("networkidle")


def reach(page: Page, selector: str) -> None:
    """Press Tab until something has the focus, as somebody without a mouse does."""
    for _ in range(120):
        if page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by Tab")


def axe(page: Page) -> list[str]:
    """Give what axe-core finds on a page."""
    if not AXE.exists():
        missing("axe-core is not installed: make install-dev")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
    return [f"{rule}: {html[:200]}" for rule, html in found]


def test_a_rep_makes_and_changes_a_deal_by_keyboard(sign_in: Open, desk: Desk) -> None:
    """Type, choose a suggestion, be refused with the focus on the mistake, save, edit a cell."""
    desk.create("account", who="rep", name="Castor Works")
    page = sign_in("rep")
    page.goto("/e/production/o/deal/new")

    page.keyboard.press("Tab")
    page.keyboard.type("cas")
    page.wait_for_selector("[data-lookup] [data-id][role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    reach(page, "[name=amount]")
    page.keyboard.type("2,000")
    press(page, "Control+Enter")
    refused = page.evaluate("document.activeElement.name")
    page.keyboard.type("Typed deal")
    press(page, "Control+Enter")
    reach(page, "#f-amount .pen")
    page.keyboard.press("Enter")
    page.wait_for_selector("form.inline")
    page.keyboard.press("Control+A")
    page.keyboard.type("3,500.50")
    page.keyboard.press("Enter")
    page.wait_for_selector("#f-amount .pen:focus")

    assert refused == "name"
    assert page.inner_text("h1") == "Typed deal"
    assert "€3,500.50" in page.inner_text("#f-amount")
    assert "Castor Works" in page.inner_text("#f-account")


def test_an_editor_is_left_by_escape(sign_in: Open, desk: Desk) -> None:
    """The cell shows the value that it had."""
    made = desk.create("deal", name="Kept", amount=7)
    page = sign_in("admin")
    page.goto(f"/e/production/o/deal/{made}")

    page.click("#f-amount .value")
    page.wait_for_selector("form.inline")
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    page.wait_for_selector("form.inline", state="detached")

    assert "€7" in page.inner_text("#f-amount")


def test_fields_come_while_somebody_types(sign_in: Open) -> None:
    """A condition reacts, and what was typed elsewhere stays where it is."""
    page = sign_in("admin")
    page.goto("/e/production/o/deal/new")

    page.keyboard.type("Growing")
    page.fill("[name=amount]", "5000")
    page.keyboard.press("Tab")
    page.wait_for_selector("[name=share]")

    assert page.input_value("[name=name]") == "Growing"
    assert page.input_value("[name=amount]") == "5000"


def test_two_people_meet_by_keyboard(sign_in: Open, desk: Desk) -> None:
    """The second one sees both values and chooses with the arrow keys."""
    made = desk.create("deal", name="Shared", amount=1)
    page = sign_in("admin")
    page.goto(f"/e/production/o/deal/{made}")
    press(page, "e")
    desk.update("deal", made, name="Theirs")

    page.keyboard.press("Control+A")
    page.keyboard.type("Mine")
    press(page, "Control+Enter")
    seen = page.inner_text("form.sheet")
    found = axe(page)
    reach(page, "[name='_take.name']")
    page.keyboard.press("ArrowDown")
    press(page, "Control+Enter")

    assert "Mine" in seen
    assert "Theirs" in seen
    assert found == []
    assert page.inner_text("h1") == "Theirs"


def test_an_editor_in_its_place_meets_others(sign_in: Open, desk: Desk) -> None:
    """A conflict shows both values on the spot; a record that is gone shows its own page."""
    made = desk.create("deal", name="Shared cell", amount=1)
    page = sign_in("admin")
    page.goto(f"/e/production/o/deal/{made}")
    page.click("#f-amount .value")
    page.wait_for_selector("form.inline")
    desk.update("deal", made, amount=5)

    page.fill("form.inline [name=amount]", "9")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name='_take.amount']")
    frames = page.locator("nav.side").count()
    press(page, "Control+Enter")
    saved = page.inner_text("#f-amount")
    desk.work(lambda s: s.delete("deal", made))
    with page.expect_navigation():
        page.click("#f-amount .value")

    assert frames == 1
    assert "€9" in saved
    assert "This record is in the bin." in page.inner_text(".strip-note")


def test_deleting_asks_and_is_undone_by_keyboard(sign_in: Open, desk: Desk) -> None:
    """The dialog, the bin, and the record again."""
    made = desk.create("deal", name="Brief")
    page = sign_in("admin")
    page.goto(f"/e/production/o/deal/{made}")

    reach(page, ".more > summary")
    page.keyboard.press("Enter")
    reach(page, "[data-dialog]")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    reach(page, "#delete-dialog .danger")
    press(page, "Enter")
    said = page.inner_text(".strip-note")
    reach(page, ".strip-note button")
    press(page, "Enter")

    assert "This record is in the bin." in said
    assert page.query_selector(".strip-note") is None


@pytest.mark.parametrize(
    ("theme", "locale", "width"),
    [
        ("light", "en-GB", 1360),
        ("dark", "en-GB", 320),
        ("light", "fr-FR", 320),
        ("dark", "fr-FR", 1360),
    ],
)
def test_axe_finds_nothing_and_nothing_overflows(
    sign_in: Open, desk: Desk, theme: str, locale: str, width: int
) -> None:
    """Pages, forms, errors and history: both themes and languages, wide and on a small phone."""
    account = desk.create("account", name="A" * 120)
    made = desk.create("deal", name="W" * 60, account=account, amount=5000, notes="x" * 300)
    desk.create("line", name="L" * 200, deal=made, cost=1)
    every = desk.create("every", name="E", home={"street": "s"}, kinds=["a"], data={"a": 1})
    desk.update("deal", made, stage="talk", amount=6000)
    other = desk.create(
        "deal", name="V" * 60, account=account, code=f"{theme}{width}", region="emea"
    )
    task = desk.create("task", subject="A" * 120)
    page = sign_in("admin", locale)
    assert page.get_attribute("html", "lang") == locale.partition("-")[0]
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # light or dark

    problems = {}
    for path in (
        f"deal/{made}",
        f"deal/{made}?tab=history",
        f"deal/{made}/edit",
        f"deal/{made}/delete",
        f"every/{every}",
        f"every/{every}/edit",
        f"deal/merge?ids={made},{other}",
        f"deal/merge?ids={made}&q=w",
        f"task/{task}/convert",
        "task/new",
    ):
        page.goto(f"/e/production/o/{path}")
        page.wait_for_load_state("networkidle")
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        problems[path] = [*axe(page), *([f"overflows by {overflow}"] if overflow > 0 else [])]
        if path.endswith("/new"):
            press(page, "Control+Enter")
            problems["refused"] = axe(page)

    assert {path: found for path, found in problems.items() if found} == {}


def test_everything_works_without_a_script(browser: Browser, address: str, desk: Desk) -> None:
    """Sign in, make, change a stage, delete and restore with links and forms alone."""
    desk.create("account", name="Scriptless Ltd")
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("[name=email]", "admin@example.test")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.goto("/e/production/o/deal/new")

    page.fill("[name=name]", "Plain")
    page.fill("[name='account.text']", "scriptless ltd")
    page.click("[data-save]")
    page.click("button.step:has-text('Talk')")
    stage = page.inner_text(".step[aria-current]")
    page.click(".more > summary")
    page.click("[data-dialog]")
    page.click("button.danger")
    gone = page.inner_text(".strip-note")
    page.click(".strip-note button")
    assert stage == "Talk"
    assert "Undo" in gone
    assert "Scriptless Ltd" in page.inner_text("#f-account")
    context.close()


def test_records_are_merged_and_converted_by_keyboard(sign_in: Open, desk: Desk) -> None:
    """Ticked in the list, chosen with the arrow keys; a task becomes a deal by one key."""
    one, two = (desk.create("line", name=f"Twin {n}", deal=deal) for n, deal in twins(desk))
    task = desk.create("task", subject="Twin task")
    page = sign_in("admin")

    page.goto("/e/production/o/line")
    for number in (one, two):
        page.focus(f"td.pick input[value='{number}']")
        page.keyboard.press("Space")
    reach(page, "button[name=op][value=merge]")
    press(page, "Enter")
    reach(page, "[name='from.name']")
    page.keyboard.press("ArrowDown")
    press(page, "Control+Enter")
    assert page.url.endswith(f"/o/line/{one}")
    assert page.inner_text("h1") == "Twin 2"

    page.goto(f"/e/production/o/task/{task}")
    page.focus("a[href$='/convert']")
    press(page, "Enter")
    press(page, "Control+Enter")
    assert page.url.endswith(f"/o/task/{task}")
    assert desk.get("task", task)["about"] is not None


def twins(desk: Desk) -> list[tuple[int, int]]:
    """Give two numbers, each with a deal."""
    return [(n, desk.create("deal", name=f"Twin deal {n}")) for n in (1, 2)]


def test_a_first_visit_stays_light(sign_in: Open, desk: Desk) -> None:
    """A record page with everything it loads is below 150 KB, without the font.

    It is painted from one answer; the number beside the bell comes after it.
    """
    made = desk.create("deal", name="Light", amount=5000)
    page = sign_in("admin")
    sizes: dict[str, int] = {}

    def note(path: str, size: int) -> None:
        if not path.endswith(".woff2"):
            sizes[path] = size

    page.on("requestfinished", lambda r: note(r.url, r.sizes()["responseBodySize"]))
    page.context.clear_cookies(name="nothing")
    page.goto(f"/e/production/o/deal/{made}")
    page.wait_for_load_state("networkidle")

    assert sum(sizes.values()) < 150_000
    answers = [url for url in sizes if "/assets/" not in url]
    assert [url for url in answers if not url.endswith("/notifications/count")] == [page.url]
    assert (ROOT / "ui/static/record.css").stat().st_size < 20_000
    assert Path(ROOT / "ui/static/record.js").stat().st_size < 20_000
