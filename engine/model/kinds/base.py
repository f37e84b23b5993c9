"""What a kind is: one entry of data. Every layer has one table from kind to function beside it.

Separate from the entries, so that each family of kinds is a file that reads like a page of the
reference: nothing but shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Schema = Mapping[str, object]


class Form(StrEnum):
    """How the components of one kind lie in a document."""

    DOCUMENT = "document"  # the document is the component: `view: opportunity.my_open`
    MAP = "map"  # one entry per component, by name: `fields: {amount: …}`
    LIST = "list"  # one item per component, its name computed: `indexes: [{fields: …}]`


class Effect(StrEnum):
    """What a component is in the database, beside being metadata."""

    NONE = ""
    TABLE = "table"
    COLUMN = "column"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of component.

    `schema` is the JSON Schema of the component's data: the document or item without the key that
    names it. Its order of properties is the order in which files are written.
    `document` and `part` say where it lies: under which first key of a file, in which part of it.
    `parent` is the kind that the first step of its path names, "" when it stands alone.
    `lists` are JSON pointers (`*` for any item) of lists whose items are told apart by name.
    """

    name: str
    document: str
    part: str = ""
    form: Form
    schema: Schema
    parent: str = ""
    lists: tuple[str, ...] = ()
    effect: Effect = Effect.NONE
    summary: str = ""

    @property
    def words(self) -> str:
        """The kind as people say it: `validation_rule` is "validation rule"."""
        return self.name.replace("_", " ")

    @property
    def one(self) -> str:
        """One of the kind, with its article: "a validation rule", "an object"."""
        return f"an {self.words}" if self.name[0] in "aeio" else f"a {self.words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One sort of document in a file, known by its first key.

    `file` is where new ones go, with `{name}` for the name after the first key.
    `own` is the kind that the document itself is ("" when it only holds others).
    `parts` maps a key of the document to the kind of the components below it. A document whose
    first key holds its only part (`roles: {…}`) names nothing and maps that key to the kind.
    `fixed` is the path of its component where the first key does not say it: there is one project.
    """

    keyword: str
    file: str
    own: str = ""
    parts: Mapping[str, str]
    schema: Schema
    fixed: str = ""
    summary: str = ""

    @property
    def is_named(self) -> bool:
        """Tell whether the first key holds a name (`app: sales`), not content (`roles: {…}`)."""
        return self.keyword not in self.parts
