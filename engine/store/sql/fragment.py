"""A piece of SQL made of text and of SQLAlchemy elements, usable wherever a column is.

Separate, because it is the only place that touches SQLAlchemy's compiler: everything above builds
tuples of parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeEngine

Part = str | sa.ColumnElement[Any]  # Any: columns and parameters of every type


class Fragment(sa.ColumnElement[Any]):
    """Text and elements by turns: texts[0] elements[0] texts[1] … texts[n].

    Flat by construction: a fragment inside another is taken apart, so that deep expressions do not
    become deep recursion in the compiler.
    """

    __visit_name__ = "patron_fragment"
    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012  # SQLAlchemy's own declaration of what a clause holds
        ("texts", InternalTraversal.dp_string_list),
        ("elements", InternalTraversal.dp_clauseelement_tuple),
        ("type", InternalTraversal.dp_type),
    ]

    def __init__(self, parts: Iterable[Part], type_: TypeEngine[Any]) -> None:
        texts, elements = [""], []
        for part in flat(parts):
            if isinstance(part, str):
                texts[-1] += part
            else:
                elements.append(part)
                texts.append("")
        self.texts = texts
        self.elements: tuple[sa.ColumnElement[Any], ...] = tuple(elements)
        self.type = type_

    @property
    def _from_objects(self) -> list[sa.FromClause]:
        return [found for element in self.elements for found in element._from_objects]  # noqa: SLF001  # how every clause tells its tables

    def self_group(self, against: Any = None) -> Fragment:
        """Stand as it is: the text brings its own parentheses."""
        return self

    def parts(self) -> tuple[Part, ...]:
        """Give text and elements in order."""
        found: list[Part] = [self.texts[0]]
        for element, text in zip(self.elements, self.texts[1:], strict=True):
            found += (element, text)
        return tuple(found)


def flat(parts: Iterable[Part]) -> Iterable[Part]:
    """Take fragments among the parts apart."""
    for part in parts:
        if isinstance(part, Fragment):
            yield from part.parts()
        else:
            yield part


@compiles(Fragment)
def _compile(element: Fragment, compiler: SQLCompiler, **options: Any) -> str:
    return "".join(
        part if isinstance(part, str) else compiler.process(part.self_group(), **options)
        for part in element.parts()
    )
