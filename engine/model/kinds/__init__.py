"""The registry of kinds: what every kind of component looks like, as data.

Public: `KINDS`, `DOCUMENTS`, `Kind`, `Document`, `references`, `complete_schema`, `trigger`. Each
layer above keeps one table from kind to function; tests compare the keys of all tables.
"""

from engine.model.kinds.base import Document, Effect, Form, Kind
from engine.model.kinds.references import references
from engine.model.kinds.registry import DOCUMENTS, KINDS, complete_schema

__all__ = [
    "DOCUMENTS",
    "KINDS",
    "Document",
    "Effect",
    "Form",
    "Kind",
    "complete_schema",
    "references",
]
