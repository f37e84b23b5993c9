"""Who sees whose records: roles above, sharing rules by condition and by owner, teams, paths."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import AccessDenied, NotFound
from engine.session import ListRequest, Session
from tests.support.worlds import World, publish_texts, texts_of

ACCOUNT = """\
object: account
label: Account
sharing: private
fields:
  name: {type: text, required: true}
  region: {type: picklist, values: {emea: {label: EMEA}, apac: {label: APAC}}}
"""
DEAL = """\
object: deal
label: Deal
sharing: private
fields:
  name: {type: text, required: true}
  account: {type: lookup, to: account}
  amount: {type: currency}
"""
LINE = """\
object: line
label: Line
sharing: parent
fields:
  name: {type: text}
  deal: {type: master_detail, to: deal}
"""
ROLES = """\
roles:
  ceo: {}
  head: {parent: ceo}
  manager: {parent: head}
  lead: {parent: manager}
  rep: {parent: lead}
  desk: {parent: ceo}
"""
TEAMS = """\
teams:
  inner: {members: [{user: finn@example.test}]}
  outer: {members: [{team: inner}, {role: desk}]}
"""
RULES = """\
sharing: deal
rules:
  emea: {label: EMEA reads, where: account.region = "emea", with: {team: outer}, access: read}
  big: {label: Big deals, where: amount >= 1000, with: {role_and_below: desk}, access: edit}
  heads: {label: Deals of heads, owner: {role: head}, with: {permission_set: auditor}, access: read}
"""
SET = """\
permission_set: everyone
objects:
  account: {create: true, read: true, edit: true, delete: true}
  deal: {create: true, read: true, edit: true, delete: true}
  line: {create: true, read: true, edit: true, delete: true}
"""
FILES = texts_of(
    {"account": ACCOUNT, "deal": DEAL, "line": LINE},
    access__roles=ROLES,
    access__teams=TEAMS,
    access__sharing__deal=RULES,
    access__permission_sets__everyone=SET,
    access__permission_sets__auditor="permission_set: auditor\nobjects: {deal: {read: true}}\n",
)
EVERYONE = {"permission_sets": ["everyone"]}


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give somebody at each of five levels, two beside them, and an auditor without a role."""
    levels = {name: {**EVERYONE, "role": name} for name in ("ceo", "head", "manager", "lead")}
    return make_world(
        FILES,
        **levels,
        rep={**EVERYONE, "role": "rep"},
        other={**EVERYONE, "role": "rep"},
        desk={**EVERYONE, "role": "desk"},
        finn=EVERYONE,
        auditor={"permission_sets": ["auditor"]},
    )


def make(world: World, who: str, what: str = "deal", **values: object) -> int:
    """Create a record as somebody."""
    given = {"name": "x", **values}
    return int(world.run(lambda s: s.create(what, given), who=who)["id"])


def seen(world: World, who: str, name: str = "deal", **how: object) -> set[object]:
    """List the ids that somebody sees, and make sure that all ways to them agree."""
    wanted = ListRequest(object=name, count=True, **how)  # type: ignore[arg-type]  # passed on

    def work(session: Session) -> set[object]:
        page = session.list(wanted)
        found = {record["id"] for record in page.records}
        assert page.count == len(found)
        if "where" not in how:
            rows = session.aggregate(name, measures={"n": "COUNT()"})
            assert rows[0]["n"] == len(found)
        for record in found:
            assert session.get(name, int(str(record)))["id"] == record
        return found

    return world.run(work, who=who, write=False)


def test_whoever_stands_above_sees_what_those_below_own(world: World) -> None:
    """A deal of a rep is seen at each of the four levels above, and nowhere else."""
    deal = make(world, "rep")

    for who in ("rep", "lead", "manager", "head", "ceo"):
        assert seen(world, who) == {deal}, who
    for who in ("other", "desk", "finn", "auditor"):
        assert seen(world, who) == set(), who
        with pytest.raises(NotFound):
            world.run(lambda s: s.get("deal", deal), who=who)


def test_whoever_stands_above_sees_and_does_not_change(world: World) -> None:
    """The tree of roles opens reading; changing takes `modify_all`, a rule or a share."""
    deal = make(world, "rep")

    for work in (lambda s: s.update("deal", deal, {"name": "y"}), lambda s: s.delete("deal", deal)):
        with pytest.raises(AccessDenied):
            world.run(work, who="ceo")


