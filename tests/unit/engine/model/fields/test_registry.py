"""How a component's data becomes a declared field, with the defaults of its type."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.model.declarations import Field
from engine.model.fields import DECLARABLE, TYPES, BadValue, StorageKind, declare_field
from engine.model.fields.computed import write_auto_number
from engine.model.fields.registry import with_result_of
from engine.names import FieldName


def field(**data: object) -> Field:
    """Declare a field called `close_date`."""
    return declare_field(FieldName("close_date"), data, {"size": {"values": {"big": {}}}})


def test_the_contract_names_26_types() -> None:
    """The types of metadata-format.md, and the platform's own two that no file may name."""
    contract = (
        "text long_text rich_text email phone url number currency percent date datetime time "
        "checkbox picklist multi_picklist lookup master_detail auto_number formula roll_up address "
        "location file image rating json"
    )

    assert set(DECLARABLE) == set(contract.split())
    assert set(TYPES) - set(DECLARABLE) == {"id", "version"}


def test_labels_default_from_names() -> None:
    """A field without a label is called after its API name."""
    assert field(type="date").label == "Close date"


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ({"type": "text"}, {"length": 255}),
        ({"type": "email"}, {"length": 255}),
        ({"type": "long_text"}, {"length": 32_000}),
        ({"type": "number"}, {"decimals": 0}),
        ({"type": "currency", "min": 0}, {"decimals": 2, "min": Decimal(0)}),
        ({"type": "percent"}, {"decimals": 4}),
        ({"type": "lookup", "to": "account"}, {"to": "account", "on_delete": "clear"}),
        (
            {"type": "lookup", "to": ["account", "lead"], "required": True},
            {"to": ("account", "lead"), "on_delete": "restrict"},
        ),
        ({"type": "master_detail", "to": "deal"}, {"to": "deal", "on_delete": "cascade"}),
        ({"type": "auto_number"}, {"format": "{0000}"}),
        (
            {"type": "formula", "returns": "percent", "formula": "a"},
            {"returns": "percent", "formula": "a", "decimals": 4},
        ),
    ],
)
def test_defaults_of_the_type_are_filled_in(
    data: dict[str, object], options: dict[str, object]
) -> None:
    """What a file leaves out is as the contract says."""
    assert dict(field(**data).options) == options


def test_an_external_id_is_unique() -> None:
    """Imports find records by it, so no two may share one."""
    assert field(type="text", external_id=True).unique


def test_a_default_is_read_by_its_type() -> None:
    """A constant default has the form in which values are kept."""
    assert field(type="currency", default=3).default == Decimal("3.00")


def test_a_computed_default_stays_text() -> None:
    """`{formula: …}` is left to the compiler."""
    declared = field(type="date", default={"formula": "TODAY()"})

    assert (declared.default, declared.default_formula) == (None, "TODAY()")


def test_a_bad_default_is_refused() -> None:
    """A default that the field would refuse is a problem of the configuration."""
    with pytest.raises(BadValue):
        field(type="picklist", values={"a": {}}, default="b")


def test_values_of_a_shared_picklist_are_taken() -> None:
    """A field that names a picklist has its values."""
    assert list(field(type="picklist", picklist="size").values) == ["big"]


def test_a_missing_shared_picklist_is_told() -> None:
    """The caller words what is missing."""
    with pytest.raises(KeyError):
        field(type="picklist", picklist="nope")


def test_keys_of_values_become_attributes() -> None:
    """What is not label, color or active can be read as `stage.probability`."""
    declared = field(
        type="picklist",
        values={"won": {"label": "Won", "color": "green", "closed": True, "probability": 1}},
    )

    won = declared.values["won"]

    assert (won.label, won.color, won.active) == ("Won", "green", True)
    assert dict(won.attributes) == {"closed": True, "probability": 1}


@pytest.mark.parametrize(
    ("data", "kind", "decimals"),
    [
        ({"type": "text"}, StorageKind.TEXT, 0),
        ({"type": "currency"}, StorageKind.DECIMAL, 2),
        ({"type": "date"}, StorageKind.DATE, 0),
        ({"type": "datetime"}, StorageKind.DATETIME, 0),
        ({"type": "time"}, StorageKind.TIME, 0),
        ({"type": "checkbox"}, StorageKind.BOOLEAN, 0),
        ({"type": "picklist", "values": {"a": {}}}, StorageKind.TEXT, 0),
        ({"type": "multi_picklist", "values": {"a": {}}}, StorageKind.LIST, 0),
        ({"type": "lookup", "to": "a"}, StorageKind.INTEGER, 0),
        ({"type": "auto_number"}, StorageKind.TEXT, 0),
        ({"type": "formula", "returns": "text", "formula": "a"}, StorageKind.TEXT, 0),
        ({"type": "formula", "returns": "currency", "formula": "a"}, StorageKind.DECIMAL, 2),
        ({"type": "roll_up", "measure": "count"}, StorageKind.DECIMAL, 0),
        ({"type": "roll_up", "measure": "sum", "of": "a"}, StorageKind.DECIMAL, 4),
        ({"type": "address"}, StorageKind.JSON, 0),
    ],
)
def test_every_type_says_how_it_is_kept(
    data: dict[str, object], kind: StorageKind, decimals: int
) -> None:
    """The store makes its columns of this."""
    declared = field(**data)

    storage = TYPES[declared.type].storage(declared)

    assert (storage.kind, storage.decimals) == (kind, decimals)


@pytest.mark.parametrize(
    ("measure", "of", "kind", "decimals"),
    [
        ("count", None, StorageKind.DECIMAL, 0),
        ("sum", field(type="currency"), StorageKind.DECIMAL, 2),
        ("avg", field(type="currency"), StorageKind.DECIMAL, 4),
        ("max", field(type="date"), StorageKind.DATE, 0),
        (
            "min",
            field(type="formula", returns="percent", formula="a"),
            StorageKind.DECIMAL,
            4,
        ),
    ],
)
def test_a_roll_up_is_kept_as_the_field_it_is_taken_of(
    measure: str, of: Field | None, kind: StorageKind, decimals: int
) -> None:
    """A sum of amounts is an amount, the latest date a date."""
    roll_up = with_result_of(field(type="roll_up", measure=measure, of="x"), of)

    storage = TYPES["roll_up"].storage(roll_up)

    assert (storage.kind, storage.decimals) == (kind, decimals)


def test_running_numbers_are_written_in_their_format() -> None:
    """Zeros in braces say how long the number is at least."""
    assert write_auto_number("OPP-{0000}", 42) == "OPP-0042"
    assert write_auto_number("{00}/26", 12345) == "12345/26"


def test_targets_of_lookups_are_objects() -> None:
    """One object or several: readers always get a tuple."""
    assert field(type="lookup", to="a").targets == ("a",)
    assert field(type="lookup", to=["a", "b"]).targets == ("a", "b")
    assert field(type="text").targets == ()
