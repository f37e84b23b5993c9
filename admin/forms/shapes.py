"""What a piece of a JSON Schema is to a form: one word that says how it is drawn and read.

The one place that looks at schemas; drawing and reading go by the words. Only the part of JSON
Schema that the kinds use is known (`engine.model.kinds.shapes.KEYWORDS`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from engine.model.kinds import KINDS
from engine.model.kinds.base import Schema
from engine.model.kinds.shapes import DEFS

LONG = 256  # characters from which a text gets an area instead of a line
_DEFAULT = re.compile(r"\((true|false)\)\.?$")
_SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})
_PATHS = frozenset({"path", "sort", "full_name"})


class Draw(StrEnum):
    """How a value is shown."""

    LINE = "line"  # text in one line
    AREA = "area"  # text in several
    CODE = "code"  # an expression
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    FIXED = "fixed"
    SCALAR = "scalar"  # a text, a number, true or false, told apart by how it is written
    CONSTANT = "constant"  # the same, or a formula after "="
    LINES = "lines"  # a list of short values
    ITEMS = "items"  # a list of groups
    ROWS = "rows"  # a map of names
    GROUP = "group"  # known keys
    VARIANT = "variant"  # one of several groups
    YAML = "yaml"  # nothing better: a piece of YAML


COMPOSITE = frozenset({Draw.GROUP, Draw.ROWS, Draw.ITEMS, Draw.VARIANT, Draw.LINES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A piece of schema, resolved.

    `item` is the shape of items of a list or values of a map; `variants` the groups by the word
    that chooses, which stands in the key `by`, or is itself a key where `by` is "*".
    """

    draw: Draw
    schema: Schema
    help: str = ""
    properties: Mapping[str, Schema] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    extra: Schema | None = None
    choices: tuple[str, ...] = ()
    variants: Mapping[str, Schema] = field(default_factory=dict)
    by: str = ""
    is_path: bool = False  # a reference that may lead over lookups
    usual: bool = False  # of a flag: what it is when nothing is said


@lru_cache(maxsize=64)
def kind_shape(kind: str) -> Shape:
    """Give the shape of a kind's components."""
    return shape_of(KINDS[kind].schema)


def shape_of(schema: Schema) -> Shape:
    """Say how a piece of schema is drawn."""
    reference = _text(schema.get("$ref")).rpartition("/")[2]
    whole = {**DEFS[reference], **_without(schema, "$ref")} if reference else schema
    said = _text(whole.get("description"))
    if reference == "expression":
        return Shape(draw=Draw.CODE, schema=whole, help=said)
    if reference == "constant":
        return Shape(draw=Draw.CONSTANT, schema=whole, help=said)
    if "const" in whole:
        return Shape(draw=Draw.FIXED, schema=whole, help=said)
    if "enum" in whole:
        choices = tuple(map(str, _list(whole["enum"])))
        return Shape(draw=Draw.CHOICE, schema=whole, help=said, choices=choices)
    if "oneOf" in whole and "type" not in whole:
        return _alternatives(whole, said)
    return _typed(whole, said, is_path=reference in _PATHS)


def _typed(whole: Schema, said: str, *, is_path: bool) -> Shape:
    kind = whole.get("type")
    if isinstance(kind, list):
        draw = Draw.SCALAR if set(kind) <= _SCALARS else Draw.YAML
        return Shape(draw=draw, schema=whole, help=said)
    if kind == "string":
        longest = whole.get("maxLength")
        is_long = isinstance(longest, int) and longest > LONG
        draw = Draw.AREA if is_long else Draw.LINE
        return Shape(draw=draw, schema=whole, help=said, is_path=is_path)
    makers = {
        "boolean": _flag,
        "integer": _number,
        "number": _number,
        "array": _array,
        "object": _object,
    }
    return makers.get(str(kind), _yaml)(whole, said)


def _flag(whole: Schema, said: str) -> Shape:
    found = _DEFAULT.search(said)
    usual = found is not None and found[1] == "true"
    return Shape(draw=Draw.FLAG, schema=whole, help=said, usual=usual)


def _number(whole: Schema, said: str) -> Shape:
    return Shape(draw=Draw.NUMBER, schema=whole, help=said)


def _yaml(whole: Schema, said: str) -> Shape:
    return Shape(draw=Draw.YAML, schema=whole, help=said)


def _array(whole: Schema, said: str) -> Shape:
    items = _schema(whole.get("items"))
    if items is None:
        return Shape(draw=Draw.YAML, schema=whole, help=said)
    below = shape_of(items).draw
    draw = Draw.ITEMS if below in {Draw.GROUP, Draw.VARIANT} else Draw.LINES
    return Shape(draw=draw, schema=whole, help=said, extra=items)


def _object(whole: Schema, said: str) -> Shape:
    properties, extra = whole.get("properties"), _schema(whole.get("additionalProperties"))
    if isinstance(properties, Mapping):
        return Shape(
            draw=Draw.GROUP,
            schema=whole,
            help=said,
            properties=properties,
            required=frozenset(map(str, _list(whole.get("required")))),
            extra=extra,
        )
    if extra is None or "texts" in _text(extra.get("$ref")):
        return Shape(draw=Draw.YAML, schema=whole, help=said)
    return Shape(draw=Draw.ROWS, schema=whole, help=said, extra=extra)


def _alternatives(whole: Schema, said: str) -> Shape:
    schemas = [one for one in map(_schema, _list(whole["oneOf"])) if one is not None]
    by = _text(whole.get("x-by"))
    variants = dict(_variants(schemas, by)) if by else {}
    if len(variants) == len(schemas):
        return Shape(draw=Draw.VARIANT, schema=whole, help=said, variants=variants, by=by)
    draws = {shape_of(one).draw for one in schemas}
    if draws <= {Draw.LINE, Draw.AREA, Draw.CHOICE}:
        return Shape(draw=Draw.LINE, schema=whole, help=said)
    return Shape(draw=Draw.YAML, schema=whole, help=said)


def _variants(schemas: Iterable[Schema], by: str) -> Iterable[tuple[str, Schema]]:
    """Name each of several groups: by the constant of a key, or by its own required key."""
    for schema in schemas:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            return
        if by == "*":
            needed = [key for key in map(str, _list(schema.get("required"))) if key != "name"]
            if needed:
                yield needed[0], schema
        else:
            yield str(properties[by]["const"]), schema


def line_shape(shape: Shape) -> Shape:
    """Give the shape of one value of a list of short values: one input, whatever it is."""
    assert shape.extra is not None  # lists have items
    inner = shape_of(shape.extra)
    draws = {Draw.AREA: Draw.LINE, Draw.ROWS: Draw.YAML, Draw.LINES: Draw.YAML}
    return replace(inner, draw=draws.get(inner.draw, inner.draw))


def chosen_variant(shape: Shape, data: object) -> str:
    """Tell which of several groups a value is, or "" where nothing tells."""
    if not isinstance(data, Mapping):
        return ""
    if shape.by == "*":
        return next((name for name in shape.variants if name in data), "")
    return str(data.get(shape.by, ""))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _schema(value: object) -> Schema | None:
    return value if isinstance(value, Mapping) else None


def _without(schema: Schema, *keys: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in keys}
