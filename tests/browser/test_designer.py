"""The administrator's journey: a sandbox, a field in it, the plan, and production has it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import AXE, Seat, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Sit = Callable[..., Seat]
PAGES = (
    "/setup/",
    "/setup/in/automation",
    "/setup/object/",
    "/setup/object/opportunity",
    "/setup/object/opportunity?new=field&type=picklist",
    "/setup/object/opportunity?tab=yaml",
    "/setup/field/opportunity.stage",
    "/setup/field/opportunity.stage?tab=used",
    "/setup/field/opportunity.stage?tab=history",
    "/setup/workflow/hot_deal_alert",
    "/setup/layout/opportunity.default",
    "/setup/new/validation_rule",
    "/setup/environments",
    "/setup/platform/people/",
    "/setup/platform/audit/",
)


def test_a_field_travels_from_a_sandbox_to_production(seat: Sit, site: Site) -> None:
    """Made, tried, reviewed and deployed in the browser; production shows it without a restart."""
    page = seat("admin").page
    page.goto(f"{site.address}/e/production/setup/environments")
    page.get_by_label("Name", exact=True).fill("loyalty")
    page.get_by_role("button", name="Make a sandbox of production").click()
    page.wait_for_url("**/e/loyalty/setup/")
    assert "nothing to promote" in page.locator(".envbar").inner_text()

    page.goto(f"{site.address}/e/loyalty/setup/object/account")
    page.keyboard.press("n")
    page.wait_for_url("**new=field**")
    page.locator("aside select").first.select_option("percent")
    page.wait_for_url("**/setup/new/field")
    page.get_by_label("Label", exact=True).fill("Loyalty discount")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/setup/field/account.loyalty_discount?saved=**")
    assert "2 changes not yet promoted" in page.locator(".envbar").inner_text()

    page.get_by_role("link", name="Review changes").click()
    assert "Field account.loyalty_discount" in page.locator(".plan").inner_text()
    page.get_by_role("button", name="Deploy to production").click()
    page.wait_for_url("**applied=**")

    page.goto(f"{site.address}/e/production/o/account/new")
    assert page.get_by_text("Loyalty discount").count() > 0


@pytest.mark.parametrize(
    ("language", "scheme"),
    [
        ("en", "light"),
        ("fr", "dark"),
        pytest.param("en", "dark", marks=pytest.mark.proof),
        pytest.param("fr", "light", marks=pytest.mark.proof),
    ],
)
def test_setup_is_accessible(seat: Sit, language: str, scheme: str) -> None:
    """Nothing is found on any page of Setup, in both languages and both themes."""
    taken = seat("admin", color_scheme=scheme, locale=language, bypass_csp=True)
    found = {}

    for path in PAGES:
        page = taken.go(path)
        page.add_script_tag(path=str(AXE))
        violations = page.evaluate("axe.run(document).then(r => r.violations.map(v => v.id))")
        if violations:
            found[path] = violations

    assert found == {}


def test_setup_fits_a_phone(seat: Sit) -> None:
    """Nothing is wider than 320 pixels but what scrolls by itself."""
    taken = seat("admin", viewport={"width": 320, "height": 640})
    wide = []

    for path in PAGES:
        page = taken.go(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide.append((path, width))

    assert wide == []


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark")])
def test_a_members_page_is_accessible_and_fits_a_phone(
    seat: Sit, language: str, scheme: str
) -> None:
    """Reached from the table of members; with rights explained, axe finds nothing."""
    size = {"width": 320, "height": 640}
    taken = seat("admin", color_scheme=scheme, locale=language, bypass_csp=True, viewport=size)
    page = taken.go("/setup/platform/members/?sort=0")
    address = page.locator("a[href*='/setup/people/']").first.get_attribute("href")

    page = taken.go(f"{str(address).removeprefix('/e/production')}?object=account")
    page.add_script_tag(path=str(AXE))
    violations = page.evaluate("axe.run(document).then(r => r.violations.map(v => v.id))")

    assert violations == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.locator("#ask-object").input_value() == "account"


def test_one_piece_of_work_is_promoted_as_a_change_set(seat: Sit, site: Site) -> None:
    """Added from the field's page, planned alone and deployed; axe finds nothing."""
    taken = seat("admin", bypass_csp=True)
    page = taken.page
    page.goto(f"{site.address}/e/production/setup/environments")
    page.get_by_label("Name", exact=True).fill("pieces")
    page.get_by_role("button", name="Make a sandbox of production").click()
    page.wait_for_url("**/e/pieces/setup/")
    for label in ("Piece one", "Piece two"):
        page.goto(f"{site.address}/e/pieces/setup/new/field?parent=account")
        page.get_by_label("Label", exact=True).fill(label)
        page.get_by_role("button", name="Add", exact=True).click()
        page.wait_for_url("**/setup/field/account.piece_*?saved=**")

    page.locator("summary", has_text="Change set").click()
    page.get_by_label("Name of the change set").fill("second-piece")
    page.get_by_role("button", name="Add to the change set").click()
    page.wait_for_url("**/setup/change-sets?set=second-piece")
    page.set_viewport_size({"width": 390, "height": 800})
    found = {"sets": _violations(page), "wide": _is_wider(page)}
    page.locator(".save").get_by_role("link", name="Plan").click()
    page.wait_for_url("**/setup/changes?set=second-piece")
    found |= {"plan": _violations(page), "plan is wide": _is_wider(page)}
    listed = page.locator(".plan").inner_text()
    page.get_by_role("button", name="Deploy to production").click()
    page.wait_for_url("**applied=**")

    assert found == {"sets": [], "wide": False, "plan": [], "plan is wide": False}
    assert "account.piece_two" in listed
    assert "account.piece_one" not in listed


def test_a_sandbox_is_brought_up_to_date_after_a_conflict(seat: Sit, site: Site) -> None:
    """Both sides named a field anew: decided and brought in by keyboard; axe finds nothing."""
    taken = seat("admin", bypass_csp=True)
    page = taken.page
    page.goto(f"{site.address}/e/production/setup/environments")
    page.get_by_label("Name", exact=True).fill("behind")
    page.get_by_role("button", name="Make a sandbox of production").click()
    page.wait_for_url("**/e/behind/setup/")
    for environment, label in (("production", "Their fax"), ("behind", "My fax")):
        page.goto(f"{site.address}/e/{environment}/setup/field/contact.phone")
        page.get_by_label("Label", exact=True).fill(label)
        if environment == "production":
            page.locator("#reason").fill("asked for by sales")
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url("**saved=**")

    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site.address}/e/behind/setup/refresh")
    asked = page.locator(".plan").inner_text()
    found = {"asked": _violations(page), "wide": _is_wider(page)}
    page.get_by_role("button", name="Take the value of production").press("Enter")
    bring = page.get_by_role("button", name="Bring production@")
    bring.wait_for()
    found |= {"decided": _violations(page), "decided is wide": _is_wider(page)}
    bring.press("Enter")
    page.wait_for_url("**done=1")

    clean = {"asked": [], "wide": False, "decided": [], "decided is wide": False}
    assert found == clean
    assert "undecided" in asked
    assert "Nothing new" in page.locator(".plan").inner_text()
    page.goto(f"{site.address}/e/behind/setup/field/contact.phone")
    assert page.get_by_label("Label", exact=True).input_value() == "Their fax"


def _violations(page: Page) -> list[str]:
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run(document).then(r => r.violations.map(v => v.id))")
    assert isinstance(found, list)
    return [str(one) for one in found]


def _is_wider(page: Page) -> bool:
    """Tell whether the page has to be moved sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
