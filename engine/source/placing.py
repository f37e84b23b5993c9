"""Where components lie in documents, and which document holds what: the way back from a tree.

The inverse of `splitting`: pure data, no text and no disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.model.kinds import DOCUMENTS, KINDS, Document, Form
from engine.model.kinds.small import TRANSLATED
from engine.names import ComponentKey, split_key

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The identity of a document: its first key and the name behind it, in steps."""

    keyword: str
    path: tuple[str, ...]

    @property
    def document(self) -> Document:
        """What sort of document it is."""
        return DOCUMENTS[self.keyword]

    @property
    def file(self) -> str:
        """The file in which a new one is written."""
        name = self.path[-1] if self.path else ""
        owner = self.path[0] if self.path else ""
        return self.document.file.format(name=name, object=owner)

    @property
    def head(self) -> dict[str, object]:
        """The first key with its name; {} for documents that name nothing."""
        return {self.keyword: ".".join(self.path)} if self.document.is_named else {}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a component lies: its document, and the part and name of its entry there.

    `part` is "" for the document itself; `name` is "" for an item of a list or a whole part.
    """

    sheet: Sheet
    part: str = ""
    name: str = ""


@lru_cache(maxsize=4_096)
def address_of(key: ComponentKey) -> Address:
    """Say where a component lies, by its key alone."""
    kind, path = split_key(key)
    document = DOCUMENTS[KINDS[kind].document]
    if document.own == kind:
        return Address(Sheet(document.keyword, path))
    if kind == "translation":
        sheet = Sheet(document.keyword, path[:1])
        return (
            Address(sheet, path[1]) if path[1] in TRANSLATED else Address(sheet, "objects", path[1])
        )
    part = KINDS[kind].part
    if not document.is_named:
        return Address(Sheet(document.keyword, ()), part, path[0])
    name = "" if KINDS[kind].form is Form.LIST else path[-1]
    return Address(Sheet(document.keyword, path[:-1]), part, name)


def order_within(own: Data, part: str, names: Iterable[str]) -> list[str]:
    """Put the names of a part in the order the object asks for; others come last, as they are."""
    order = own.get("order")
    listed = order.get(part) if isinstance(order, Mapping) else None
    there = dict.fromkeys(names)
    first = [str(name) for name in listed if name in there] if isinstance(listed, list) else []
    return list(dict.fromkeys((*first, *there)))
