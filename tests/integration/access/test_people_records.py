"""Records of users are no way around the limits on managing people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import AccessDenied, PatronError, RecordInvalid
from tests.support.worlds import World, texts_of

DEAL = "object: deal\nsharing: private\nfields: {name: {type: text}}\n"
RIGHTS = "{create: true, read: true, edit: true, delete: true, modify_all: true}"
FILES = texts_of(
    {"deal": DEAL},
    access__roles="roles: {head: {}, sales: {parent: head}}\n",
    access__permission_sets__rep="permission_set: rep\nobjects: {deal: {read: true}}\n",
    access__permission_sets__clerk=f"permission_set: clerk\nobjects: {{user: {RIGHTS}}}\n",
    access__permission_sets__own=(
        "permission_set: own\nobjects: {user: {read: true, edit: true}, deal: {read: true}}\n"
    ),
    access__permission_sets__keeper=(
        f"permission_set: keeper\npermissions: [manage_users]\nobjects: {{user: {RIGHTS}}}\n"
    ),
)
PEOPLE = {
    "rep": {"permission_sets": ["rep"], "role": "sales"},
    "mine": {"permission_sets": ["own"], "role": "sales"},
    "clerk": {"permission_sets": ["clerk"], "role": "sales"},
    "keeper": {"permission_sets": ["keeper"], "role": "sales"},
    "second": {"permission_sets": ["system_administrator"], "role": "sales"},
}
GAINS = {
    "role": "head",
    "active": False,
    "email": "other@example.test",
    "manager": 1,
    "delegate": 1,
}


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give people who may change users: a clerk, a keeper who manages people, administrators."""
    made = make_world(FILES, **PEOPLE)
    mine = made.people["mine"]
    made.run(lambda s: s.update("user", mine, {"owner": mine}))
    return made


def code(world: World, who: str, whom: str, **values: object) -> str:
    """Change a user as somebody; give the code of the refusal, "" when it was done."""
    try:
        world.run(lambda s: s.update("user", world.people[whom], values), who=who)
    except RecordInvalid as invalid:
        return invalid.errors[0].code
    except PatronError as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("field", GAINS)
def test_what_decides_about_rights_takes_the_permission(world: World, field: str) -> None:
    """Whoever may edit users, their own record or all of them, changes names and languages only."""
    value = {field: GAINS[field]}

    assert code(world, "mine", "mine", **value) == "A101"
    assert code(world, "clerk", "rep", **value) == "A101"
    assert code(world, "keeper", "rep", **value) == ""
    assert code(world, "clerk", "rep", name="Renamed") == ""
    assert code(world, "mine", "mine", name="Renamed") == ""


@pytest.mark.parametrize("field", GAINS)
def test_who_manages_people_does_not_gain(world: World, field: str) -> None:
    """A103: neither their own standing, nor that of an administrator; administrators may."""
    value = {field: GAINS[field]}

    assert code(world, "keeper", "keeper", **value) == "A103"
    assert code(world, "keeper", "second", **value) == "A103"
    assert code(world, "admin", "second", **value) == ""


def test_the_same_value_is_no_change(world: World) -> None:
    """A form that sends everything back changes nothing."""
    assert code(world, "keeper", "keeper", role="sales", name="New") == ""


def test_removing_people_is_managing_them(world: World) -> None:
    """Into the bin and out of it, one or many; administrators and oneself stay."""

    def removed(who: str, whom: str, deed: str = "delete") -> str:
        try:
            world.run(lambda s: getattr(s, deed)("user", world.people[whom]), who=who)
        except AccessDenied as refused:
            return refused.code
        return ""

    assert removed("clerk", "rep") == "A100"
    assert removed("keeper", "second") == "A103"
    assert removed("keeper", "keeper") == "A103"
    assert removed("keeper", "rep") == ""
    assert removed("clerk", "rep", "restore") == "A100"
    assert removed("keeper", "rep", "restore") == ""
    rows = [{"id": world.people["second"]}]
    (result,) = world.run(lambda s: s.bulk("user", "delete", rows, atomic=False), who="keeper")
    assert result.error is not None
    assert result.error.code == "A103"


def test_a_form_does_not_offer_what_is_refused(world: World) -> None:
    """The description of the object says what may be edited."""
    told = {
        who: world.run(lambda s: s.describe("user"), who=who, write=False)["fields"]
        for who in ("clerk", "keeper")
    }

    for field in GAINS:
        assert told["clerk"][field]["editable"] is False  # type: ignore[index]  # as described
        assert told["keeper"][field]["editable"] is True  # type: ignore[index]  # the same
