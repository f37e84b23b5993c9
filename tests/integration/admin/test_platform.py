from __future__ import annotations

import pytest

from admin.platform import TABLES
from engine.store.platform.showing import LISTINGS
from tests.integration.admin.conftest import Designer
from tests.integration.admin.test_saving import new_field
from tests.support.forms import fields_of
from tests.support.houses import Caller, House
from tests.support.visitors import Visitor

EVERY = pytest.mark.parametrize("table", sorted(TABLES))


@EVERY
def test_every_table_opens_sorts_and_searches(designer: Designer, table: str) -> None:
    """The tables of the platform are seen in the product's own frame, without inline scripts."""
    production = designer.at("production")

    page = production.get(f"platform/{table}/")
    sorted_page = production.get(f"platform/{table}/?sort=1&desc=1")
    searched = production.get(f"platform/{table}/?search=100%25_nobody")

    assert 'class="frame"' in page
    assert "<script>" not in page
    assert "aria-sort" in sorted_page or "There is none yet." in sorted_page
    assert "There is none yet." in searched


def test_no_secret_is_among_the_columns() -> None:
    """Hashes of passwords and tokens, and second factors, are nobody's business."""
    shown = {name for listing in LISTINGS.values() for name in listing.columns}

    assert shown.isdisjoint({"hash", "password_hash", "totp_secret", "payload", "plan", "token"})
    assert set(TABLES) == set(LISTINGS)


def test_tables_of_the_installation_are_shown_in_production_only(designer: Designer) -> None:
    """Who runs a sandbox does not see everybody's sessions."""
    designer.get("platform/people/", status=404)
    designer.get("platform/sessions/", status=404)
    assert "admin@example.test" in designer.get("platform/members/")
    assert "People" not in designer.get("").partition("Platform")[2]


def test_details_are_shown_and_unknown_rows_explained(designer: Designer) -> None:
    """One line of the audit, in full; nothing, in words."""
    production = designer.at("production")
    number = production.get("platform/audit/").partition("details/?id=")[2].partition('"')[0]

    page = production.get(f"platform/audit/details/?id={number}")

    assert "Seal" in page
    for odd in ("x", "999999999", "", "1;2"):
        answer = designer.visitor.get(f"{production.root}/platform/audit/details/?id={odd}")
        assert answer.status_code in {302, 303, 404}


def test_a_deployment_tells_its_records_before_and_after(designer: Designer, api: Caller) -> None:
    """A retired field: its values are counted on both sides of the switch."""
    production = designer.at("production")
    production.send("environments", name="counting")
    sandbox = designer.at("counting")
    new_field(sandbox, "Fax", name="fax")
    sandbox.post("changes", fields_of(sandbox.get("changes"), "promote"))
    assert api.post("/records/account", {"name": "Kept", "fax": "+33 1"}).status == 201
    token = {"csrf": fields_of(sandbox.get("changes"), "promote")["csrf"]}
    sandbox.post("field/account.fax/retire", {**token, "accept": "retire"})
    plan = fields_of(sandbox.get("changes"), "promote")

    done = sandbox.post("changes", {**plan, "accept": "retire", "reason": "Nobody faxes"})
    number = production.get("platform/deployments/").partition("details/?id=")[2].partition('"')[0]
    page = production.get(f"platform/deployments/details/?id={number}")

    assert done.status_code == 303, done.text[:2000]
    assert "Records before and after" in page
    assert "records with a value" in page
    assert page.count('<td class="num">1</td><td class="num">1</td>') == 2
    assert "Nobody faxes" in page
    assert "Field account.fax" in page.partition("What was deployed")[2].partition("<section")[0]


def test_nothing_is_made_changed_or_deleted_by_a_view(designer: Designer) -> None:
    """Flask-Admin's own ways to write lead nowhere."""
    production = designer.at("production")
    csrf = {"csrf": production.fields("environments", "maker")["csrf"]}
    before = production.get("platform/versions/")

    for way in ("delete/", "edit/?id=1", "new/", "action/", "ajax/update/"):
        answer = production.post(f"platform/versions/{way}", {**csrf, "id": "1", "rowid": "1"})
        assert answer.status_code in {302, 404}, way
    for way in ("export/csv/", "ajax/lookup/"):
        assert designer.visitor.get(f"{production.root}/platform/audit/{way}").status_code == 404

    assert production.get("platform/versions/").count("<tr>") == before.count("<tr>")


def test_a_session_is_ended_by_its_button(designer: Designer, shop: House) -> None:
    """The browser that was signed out is asked to sign in again."""
    other = Visitor(shop.client.application, "192.0.2.44")
    other.sign_in("admin")
    production = designer.at("production")
    csrf = {"csrf": production.fields("environments", "maker")["csrf"]}
    newest = production.get("platform/sessions/").partition("details/?id=")[2].partition('"')[0]

    answer = production.post(f"platform/sessions/{newest}/0", csrf)

    assert answer.status_code == 303, answer.text[:2000]
    assert other.get("/e/production/").status_code == 303


def test_a_member_is_kept_out_and_let_in_again(designer: Designer, shop: House) -> None:
    """The buttons work through the same functions as everything else, audit included."""
    shop.admit("guest", "sales_rep")
    production = designer.at("production")
    csrf = {"csrf": production.fields("environments", "maker")["csrf"]}
    page = production.get("platform/members/?search=guest@")
    number = page.partition("details/?id=")[2].partition('"')[0]

    out = production.post(f"platform/members/{number}/0", csrf)
    between = production.get("platform/members/?search=guest@")
    back = production.post(f"platform/members/{number}/1", csrf)

    assert out.status_code == back.status_code == 303, out.text[:2000]
    assert "Let in" in between
    assert "member.deactivate" in production.get("platform/audit/")
    assert production.post(f"platform/members/{number}/9", csrf).status_code == 404


@EVERY
def test_who_lacks_the_permission_sees_no_table(outsider: Designer, table: str) -> None:
    """Each table asks for its own permission."""
    assert outsider.visitor.get(f"{outsider.root}/platform/{table}/").status_code == 403
