"""New sandboxes with records, from the page: sent while they are made, and ended by leaving it."""

from __future__ import annotations

import pytest

from engine.session import ListRequest, Session, run
from engine.store.platform.enter import SystemCredential
from tests.integration.admin.conftest import Designer
from tests.support.houses import Caller, House
from tests.support.visitors import visitor_of


@pytest.fixture
def accounts(api: Caller) -> None:
    """Give production two accounts with a contact each, once."""
    if api.get("/records/account", count="true").json["count"] >= 2:
        return
    for name in ("Quellenberg", "Fridolin"):
        account = api.create("account", name=name, phone="+33 612345678")["id"]
        mail = f"hilde@{name.lower()}.test"
        api.create("contact", first_name="Hilde", last_name=name, account=account, email=mail)


def _names(house: House, environment: str, name: str) -> list[str]:
    def work(session: Session) -> list[str]:
        records = session.list(ListRequest(object=name, limit=100, sort=("id",))).records
        return [str(record["name"]) for record in records]

    place = house.environments.open(environment)
    return run(place, SystemCredential(), work, write=False)


@pytest.mark.usefixtures("accounts")
def test_the_page_tells_how_far_it_is_and_leads_in(designer: Designer, shop: House) -> None:
    """One line for each object, then the way in; what was named is there, masked, and no more."""
    words = {"data": "sample", "root": "account", "where": 'name = "Fridolin"', "most": "50"}
    answer = designer.at("production").send("environments", name="sampled", **words)

    assert answer.status_code == 200
    assert answer.is_streamed
    assert "Accounts <span" in answer.text
    assert 'href="/e/sampled/setup/"' in answer.text
    (name,) = _names(shop, "sampled", "account")
    assert (len(name), name != "Fridolin") == (8, True)
    assert "Fridolin" not in _names(shop, "sampled", "contact")
    assert designer.at("sampled").get("environments")


@pytest.mark.usefixtures("accounts")
def test_who_leaves_the_page_makes_none(designer: Designer, shop: House) -> None:
    """The connection ends after the first line: nothing is listed, nothing lies anywhere."""
    production = designer.at("production")
    fields = {**production.fields("environments"), "name": "left", "data": "full"}

    answer = production.visitor.client.post(
        f"{production.root}/environments", data=fields, buffered=False
    )
    next(answer.iter_encoded())
    answer.close()

    assert "left" not in shop.environments.names()
    assert not [*shop.settings.home.glob("environments/left-*")]
    assert production.send("environments", name="left").headers["Location"] == "/e/left/setup/"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"data": "sample", "most": "many"}, "Say with a number"),
        ({"data": "sample", "root": "account", "where": "nme = 1"}, "nme"),
        ({"data": "half"}, "is no way to bring records along"),
    ],
)
def test_what_makes_no_sense_comes_back_with_what_was_typed(
    designer: Designer, shop: House, words: dict[str, str], said: str
) -> None:
    """The form says what is wrong and keeps the rest; nothing was made."""
    answer = designer.at("production").send("environments", name="odd", **words)

    assert answer.headers["Patron-Status"] == "422"
    assert said in answer.text
    assert 'value="odd"' in answer.text
    assert "odd" not in shop.environments.names()


def test_who_may_not_read_all_is_told_what_is_missing(shop: House) -> None:
    """Whoever customizes without seeing every record makes a sandbox without any (A105)."""
    shop.admit("shaper", "consultant")
    shaper = Designer(visitor_of(shop, "shaper"), "/e/production/setup")

    refused = shaper.send("environments", name="shaped", data="full")
    empty = shaper.send("environments", name="shaped")

    assert "Only who may read all records brings them along" in refused.text
    assert "missing: view all of" in refused.text
    assert empty.headers["Location"] == "/e/shaped/setup/"


@pytest.mark.usefixtures("accounts")
def test_records_come_anew_once_the_name_was_typed(designer: Designer, shop: House) -> None:
    """What was done to them is gone; another name, or a sandbox without any, changes nothing."""
    words = {"data": "sample", "root": "account", "where": 'name = "Fridolin"'}
    made = designer.at("production").send("environments", name="again", **words)
    assert made.text  # read to its end
    sandbox = designer.at("again")
    before = _names(shop, "again", "account")
    page = sandbox.get("refresh")
    token = {"csrf": sandbox.fields("refresh", "anew")["csrf"]}

    slip = sandbox.post("reseed", {**token, "confirm": "agian"})
    kept = _names(shop, "again", "account")
    done = sandbox.post("reseed", {**token, "confirm": "again"}).text
    after = _names(shop, "again", "account")

    assert "Bring records anew" in page
    assert (slip.status_code, kept) == (422, before)
    assert 'href="/e/again/setup/"' in done
    assert (len(after), after != before) == (1, True)
    assert "Bring records anew" not in designer.get("refresh")
