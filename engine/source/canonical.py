"""Canonical JSON: one text for one meaning, so that equal configurations have equal digests.

Compact, UTF-8, keys sorted except directly under `values` (whose order means something), lists as
they are, numbers as plain decimals without needless zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring

from engine.names import ComponentKey, Digest

ORDERED = "values"  # the key whose entries keep their order


def canonical(data: Mapping[str, object]) -> str:
    """Write component data in its one canonical form. Cost: O(size)."""
    return _write(data, in_order=False)


def read_canonical(text: str) -> object:
    """Read canonical JSON; decimals come back exactly."""
    return json.loads(text, parse_float=Decimal)


def digest_of(data: Mapping[str, object]) -> Digest:
    """Hash component data."""
    return digest_of_text(canonical(data))


def digest_of_text(text: str) -> Digest:
    """Hash canonical JSON."""
    return Digest(hashlib.sha256(text.encode()).hexdigest())


def tree_digest(tree: Iterable[tuple[ComponentKey, Digest]]) -> Digest:
    """Hash a whole tree: equal digest, equal configuration."""
    lines = sorted(f"{key} {digest}\n" for key, digest in tree)
    return Digest(hashlib.sha256("".join(lines).encode()).hexdigest())


def plain_number(number: Decimal) -> str:
    """Write a decimal without exponent and without zeros that say nothing."""
    whole = number.to_integral_value()
    if number == whole:
        return format(whole, "f") if number else "0"
    return format(number, "f").rstrip("0")


def _write(value: object, *, in_order: bool) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, Mapping):
        keys = value if in_order else sorted(value)
        entries = (
            f"{encode_basestring(key)}:{_write(value[key], in_order=key == ORDERED)}"
            for key in keys
        )
        return "{" + ",".join(entries) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_write(item, in_order=False) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no place in metadata")


def same(one: object, other: object, *, in_order: bool = False) -> bool:
    """Tell whether two values have the same canonical form, without writing it."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if one.keys() != other.keys() or (in_order and list(one) != list(other)):
            return False
        return all(same(one[key], other[key], in_order=key == ORDERED) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and one == other
