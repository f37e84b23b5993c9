"""Values as JSON text and back, exactly: decimals keep their digits, times their zone.

Separate, because columns, history and the outbox keep JSON and must not differ in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

import orjson

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def to_json(value: object) -> str:
    """Write compact JSON with sorted keys; dates and datetimes as ISO texts, tuples as lists.

    Raises: TypeError for what has no JSON form.
    """
    return orjson.dumps(value, default=_plain, option=_OPTIONS).decode()


def from_json(text: str) -> object:
    """Read JSON; numbers with a point become Decimals, never floats."""
    return json.loads(text, parse_float=Decimal)


def _plain(value: object) -> object:
    """Help orjson with what it does not know: exact numbers and read-only mappings."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
