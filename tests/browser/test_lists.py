"""A rep's day over lists, by mouse and by keys, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import AXE, Seat
from tests.conftest import missing

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PIPELINE = "/o/opportunity?view=my_open&size=25"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "/",
    PIPELINE,
    "/o/opportunity?view=board",
    "/o/opportunity?view=calendar",
    "/o/opportunity?filter=stage&where=amount+%3E+1",
    "/o/opportunity?bin=true",
    "/o/quote",
    "/o/opportunity/views?where=amount+%3E+1",
    "/search?q=cas",
    "/me",
    "/menu",
)


def findings(seat: Seat) -> list[Any]:
    """Let axe-core look at the page."""
    if not AXE.is_file():
        missing("axe-core is not installed; `make install-dev` brings it")
    seat.page.add_script_tag(path=str(AXE))
    options = json.dumps({"runOnly": {"type": "tag", "values": RULES}})
    found = seat.page.evaluate(f"axe.run(document, {options})")
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]


@pytest.mark.parametrize(
    ("who", "scheme"),
    [
        ("rep", "light"),
        ("marie", "dark"),
        pytest.param("rep", "dark", marks=pytest.mark.proof),
        pytest.param("marie", "light", marks=pytest.mark.proof),
    ],
)
def test_everybody_can_read_and_reach_every_page(
    seat: Callable[..., Seat], who: str, scheme: str
) -> None:
    """axe-core finds nothing, in both languages and themes."""
    here = seat(who, color_scheme=scheme, bypass_csp=True)

    for path in PAGES:
        here.go(path)

        assert findings(here) == [], path


@pytest.mark.parametrize("width", [320, 390, 2560])
def test_no_page_is_wider_than_the_window(seat: Callable[..., Seat], width: int) -> None:
    """Wide tables scroll in themselves; the page does not."""
    here = seat(viewport={"width": width, "height": 720})

    for path in PAGES:
        page = here.go(path)

        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, path


def test_sorting_turning_pages_and_going_back(seat: Callable[..., Seat]) -> None:
    """Each step changes the table and the address alone, and the browser's back undoes it."""
    page = seat().go(PIPELINE)
    page.evaluate("window.stayed = true")

    page.click("th >> text=Amount")
    page.wait_for_url("**sort=amount**")
    page.click("a[rel=next]")
    page.wait_for_url("**after=**")
    assert "26–30 of 30" in page.inner_text(".foot")
    page.go_back()
    page.wait_for_url(lambda address: "after=" not in address)

    page.wait_for_selector("text=1–25 of 30")
    assert page.inner_text("td.key >> nth=0") == "Deal 00"
    assert page.evaluate("window.stayed") is True


def test_a_filter_is_built_by_clicks_and_taken_away(seat: Callable[..., Seat]) -> None:
    """Field, value, done: the chip says it in words, and the total follows."""
    page = seat().go(PIPELINE)

    page.click("button:has-text('Filter')")
    page.click('#filter-fields >> text="Stage"')
    page.click("label.tick:has-text('Negotiation')")
    page.click("text=Add the filter")
    page.wait_for_selector(".pill:has-text('Stage is Negotiation')")
    assert "7 of 7" in page.inner_text("#count")
    page.click(".pill:has-text('Stage is Negotiation') a")

    page.wait_for_selector("text=1–25 of 30")


def test_rows_are_walked_selected_and_deleted_by_keys(seat: Callable[..., Seat]) -> None:
    """J and K move, X selects, Enter opens; what was deleted comes back with undo."""
    page = seat().go("/o/task")
    page.keyboard.press("?")
    page.wait_for_selector("#keys:popover-open")
    page.keyboard.press("Escape")
    page.goto(page.url.replace("/o/task", PIPELINE))

    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    assert page.inner_text("tr.now td.key") == "Deal 28"
    page.keyboard.press("Enter")

    page.wait_for_url("**/o/opportunity/*")


def test_the_administrator_deletes_rows_and_undoes_it(seat: Callable[..., Seat]) -> None:
    """Ticks, one button, and everything is there again."""
    page = seat("admin").go("/o/opportunity?view=open&size=25")
    page.click("[data-all]")
    assert "25 selected" in page.inner_text(".mass")
    page.click("[data-all]")
    page.keyboard.press("j")
    page.keyboard.press("x")

    page.click(".mass >> text=Move to the bin")
    page.wait_for_selector("text=1 moved to the bin.")
    page.click("text=Undo")

    page.wait_for_selector("text=1 restored.")


def test_search_answers_while_somebody_types(seat: Callable[..., Seat]) -> None:
    """Control and K, a few letters, and the account is there."""
    page = seat().go("/")
    page.keyboard.press("Control+k")
    page.wait_for_url("**/search")
    page.wait_for_selector("input[name=q]:focus")

    page.keyboard.type("castor", delay=20)

    page.wait_for_selector("#found >> text=Castor Énergie")
    page.wait_for_url("**q=castor")


def test_lists_work_without_scripts(seat: Callable[..., Seat]) -> None:
    """Sorting, filters, columns and menus are links, forms and popovers."""
    page = seat(java_script_enabled=False).go(PIPELINE)

    page.click("th >> text=Amount")
    assert "sort=amount" in page.url
    page.click("button:has-text('Columns')")
    page.uncheck("#columns input[value=probability]")
    page.fill("#columns input[name='at.amount']", "1")
    page.fill("#columns input[name='at.name']", "2")
    page.click("text=Show these")

    assert page.inner_text("th >> nth=0").strip("↑ \n") == "Amount"
    assert "Probability" not in page.inner_text("thead")


def test_a_list_is_saved_as_a_view_by_keyboard(seat: Callable[..., Seat]) -> None:
    """A blank name comes back with the focus on it; saved, the view is in the menu of views.

    The console stays empty although a form was refused: the seat looks at it in the end.
    """
    here = seat("rep", bypass_csp=True)
    here.go("/o/opportunity?where=amount+%3E+5000&sort=-amount")

    here.page.click("[popovertarget=views]")
    here.page.click("#views a[href*='/views?']")
    here.page.wait_for_selector("#label")
    here.page.evaluate("document.querySelector('#label').removeAttribute('required')")
    here.page.focus("#label")
    here.page.keyboard.press("Enter")
    here.page.wait_for_selector("#label[aria-invalid=true]:focus")
    refused = (here.page.inner_text("#wrong"), findings(here))
    here.page.keyboard.type("Big ones")
    here.page.keyboard.press("Enter")
    here.page.wait_for_selector("#list")
    heading = here.page.inner_text("h1")
    here.go("/o/opportunity")
    here.page.focus("[popovertarget=views]")
    here.page.keyboard.press("Enter")
    here.page.wait_for_selector("#views a[href*='/views/']")
    here.page.focus("#views a[href*='/views/']")
    here.page.keyboard.press("Enter")
    here.page.wait_for_url("**own=*")

    assert refused == ("A view needs a name.", [])
    assert heading.startswith("Big ones")
    assert here.page.inner_text("h1").startswith("Big ones")
    assert findings(here) == []


def test_a_wrong_password_leaves_the_console_clean(seat: Callable[..., Seat]) -> None:
    """The form says what is wrong, and reading goes on there."""
    here = seat("rep")
    here.page.context.clear_cookies()
    here.page.goto(f"{here.site.address}/sign-in")

    here.page.fill("input[name=email]", "rep@example.test")
    here.page.fill("input[name=password]", "no such words")
    here.page.click("button[type=submit]")
    here.page.wait_for_selector("[role=alert]")

    focused = here.page.evaluate("document.activeElement.tagName")
    assert focused != "BODY"
