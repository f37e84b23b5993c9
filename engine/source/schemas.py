"""The validators of JSON Schema that give the verdict on data.

Separate from the verdict (`engine.source.judging`), because jsonschema takes as long to load as
everything else that reads files: this module is loaded with the first component that is judged, and
never by git's drivers, which judge nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from engine.model.kinds import complete_schema


def validator(schema: Mapping[str, object]) -> Any:
    """Make the validator of a schema.

    Any: jsonschema types its parameters as JSON without decimals, which these validators take.
    """
    return _PatronValidator(complete_schema(schema))


def first_error(validator: Any, data: object) -> tuple[str, str] | None:
    """Give the JSON pointer and the sentence of the error that says most; None without one."""
    error = best_match(validator.iter_errors(data))
    if error is None:
        return None
    return "".join(f"/{step}" for step in error.absolute_path), error.message


def _is_number(_checker: object, value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


# Numbers of files are int or Decimal, never float; maps and lists are dict and list.
_PatronValidator = extend(  # type: ignore[no-untyped-call]  # jsonschema leaves it untyped
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number),
)
