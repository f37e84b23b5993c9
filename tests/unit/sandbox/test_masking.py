"""Masks by type: every type is decided, nothing personal stays, shapes and limits are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from engine.compiled import CompiledField
from engine.model.fields.base import Value
from engine.model.fields.registry import TYPES, declare_field
from engine.names import FieldName, ObjectName
from sandbox.masking import DECIDED, NEVER_PERSONAL, Masker, is_personal

OWNER = ObjectName("person")
VALUES: Mapping[str, Value] = {
    "text": "Ada Lovelace 12",
    "long_text": "Ada was here.",
    "rich_text": "<p>Ada</p>",
    "email": "ada@real.example",
    "phone": "+33 1 44 55 66 77",
    "url": "https://real.example/ada",
    "address": {"street": "Rue Ada 1", "city": "Lyon", "country": "FR"},
    "json": {"name": "Ada"},
    "location": {"latitude": Decimal("45.7"), "longitude": Decimal("4.8")},
    "file": "ada.pdf",
    "image": "ada.png",
    "number": Decimal(1234567),
    "currency": Decimal("98765.43"),
    "percent": Decimal("0.1234"),
    "date": date(1990, 5, 17),
    "datetime": datetime(1990, 5, 17, 9, 30, tzinfo=UTC),
    "time": time(9, 31),
    "checkbox": True,
}


def field(kind: str, **options: object) -> CompiledField:
    """Compile a field by itself."""
    data = {"type": kind, **options}
    decl = declare_field(FieldName("f"), data, {})
    return CompiledField(
        name=FieldName("f"), ordinal=0, bit=1, decl=decl, type=TYPES[kind], is_stored=True
    )


def test_every_type_of_field_is_decided():
    """A type that is added without a word about masking fails here, and is masked as nothing."""
    assert frozenset(TYPES) == DECIDED
    assert NEVER_PERSONAL < DECIDED


@pytest.mark.parametrize("kind", sorted(set(VALUES) - NEVER_PERSONAL))
def test_personal_types_are_masked_unless_a_field_says_that_they_are_not(kind):
    """Text, mail, phone, address, rich text, files and what may hold anything."""
    value = VALUES[kind]

    masked = Masker().value(OWNER, field(kind), value)
    kept = Masker().value(OWNER, field(kind, pii="none"), value)

    assert masked != value
    assert "Ada" not in repr(masked)
    assert "real.example" not in repr(masked)
    assert kept == value


@pytest.mark.parametrize("kind", sorted(set(VALUES) & NEVER_PERSONAL - {"checkbox"}))
def test_other_types_are_masked_where_a_field_says_that_they_are_personal(kind):
    """A salary or a birthday tells who it is."""
    changed = {Masker().value(OWNER, field(kind, pii="personal"), VALUES[kind]) for _ in range(8)}

    assert Masker().value(OWNER, field(kind), VALUES[kind]) == VALUES[kind]
    assert changed != {VALUES[kind]}


def test_a_mask_keeps_shape_and_length():
    """Rules about formats and lengths say of the copy what they would say of the original."""
    masked = Masker().value(OWNER, field("text", length=40), "Ab-12 é")

    assert isinstance(masked, str)
    assert [c.isalpha() for c in masked] == [c.isalpha() for c in "Ab-12 é"]
    assert masked[2] == "-"


def test_unique_values_stay_apart_even_where_few_masks_are_left():
    """Two digits have a hundred masks: a hundred values get each another one."""
    masker, unique = Masker(), field("text", unique=True)

    found = {masker.value(OWNER, unique, f"{n:02}") for n in range(100)}

    assert len(found) == 100


def test_limits_of_a_number_are_kept():
    """A masked number passes where the original did."""
    limited = field("number", pii="sensitive", min=Decimal(50), max=Decimal(60))

    found = {Masker().value(OWNER, limited, Decimal(55)) for _ in range(20)}

    assert all(isinstance(n, Decimal) and 50 <= n <= 60 for n in found)


def test_blank_stays_blank_and_a_stored_formula_is_masked_by_its_result():
    """Nothing is made up where nothing was."""
    assert Masker().value(OWNER, field("text"), None) is None
    assert is_personal(field("formula", returns="text", formula="name"))
    assert not is_personal(field("formula", returns="number", formula="1"))
