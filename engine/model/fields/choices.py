"""Choices: `checkbox`, `picklist`, `multi_picklist`. Values are known names, never free text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from engine.locale import say
from engine.model.declarations import Field
from engine.model.fields.base import BadValue, FieldType, Storage, StorageKind, Value
from engine.model.fields.texts import describe
from engine.names import did_you_mean

# What spreadsheets write; numbers are not taken, because 1 in JSON is seldom meant as "yes".
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

_PICKLIST_KEYS: Mapping[str, Mapping[str, object]] = {
    "values": {"$ref": "#/$defs/picklist_values"},
    "picklist": {
        "$ref": "#/$defs/name",
        "description": "A value set of picklists/ that several fields share, instead of `values`.",
    },
}


_VALUES_OR_PICKLIST: Mapping[str, object] = {
    "oneOf": [{"required": ["values"]}, {"required": ["picklist"]}],
    "x-says": 'needs either "values" or "picklist"',
}


class Checkbox(FieldType):
    """Yes or no; never blank."""

    name = "checkbox"
    summary = "Yes or no; never blank."
    refused_keys = frozenset({"unique", "external_id"})

    def storage(self, field: Field) -> Storage:
        """Keep as a boolean."""
        return Storage(StorageKind.BOOLEAN)

    def parse(self, field: Field, value: object) -> Value:
        """Read true or false.

        Raises: BadValue R140.
        """
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
            return _BOOLEANS[value.strip().lower()]
        raise BadValue("R140", say("{value} is neither true nor false.", value=describe(value)))


class Picklist(FieldType):
    """One of several declared values."""

    name = "picklist"
    summary = "One value of a list."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = _PICKLIST_KEYS
    rules = (_VALUES_OR_PICKLIST,)
    refused_keys = frozenset({"external_id"})

    def storage(self, field: Field) -> Storage:
        """Keep the value's API name as text."""
        return Storage(StorageKind.TEXT)

    def parse(self, field: Field, value: object) -> Value:
        """Read the API name of an active value.

        Raises: BadValue R150 (unknown), R151 (no longer offered).
        """
        return read_choice(field, value)


class MultiPicklist(Picklist):
    """Any of several declared values."""

    name = "multi_picklist"
    summary = "Any number of values of a list."
    refused_keys = frozenset({"unique", "external_id", "index"})

    def storage(self, field: Field) -> Storage:
        """Keep the names as one text that SQL can search."""
        return Storage(StorageKind.LIST)

    def parse(self, field: Field, value: object) -> Value:
        """Read a list of names, or "a;b"; each name once, in the order given.

        Raises: BadValue R150, R151.
        """
        names = value.split(";") if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            message = say("{value} is no list of values.", value=describe(value))
            raise BadValue("R150", message, say('write ["a", "b"] or "a;b"'))
        given = [name.strip() if isinstance(name, str) else name for name in names]
        return tuple(dict.fromkeys(read_choice(field, name) for name in given if name != ""))


def read_choice(field: Field, value: object) -> str:
    """Find one value of a picklist by its API name.

    Raises: BadValue R150 (unknown), R151 (no longer offered).
    """
    found = field.values.get(value) if isinstance(value, str) else None
    if found is None:
        offered = [choice.name for choice in field.values.values() if choice.active]
        raise BadValue(
            "R150",
            say("{value} is no value of this list.", value=describe(value)),
            _offer(value, offered),
        )
    if not found.active:
        raise BadValue(
            "R151",
            say('"{name}" is no longer offered.', name=found.name),
            say("choose another value"),
        )
    return found.name


def _offer(value: object, offered: list[str]) -> str:
    few = 8
    near = did_you_mean(str(value), offered)
    if near or not offered:
        return near
    return say("one of {names}", names=", ".join(offered)) if len(offered) <= few else ""
