"""Home, search, the bin, selected records and own settings, as visitors use them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

from tests.integration.ui.conftest import HOSTILE, LONG, Screens
from tests.support.visitors import CSRF, Visitor, visitor_of

ROOT = "/e/production"
DEALS = f"{ROOT}/o/deal"


def tick(visitor: Visitor, op: str, ids: list[int], **more: str) -> object:
    """Send the form of a list with some rows ticked."""
    token = CSRF.search(visitor.get(DEALS).text)
    assert token is not None
    data = {"csrf": token[1], "op": op, "id": [str(number) for number in ids], **more}
    return visitor.client.post(f"{DEALS}/mass", data=data)


def test_ticked_records_go_to_the_bin_and_come_back(admin: Visitor, screens: Screens) -> None:
    """Three are deleted, told with an undo, found in the bin, and restored from there."""
    ids = [screens.create("deal", name=f"Old {place}") for place in range(3)]

    answer = tick(admin, "delete", ids, view="open")

    assert answer.status_code == 303
    told = admin.get(answer.headers["Location"]).text
    assert "3 moved to the bin." in told
    assert 'value="restore"' in told
    assert "Old 1" not in re.sub(r"<form class=\"notice.*?</form>", "", told, flags=re.DOTALL)
    assert "Old 1" in admin.get(f"{DEALS}?bin=true").text
    back = tick(admin, "restore", ids)
    assert back.status_code == 303
    assert "Old 1" in admin.get(DEALS).text
    assert "The bin is empty" in admin.get(f"{DEALS}?bin=true").text


def test_what_cannot_be_deleted_is_told_and_the_rest_is_done(
    admin: Visitor, screens: Screens
) -> None:
    """An account with deals stays; the one without goes."""
    used, free = (screens.create("account", name=name) for name in ("Used", "Free"))
    screens.create("deal", name="Holds it", account=used)
    token = CSRF.search(admin.get(DEALS).text)
    assert token is not None
    data = {"csrf": token[1], "op": "delete", "id": [str(used), str(free), "nonsense"]}

    answer = admin.client.post(f"{ROOT}/o/account/mass", data=data)

    assert answer.status_code == 422
    assert "1 not done" in answer.text
    shown = admin.get(f"{ROOT}/o/account").text
    assert "Used" in shown
    assert "Free" not in shown


def test_who_may_not_delete_deletes_nothing(reader: Visitor, screens: Screens) -> None:
    """A form that somebody made up is refused for each record."""
    number = screens.create("deal", name="Stays")

    answer = tick(reader, "delete", [number])

    assert answer.status_code == 422
    assert "Stays" in reader.get(DEALS).text


def test_a_form_without_the_token_changes_nothing(admin: Visitor, screens: Screens) -> None:
    """Another site cannot tick rows for somebody."""
    number = screens.create("deal", name="Guarded")

    answer = admin.post(f"{DEALS}/mass", op="delete", id=str(number))

    assert answer.status_code == 403
    assert "Guarded" in admin.get(DEALS).text


def test_a_list_is_exported_by_those_who_may(
    admin: Visitor, rep: Visitor, screens: Screens
) -> None:
    """The file holds the filter's records and the columns, raw; formulas are guarded."""
    account = screens.create("account", name='=cmd|"/c calc"!A1')
    screens.create("deal", name="Exported, with comma", account=account, amount="12.50")

    answer = admin.get(f"{DEALS}/export?columns=name,account,amount&where=BEGINS(name,%22Exp%22)")

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=deal.csv"
    heading, row = answer.text.removeprefix("\ufeff").splitlines()
    assert heading == "id,name,account,account.name,amount"
    assert '"Exported, with comma"' in row
    assert row.endswith("12.50")
    assert ",=cmd" not in row
    assert '"=cmd' not in row
    assert "/export" not in rep.get(DEALS).text
    assert rep.get(f"{DEALS}/export").status_code == 403
    assert admin.get(f"{DEALS}/export?where=amont+%3E+1").status_code == 422


def test_search_finds_names_without_regard_to_capitals(admin: Visitor, screens: Screens) -> None:
    """Part of a name is enough; results stand by object and link to their pages."""
    number = screens.create("account", name=f"Océane {HOSTILE}")

    answer = admin.get(f"{ROOT}/search?q=OCÉA")

    assert f"{ROOT}/o/account/{number}" in answer.text
    assert f"Océane {HOSTILE}" in html.unescape(answer.text)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("wanted", ["%22%29+OR+1%3D1", "%5C", "%25", "x" * 5000, "%00", "🙂"])
def test_search_takes_any_text(admin: Visitor, wanted: str) -> None:
    """Quotes, wildcards and long texts are texts to look for."""
    answer = admin.get(f"{ROOT}/search?q={wanted}")

    assert answer.status_code == 200


