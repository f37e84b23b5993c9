"""JSON bodies of a fixed shape: which keys there may be, and of which kind; every problem at once.

For routes that are about no record: records are read by their fields. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import FieldError, RecordInvalid
from engine.names import did_you_mean

MAX_TEXT = 500
MAX_ITEMS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a body held; a key that was not sent, or is null, is not in it."""

    values: Mapping[str, object]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        """Give a text."""
        return str(self.values.get(name, default))

    def truth(self, name: str) -> bool:
        """Give true or false; false when it was not sent."""
        return self.values.get(name) is True

    def number(self, name: str, default: int) -> int:
        """Give a whole number."""
        value = self.values.get(name, default)
        return value if isinstance(value, int) else default

    def listed(self, name: str) -> tuple[str, ...]:
        """Give a list of texts in its order."""
        value = self.values.get(name, ())
        return tuple(value) if isinstance(value, list) else ()

    def texts(self, name: str) -> dict[str, str]:
        """Give an object of texts; what is no text in it is left to who reads it."""
        value = self.values.get(name, {})
        return dict(value) if isinstance(value, dict) else {}

    def names(self, name: str) -> frozenset[str]:
        """Give a list of texts as a set."""
        value = self.values.get(name, ())
        return frozenset(value) if isinstance(value, list) else frozenset()


def read_given(body: Mapping[str, object], kinds: Mapping[str, type], *needed: str) -> Given:
    """Check a body against the kind of each key: str, bool, int, list (of texts), dict (of texts).

    Raises: RecordInvalid R100 with R102 (unknown), R105 (missing), R110, R111, R120, R140, R170.
    """
    errors = [error for name, value in body.items() if (error := _wrong(name, value, kinds))]
    errors.extend(
        FieldError(field=name, code="R105", message=f"{name} is needed.")
        for name in needed
        if not body.get(name)
    )
    if errors:
        message = "Some values cannot be taken."
        raise RecordInvalid(message, errors=tuple(errors))
    return Given(values={name: value for name, value in body.items() if value is not None})


def _wrong(name: str, value: object, kinds: Mapping[str, type]) -> FieldError | None:
    kind = kinds.get(name)
    if kind is None:
        hint = did_you_mean(name, kinds) or f"there are {', '.join(kinds)}"
        message = f'There is no "{name}" here.'
        return FieldError(field=name, code="R102", message=message, hint=hint)
    if value is None:
        return None
    return _WRONG[kind](name, value)


def _text(name: str, value: object) -> FieldError | None:
    if not isinstance(value, str):
        return FieldError(field=name, code="R110", message=f"{name} is a text.")
    if len(value) > MAX_TEXT:
        message = f"{name} has at most {MAX_TEXT} characters."
        return FieldError(field=name, code="R111", message=message)
    return None


def _truth(name: str, value: object) -> FieldError | None:
    if isinstance(value, bool):
        return None
    return FieldError(field=name, code="R140", message=f"{name} is true or false.")


def _number(name: str, value: object) -> FieldError | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return None
    return FieldError(field=name, code="R120", message=f"{name} is a whole number.")


def _names(name: str, value: object) -> FieldError | None:
    is_list = isinstance(value, list) and len(value) <= MAX_ITEMS
    if is_list and all(isinstance(one, str) and len(one) <= MAX_TEXT for one in value):  # type: ignore[attr-defined]  # a list, see above
        return None
    message = f"{name} is a list of at most {MAX_ITEMS} names."
    return FieldError(field=name, code="R170", message=message)


def _object(name: str, value: object) -> FieldError | None:
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return None
    message = f"{name} is an object of texts."
    return FieldError(field=name, code="R170", message=message)


_WRONG = {str: _text, bool: _truth, int: _number, list: _names, dict: _object}
