"""Field types: how values are read, shown and kept. One family per file.

Public: `TYPES` (all types), `DECLARABLE` (those a file may name), `declare_field`,
`with_result_of`, `BadValue`, `FieldType`, `Storage`, `StorageKind`, `Value`. Imports
`engine.model.declarations` and `engine.names`.
"""

from engine.model.fields.base import BadValue, FieldType, Storage, StorageKind, Value
from engine.model.fields.registry import DECLARABLE, TYPES, declare_field, with_result_of

__all__ = [
    "DECLARABLE",
    "TYPES",
    "BadValue",
    "FieldType",
    "Storage",
    "StorageKind",
    "Value",
    "declare_field",
    "with_result_of",
]
