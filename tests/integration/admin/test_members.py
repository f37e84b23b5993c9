"""One member in Setup: helped with a reason, second factor reset, rights explained."""

from __future__ import annotations

import re

import pytest

from engine.clock import SystemClock
from engine.people import NewMember, codes, create_user
from engine.people.persons import find_person
from engine.store.platform import audit
from tests.integration.admin.conftest import SANDBOX, Designer
from tests.support.forms import fields_of
from tests.support.houses import ADMIN, House
from tests.support.visitors import Visitor, visitor_of

HOME = "/e/production/"
SECRET = re.compile(r"<code>([A-Z2-7]{32})</code>")


@pytest.fixture
def production(designer: Designer) -> Designer:
    """Give the administrator in production's Setup."""
    return designer.at("production")


def page_of(designer: Designer, who: str) -> str:
    """Find the address of a member's page, as the table of members links it."""
    found = re.search(r"/setup/(people/\d+)\"", designer.get(f"platform/members/?search={who}@"))
    assert found is not None
    return found[1]


def with_second_factor(shop: House, who: str) -> Visitor:
    """Let somebody set up a second factor in a browser of their own."""
    visitor = visitor_of(shop, who, "192.0.2.77")
    secret = SECRET.search(visitor.get("/account/second-factor").text)
    assert secret is not None
    code = codes.code_at(secret[1], codes.step_of(SystemClock().now()))
    answer = visitor.send("/account/second-factor", "/account/second-factor", code=code)
    assert answer.status_code == 200
    return visitor


def noted(shop: House, action: str) -> list[tuple[str, object]]:
    """Give actor and reason of what both audits say of an action, oldest first."""
    found = []
    for database in (
        shop.environments.control,
        shop.environments.open("production").database,
    ):
        with database.read() as tx:
            lines = audit.search(tx, audit.Search(action=action))
        found += [(line.actor, line.detail.get("reason")) for line in lines]
    return found


def test_an_administrator_works_as_somebody_from_their_page(shop: House, production: Designer):
    """The form is on the page, asks for a reason, and the bar says whose eyes these are."""
    browser = Visitor(shop.client.application, "192.0.2.78")
    browser.sign_in("admin")
    helper = Designer(browser, production.root)
    form = fields_of(helper.get(page_of(helper, "rep")), "help")

    without = helper.visitor.post(f"{HOME}log-in-as", **form)
    begun = helper.visitor.post(f"{HOME}log-in-as", **{**form, "reason": " Ticket  4711 "})
    home = helper.visitor.get(HOME).text
    helper.visitor.send(HOME, "/log-in-as/end")

    assert without.status_code == 422
    assert "Say why" in without.text
    assert begun.status_code == 303
    assert "You work as" in home
    why = ("admin@example.test", "Ticket 4711")
    assert [line for line in noted(shop, "log_in_as.begin") if line == why] == [why] * 2


def test_a_lost_second_factor_is_reset_with_a_reason(shop: House, production: Designer):
    """They are signed out everywhere, sign in by password alone, and the audit says why."""
    shop.admit("sofia", "sales_rep")
    theirs = with_second_factor(shop, "sofia")
    path = page_of(production, "sofia")
    form = fields_of(production.get(path), "factor")

    without = production.post(f"{path}/second-factor", {**form, "reason": " "})
    done = production.post(f"{path}/second-factor", {**form, "reason": "In the lake"})
    again = production.post(f"{path}/second-factor", {**form, "reason": "In the lake"})

    assert without.status_code == 422
    assert done.status_code == 303
    assert again.status_code == 409
    assert theirs.get(HOME).status_code == 303
    assert not find_person(shop.environments.control, "sofia@example.test").has_second_factor
    why = ("admin@example.test", "In the lake")
    assert [line for line in noted(shop, "second_factor.remove") if line == why] == [why] * 2
    assert 'id="factor"' not in production.get(path)
    visitor = Visitor(shop.client.application, "192.0.2.79")
    assert visitor.sign_in("sofia").headers["Location"] != "/second-factor"


