from __future__ import annotations

import re

from deploy_tool.plans.policy import set_policy
from tests.integration.admin.conftest import Designer
from tests.integration.admin.test_saving import new_field
from tests.support.forms import fields_of
from tests.support.houses import Caller, House


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


def test_a_conflict_is_decided_on_the_page_and_the_choice_is_kept(designer: Designer) -> None:
    """Take a side, look again, deploy: the side that was taken stands in production."""
    production = designer.at("production")
    production.send("environments", name="deciding")
    production.send("field/account.website", **{"/label": "Site there"}, reason="now")
    sandbox = designer.at("deciding")
    sandbox.send("field/account.website", **{"/label": "Site here"})
    page = sandbox.get("changes")
    mark = re.search(r'value="([0-9a-f]{64}):incoming"', page)
    assert mark is not None

    token = {"csrf": fields_of(page, "promote")["csrf"]}
    kept = sandbox.post("changes/decide", {**token, "decide": f"{mark[1]}:incoming"})
    after = sandbox.get("changes")
    answer = sandbox.post("changes", fields_of(after, "promote"))

    assert "undecided" in page
    assert kept.status_code == 303
    assert "Changed on both sides, and decided" in after
    assert answer.status_code == 303, answer.text[:3000]
    assert "Site here" in production.yaml("field/account.website")


def test_no_other_word_decides_a_conflict(designer: Designer) -> None:
    """A mark that is none, or a side that is none, is not found."""
    token = {"csrf": fields_of(designer.get("changes"), "promote")["csrf"]}

    for word in ("", "x:target", f"{'a' * 64}:mine"):
        answer = designer.post("changes/decide", {**token, "decide": word})
        assert answer.status_code == 404


def test_tightened_access_is_counted_on_the_page(designer: Designer, api: Caller) -> None:
    """What a role would see more or fewer, and what a set may do less, before anybody agrees."""
    assert api.post("/records/account", {"name": "Seen"}).status == 201
    designer.at("production").send("environments", name="tighter")
    sandbox = designer.at("tighter")
    text = sandbox.yaml("permission_set/sales_rep")
    lines = [line for line in text.splitlines() if not line.startswith("  account: ")]
    sandbox.send(
        "permission_set/sales_rep?tab=yaml", text="\n".join(lines) + "\n", accept="narrowing"
    )

    page = sandbox.get("changes")

    assert "Who sees more or fewer records" in page
    assert "Who may do more or less" in page
    assert "permission set sales_rep" in page
    assert "people see less" in page


def asking_for(shop: House, count: int) -> None:
    """Let production ask for so many approvals."""
    with shop.environments.open("production").database.write() as tx:
        set_policy(tx, [f"approvals={count}"])


def test_a_plan_is_validated_on_a_copy_and_approved_by_somebody_else(
    designer: Designer, shop: House, colleague: Designer
) -> None:
    """Kept under its digest, it shows what was run; its author cannot approve it, others can."""
    designer.at("production").send("environments", name="checked")
    asking_for(shop, 1)
    try:
        sandbox = designer.at("checked")
        new_field(sandbox, "Checked", name="checked_field")
        fields = fields_of(sandbox.get("changes"), "promote")
        early = sandbox.post("changes", fields)
        validated = sandbox.post("changes/validate", fields)
        place = str(validated.headers.get("Location", "")).partition("/setup/")[2]
        page = sandbox.get(place)
        review = f"plans/{place.partition('=')[2]}"
        token = {"csrf": fields_of(page, "promote")["csrf"]}
        mine = designer.at("production").post(f"{review}/approve", token)
        seen = fields_of(colleague.get(review), "promote")
        approved = colleague.post(f"{review}/approve", {"csrf": seen["csrf"]})
        done = sandbox.post("changes", fields_of(sandbox.get(place), "promote"))
    finally:
        asking_for(shop, 0)

    assert early.status_code == 409
    assert "1 approval is missing" in early.text
    assert validated.status_code == 303, validated.text[:3000]
    assert "ran on a copy" in page
    assert mine.status_code == 403
    assert approved.status_code == 303, approved.text[:3000]
    assert done.status_code == 303, done.text[:3000]


def test_a_plan_that_nobody_kept_is_not_shown(colleague: Designer) -> None:
    """A digest that stands for nothing is not found."""
    colleague.get(f"plans/{'a' * 64}", status=404)
