"""What every configuration has without declaring it: platform fields and platform objects.

Separate from the files of a configuration, because nobody may change or delete these. Used by
`engine.compile`, which lays them beside what the files declare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.model.declarations import Field, PicklistValue
from engine.names import FieldName, ObjectName, label_from

_USER: Mapping[str, object] = MappingProxyType({"to": ("user",), "on_delete": "restrict"})
_OWNER: Mapping[str, object] = MappingProxyType({"to": ("user", "queue"), "on_delete": "restrict"})


def _platform(
    name: str, type: str, label: str, options: Mapping[str, object] | None = None
) -> Field:
    return Field(
        name=FieldName(name),
        type=type,
        label=label,
        pii="none",
        options=MappingProxyType(dict(options or {})),
    )


_RECORD_TYPE = _platform("record_type", "picklist", "Record type")
_FIELDS: tuple[Field, ...] = (
    _platform("id", "id", "ID"),
    _platform("owner", "lookup", "Owner", _OWNER),
    _platform("created_at", "datetime", "Created at"),
    _platform("created_by", "lookup", "Created by", _USER),
    _platform("updated_at", "datetime", "Updated at"),
    _platform("updated_by", "lookup", "Updated by", _USER),
    _RECORD_TYPE,
    _platform("version", "version", "Version"),
)


def platform_fields(record_types: Iterable[str]) -> tuple[Field, ...]:
    """Give the fields that every record has, `record_type` with the names of the object's own."""
    values = {name: PicklistValue(name=name, label=label_from(name)) for name in record_types}
    if not values:
        return _FIELDS
    own = replace(_RECORD_TYPE, values=MappingProxyType(values))
    return tuple(own if field is _RECORD_TYPE else field for field in _FIELDS)


# Component data of the objects that Patron brings: the object's own keys, and `fields` by name.
PLATFORM_OBJECTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "user": {
            "label": "User",
            "plural": "Users",
            "icon": "user",
            "title": "name",
            "sharing": "read",
            "description": "A person who works here. All members may read users.",
            "fields": {
                "name": {"type": "text", "label": "Name", "length": 200, "required": True},
                "email": {"type": "email", "label": "E-mail", "required": True, "unique": True},
                "role": {"type": "text", "label": "Role", "length": 40, "pii": "none"},
                "manager": {"type": "lookup", "label": "Manager", "to": "user"},
                "active": {"type": "checkbox", "label": "Active", "default": True},
                "language": {"type": "text", "label": "Language", "length": 10, "pii": "none"},
                "time_zone": {"type": "text", "label": "Time zone", "length": 60, "pii": "none"},
                "delegate": {"type": "lookup", "label": "Delegate", "to": "user"},
            },
        },
        "queue": {
            "label": "Queue",
            "plural": "Queues",
            "icon": "inbox",
            "title": "name",
            "sharing": "read",
            "description": "Owns records until one of its members takes them. All members may "
            "read queues; the configuration declares them.",
            "fields": {
                "name": {"type": "text", "label": "Name", "length": 255, "pii": "none"},
                "api_name": {
                    "type": "text",
                    "label": "API name",
                    "length": 40,
                    "unique": True,
                    "pii": "none",
                },
            },
        },
        "exchange_rate": {
            "label": "Exchange rate",
            "plural": "Exchange rates",
            "icon": "percent",
            "title": "from",
            "sharing": "read",
            "description": "The worth of one unit of a currency in the company's, from a day on.",
            "fields": {
                "from": {
                    "type": "text",
                    "label": "Currency",
                    "length": 3,
                    "required": True,
                    "pii": "none",
                },
                "date": {"type": "date", "label": "From", "required": True},
                "rate": {"type": "number", "label": "Rate", "decimals": 8, "required": True},
            },
        },
    }
)
# What of a user decides what they may do, and who decides about their records: it takes the
# permission to manage users, whatever a permission set gives of the object.
MANAGED = {
    ObjectName("user"): frozenset(
        map(FieldName, ("email", "role", "manager", "active", "delegate"))
    )
}
# Platform objects whose records only the configuration makes and changes.
DECLARED_OBJECTS = frozenset({"queue"})
