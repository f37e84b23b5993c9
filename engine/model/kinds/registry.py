"""The table of kinds and of documents, and the complete JSON Schemas made of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.model.kinds import access, automation, objects, screens, small
from engine.model.kinds.base import Document, Kind, Schema
from engine.model.kinds.shapes import DEFS

_FAMILIES = (small, objects, screens, automation, access)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for family in _FAMILIES for kind in family.KINDS}
)
DOCUMENTS: Mapping[str, Document] = MappingProxyType(
    {document.keyword: document for family in _FAMILIES for document in family.DOCUMENTS}
)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def complete_schema(schema: Schema) -> dict[str, object]:
    """Give a JSON Schema that stands alone: with its dialect and the shared definitions."""
    return {"$schema": DIALECT, **schema, "$defs": dict(DEFS)}
