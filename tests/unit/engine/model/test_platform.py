"""What every record and every configuration has without declaring it."""

from __future__ import annotations

from engine.model.fields import TYPES, StorageKind, declare_field
from engine.model.platform import PLATFORM_OBJECTS, platform_fields
from engine.names import PLATFORM_FIELDS, FieldName
from engine.source import tree_from_texts


def test_every_platform_field_is_declared_in_order() -> None:
    """The fields that `names` reserves are the fields that records have."""
    assert tuple(field.name for field in platform_fields(())) == PLATFORM_FIELDS


def test_record_types_become_choices() -> None:
    """`record_type` offers the record types of the object, and nothing where there are none."""
    offered = {f.name: f for f in platform_fields(["new_business", "renewal"])}
    plain = {f.name: f for f in platform_fields(())}

    assert list(offered[FieldName("record_type")].values) == ["new_business", "renewal"]
    assert offered[FieldName("record_type")].values["new_business"].label == "New business"
    assert not plain[FieldName("record_type")].values


def test_ids_and_versions_are_integers() -> None:
    """Both are plain integers in memory and in the database, and nobody sets them."""
    by_name = {field.name: field for field in platform_fields(())}
    for name in ("id", "version"):
        declared = by_name[FieldName(name)]
        field_type = TYPES[declared.type]

        assert field_type.storage(declared).kind is StorageKind.INTEGER
        assert not field_type.is_editable
        assert field_type.parse(declared, 7) == 7


def test_fields_of_platform_objects_can_be_declared() -> None:
    """The objects that Patron brings are ordinary declarations."""
    for data in PLATFORM_OBJECTS.values():
        fields = data["fields"]
        assert isinstance(fields, dict)
        for name, declared in fields.items():
            assert declare_field(FieldName(name), declared, {}).name == name


def test_users_have_what_the_format_promises() -> None:
    """`$user.manager`, `owner.email` and the like are in every expression."""
    fields = PLATFORM_OBJECTS["user"]["fields"]

    assert isinstance(fields, dict)
    assert set(fields) == {
        "name",
        "email",
        "role",
        "manager",
        "active",
        "language",
        "time_zone",
        "delegate",
    }


def test_nobody_declares_them_again() -> None:
    """An object called `user` and a field called `id` are refused."""
    _, problems = tree_from_texts(
        {"a.yaml": "object: user\n---\nobject: deal\nfields: {id: {type: text}}\n"}
    )

    assert [problem.code for problem in problems] == ["M121", "M121"]
