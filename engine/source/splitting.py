"""From a document to its components, by the registry of kinds alone. No checks, no look-ups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.model.kinds import KINDS, Form
from engine.names import ComponentKey, component_key
from engine.source.chunks import component_text, document_text
from engine.source.nodes import Node, Shape
from engine.source.recognising import FileDocument
from engine.source.tree import Place

# The part of a translation whose entries are components of their own; others are one component.
_BY_OBJECT = "objects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A component as it lies in a file, before anything is checked.

    `data` is a map, or whatever stands where a map should.
    """

    kind: str
    path: tuple[str, ...]
    data: object
    place: Place
    text: str

    @property
    def key(self) -> ComponentKey:
        """Its identity."""
        return component_key(self.kind, *self.path)


def split(found: FileDocument) -> Iterator[Piece]:
    """Give the components of a document: itself first, then its parts in their order."""
    document, root = found.document, found.root
    if document.own:
        yield Piece(
            kind=document.own,
            path=found.path,
            data=own_data(found),
            place=Place(found.file, found.text, root),
            text=document_text(found.text, found.node),
        )
    for key, value in root.pairs:
        kind = document.parts.get(str(key.data))
        if kind is not None:
            yield from _parts(found, kind, key, value)


def own_data(found: FileDocument) -> dict[str, object]:
    """Give what a document says about itself: without its name, its parts and unknown keys."""
    data = found.root.data
    assert isinstance(data, Mapping)  # documents are maps
    known = KINDS[found.document.own].schema["properties"]
    assert isinstance(known, Mapping)  # so are kinds
    return {key: value for key, value in data.items() if key in known}


def _parts(found: FileDocument, kind: str, key: Node, value: Node) -> Iterator[Piece]:
    form, part = KINDS[kind].form, str(key.data)
    if value.shape is Shape.SCALAR and value.data is None:
        return  # `fields:` with nothing below
    if found.document.keyword == "translations" and part != _BY_OBJECT:
        yield _entry(found, kind, (*found.path, part), key, value)
    elif form is Form.MAP:
        for name, below in value.pairs:
            yield _entry(found, kind, (*found.path, str(name.data)), name, below)
    else:
        for place, element in enumerate(value.elements):
            yield _item(found, kind, place, element)


def _entry(found: FileDocument, kind: str, path: tuple[str, ...], key: Node, value: Node) -> Piece:
    """Take an entry of a map; `finance:` with nothing behind it is an empty one."""
    data = {} if value.data is None else value.data
    place = Place(found.file, found.text, value, key)
    text = component_text(found.text, key, value)
    return Piece(kind=kind, path=path, data=data, place=place, text=text)


def _item(found: FileDocument, kind: str, position: int, element: Node) -> Piece:
    """Take an item of a list: its name is joined from its fields."""
    place = Place(found.file, found.text, element)
    text = component_text(found.text, element, element)
    name = item_name(element.data) or str(position)
    return Piece(kind=kind, path=(*found.path, name), data=element.data, place=place, text=text)


def item_name(data: object) -> str:
    """Name an index after its fields: `[owner, stage, -amount]` is `owner_stage_amount`."""
    fields = data.get("fields") if isinstance(data, Mapping) else None
    names = fields if isinstance(fields, list) else []
    return "_".join(str(name).lstrip("-").replace(".", "_") for name in names)
