"""Working as somebody else in a browser: the bar is there to be seen, and leads back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seat

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_bar_shows_in_production_and_leads_back(seat: Callable[..., Seat]) -> None:
    """On the home page, on a list and on the narrow screen of a phone; a click, and one is back."""
    taken = seat("admin")
    page = taken.go("/setup/platform/members/?search=rep@")
    page.locator("a[href*='/setup/people/']").first.click()
    page.fill("form[action$='/log-in-as'] input[name=reason]", "A ticket of today")
    page.click("form[action$='/log-in-as'] button[type=submit]")
    page.wait_for_url("**/e/production/")

    bar = page.get_by_role("status").filter(has_text="You work as")

    expect(bar).to_be_visible()
    expect(bar).to_contain_text("admin@example.test")
    expect(taken.go("/o/account").locator(".envbar")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    expect(taken.go("/").locator(".envbar button")).to_be_visible()
    page.click(".envbar button")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".envbar")).to_have_count(0)
    expect(taken.go("/setup/").locator("h1")).to_be_visible()
