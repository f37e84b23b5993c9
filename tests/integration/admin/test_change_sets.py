"""Change sets in the browser: made, filled from a component's page, planned, promoted, exported."""

from __future__ import annotations

import io
import zipfile

from tests.integration.admin.conftest import Designer
from tests.integration.admin.test_saving import new_field
from tests.support.forms import fields_of
from tests.support.houses import Caller


def grown(sandbox: Designer, name: str) -> Designer:
    """Give the sandbox two new fields, `NAME_one` and `NAME_two`."""
    for number in ("one", "two"):
        new_field(sandbox, f"{name} {number}", name=f"{name}_{number}")
    return sandbox


def test_a_set_is_filled_from_a_component_and_promotes_only_that(
    designer: Designer, api: Caller
) -> None:
    """What is not in the set stays behind, and the sandbox still brings it the next time."""
    sandbox = grown(designer, "parts")

    form = sandbox.fields("field/account.parts_one", "to-set")
    added = sandbox.post("change-sets/add", {**form, "name": "first"})
    listed = sandbox.get("change-sets?set=first")
    page = sandbox.get("changes?set=first")
    done = sandbox.post("changes", fields_of(page, "promote"))

    assert added.headers.get("Location") == "/e/trial/setup/change-sets?set=first"
    assert 'value="field:account.parts_one" checked' in listed
    assert 'value="field:account.parts_two">' in listed
    assert "Field account.parts_one" in page
    assert "Field account.parts_two" not in page
    assert done.status_code == 303, done.text[:2000]
    fields = api.get("/objects/account").json["fields"]
    assert "parts_one" in fields
    assert "parts_two" not in fields
    assert "already contains everything of this change set" in sandbox.get("changes?set=first")
    assert "Field account.parts_two" in sandbox.get("changes")


def test_a_set_is_made_changed_and_dropped_on_its_page(designer: Designer) -> None:
    """The reason stands with the set, and is proposed for the version."""
    sandbox = grown(designer, "whole")
    chosen = {"component": "field:account.whole_two"}

    made = sandbox.send("change-sets", name="second", reason="For the fair", **chosen)
    listed, plan = sandbox.get("change-sets"), sandbox.get("changes?set=second")
    changed = sandbox.send("change-sets?set=second", reason="For the summer fair", **chosen)
    token = {"csrf": sandbox.fields("change-sets")["csrf"]}
    dropped = sandbox.post("change-sets/second/drop", token)

    assert (made.status_code, changed.status_code, dropped.status_code) == (303, 303, 303)
    assert "For the fair" in listed
    assert 'value="For the fair"' in plan
    assert "second" not in sandbox.get("change-sets")
    sandbox.get("changes?set=second", status=404)


def test_a_set_that_cannot_be_is_explained_and_nothing_typed_is_lost(designer: Designer) -> None:
    """A name of its rules, and at least one component."""
    sandbox = grown(designer, "wrong")
    chosen = {"component": "field:account.wrong_one"}

    bad = sandbox.send("change-sets", name="Été 2027", reason="Why", **chosen)
    empty = sandbox.send("change-sets", name="nothing")

    assert (bad.status_code, empty.status_code) == (422, 422)
    assert "A change set is called by" in bad.text
    assert 'value="Été 2027"' in bad.text
    assert 'value="field:account.wrong_one" checked' in bad.text
    assert "A change set needs a component." in empty.text


def test_a_side_that_is_taken_for_a_set_is_kept(designer: Designer) -> None:
    """Deciding leads back to the set, whose plan can be deployed then."""
    production = designer.at("production")
    sandbox = grown(designer, "sides")
    production.send("field/account.phone", **{"/label": "Phone there"}, reason="now")
    sandbox.send("field/account.phone", **{"/label": "Phone here"})
    chosen = {"component": "field:account.phone"}
    sandbox.send("change-sets", name="third", **chosen)
    page = sandbox.get("changes?set=third")
    mark = page.partition(':incoming"')[0].rpartition('value="')[2]

    decided = sandbox.post(
        "changes/decide", {**fields_of(page, "promote"), "decide": f"{mark}:incoming"}
    )
    after = sandbox.get("changes?set=third")
    sandbox.post("changes", fields_of(after, "promote"))

    assert decided.headers["Location"] == "/e/trial/setup/changes?set=third#both"
    assert "Deploy to production" in after
    assert "Phone here" in production.yaml("field/account.phone")


def test_the_files_of_a_plan_are_exported(designer: Designer) -> None:
    """Only what differs, as it would be committed; of a set only what is in it."""
    sandbox = grown(designer, "files")
    sandbox.send("change-sets", name="fourth", component="field:account.files_one")

    answer = sandbox.visitor.get(f"{sandbox.root}/changes/export?set=fourth")
    whole = sandbox.visitor.get(f"{sandbox.root}/changes/export")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="trial-fourth.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        names = packed.namelist()
        text = packed.read("objects/account.yaml").decode()
    with zipfile.ZipFile(io.BytesIO(whole.data)) as packed:
        assert "files_two:" in packed.read("objects/account.yaml").decode()
    assert "objects/account.yaml" in names
    assert not any(name.startswith("objects/") for name in names if "account" not in name)
    assert "files_one:" in text
    assert "files_two:" not in text


def test_production_has_no_change_sets_and_a_rep_sees_none(
    designer: Designer, outsider: Designer
) -> None:
    """404 where there is no parent, 403 without the right; also for who sends a form anyway."""
    designer.at("production").get("change-sets", status=404)
    outsider.get("change-sets", status=403)
    chosen = {"name": "mine", "component": "field:account.name"}
    sent = outsider.visitor.send("/e/production/", f"{outsider.root}/change-sets", **chosen)
    assert sent.status_code == 403
