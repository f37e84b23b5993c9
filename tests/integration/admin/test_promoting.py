from __future__ import annotations

from tests.integration.admin.conftest import Designer
from tests.integration.admin.test_saving import new_field
from tests.support.forms import fields_of
from tests.support.houses import Caller


def test_a_field_goes_from_a_sandbox_to_production(designer: Designer, api: Caller) -> None:
    """Made in the browser, added, reviewed as a plan, deployed, answered by production's API."""
    production = designer.at("production")
    made = production.send("environments", name="journey")
    assert made.headers.get("Location") == "/e/journey/setup/", made.text[:2000]
    sandbox = designer.at("journey")
    new_field(sandbox, "Loyalty", name="loyalty")
    bar = sandbox.get("object/account")
    page = sandbox.get("changes")

    answer = sandbox.post("changes", fields_of(page, "promote"))

    assert "1 change not yet promoted" in bar
    assert "Field account.loyalty" in page
    assert answer.status_code == 303, answer.text[:3000]
    assert api.get("/objects/account").json["fields"]["loyalty"]["label"] == "Loyalty"
    after = sandbox.get("changes")
    assert "already contains everything" in after
    assert "nothing to promote" in after


def test_a_plan_that_was_not_looked_at_is_not_carried_out(designer: Designer) -> None:
    """What is deployed is what was shown: another digest is refused."""
    new_field(designer, "Unseen", name="unseen")
    fields = fields_of(designer.get("changes"), "promote")

    answer = designer.post("changes", {**fields, "digest": "0" * 64})

    assert answer.status_code == 409
    assert "The plan has changed since you looked at it" in answer.text


def test_promoting_keeps_what_production_changed_meanwhile(designer: Designer) -> None:
    """The merge base is the tree that the sandbox was made from."""
    production = designer.at("production")
    production.send("environments", name="beside")
    production.send("field/account.phone", **{"/help": "Set in production."}, reason="now")
    sandbox = designer.at("beside")
    new_field(sandbox, "Beside", name="beside_it")

    sandbox.post("changes", fields_of(sandbox.get("changes"), "promote"))

    assert "Set in production." in production.yaml("field/account.phone")
    assert production.get("field/account.beside_it")


def test_conflicts_with_production_are_shown_and_block(designer: Designer) -> None:
    """Both changed the same: the plan shows the three values and has no button."""
    production = designer.at("production")
    production.send("environments", name="clash")
    production.send("field/account.email", **{"/label": "Mail there"}, reason="now")
    sandbox = designer.at("clash")
    sandbox.send("field/account.email", **{"/label": "Mail here"})

    page = sandbox.get("changes")

    assert "Mail there" in page
    assert "Mail here" in page
    assert "Deploy to production" not in page


def test_production_has_nothing_to_promote(designer: Designer) -> None:
    """Only a sandbox has a parent."""
    designer.at("production").get("changes", status=404)


def test_names_of_sandboxes_are_checked_and_kept(designer: Designer) -> None:
    """A name that cannot be, or is taken, is explained on the page."""
    production = designer.at("production")

    bad = production.send("environments", name="Été 2027!")
    taken = production.send("environments", name="trial")

    assert bad.status_code == taken.status_code == 422
    assert "ete-2027" in bad.text
    assert "already" in taken.text


def test_a_sandbox_is_deleted_once_its_name_is_typed(designer: Designer) -> None:
    """Nothing is left of it, and nobody deletes one by a slip."""
    production = designer.at("production")
    production.send("environments", name="passing")
    token = {"csrf": production.fields("environments", "maker")["csrf"]}

    slip = production.post("environments/passing/delete", {**token, "confirm": "passin"})
    done = production.post("environments/passing/delete", {**token, "confirm": "passing"})

    assert slip.status_code == 422
    assert done.status_code == 303
    assert "passing" not in production.get("environments")
    designer.at("passing").get("", status=404)
