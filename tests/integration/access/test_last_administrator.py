"""The last administrator stays, by whatever way somebody, or something, would take them away."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.clock import SystemClock
from engine.people import deactivate_person
from tests.integration.conftest import installed, on_both
from tests.support.houses import ADMIN, PRODUCTION, Caller, House, Reply
from tests.support.visitors import visitor_of

EMAIL = "admin@example.test"
FILES = {
    "project.yaml": "project: test\nlabel: Test\nformat: 1\n",
    "objects/deal.yaml": "object: deal\nfields: {name: {type: text}, state: {type: text}}\n",
    "access/roles.yaml": "roles: {head: {}, sales: {parent: head}}\n",
    "access/permission_sets/boss.yaml": "permission_set: boss\npermissions: [manage_users]\n",
    "workflows/sweep.yaml": """\
workflow: sweep
object: deal
when: created
if: state = "sweep"
steps: [{name: all, update: user, where: active, set: {active: false}}]
---
workflow: wipe
object: deal
when: created
if: state = "wipe"
steps: [{name: all, delete: user, where: active}]
""",
}


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with one administrator, and somebody who manages people."""
    with installed(request, FILES) as made:
        made.admit("keeper", "boss")
        yield made


@pytest.fixture
def admin(house: House) -> Iterator[Caller]:
    """Give the administrator, who is one afterwards, whatever was tried."""
    caller = house.caller()
    yield caller
    person = caller.get(f"/people/{EMAIL}")
    assert (person.status, person.json["active"]) == (200, True)
    assert ADMIN in person.json["permission_sets"]
    assert caller.get("/environments/production/values").status == 200


def promoted(admin: Caller, **files: str) -> tuple[int, str]:
    """Plan files beside those that run, and apply the plan; give the status and what was said."""
    found = admin.get("/environments/production/tree", content="files").json["files"]
    sent = {**found, **{path.replace("__", "/"): text for path, text in files.items()}}
    body = {"source": "m/", "target": PRODUCTION, "files": sent}
    plan = admin.post("/plans", body)
    if plan.status != 201:
        return plan.status, plan.raw.decode()
    done = admin.post(f"/plans/{plan.json['digest']}/apply", {"accept": ["retire", "narrowing"]})
    return done.status, done.raw.decode()


@pytest.mark.parametrize(
    "text",
    [
        "permission_set: system_administrator\npermissions: []\n",
        "permission_set: boss\naka: [system_administrator]\npermissions: [manage_users]\n",
    ],
)
def test_no_version_puts_something_else_in_the_place_of_the_set(admin: Caller, text: str) -> None:
    """M121, as a name and as a former name: nothing is planned."""
    status, said = promoted(admin, **{"access/permission_sets/boss.yaml": text})

    assert status == 422
    assert "M121" in said


def test_no_object_takes_the_place_of_users(admin: Caller) -> None:
    """A former name of Patron's own leads nowhere else."""
    text = "object: deal\naka: [user]\nfields: {name: {type: text}, state: {type: text}}\n"

    status, said = promoted(admin, **{"objects/deal.yaml": text})

    assert (status, "M121" in said) == (422, True)


def test_a_role_that_is_retired_takes_no_rights_of_administrators(admin: Caller) -> None:
    """Roles are one thing, permission sets another; a rollback as well."""
    user = admin.get(f"/people/{EMAIL}").json["user"]
    assert admin.patch(f"/records/user/{user}", {"role": "sales"}).status == 200

    status, said = promoted(admin, **{"access/roles.yaml": "roles: {head: {}}\n"})

    assert status == 200, said
    back = admin.post("/environments/production/rollback", {})
    assert admin.post(f"/plans/{back.json['digest']}/apply", {}).status == 200


@pytest.mark.parametrize("deed", ["sweep", "wipe"])
def test_no_workflow_takes_the_last_one_away(house: House, admin: Caller, deed: str) -> None:
    """Its run fails with C122 and is undone: nobody else is gone either."""
    made = admin.create("deal", name="x", state=deed)

    (run,) = admin.get("/runs", record=made["id"]).json["runs"]

    assert (run["state"], run["code"]) == ("failed", "C122")
    assert house.caller("keeper").get(f"/people/{EMAIL}").status == 200


def test_the_pages_and_the_command_line_keep_them_too(house: House, admin: Caller) -> None:
    """The button of the table of members, and leaving the installation."""
    user = admin.get(f"/people/{EMAIL}").json["user"]
    visitor = visitor_of(house, "admin")

    button = visitor.send("/e/production/", f"/e/production/setup/platform/members/{user}/0")

    assert button.status_code == 409
    assert "last active administrator" in button.text
    environment = house.environments.open(PRODUCTION).database
    control, at = house.environments.control, SystemClock().now()
    with pytest.raises(Exception, match="last active administrator"):
        deactivate_person(control, [environment], EMAIL, at=at, actor="cli")


def test_two_who_remove_each_other_by_records_leave_one(house: House, admin: Caller) -> None:
    """At the very same moment, over and over; then the first is let in again."""
    house.admit("twin", ADMIN)
    emails = {"admin": EMAIL, "twin": "twin@example.test"}
    users = {who: admin.get(f"/people/{emails[who]}").json["user"] for who in emails}
    pairs = [("admin", "twin"), ("twin", "admin")]

    for _ in range(6):
        answers = at_once(house, [(who, users[other]) for who, other in pairs])
        (winner,) = [who for who, answer in answers.items() if answer.status == 200]
        other = "twin" if winner == "admin" else "admin"
        again = house.caller(winner).patch(f"/records/user/{users[other]}", {"active": True})
        assert again.status == 200
    assert admin.patch(f"/people/{emails['twin']}", {"permission_sets": []}).status == 200


def at_once(house: House, pairs: list[tuple[str, int]]) -> dict[str, Reply]:
    """Let each of some people deactivate a user, all at the same moment."""
    gate, answers = threading.Barrier(len(pairs)), dict[str, Reply]()

    def remove(who: str, user: int) -> None:
        caller = Caller(house.client.application.test_client(), house.tokens[who])
        gate.wait(timeout=60)
        answers[who] = caller.patch(f"/records/user/{user}", {"active": False})

    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return answers


def test_nobody_counts_as_one_who_is_out_everywhere(house: House, admin: Caller) -> None:
    """C121: a person is activated first, then let in; else the next one to go were the last."""
    house.admit("gone", ADMIN)
    environment = house.environments.open(PRODUCTION).database
    control, at, email = house.environments.control, SystemClock().now(), "gone@example.test"
    deactivate_person(control, [environment], email, at=at, actor="cli")
    user = admin.get(f"/people/{email}").json["user"]

    by_rest = admin.patch(f"/people/{email}", {"active": True})
    page = f"/e/production/setup/platform/members/{user}/1"
    by_page = visitor_of(house, "admin").send("/e/production/", page)

    assert (by_rest.status, by_rest.json["code"], by_page.status_code) == (409, "C121", 409)
    assert house.caller("gone").get("/objects").status == 401
    assert admin.get(f"/people/{email}").json["active"] is False
