"""Links to other records and to files: `lookup`, `master_detail`, `file`, `image`.

A value is the id of the other record. Whether that record exists and may be seen is decided where
the database is; here it is only a number that can be an id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from engine.locale import say
from engine.model.declarations import Field
from engine.model.fields.base import BadValue, FieldType, Storage, StorageKind, Value
from engine.model.fields.texts import describe

MAX_ID = 2**53 - 1  # what JSON carries exactly everywhere
_ID = re.compile(r"[1-9][0-9]{0,15}\Z", re.ASCII)

_ONE_OBJECT: Mapping[str, object] = {"$ref": "#/$defs/name"}
_WHERE: Mapping[str, object] = {
    "$ref": "#/$defs/expression",
    "description": "Only records for which this holds are offered.",
}


class Lookup(FieldType):
    """A link to a record of one object, or of one of several."""

    name = "lookup"
    summary = "A link to another record."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "to": {
            "oneOf": [
                _ONE_OBJECT,
                {"type": "array", "items": _ONE_OBJECT, "minItems": 1, "uniqueItems": True},
            ],
            "description": "The object, or a list of objects, whose records may be chosen.",
        },
        "on_delete": {
            "enum": ["restrict", "clear", "cascade"],
            "description": "When the other record is deleted: refuse, empty this field, or delete "
            "this record too (clear; restrict when the field is required).",
        },
        "where": _WHERE,
        "tree": {"type": "boolean", "description": "The records form a tree through this field."},
    }
    required_keys = frozenset({"to"})
    refused_keys = frozenset({"external_id"})

    def storage(self, field: Field) -> Storage:
        """Keep the other record's id."""
        return Storage(StorageKind.INTEGER)

    def parse(self, field: Field, value: object) -> Value:
        """Read an id, as a number or as digits.

        Raises: BadValue R160.
        """
        if isinstance(value, str) and _ID.match(value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ID:
            return value
        message = say("{value} is no id of a record.", value=describe(value))
        raise BadValue("R160", message, say("give the number that the other record has as its id"))


class MasterDetail(Lookup):
    """A link to the record that this one is a part of: it is deleted and shared with it."""

    name = "master_detail"
    summary = "A link to the record that this one is a part of."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "to": {**_ONE_OBJECT, "description": "The object whose records have such parts."},
        "where": _WHERE,
    }
    defaults: ClassVar[Mapping[str, object]] = {"on_delete": "cascade"}


class File(Lookup):
    """A file, by its id."""

    name = "file"
    summary = "A file."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    required_keys = frozenset()
    refused_keys = frozenset({"unique", "external_id", "index", "default"})


class Image(File):
    """A picture, by the id of its file."""

    name = "image"
    summary = "A picture."


class RecordId(Lookup):
    """The id of the record itself; only the platform declares such a field."""

    name = "id"
    summary = "The id of the record, given by Patron."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    required_keys = frozenset()
    is_editable = False
