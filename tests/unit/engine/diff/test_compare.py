"""Which operations lead from one tree to another."""

from __future__ import annotations

import pytest

from engine.diff import Add, Change, Rename, Restore, Retire, Risk, apply_operations, diff_trees
from engine.source import canonical, tree_from_stored

DEAL = {
    "object:deal": {"label": "Deal", "order": {"fields": ["name", "amount", "stage"]}},
    "field:deal.name": {"type": "text", "required": True},
    "field:deal.amount": {"type": "currency"},
    "field:deal.stage": {"type": "text"},
}


def _tree(components):
    return tree_from_stored((key, canonical(data), "") for key, data in components.items())


def _diff(before, after, **more):
    return diff_trees(_tree(before), _tree(after), **more)


def _with(components, **changed):
    """Copy components, with `object__deal={...}` replaced or added and None removed."""
    keys = {name.replace("___", ".").replace("__", ":"): data for name, data in changed.items()}
    merged = {**components, **keys}
    return {key: data for key, data in merged.items() if data is not None}


def _order(*fields):
    return {"label": "Deal", "order": {"fields": list(fields)}}


def test_equal_trees_differ_in_nothing():
    """The same components give no operation."""
    assert _diff(DEAL, dict(DEAL)) == ()


def test_a_new_field_is_one_addition_and_no_change_of_its_object():
    """The order of the object lists the new field, and that is no change by itself."""
    after = _with(
        DEAL,
        object__deal=_order("name", "owner_note", "amount", "stage"),
        field__deal___owner_note={"type": "text"},
    )

    (operation,) = _diff(DEAL, after)

    assert operation == Add(
        component="field:deal.owner_note", data={"type": "text"}, after="name", parent_is_new=False
    )
    assert operation.cls is Risk.ADDITIVE
    assert operation.explain() == "text, optional"


def test_a_field_that_is_gone_is_retired():
    """Nothing is dropped: the operation says that values stay."""
    after = _with(DEAL, object__deal=_order("name", "stage"), field__deal___amount=None)

    (operation,) = _diff(DEAL, after)

    assert operation == Retire(
        component="field:deal.amount", data={"type": "currency"}, after="name"
    )
    assert operation.cls is Risk.REVERSIBLE
    assert "values are kept" in operation.explain()


def test_a_retired_name_that_comes_back_is_a_restore():
    """Adding what the environment keeps hidden brings it back."""
    after = _with(DEAL, field__deal___old={"type": "text"})

    (operation,) = _diff(DEAL, after, retired={"field:deal.old"})

    assert isinstance(operation, Restore)
    assert operation.cls is Risk.ADDITIVE
    assert operation.explain() == "restored with its values: text, optional"


def test_fields_in_another_order_are_one_change_of_the_object():
    """The relative order of the fields that stay is what counts."""
    after = _with(DEAL, object__deal=_order("name", "stage", "amount"))

    (operation,) = _diff(DEAL, after)

    assert isinstance(operation, Change)
    assert operation.reorder == {
        "fields": (("name", "amount", "stage"), ("name", "stage", "amount"))
    }
    assert operation.explain() == "fields in another order"
    assert operation.cls is Risk.ADDITIVE


def test_a_changed_property_is_named_from_what_to_what():
    """A change tells its properties, not that something changed."""
    after = _with(DEAL, field__deal___stage={"type": "text", "required": True, "length": 80})

    (operation,) = _diff(DEAL, after)

    assert operation.explain() == "length: 80, optional → required"
    assert operation.cls is Risk.NARROWING


def test_a_rename_is_declared_by_aka():
    """The new component lists its former name; nothing is retired or added."""
    after = _with(
        DEAL,
        object__deal=_order("name", "value", "stage"),
        field__deal___amount=None,
        field__deal___value={"type": "currency", "aka": ["amount"]},
    )

    (operation,) = _diff(DEAL, after)

    assert isinstance(operation, Rename)
    assert operation.former == "field:deal.amount"
    assert operation.cls is Risk.REVERSIBLE
    assert operation.explain() == "renamed from amount: no data moved"


