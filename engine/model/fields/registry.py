"""The table of field types, and the way from a component's data to a declared field.

Called by `engine.compile` once per field and version, never on the request path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from engine.model.declarations import Field, PicklistValue
from engine.model.fields import choices, computed, contacts, dates, groups, links, numbers, texts
from engine.model.fields.base import FieldType, Value
from engine.names import FieldName, label_from

_ALL: tuple[FieldType, ...] = (
    texts.Text(),
    texts.LongText(),
    texts.RichText(),
    contacts.Email(),
    contacts.Phone(),
    contacts.Url(),
    numbers.Number(),
    numbers.Currency(),
    numbers.Percent(),
    dates.Date(),
    dates.Datetime(),
    dates.Time(),
    choices.Checkbox(),
    choices.Picklist(),
    choices.MultiPicklist(),
    links.Lookup(),
    links.MasterDetail(),
    computed.AutoNumber(),
    computed.Formula(),
    computed.RollUp(),
    groups.Address(),
    groups.Location(),
    links.File(),
    links.Image(),
    numbers.Rating(),
    groups.Json(),
)
# What a file may write as `type`.
DECLARABLE: Mapping[str, FieldType] = MappingProxyType({type_.name: type_ for type_ in _ALL})
# All types, with those that only the platform declares.
TYPES: Mapping[str, FieldType] = MappingProxyType(
    {**DECLARABLE, "id": links.RecordId(), "version": numbers.Version()}
)

_VALUE_KEYS = frozenset({"label", "color", "active", "aka", "description"})
# Common keys that are kept among the options, because only some readers ask for them.
_OPTIONS = frozenset({"encrypted", "depends_on", "description"})


def declare_field(
    name: FieldName,
    data: Mapping[str, object],
    picklists: Mapping[str, Mapping[str, object]],
) -> Field:
    """Build the declaration of a field from its checked data.

    Args:
        name: The field's API name.
        data: The component's data, valid against its schema.
        picklists: Data of the shared picklists, by name.

    Raises: BadValue when the default is no value of the field, KeyError when the shared picklist
        does not exist.
    """
    field_type = TYPES[str(data["type"])]
    default = data.get("default")
    formula = _default_formula(default)
    declared = Field(
        name=name,
        type=field_type.name,
        label=str(data.get("label") or label_from(name)),
        help=str(data.get("help", "")),
        required=data.get("required") is True,
        required_if=str(data.get("required_if", "")),
        unique=data.get("unique") is True or data.get("external_id") is True,
        external_id=data.get("external_id") is True,
        index=data.get("index") is True,
        history=data.get("history") is True,
        pii=str(data.get("pii", "")),
        read_only_after_create=data.get("read_only_after_create") is True,
        default_formula=formula,
        aka=_names(data.get("aka")),
        active=data.get("active") is not False,
        values=_picklist_values(data, picklists),
        options=MappingProxyType(_options(field_type, data)),
    )
    if formula or default is None:
        return declared
    return with_default(declared, default)


def with_default(declared: Field, default: object) -> Field:
    """Read a constant default by the field's type.

    Raises: BadValue.
    """
    value: Value = TYPES[declared.type].parse(declared, default) if default != "" else None
    return replace(declared, default=value)


def with_result_of(roll_up: Field, of: Field | None) -> Field:
    """Give a roll-up the type of the field it is taken of; a count is a whole number."""
    if of is None or roll_up.option("measure") == "count":
        result: dict[str, object] = {"returns": "number", "decimals": 0}
    else:
        returns = (
            str(of.option("returns", of.type)) if of.type in {"formula", "roll_up"} else of.type
        )
        returns = returns if returns in computed.RETURNS else "number"
        decimals = of.option("decimals", computed.USUAL_DECIMALS.get(returns, 0))
        if roll_up.option("measure") == "avg" and isinstance(decimals, int):
            decimals = max(decimals, computed.ROLL_UP_DECIMALS)
        result = {"returns": returns, "decimals": decimals}
    return replace(roll_up, options=MappingProxyType({**roll_up.options, **result}))


def _default_formula(default: object) -> str:
    if isinstance(default, Mapping) and set(default) == {"formula"}:
        return str(default["formula"])
    return ""


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def _options(field_type: FieldType, data: Mapping[str, object]) -> dict[str, object]:
    options = dict(field_type.defaults)
    for key in (*field_type.keys, *_OPTIONS):
        if key in data and key != "values":
            options[key] = data[key]
    for limit in ("min", "max"):
        if isinstance(options.get(limit), int | Decimal):
            options[limit] = Decimal(options[limit])  # type: ignore[arg-type]  # a number, see above
    if isinstance(options.get("to"), list):
        options["to"] = tuple(options["to"])  # type: ignore[arg-type]  # a list, see above
    if field_type.name == "lookup":
        options.setdefault("on_delete", "restrict" if data.get("required") is True else "clear")
    if field_type.name == "formula":
        options.setdefault("decimals", computed.USUAL_DECIMALS.get(str(data.get("returns")), 0))
    return options


def _picklist_values(
    data: Mapping[str, object], picklists: Mapping[str, Mapping[str, object]]
) -> Mapping[str, PicklistValue]:
    values = data.get("values")
    if "picklist" in data:
        values = picklists[str(data["picklist"])].get("values")
    if not isinstance(values, Mapping):
        return MappingProxyType({})
    return MappingProxyType(
        {str(name): _picklist_value(str(name), value) for name, value in values.items()}
    )


def _picklist_value(name: str, data: object) -> PicklistValue:
    given = data if isinstance(data, Mapping) else {}
    attributes = {key: value for key, value in given.items() if key not in _VALUE_KEYS}
    return PicklistValue(
        name=name,
        label=str(given.get("label") or label_from(name)),
        color=str(given.get("color", "")),
        active=given.get("active") is not False,
        attributes=MappingProxyType(attributes),
    )
