"""Merging and converting on the screen: pages, choices, refusals, rights."""

from __future__ import annotations

from engine.errors import NotFound
from engine.session import ListRequest, Record
from tests.integration.ui.records.conftest import Desk, Person, moved


def gone(desk: Desk, name: str, record: int) -> bool:
    """Tell whether a record is in the bin."""
    try:
        desk.get(name, record)
    except NotFound:
        return True
    return False


def named(desk: Desk, name: str) -> list[Record]:
    """Find the deals of a name."""
    wanted = ListRequest(object="deal", where=f'name = "{name}"')
    found = desk.work(lambda s: s.list(wanted).records)
    assert isinstance(found, list)
    return found


def test_a_selection_leads_to_the_records_side_by_side(admin: Person, desk: Desk) -> None:
    """What differs is a choice, what is blank in one is taken from another, the rest is told."""
    one = desk.create("deal", name="Castor", amount=2000, code="C1")
    two = desk.create("deal", name="Castor Ltd", amount=2000, notes="Call them")
    line = desk.create("line", name="Wood", deal=two)

    led = moved(admin.send("/o/deal/mass", op="merge", id=str(two)))
    page = admin.open(f"/o/deal/merge?ids={one},{two}")

    assert led == f"/o/deal/merge?ids={two}"
    assert f'name="kept" value="{one}" checked' in page
    assert f'name="from.name" value="{one}" checked' in page
    assert f'name="from.notes" value="{two}" checked' in page
    assert 'name="from.amount"' not in page
    assert "Lines: 1" in page

    done = moved(admin.fill(f"/o/deal/merge?ids={one},{two}", "/o/deal/merge", from__name=str(two)))

    assert done == f"/o/deal/{one}"
    kept = desk.get("deal", one)
    assert (kept["name"], kept["notes"], kept["code"]) == ("Castor Ltd", "Call them", "C1")
    assert desk.get("line", line)["deal"] == one
    assert gone(desk, "deal", two)
    assert f"merged with {two}" in admin.open(f"/o/deal/{one}?tab=history")


def test_a_merge_that_is_refused_gives_the_page_back(admin: Person, desk: Desk) -> None:
    """With the reason and every choice; a record that changed meanwhile is one."""
    one = desk.create("deal", name="Castor", stage="won", amount=10)
    two = desk.create("deal", name="Pollux", stage="won", amount=20)
    page = f"/o/deal/merge?ids={one},{two}"

    none = admin.fill(page, "/o/deal/merge", kept="0")
    assert none.status_code == 422
    assert "Choose which record stays." in none.text
    stale = admin.fill(page, "/o/deal/merge", **{f"version__{two}": "9", "from__name": str(two)})
    assert stale.status_code == 409
    assert "Somebody else has changed this record" in stale.text
    assert f'name="from.name" value="{two}" checked' in stale.text
    assert not gone(desk, "deal", two)


def test_one_record_alone_is_offered_others_called_alike(admin: Person, desk: Desk) -> None:
    """By its first word, or by what is typed; nothing at all is a page as well."""
    one, two = (desk.create("account", name=name) for name in ("Castor SA", "castor bois"))
    other = desk.create("account", name="Pollux")

    page = admin.open(f"/o/account/merge?ids={one}")
    assert f'name="ids" value="{two}"' in page
    assert f'name="ids" value="{other}"' not in page
    assert f'name="ids" value="{other}"' in admin.open(f"/o/account/merge?ids={one}&q=poll")
    assert "No other record" in admin.open(f"/o/account/merge?ids={one}&q=%22%29 OR 1=1")
    assert "Choose two or three records" in admin.open("/o/account/merge")
    many = ",".join(str(desk.create("account", name=f"A{n}")) for n in range(4))
    assert "At most 3 records" in admin.open(f"/o/account/merge?ids={many}")


def test_who_may_not_merge_is_told_so(rep: Person, desk: Desk) -> None:
    """Hidden fields stand nowhere; without the rights there is no button, and no way around it."""
    one, two = (
        desk.create("deal", name=name, margin=margin)
        for name, margin in (("Castor", 1), ("Pollux", 2))
    )
    page = f"/o/deal/merge?ids={one},{two}"
    assert "margin" not in rep.open(page).lower()

    reader = desk.person("reader")
    shown = reader.open(page)
    assert "but not merge them" in shown
    assert ">Merge<" not in shown
    refused = reader.send("/o/deal/merge", ids=f"{one},{two}", kept=str(one))
    assert refused.status_code == 403
    assert not gone(desk, "deal", two)


def test_a_record_is_converted_on_a_page_of_what_it_becomes(admin: Person, desk: Desk) -> None:
    """Values can be changed, a match is taken unless a new one is wished, others left out."""
    account = desk.create("account", name="Arctic")
    task = desk.create("task", subject="Arctic")
    page = f"/o/task/{task}/convert"
    assert f'href="/e/production{page}"' in admin.open(f"/o/task/{task}")
    shown = admin.open(page)
    assert f'name="how.account" value="{account}" checked' in shown
    assert 'name="deal.name" value="Arctic"' in shown

    moved(admin.fill(page, deal__name="Arctic, first order", deal__amount="1,200.50"))

    (deal,) = named(desk, "Arctic, first order")
    assert (deal["name"], str(deal["amount"])) == ("Arctic, first order", "1200.50")
    assert (deal["account"], desk.get("task", task)["about"]) == (account, account)
    assert f'href="/e/production{page}"' not in admin.open(f"/o/task/{task}")
    assert admin.send(page).status_code == 409

    again = desk.create("task", subject="Arctic")
    moved(admin.fill(f"/o/task/{again}/convert", how__account="new", how__deal="none"))
    assert desk.get("task", again)["about"] != account


def test_a_conversion_that_is_refused_gives_the_page_back(admin: Person, desk: Desk) -> None:
    """Every reason at its field, with what was typed; nothing was made."""
    task = desk.create("task", subject="Boreal")
    page = f"/o/task/{task}/convert"

    unread = admin.fill(page, deal__amount="much", deal__name="", account__name="Pollux")
    assert unread.status_code == 422
    assert 'id="e-deal-amount"' in unread.text
    assert 'id="e-deal-name"' in unread.text
    assert 'name="account.name" value="Pollux"' in unread.text
    refused = admin.fill(page, deal__name="xxx", account__name="")
    assert refused.status_code == 422
    assert "Not this name." in refused.text
    assert 'id="e-account-name"' in refused.text
    stale = admin.fill(page, _version="7")
    assert stale.status_code == 409
    assert named(desk, "Boreal") == []


def test_converting_takes_its_rights(rep: Person, desk: Desk) -> None:
    """Who may not change the record gets no page, and hidden ones are not found."""
    task = desk.create("task", subject="Arctic")
    rep.open(f"/o/task/{task}/convert", 403)
    assert "/convert" not in rep.open(f"/o/task/{task}")
    rep.open("/o/task/987654/convert", 404)
    deal = desk.create("deal", name="Arctic")
    rep.open(f"/o/deal/{deal}/convert", 422)