def test_without_aka_a_rename_is_never_guessed():
    """An equal field under another name is a retirement and an addition."""
    after = _with(
        DEAL,
        object__deal=_order("name", "value", "stage"),
        field__deal___amount=None,
        field__deal___value={"type": "currency"},
    )

    assert [operation.op for operation in _diff(DEAL, after)] == ["retire", "add"]


def test_an_aka_of_a_name_that_still_exists_is_no_rename():
    """A former name that is in use again means a new component."""
    after = _with(DEAL, field__deal___value={"type": "currency", "aka": ["amount"]})

    assert [operation.op for operation in _diff(DEAL, after)] == ["add"]


def test_a_renamed_object_takes_its_parts_along():
    """Fields, layouts and rights named after the object follow it, renamed fields included."""
    before = {
        **DEAL,
        "layout:deal.default": {"sections": []},
        "object_permission:rep.deal": {"read": True},
        "translation:fr.deal": {"label": "Affaire"},
    }
    after = {
        "object:offer": {**_order("name", "value", "stage"), "aka": ["deal"]},
        "field:offer.name": DEAL["field:deal.name"],
        "field:offer.value": {"type": "currency", "aka": ["amount"]},
        "field:offer.stage": DEAL["field:deal.stage"],
        "layout:offer.default": {"sections": []},
        "object_permission:rep.offer": {"read": True},
        "translation:fr.offer": {"label": "Affaire"},
    }

    operations = _diff(before, after)

    assert {operation.op for operation in operations} == {"rename"}
    assert operations[0].component == "object:offer"
    assert ("field:deal.amount", "field:offer.value") in {
        (operation.former, operation.component) for operation in operations
    }
    assert apply_operations(_data(before), operations) == _data(after)


def test_an_index_follows_its_renamed_field():
    """An index is named after its fields, so a renamed field renames it."""
    before = {**DEAL, "index:deal.stage_amount": {"fields": ["stage", "-amount"]}}
    after = _with(
        before,
        object__deal=_order("name", "value", "stage"),
        field__deal___amount=None,
        field__deal___value={"type": "currency", "aka": ["amount"]},
        index__deal___stage_amount=None,
        index__deal___stage_value={"fields": ["stage", "-value"]},
    )

    assert {operation.op for operation in _diff(before, after)} == {"rename"}


def test_an_object_that_goes_takes_its_parts_with_it_children_first():
    """Retirements end with the object, so that turned round they begin with it."""
    operations = _diff(DEAL, {})

    assert [operation.op for operation in operations] == ["retire"] * 4
    assert operations[-1].component == "object:deal"


def test_a_required_field_of_a_new_object_is_additive():
    """There are no records yet that could lack the value."""
    assert {operation.cls for operation in _diff({}, DEAL)} == {Risk.ADDITIVE}


def test_a_required_field_of_an_object_with_records_is_narrowing():
    """Records that exist have no value and would not pass any more."""
    after = _with(DEAL, field__deal___code={"type": "text", "required": True})

    (operation,) = _diff(DEAL, after)

    assert operation.cls is Risk.NARROWING


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (DEAL, {}),
        ({}, DEAL),
        (DEAL, _with(DEAL, object__deal=_order("stage", "amount", "name"))),
        (
            DEAL,
            _with(
                DEAL,
                object__deal={"label": "Offer", "order": {"fields": ["b", "stage", "value", "a"]}},
                field__deal___name=None,
                field__deal___amount=None,
                field__deal___value={"type": "currency", "aka": ["amount"]},
                field__deal___a={"type": "text"},
                field__deal___b={"type": "text"},
            ),
        ),
    ],
)
def test_operations_lead_there_and_back(before, after):
    """Carried out they give the tree they came from, turned round the tree before."""
    operations = _diff(before, after)

    there = apply_operations(_data(before), operations)
    back = apply_operations(there, [operation.reverse() for operation in reversed(operations)])

    assert there == _data(after)
    assert back == _data(before)


def _data(components):
    return {key: doc.data for key, doc in _tree(components).docs.items()}
