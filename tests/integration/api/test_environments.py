"""Two environments: a token opens one, a person may be a member of both."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.people import NewMember, add_member, create_token
from engine.store.database import Database
from engine.store.platform.control import (
    EnvironmentRow,
    add_environment,
    find_person,
    remove_environment,
)
from tests.support.houses import ADMIN, Caller, House
from tests.support.worlds import build_world, texts_of

NOTE = "object: note\nlabel: Note\nfields:\n  name: {type: text}\n"


@pytest.fixture
def trial(house: House, tmp_path: Path) -> Iterator[Caller]:
    """Give a second environment that admits the administrator alone, and a client for it."""
    at = SystemClock().now()
    name = f"trial_{uuid.uuid4().hex[:8]}"
    url = f"sqlite:///{tmp_path / 'trial.db'}"
    database = Database(url)
    build_world(database, texts_of({"note": NOTE}), {})
    with house.environments.control.write() as tx:
        add_environment(tx, EnvironmentRow(name=name, kind="sandbox", url=url), at=at)
        person = find_person(tx, "admin@example.test")
    assert person is not None
    new = NewMember(email="boss@example.test", permission_sets=frozenset({ADMIN}))
    add_member(database, person.id, new, at=at, actor="test")
    token = create_token(database, "boss@example.test", at=at, actor="test")
    yield Caller(house.client, token, f"/e/{name}/api/v1")
    with house.environments.control.write() as tx:
        remove_environment(tx, name)
    database.dispose()


def test_each_environment_has_its_own_objects_and_tokens(
    house: House, admin: Caller, trial: Caller
) -> None:
    """What is an object here is none there, and a token of one opens not the other."""
    names = {found["object"] for found in trial.get("/objects").json["objects"]}

    assert "note" in names
    assert "deal" not in names
    assert trial.create("note", name="Here")["name"] == "Here"
    assert admin.get("/objects/note").status == 404
    assert Caller(house.client, admin.token, trial.base).get("/objects").status == 401
    assert Caller(house.client, trial.token).get("/objects").status == 401


def test_a_member_of_both_sees_both(admin: Caller, rep: Caller, trial: Caller) -> None:
    """By the person, whatever the e-mail there; who is no member sees one and hears nothing."""
    name = trial.base.split("/")[2]
    both = admin.get("/environments").json["environments"]
    one = rep.get("/environments").json["environments"]
    there = admin.get(f"/environments/{name}/versions")
    tree = admin.get(f"/environments/{name}/tree")
    back = trial.get("/environments/production/tree")
    hidden = rep.get(f"/environments/{name}/tree")
    absent = rep.get("/environments/nowhere/tree")

    assert [found["name"] for found in both] == ["production", name]
    assert [found["name"] for found in one] == ["production"]
    assert [version["version"] for version in there.json["versions"]] == [1]
    assert "object:note" in tree.json["components"]
    assert "object:deal" in back.json["components"]
    assert hidden.status == absent.status == 404
    assert hidden.raw.replace(name.encode(), b"nowhere") == absent.raw


def test_a_services_token_of_a_sandbox_opens_that_sandbox_alone(
    house: House, admin: Caller, trial: Caller
) -> None:
    """Who rules a sandbox lets a service in, makes its token, and is nobody in production with it.

    A token of the service that production made goes on into the sandbox.
    """
    name, email = trial.base.split("/")[2], "robot@example.test"
    robot = {"email": email, "permission_sets": [ADMIN]}
    assert admin.post("/people", {**robot, "service": True}).status == 201
    assert trial.post("/people", robot).status == 201
    tokens = [caller.post("/tokens", {"email": email}).json["token"] for caller in (trial, admin)]
    there = Caller(house.client, tokens[0], trial.base)
    here = Caller(house.client, tokens[1])

    up = [
        there.get("/environments/production/tree"),
        there.get("/environments/production/values"),
        there.post("/environments/production/rollback", {}),
        there.send("PATCH", "/environments/production/policy", {"approvals": 0}),
        there.post("/plans", {"source": name, "target": "production"}),
    ]

    assert {answer.status for answer in up} <= {404}, [answer.raw for answer in up]
    assert [one["name"] for one in there.get("/environments").json["environments"]] == [name]
    assert there.get(f"/environments/{name}/tree").status == 200
    plan = admin.post("/plans", {"source": "m/", "target": "production", "files": {}})
    digest = plan.json.get("digest", "0" * 64)
    assert there.get(f"/plans/{digest}").status == 404
    assert here.get(f"/environments/{name}/tree").status == 200
    assert here.get("/environments/production/tree").status == 200
