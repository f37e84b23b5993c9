"""Roles, groups and sharing rules compiled: members taken apart, mistakes told at their place."""

from __future__ import annotations

import pytest

from engine.access import standing
from engine.compile import compile_model
from engine.compiled import Members
from engine.source import tree_from_texts
from tests.support.worlds import compile_texts, texts_of

OBJECT = "object: deal\nfields:\n  name: {type: text}\n  area: {type: location}\n"
ROLES = "roles:\n  boss: {}\n  sales: {parent: boss, aka: [reps]}\n  emea: {parent: sales}\n"
RULE = "sharing: deal\nrules:\n  r: {}\n"


def problems_of(**others: str) -> list[tuple[str, str]]:
    """Compile a configuration that has problems; give file and code of each."""
    tree, found = tree_from_texts(texts_of({"deal": OBJECT}, **others))
    _, problems = compile_model(tree)
    return [(problem.file, problem.code) for problem in (*found, *problems)]


def test_nested_members_are_taken_apart_once():
    """Groups in groups, roles with those below them and people end as roles and e-mails."""
    teams = """\
teams:
  desk: {members: [{team: inner}, {queue: inbox}, {user: Ann@Example.test}]}
  inner: {members: [{role_and_below: sales}, {team: desk}]}
"""
    queues = "queues:\n  inbox: {members: [{role: boss}]}\n"

    _, model = compile_texts(
        texts_of({"deal": OBJECT}, access__roles=ROLES, access__teams=teams, access__queues=queues)
    )

    everybody = Members(
        roles=frozenset({"boss", "sales", "emea"}), users=frozenset({"ann@example.test"})
    )
    assert model.groups["team:desk"] == everybody
    assert model.groups["team:inner"] == everybody
    assert model.groups["queue:inbox"] == Members(roles=frozenset({"boss"}))


def test_somebody_stands_with_role_groups_and_those_below():
    """A former name of a role leads to it; a queue that those below work on is watched."""
    queues = "queues:\n  inbox: {members: [{role: emea}]}\n  own: {members: [{role: sales}]}\n"
    _, model = compile_texts(texts_of({"deal": OBJECT}, access__roles=ROLES, access__queues=queues))

    place = standing(model, "reps", "ann@example.test")

    assert place.role == "sales"
    assert place.held == {"sales", "emea"}
    assert place.groups == {
        "role:sales",
        "role_and_below:sales",
        "role_and_below:boss",
        "queue:own",
    }
    assert (place.queues, place.watched, place.leads) == (("own",), ("inbox",), True)
    assert standing(model, "gone", "ann@example.test").groups == frozenset()


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{with: {role: boss}, access: read}", "M112"),
        ("{where: TRUE, owner: {role: boss}, with: {role: boss}, access: read}", "M112"),
        ("{where: TRUE, with: {role: bos}, access: read}", "M202"),
        ("{owner: {team: desk}, with: {role_and_below: boss}, access: read}", "M202"),
        ("{where: nam = 1, with: {role: boss}, access: read}", "M301"),
        (
            "{where: \"VLOOKUP('deal','name','name','a')='x'\", with: {role: boss}, access: read}",
            "M313",
        ),
        ("{where: TRUE, with: {role: boss}, access: read_write}", "M114"),
    ],
)
def test_a_wrong_rule_is_told_at_its_file(rule: str, code: str):
    """What is missing, unknown or cannot be asked in SQL is a problem of the rule."""
    found = problems_of(access__roles=ROLES, access__sharing__deal=RULE.format(rule))

    assert ("access/sharing/deal.yaml", code) in found


def test_roles_that_stand_above_each_other_are_told_once():
    """A circle in the tree of roles is one problem, at one of its roles."""
    roles = "roles:\n  a: {parent: b}\n  b: {parent: c}\n  c: {parent: a}\n  d: {parent: a}\n"

    assert problems_of(access__roles=roles) == [("access/roles.yaml", "M205")]


def test_a_rule_that_is_not_active_opens_nothing():
    """`active: false` keeps a rule in the files and out of the model."""
    rule = RULE.format("{active: false, where: TRUE, with: {role: boss}, access: read}")
    _, model = compile_texts(
        texts_of({"deal": OBJECT}, access__roles=ROLES, access__sharing__deal=rule)
    )

    assert not model.sharing