def test_nobody_resets_their_own_second_factor_or_from_a_sandbox(
    production: Designer, designer: Designer
):
    """An open browser is not enough to get rid of the code; a sandbox opens no account."""
    own = page_of(production, "admin")
    csrf = {"csrf": production.fields("environments", "maker")["csrf"]} | {"reason": "I lost it"}

    mine = production.post(f"{own}/second-factor", csrf)
    elsewhere = designer.post(f"{page_of(designer, 'admin')}/second-factor", csrf)

    assert mine.status_code == 409
    assert "your account" in mine.text
    assert 'id="factor"' not in production.get(own)
    assert 'id="help"' not in production.get(own)
    assert elsewhere.status_code == 404
    assert "Signed-in browsers" not in designer.get(page_of(designer, "admin"))


def test_what_somebody_sees_and_does_is_explained(shop: House, production: Designer):
    """For an object, its fields and one record, each with its reason, without a script."""
    account = shop.caller().create("account", name="Explained")
    path = page_of(production, "rep")

    of_object = production.get(f"{path}?object=account")
    of_record = production.get(f"{path}?object=account&record={account['id']}")
    nowhere = production.get(f"{path}?object=account&record=99999999")
    odd = production.get(f"{path}?object=account&record=x")

    assert "Ways to read records" in of_object
    assert "permission set Sales rep" in of_object
    assert "<code>name</code>" in of_object
    assert "Sees the record" in of_record
    for page in (nowhere, odd):
        assert "There is no such record, or you do not see it yourself." in page


def test_the_page_needs_its_permissions(outsider: Designer, production: Designer):
    """A rep sees nobody's page, not even their own; a number that is nobody's is told so."""
    outsider.get(page_of(production, "rep"), status=403)
    production.get("people/99999999", status=404)


def test_a_second_factor_is_reset_over_rest(shop: House):
    """With the scope for people, a reason, and towards nobody who may do more."""
    shop.admit("theo", "sales_rep")
    with_second_factor(shop, "theo")
    admin, path = shop.caller(), "/people/theo@example.test/reset-second-factor"
    shop.admit("clerk", "sales_rep")

    refused = shop.caller("clerk").send("POST", path, {"reason": "because"})
    unsaid = admin.send("POST", path, {})
    short = admin.send("POST", path, {"reason": "x"})
    done = admin.send("POST", path, {"reason": "Phone lost"})
    again = admin.send("POST", path, {"reason": "Phone lost"})
    own = admin.send("POST", "/people/admin@example.test/reset-second-factor", {"reason": "mine"})

    assert [refused.status, unsaid.status, short.status, done.status] == [403, 422, 422, 204]
    assert (short.json["code"], short.json["errors"][0]["field"]) == ("R200", "reason")
    assert (again.status, again.json["code"]) == (409, "R202")
    assert (own.status, own.json["code"]) == (409, "R201")


@pytest.mark.usefixtures("_browsers")  # they give the administrator a password
def test_working_as_somebody_in_a_sandbox_opens_no_plan_of_its_parent(shop: House):
    """It opens one environment: what they may see in production is asked by them, there."""
    member = NewMember(email="colleague@example.test", permission_sets=frozenset({ADMIN}))
    at, sandbox = SystemClock().now(), shop.environments.open(SANDBOX).database
    create_user(shop.environments.control, sandbox, member, at=at, actor="test")
    browser = Visitor(shop.client.application, "192.0.2.79")
    browser.sign_in("admin")
    home, changes = f"/e/{SANDBOX}/", f"/e/{SANDBOX}/setup/changes"
    own = browser.get(changes).text

    begun = browser.send(home, f"{home}log-in-as", reason="A ticket of today", email=member.email)
    theirs = browser.get(changes).text

    assert begun.status_code == 303
    assert "You work as somebody else" not in own
    assert "You work as somebody else" in theirs
    assert browser.get("/e/production/").status_code == 404
    assert browser.get(f"/e/{SANDBOX}/setup/environments").status_code == 200
