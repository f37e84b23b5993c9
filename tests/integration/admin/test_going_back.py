"""A deployment taken back in the browser: looked at, consented to, refused where it must be."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from tests.integration.admin.conftest import Designer
from tests.integration.admin.test_promoting import asking_for
from tests.integration.admin.test_saving import new_field
from tests.support.forms import fields_of
from tests.support.houses import Caller, House

NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Deployed:
    """A field that was promoted from a sandbox, and the number of that deployment."""

    production: Designer
    field: str
    number: str

    @property
    def path(self) -> str:
        """Give the page on which it is taken back."""
        return f"deployments/{self.number}/back"


@pytest.fixture
def deployed(designer: Designer) -> Deployed:
    """Give it, with a field of its own for each test."""
    name = f"back{next(NUMBERS)}"
    production = designer.at("production")
    production.send("environments", name=name)
    sandbox = designer.at(name)
    new_field(sandbox, name.title(), name=name)
    sandbox.post("changes", fields_of(sandbox.get("changes"), "promote"))
    page = production.get("platform/deployments/")
    number = page.partition("details/?id=")[2].partition('"')[0]
    return Deployed(production, name, number)


def test_a_deployment_is_taken_back_from_its_page(deployed: Deployed, api: Caller) -> None:
    """Its page leads there; it is a version with its reason, and values of records are kept."""
    made = api.create("account", name="Kept", **{deployed.field: "a value"})
    details = deployed.production.get(f"platform/deployments/details/?id={deployed.number}")
    page = deployed.production.get(deployed.path)
    fields = fields_of(page, "promote")

    early = deployed.production.post(deployed.path, fields)
    done = deployed.production.post(
        deployed.path, {**fields, "accept": "retire", "reason": "Too early"}
    )
    again = deployed.production.get(deployed.path)

    assert f"/setup/{deployed.path}" in details
    assert f"Field account.{deployed.field}" in page
    assert "1 value is kept and comes back with a rollback." in page
    assert early.status_code == 409
    assert done.status_code == 303, done.text[:3000]
    assert deployed.field not in api.get(f"/records/account/{made['id']}").json
    newest = api.get("/environments/production/versions").json["versions"][0]
    assert (newest["source"], newest["reason"]) == ("rollback", "Too early")
    assert "Nothing to take back" in again


def test_what_was_changed_since_is_not_taken_back(deployed: Deployed) -> None:
    """Its three values are shown, and there is no button."""
    change = {"/label": "Named otherwise"}
    deployed.production.send(f"field/account.{deployed.field}", **change, reason="now")

    page = deployed.production.get(deployed.path)
    sent = deployed.production.post(deployed.path, fields_of(page, "promote"))

    assert "Changed again since; nothing is taken back" in page
    assert "Take it back" not in page
    assert sent.status_code == 409


def test_what_was_not_looked_at_is_not_taken_back(deployed: Deployed) -> None:
    """Another digest is refused; so is a deployment that there is not, in words."""
    fields = fields_of(deployed.production.get(deployed.path), "promote")

    other = deployed.production.post(
        deployed.path, {**fields, "digest": "0" * 64, "accept": "retire"}
    )
    unknown = deployed.production.get("deployments/999999/back")

    assert other.status_code == 409
    assert "The plan has changed since you looked at it" in other.text
    assert "Deployment 999999 became no version" in unknown


def test_who_may_not_deploy_takes_nothing_back(deployed: Deployed, outsider: Designer) -> None:
    """403, for the page and for a form that is sent anyway."""
    outsider.get(deployed.path, status=403)
    sent = outsider.visitor.send(
        "/e/production/", f"{outsider.root}/{deployed.path}", accept="retire"
    )

    assert sent.status_code == 403


def test_going_back_waits_for_an_approval_where_the_policy_asks_for_one(
    deployed: Deployed, colleague: Designer, shop: House
) -> None:
    """Kept, approved by somebody else on its page, then carried out from the same page."""
    asking_for(shop, 1)
    try:
        fields = {**fields_of(deployed.production.get(deployed.path), "promote")}
        early = deployed.production.post(deployed.path, {**fields, "accept": "retire"})
        kept = deployed.production.post(deployed.path, {**fields, "do": "keep"})
        page = deployed.production.get(f"{deployed.path}?kept=1")
        review = f"plans/{page.partition('/setup/plans/')[2].partition(chr(34))[0]}"
        token = {"csrf": fields_of(colleague.get(review), "promote")["csrf"]}
        approved = colleague.post(f"{review}/approve", token)
        done = deployed.production.post(deployed.path, {**fields, "accept": "retire"})
    finally:
        asking_for(shop, 0)

    assert early.status_code == 409
    assert "1 approval is missing" in early.text
    assert kept.status_code == 303
    assert "0 / 1" in page
    assert approved.status_code == 303, approved.text[:2000]
    assert done.status_code == 303, done.text[:3000]
