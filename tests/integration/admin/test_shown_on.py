"""A new field is added to layouts, so that people see it where they work."""

from __future__ import annotations

from tests.integration.admin.conftest import SANDBOX, Designer


def added(designer: Designer, label: str, *, is_shown: bool) -> None:
    """Add a field to contact by the panel."""
    fields = designer.fields("object/contact?new=field", "panel")
    assert fields["~layout"].startswith("layout:contact.")
    if not is_shown:
        del fields["~layout"]
    answer = designer.post("new/field", {**fields, "do": "save", "/label": label})
    assert answer.status_code == 303, answer.text[:2000]


def test_a_new_field_stands_on_the_screens_of_records(designer: Designer) -> None:
    """The form of a new record asks for it at once; one that was left out is not there."""
    added(designer, "Favourite colour", is_shown=True)
    added(designer, "Kept for later", is_shown=False)

    form = designer.visitor.get(f"/e/{SANDBOX}/o/contact/new").text

    assert "Favourite colour" in form
    assert "Kept for later" not in form


def test_a_layout_keeps_its_comments_when_a_field_is_added(designer: Designer) -> None:
    """Field and layout are one version, and the author's text stays."""
    before = designer.yaml("layout/account.default")

    fields = designer.fields("object/account?new=field", "panel")
    answer = designer.post("new/field", {**fields, "do": "save", "/label": "House colour"})
    after = designer.yaml("layout/account.default")

    assert answer.status_code == 303
    assert "house_colour" in after
    kept = [line for line in before.splitlines() if "#" in line or "related" in line]
    assert all(line in after for line in kept)