def test_search_shows_nobody_what_they_may_not_see(
    admin: Visitor, rep: Visitor, reader: Visitor, screens: Screens
) -> None:
    """The rep does not find another's account, the reader finds no accounts at all."""
    screens.create("account", name="Zephyr Travel")
    screens.create("secret", name="Zephyr plans")

    seen = [who.get(f"{ROOT}/search?q=zephyr").text for who in (admin, rep, reader)]

    assert "Zephyr Travel" in seen[0]
    assert "Zephyr plans" in seen[0]
    for page in seen[1:]:
        assert "Zephyr" not in page.replace("zephyr", "")


def test_search_teaches_when_nothing_is_asked(rep: Visitor) -> None:
    """It says what is looked through, in the visitor's words."""
    page = rep.get(f"{ROOT}/search").text

    assert "Find a record" in page
    assert "Accounts, Deals" in page
    assert "Nothing is called" in rep.get(f"{ROOT}/search?q=qqqqqq").text


def test_home_shows_the_work_of_the_visitor_s_app(admin: Visitor, screens: Screens) -> None:
    """The view of the app with its count and total, the board as bars, what changed last."""
    screens.create("deal", name="Newest deal", amount=125)

    page = admin.get(f"{ROOT}/").text

    assert "Open deals" in page
    assert "Newest deal" in page
    assert "Changed lately" in page
    assert f'href="{ROOT}/o/deal/new"' in page


def test_home_teaches_somebody_who_has_nothing(screens: Screens) -> None:
    """Without any permission the page says who can help."""
    screens.house.admit("nobody")

    page = visitor_of(screens.house, "nobody").get(f"{ROOT}/").text

    assert "Your work will be here" in page
    assert "An administrator can give you permissions." in page


def test_statements_of_home_and_search_are_bounded(
    admin: Visitor, statements: Callable[[Visitor, str], int]
) -> None:
    """They grow with the app's items up to a limit, never with the objects."""
    admin.get(f"{ROOT}/")  # A process that meets a version first loads it: not what is counted.

    assert statements(admin, f"{ROOT}/") <= 2 + 1 + 4 + 2 + 4 + 1
    assert statements(admin, f"{ROOT}/search?q=deal") <= 2 + 1 + 10
    assert statements(admin, f"{ROOT}/search") <= 3
    assert statements(admin, f"{ROOT}/menu") <= 3
    assert statements(admin, f"{ROOT}/me") <= 3 + 1  # who stands in for the visitor


def test_everybody_chooses_their_language_and_time_zone(reader: Visitor) -> None:
    """Whoever may change nothing else may change these two; the next page speaks French."""
    answer = reader.send(f"{ROOT}/me", f"{ROOT}/me", language="fr", time_zone="America/New_York")

    assert answer.status_code == 303
    page = reader.get(answer.headers["Location"]).text
    assert "Enregistré." in page
    assert 'value="America/New_York"' in page
    reader.send(f"{ROOT}/me", f"{ROOT}/me", language="", time_zone="")
    assert "Your settings" in reader.get(f"{ROOT}/me").text


def test_settings_that_are_not_there_are_refused_at_their_fields(reader: Visitor) -> None:
    """Nothing is kept, and both fields say why."""
    answer = reader.send(f"{ROOT}/me", f"{ROOT}/me", language="tlh", time_zone="Mars/<b>")

    assert answer.status_code == 422
    assert "no language &#34;tlh&#34;" in answer.text
    assert "There is no time zone" in answer.text
    assert "<b>" not in answer.text.replace("<b>P</b>", "").replace("<b>Reader</b>", "")


def test_the_menu_of_a_phone_has_all_items(rep: Visitor) -> None:
    """What the side shows on a wide screen is a page of its own on a phone."""
    page = rep.get(f"{ROOT}/menu").text

    for label in ("Home", "Accounts", "Deals", "Notes", "Your settings", "Sign out"):
        assert label in page


def test_columns_that_are_asked_for_twice_stand_once(admin: Visitor) -> None:
    """An address that somebody put together cannot make a page of three hundred columns."""
    page = admin.get(f"{DEALS}?columns={','.join(['name'] * 300)}").text

    assert page.count("<th ") <= 3


def test_a_hundred_and_fifty_fields_with_long_and_hostile_labels(
    admin: Visitor, screens: Screens, statements: Callable[[Visitor, str], int]
) -> None:
    """All of them may be columns at once, in the same statements as one."""
    screens.create("wide", **{f"f{place}": HOSTILE for place in range(150)})
    columns = ",".join(f"f{place}" for place in range(150))

    page = admin.get(f"{ROOT}/o/wide?columns={columns}").text

    assert page.count("<th ") >= 150
    assert LONG.strip() in html.unescape(page)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert statements(admin, f"{ROOT}/o/wide?columns={columns}") <= 2 + 3
    assert "Nothing matches all filters" in admin.get(f"{ROOT}/o/wide?where=f0+%3D+%22x%22").text
