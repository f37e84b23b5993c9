"""Sandboxes brought up to production on their page: reviewed, decided, carried out, refused."""

from __future__ import annotations

import re

from engine.clock import SystemClock
from engine.people import NewMember, create_user
from tests.integration.admin.conftest import Designer
from tests.integration.admin.test_saving import new_field
from tests.support.forms import fields_of
from tests.support.houses import House


def made(designer: Designer, name: str) -> tuple[Designer, Designer]:
    """Make a sandbox; give production and the sandbox."""
    production = designer.at("production")
    assert production.send("environments", name=name).status_code == 303
    return production, designer.at(name)


def test_what_changed_in_production_comes_in_and_own_work_stays(designer: Designer) -> None:
    """Shown first, carried out by one button, said afterwards; then there is nothing new."""
    production, sandbox = made(designer, "keeping")
    new_field(sandbox, "My own", name="my_own")
    production.send("field/account.phone", **{"/help": "Set in production."}, reason="now")

    page = sandbox.get("refresh")
    answer = sandbox.post("refresh", fields_of(page, "promote"))
    after = sandbox.get("refresh?done=1")

    assert "Field account.phone" in page
    assert "My own" not in page
    assert answer.status_code == 303, answer.text[:3000]
    assert "Set in production." in sandbox.yaml("field/account.phone")
    assert sandbox.get("field/account.my_own")
    assert "your own work on top" in after
    assert "Nothing new" in after
    changes = sandbox.get("changes")
    assert "Field account.my_own" in changes
    assert "account.phone" not in changes
    assert "1 change not yet promoted" in changes


def test_what_was_not_looked_at_does_not_come_in(designer: Designer) -> None:
    """Production changed once more while the page stood there: look again."""
    production, sandbox = made(designer, "looking")
    production.send("field/account.phone", **{"/help": "First."}, reason="now")
    fields = fields_of(sandbox.get("refresh"), "promote")
    production.send("field/account.phone", **{"/help": "Second."}, reason="now")

    answer = sandbox.post("refresh", fields)

    assert answer.status_code == 409
    assert "The plan has changed since you looked at it" in answer.text
    assert "Second." not in sandbox.yaml("field/account.phone")


def test_a_conflict_is_decided_in_the_form(designer: Designer) -> None:
    """Nothing comes in before; the chosen side is told, kept in the form, and stands."""
    production, sandbox = made(designer, "choosing")
    production.send("field/account.website", **{"/label": "Site there"}, reason="now")
    sandbox.send("field/account.website", **{"/label": "Site here"})
    page = sandbox.get("refresh")
    mark = re.search(r'value="([0-9a-f]{64}):incoming"', page)
    assert mark is not None

    undecided = sandbox.post("refresh", fields_of(page, "promote"))
    chosen = sandbox.post(
        "refresh", {**fields_of(page, "promote"), "decide": f"{mark[1]}:incoming"}
    )
    done = sandbox.post("refresh", fields_of(chosen.text, "promote"))

    assert "Bring production@" not in page
    assert undecided.status_code == 422
    assert "Changed on both sides, and decided" in chosen.text
    assert done.status_code == 303, done.text[:3000]
    assert "Site there" in sandbox.yaml("field/account.website")


def test_what_production_took_away_needs_consent(designer: Designer) -> None:
    """A field that was retired there is hidden here once somebody agreed."""
    _, maker = made(designer, "taking")
    new_field(maker, "Passing", name="passing_by")
    maker.post("changes", fields_of(maker.get("changes"), "promote"))
    _, sandbox = made(designer, "agreeing")
    token = maker.fields("field/account.passing_by")["csrf"]
    maker.post("field/account.passing_by/retire", {"csrf": token, "accept": "retire"})
    gone = {**fields_of(maker.get("changes"), "promote"), "accept": "retire"}
    assert maker.post("changes", gone).status_code == 303

    fields = fields_of(sandbox.get("refresh"), "promote")
    refused = sandbox.post("refresh", {k: v for k, v in fields.items() if k != "accept"})
    agreed = sandbox.post("refresh", {**fields, "accept": "retire"})

    assert refused.status_code == 409
    assert agreed.status_code == 303, agreed.text[:3000]
    sandbox.get("field/account.passing_by", status=404)


def test_production_is_not_brought_up_to_anything(designer: Designer) -> None:
    """Only a sandbox has a parent."""
    designer.at("production").get("refresh", status=404)


def test_who_may_not_see_productions_plans_sees_nothing_of_it(
    designer: Designer, outsider: Designer, shop: House
) -> None:
    """The plan would tell what production changed: who only administers the sandbox gets none."""
    production, _ = made(designer, "closed")
    production.send("field/account.phone", **{"/help": "Not for everybody."}, reason="now")
    admit(shop, "closed", "rep@example.test")
    sandbox = outsider.at("closed")

    page = sandbox.get("refresh")
    answer = sandbox.post("refresh", fields_of(page, "promote"))

    assert "Your permissions in production do not let you see its plans" in page
    assert answer.status_code == 422
    for text in (page, answer.text):
        assert "Not for everybody." not in text
        assert "account.phone" not in text


def test_who_may_not_deploy_in_the_sandbox_looks_and_changes_nothing(
    designer: Designer, colleague: Designer, shop: House
) -> None:
    """Somebody who shapes it and deploys elsewhere sees what would come, without a button."""
    production, sandbox = made(designer, "watching")
    text = sandbox.yaml("permission_set/consultant")
    shaped = re.sub(r"permissions: .*", "permissions: [customize]", text)
    saved = sandbox.send("permission_set/consultant?tab=yaml", text=shaped, accept="narrowing")
    assert saved.status_code == 303, saved.text[:3000]
    production.send("field/account.phone", **{"/help": "To be watched."}, reason="now")
    admit(shop, "watching", "colleague@example.test", "consultant")
    watcher = colleague.at("watching")

    page = watcher.get("refresh")
    answer = watcher.post("refresh", fields_of(page, "promote"))

    assert "Field account.phone" in page
    assert "Bring production@" not in page
    assert "Somebody with the permission to deploy in watching carries it out" in page
    assert answer.status_code == 403
    assert "To be watched." not in sandbox.yaml("field/account.phone")


def admit(
    shop: House, environment: str, email: str, permission_set: str = "system_administrator"
) -> None:
    """Make somebody a member of a sandbox; an administrator unless told otherwise."""
    new = NewMember(
        email=email, name="Rep", permission_sets=frozenset({permission_set}), language=None
    )
    database = shop.environments.open(environment).database
    create_user(shop.environments.control, database, new, at=SystemClock().now(), actor="test")
