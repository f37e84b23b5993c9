"""Query strings: text to checked values. A parameter nobody knows is refused, never ignored.

Separate from the routes for the same reason as `api.bodies`. An empty parameter (`?where=`) is as
if it had not been given. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

from api.bodies import NUL, shorten
from engine.errors import FieldError, NotFound, RequestInvalid
from engine.names import did_you_mean

MAX_PARAMETERS = 40
MAX_DIGITS = 18  # of a whole number; more is out of every bound
MAX_ID = 2**53 - 1  # what JSON carries exactly everywhere


def _refused(name: str, code: str, message: str, hint: str = "") -> RequestInvalid:
    """Say what is wrong with one parameter, in the sentence and by its name."""
    error = FieldError(field=name, code=code, message=message, hint=hint)
    return RequestInvalid(message, code=code, hint=hint, errors=(error,))


def read_query(query: str, known: Collection[str]) -> dict[str, str]:
    """Read a query string as WSGI gives it (bytes shown as latin-1) into its given parameters.

    Raises: RequestInvalid Q202 (400, unreadable), Q205 (422, unknown), Q206 (422, given twice).
    """
    if not query:
        return {}
    found: dict[str, str] = {}
    for name, value in _pairs(query):
        if name not in known:
            message = f'There is no parameter "{shorten(name)}" here.'
            raise _refused(name, "Q205", message, did_you_mean(name, known) or _listed(known))
        if name in found:
            raise _refused(name, "Q206", f'The parameter "{name}" is given twice.')
        found[name] = value
    return {name: value for name, value in found.items() if value}


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        text = query.encode("latin-1").decode()  # WSGI shows bytes as latin-1
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError as error:
        message = "The query string is not UTF-8."
        raise RequestInvalid(message, code="Q202", status=400) from error
    except ValueError as error:
        message = f"The query string has more than {MAX_PARAMETERS} parameters."
        raise RequestInvalid(message, code="Q202", status=400) from error
    if any(NUL in name or NUL in value for name, value in pairs):
        raise RequestInvalid("The query string holds a zero byte.", code="Q202", status=400)
    return pairs


def _listed(known: Collection[str]) -> str:
    return f"known here: {', '.join(sorted(known))}" if known else "it takes no parameters"


def read_choice(given: Mapping[str, str], name: str, choices: Collection[str]) -> str | None:
    """Read a parameter that is one of some words; None when not given.

    Raises: RequestInvalid Q206.
    """
    value = given.get(name)
    if value is None or value in choices:
        return value
    message = f'"{shorten(value)}" is no value of "{name}".'
    raise _refused(name, "Q206", message, f"it is one of {', '.join(sorted(choices))}")


def read_truth(given: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """Read true or false.

    Raises: RequestInvalid Q206.
    """
    value = read_choice(given, name, ("true", "false"))
    return default if value is None else value == "true"


def read_whole(given: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    """Read a whole number between two bounds.

    Raises: RequestInvalid Q206.
    """
    value = given.get(name)
    if value is None:
        return default
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        message = f'"{name}" must be a whole number, not "{shorten(value)}".'
        raise _refused(name, "Q206", message)
    if len(digits) > MAX_DIGITS or not least <= int(value) <= most:
        message = f'"{name}" must be between {least} and {most:,}, not {shorten(value)}.'
        raise _refused(name, "Q206", message)
    return int(value)


def read_names(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Read a list of names parted by commas; spaces around them do not count.

    Raises: RequestInvalid Q206 for an empty place.
    """
    value = given.get(name)
    if value is None:
        return ()
    names = tuple(part.strip() for part in value.split(","))
    if not all(names):
        message = f'"{name}" has an empty place between its commas: "{shorten(value)}".'
        raise _refused(name, "Q206", message)
    return names


def read_id(text: str) -> int:
    """Read a record's id out of an address; what cannot be one belongs to no record.

    Raises: NotFound N100.
    """
    if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text) <= MAX_ID:
        return int(text)
    raise NotFound