def test_a_condition_over_a_lookup_opens_records_to_a_nested_team(world: World) -> None:
    """The rule reads the hidden account with full rights; a path typed by the reader does not."""
    near = make(world, "rep", "account", region="emea", name="Near")
    far = make(world, "rep", "account", region="apac")
    deal = make(world, "rep", account=near)
    make(world, "rep", account=far)

    for who in ("finn", "desk"):
        assert seen(world, who) == {deal}
        found = world.run(lambda s: s.get("deal", deal, ["account.name"]), who=who, write=False)
        assert found["account.name"] is None
        assert seen(world, who, where='account.name = "Near"') == set()
        with pytest.raises(AccessDenied):
            world.run(lambda s: s.update("deal", deal, {"name": "y"}), who=who)
    assert seen(world, "auditor") == set()


def test_a_rule_that_gives_edit_lets_change_and_delete(world: World) -> None:
    """Big deals may be worked on by the desk; the right on the object is still needed."""
    deal = make(world, "rep", amount=5000)
    small = make(world, "rep", amount=999)

    world.run(lambda s: s.update("deal", deal, {"name": "y"}), who="desk")
    assert seen(world, "desk") == {deal}
    with pytest.raises(NotFound):
        world.run(lambda s: s.update("deal", small, {"name": "y"}), who="desk")
    world.run(lambda s: s.delete("deal", deal), who="desk")
    gone = ListRequest(object="deal", bin=True)
    for who, there in (("desk", 1), ("other", 0)):
        assert len(world.run(lambda s: s.list(gone), who=who).records) == there
    assert world.run(lambda s: s.restore("deal", deal), who="desk")["id"] == deal


def test_a_rule_by_owner_opens_what_a_role_owns(world: World) -> None:
    """Somebody with a permission set sees the deals of heads, and of nobody else."""
    deal = make(world, "head")
    make(world, "rep")

    assert seen(world, "auditor") == {deal}


def test_details_follow_their_parent_on_every_way(world: World) -> None:
    """A line is seen by whoever sees its deal, through role, rule and owner."""
    near = make(world, "rep", "account", region="emea")
    deal = make(world, "rep", account=near)
    line = make(world, "rep", "line", deal=deal)
    other = make(world, "other", "line", deal=make(world, "other"))

    assert seen(world, "ceo", "line") == {line, other}
    assert seen(world, "finn", "line") == {line}
    assert seen(world, "desk", "line") == {line}


def test_another_role_counts_from_the_next_transaction_on(world: World) -> None:
    """Who moves within the organisation sees with the new role, and is seen by those above it."""
    deal = make(world, "rep")

    world.run(lambda s: s.update("user", world.people["other"], {"role": "manager"}))

    assert seen(world, "other") == {deal}
    world.run(lambda s: s.update("user", world.people["rep"], {"role": "desk"}))
    assert seen(world, "other") == set()
    assert seen(world, "ceo") == {deal}


def test_another_tree_of_roles_counts_with_its_version(world: World) -> None:
    """Roles moved, renamed and rules taken away by a version count for whoever enters after it."""
    deal = make(world, "rep")
    moved = ROLES.replace("lead: {parent: manager}", "chief: {parent: desk, aka: [lead]}")

    publish_texts(
        world, {**FILES, "access/roles.yaml": moved.replace("parent: lead", "parent: chief")}
    )

    assert seen(world, "manager") == set()
    assert seen(world, "lead") == {deal}  # still called by the former name
    assert seen(world, "desk") == {deal}
    publish_texts(world, FILES)
    assert seen(world, "manager") == {deal}
    assert seen(world, "desk") == set()


def test_the_acting_user_is_known_to_expressions(world: World) -> None:
    """HAS_ROLE holds for one's role and those below; manager and delegate are filled."""
    people = world.people
    world.run(
        lambda s: s.update(
            "user", people["rep"], {"manager": people["lead"], "delegate": people["other"]}
        )
    )
    deal = make(world, "rep")

    where = f"$user.manager = {people['lead']} AND $user.delegate = {people['other']}"
    assert seen(world, "rep", where=where) == {deal}
    assert seen(world, "rep", where='HAS_ROLE("rep") AND NOT HAS_ROLE("lead")') == {deal}
    assert seen(world, "ceo", where='HAS_ROLE("rep") AND HAS_ROLE("ceo")') == {deal}
