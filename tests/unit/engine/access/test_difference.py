"""The difference of effective access between two versions: who may do or see more, or less."""

from __future__ import annotations

from engine.access import access_changes
from tests.support.worlds import compile_texts, texts_of

DEAL = """\
object: deal
sharing: {sharing}
fields:
  name: {{type: text}}
  margin: {{type: number}}
"""
SET = "permission_set: rep\nobjects:\n  deal: {objects}\npermissions: [{permissions}]\n"
RULE = """\
sharing: deal
rules:
  wide: {{where: {where}, with: {{role: boss}}, access: {access}}}
"""
ROLES = "roles:\n  boss: {}\n"


def model(
    sharing: str = "private",
    objects: str = "{read: true, fields: {margin: none}}",
    permissions: str = "import_data",
    rule: str = "",
) -> object:
    """Compile a version."""
    more = {"access__sharing__deal": rule} if rule else {}
    return compile_texts(
        texts_of(
            {"deal": DEAL.format(sharing=sharing)},
            access__roles=ROLES,
            access__permission_sets__rep=SET.format(objects=objects, permissions=permissions),
            **more,
        )
    )[1]


def changes(before: object, after: object) -> list[tuple[str, str, str, str]]:
    """Give who, what, way and level after of each change."""
    found = access_changes(before, after)
    return [(change.who, change.what, change.way, change.after) for change in found]


def test_versions_that_give_the_same_do_not_differ():
    """A right that another one brings along is no change."""
    explicit = model(objects="{read: true, edit: true, fields: {margin: none}}")

    assert changes(model(), model()) == []
    assert changes(model(objects="{edit: true, fields: {margin: none}}"), explicit) == []


def test_rights_fields_and_permissions_are_told_by_set():
    """What a set gains and loses, each with its way."""
    after = model(objects="{read: true, edit: true}", permissions="export_data")

    rep = "permission set rep"
    assert changes(model(), after) == [
        (rep, "export_data", "more", "given"),
        (rep, "import_data", "less", ""),
        (rep, "edit", "more", "given"),
        (rep, "field margin", "more", "edit"),
        (rep, "field name", "more", "edit"),
        (rep, "field owner", "more", "edit"),
        (rep, "field record_type", "more", "edit"),
    ]


def test_defaults_and_rules_are_told_with_whom_they_concern():
    """A wider default, a rule that is new, gone, wider, or simply another one."""
    small, big = RULE.format(where="name = 'a'", access="read"), "name = 'b'"

    assert changes(model(), model(sharing="read")) == [("everybody", "sharing", "more", "read")]
    assert changes(model("read_write"), model("parent")) == [
        ("everybody", "sharing", "other", "parent")
    ]
    rule = ("role:boss", "rule wide")
    assert changes(model(), model(rule=small)) == [(*rule, "more", "read")]
    assert changes(model(rule=small), model()) == [(*rule, "less", "")]
    wider = RULE.format(where="name = 'a'", access="edit")
    assert changes(model(rule=small), model(rule=wider)) == [(*rule, "more", "edit")]
    other = RULE.format(where=big, access="read")
    assert changes(model(rule=small), model(rule=other)) == [(*rule, "other", "read")]
