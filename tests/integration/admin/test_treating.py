"""Treatments chosen on a plan's page: kept, planned again, carried out; refused at their place."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from werkzeug.test import TestResponse

from tests.integration.admin.conftest import Designer
from tests.integration.admin.test_saving import new_field
from tests.support.forms import fields_of
from tests.support.houses import Caller

NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Narrowed:
    """A sandbox in which a field became required that accounts of production leave blank."""

    sandbox: Designer
    field: str

    @property
    def component(self) -> str:
        """Give the component."""
        return f"field:account.{self.field}"

    @property
    def place(self) -> str:
        """Give where it is chosen."""
        return f"treat-field-account-{self.field}"

    def page(self, query: str = "") -> str:
        """Give the plan's page."""
        return self.sandbox.get(f"changes{query}")

    def treat(self, query: str = "", **chosen: str) -> TestResponse:
        """Send the choice of the page."""
        fields = fields_of(self.page(query), f"{self.place}-form")
        return self.sandbox.post("changes/treat", {**fields, **chosen})


@pytest.fixture
def narrowed(designer: Designer, api: Caller) -> Narrowed:
    """Give it, with a field of its own for each test."""
    name = f"zone{next(NUMBERS)}"
    designer.at("production").send("environments", name=name)
    sandbox = designer.at(name)
    new_field(sandbox, name.title(), name=name)
    sandbox.post("changes", fields_of(sandbox.get("changes"), "promote"))
    account(api)
    rewrite(sandbox, f"field/account.{name}", lambda text: text.replace("}", ", required: true}"))
    return Narrowed(sandbox, name)


def account(api: Caller) -> int:
    """Give the one account of production."""
    rows = api.get("/records/account").json["records"]
    return (rows[0] if rows else api.post("/records/account", {"name": "Blank"}).json)["id"]


def rewrite(sandbox: Designer, path: str, change: Callable[[str], str]) -> None:
    """Save the YAML of a component as something else."""
    text = change(sandbox.yaml(path).rstrip("\n") + "\n")
    answer = sandbox.send(f"{path}?tab=yaml", text=text, accept="narrowing")
    assert answer.status_code == 303, answer.text[:3000]


def test_a_treatment_is_chosen_planned_again_and_carried_out(
    narrowed: Narrowed, api: Caller
) -> None:
    """Blocked until it is chosen; then the plan has another digest, and the records a value."""
    before = narrowed.page()

    kept = narrowed.treat(way="fill", fill="Unpaid, “since” May")
    after = narrowed.page()
    plan = fields_of(after, "promote")
    done = narrowed.sandbox.post("changes", {**plan, "accept": "narrowing"})

    assert "Records stand in the way" in before
    assert "Deploy to production" not in before
    assert kept.status_code == 303, kept.text[:3000]
    assert kept.headers["Location"].endswith(f"/setup/changes#{narrowed.place}")
    assert "Fill with a value: Unpaid, “since” May" in after
    assert plan["digest"] != fields_of(before, "promote")["digest"]
    assert done.status_code == 303, done.text[:3000]
    found = api.get(f"/records/account/{account(api)}").json
    assert found[narrowed.field] == "Unpaid, “since” May"


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"way": "fill", "fill": ""}, "Give the value to fill in."),
        ({"way": "fill", "fill": "x" * 300}, "The field does not take this"),
        ({"way": "convert"}, "This change cannot be treated so."),
        ({"way": "drop table"}, "This change cannot be treated so."),
        ({"way": "leave", "component": "field:account.nothing"}, "What happens to this record?"),
    ],
)
def test_a_choice_that_cannot_be_is_explained_at_its_place(
    narrowed: Narrowed, chosen: dict[str, str], sentence: str
) -> None:
    """422 with what was typed, and nothing is kept."""
    answer = narrowed.treat(**chosen)

    assert answer.status_code == 422
    assert sentence in answer.text.partition(f'id="{narrowed.place}"')[2]
    assert "Records stand in the way" in narrowed.page()


def test_a_choice_for_a_change_set_is_kept_in_the_set(narrowed: Narrowed) -> None:
    """It counts for the plan of the set alone; a reason told later leaves it there."""
    sandbox = narrowed.sandbox
    sandbox.send("change-sets", name="later", component=narrowed.component)

    kept = narrowed.treat("?set=later", way="leave")
    again = sandbox.send("change-sets?set=later", reason="For May", component=narrowed.component)

    assert kept.headers["Location"].endswith(f"?set=later#{narrowed.place}")
    assert again.status_code == 303
    assert "Leave them as they are" in sandbox.get("change-sets?set=later")
    assert "Records stand in the way" not in narrowed.page("?set=later")
    assert "Leave them as they are" in narrowed.page("?set=later")
    assert "Records stand in the way" in narrowed.page()


def test_enter_in_a_choice_deploys_nothing(narrowed: Narrowed) -> None:
    """Its inputs belong to a form of their own, which only keeps the choice."""
    form = f'form="{narrowed.place}-form"'
    page = narrowed.page()
    choice = page.partition(f'id="{narrowed.place}"')[2].partition("</fieldset>")[0]

    inputs = re.findall(r"<(?:input|select|button)[^>]*>", choice)

    assert inputs
    assert all(form in one for one in inputs)
    assert f'<form id="{narrowed.place}-form" method="post"' in page.partition("</fieldset>")[2]


def test_values_of_a_picklist_that_go_are_exchanged(designer: Designer, api: Caller) -> None:
    """Each value in use with its records, and a list of those that can come for it."""
    number = account(api)
    assert api.patch(f"/records/account/{number}", {"payment_terms": "net_60"}).status == 200
    designer.at("production").send("environments", name="terms")
    sandbox = designer.at("terms")
    lines = sandbox.yaml("picklist/payment_terms").splitlines()
    kept = [line for line in lines if not line.strip().startswith("net_60")]
    rewrite(sandbox, "picklist/payment_terms", lambda _: "\n".join(kept) + "\n")
    page = sandbox.get("changes")
    form = "treat-picklist-payment_terms-form"

    nothing = sandbox.post("changes/treat", {**fields_of(page, form), "way": "map"})
    wrong = sandbox.post(
        "changes/treat", {**fields_of(page, form), "way": "map", "new:net_60": "net_30"}
    )
    plan = fields_of(sandbox.get("changes"), "promote")
    done = sandbox.post("changes", {**plan, "accept": "narrowing"})

    assert "<code>net_60</code> (1)" in page
    assert nothing.status_code == 422
    assert "Say what comes for at least one value." in nothing.text
    assert wrong.status_code == 303, wrong.text[:3000]
    assert done.status_code == 303, done.text[:3000]
    found = api.get(f"/records/account/{number}").json
    assert found["payment_terms"] == "net_30"


def test_only_who_may_change_or_deploy_chooses(narrowed: Narrowed, outsider: Designer) -> None:
    """Who may neither is refused, whatever is sent."""
    answer = outsider.visitor.send(
        "/e/production/", f"{narrowed.sandbox.root}/changes/treat", way="leave", component="x"
    )

    assert answer.status_code in {403, 404}
    assert "Records stand in the way" in narrowed.page()
